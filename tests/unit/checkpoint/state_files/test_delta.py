"""Delta and snapshot files, ours and Spark's."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal as D  # noqa: N817 - a table of them
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from potok.checkpoint.state.delta import decode_delta, decode_snapshot, encode_delta, encode_snapshot
from potok.checkpoint.state.lz4_block import compress, decompress
from potok.checkpoint.state.rows import UnsafeRows, offsets_of
from potok.checkpoint.state.schema import StateSchema, decode_schemas
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec

RECORDED = Path(__file__).parent / "recorded"
STORES = sorted(p.parent.parent for p in RECORDED.rglob("_metadata/schema"))
Lists = list[list[int]]
WIDE = D("99999999999999999999.25")


def rows_of(lists: Lists, width: int | None) -> UnsafeRows:
    lengths = np.array([len(row) for row in lists], np.int64)
    return UnsafeRows(np.array([w for row in lists for w in row], np.int64), offsets_of(lengths), width)


def by_hand(puts: list[tuple[list[int], list[int]]], removed: Lists) -> bytes:
    parts = [
        struct.pack(f">i{len(k)}q", 8 * len(k), *[_swap(w) for w in k]) + b"\xff\xff\xff\xff" for k in removed
    ]
    for k, v in puts:
        parts.append(struct.pack(f">i{len(k)}q", 8 * len(k), *[_swap(w) for w in k]))
        parts.append(struct.pack(f">i{len(v)}q", 8 * len(v), *[_swap(w) for w in v]))
    return b"".join(parts) + b"\xff\xff\xff\xff"


def _swap(word: int) -> int:
    return int.from_bytes(word.to_bytes(8, "little", signed=True), "big", signed=True)


def contents(rows: UnsafeRows) -> Lists:
    return [rows.words[a:b].tolist() for a, b in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]


def row(width: int | None) -> st.SearchStrategy[list[int]]:
    words = st.integers(-(2**63), 2**63 - 1)
    return st.lists(words, max_size=3) if width is None else st.lists(words, min_size=width, max_size=width)


WIDTHS = st.none() | st.integers(0, 3)


@given(st.data(), WIDTHS, WIDTHS)
def test_files_are_as_written_by_hand(
    data: st.DataObject, key_width: int | None, value_width: int | None
) -> None:
    puts = data.draw(st.lists(st.tuples(row(key_width), row(value_width)), max_size=6))
    removed = data.draw(st.lists(row(key_width), max_size=6))
    keys, values = rows_of([k for k, _ in puts], key_width), rows_of([v for _, v in puts], value_width)
    content = encode_delta(keys, values, rows_of(removed, key_width))
    assert decompress(content) == by_hand(puts, removed)
    delta = decode_delta(content, key_width, value_width)
    assert (delta.keys.width, delta.values.width) == (key_width, value_width)
    assert contents(delta.keys) == removed + [k for k, _ in puts]
    assert delta.is_removal.tolist() == [True] * len(removed) + [False] * len(puts)
    nothing = [] if value_width is None else [0] * value_width
    assert contents(delta.values) == [nothing] * len(removed) + [v for _, v in puts]
    if not removed:
        read_keys, read_values = decode_snapshot(encode_snapshot(keys, values), key_width, value_width)
        assert (contents(read_keys), contents(read_values)) == (contents(keys), contents(values))


@pytest.mark.parametrize("lengths", [(2, 2), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("run", [1, 63, 64, 65, 500])
def test_runs_of_records_of_one_shape(lengths: tuple[int, ...], run: int) -> None:
    keys = [
        [n, *range(length)][:length] for n, length in enumerate(x for x in lengths * 3 for _ in range(run))
    ]
    puts = [(key, [n] * (n % 2)) for n, key in enumerate(keys)]
    delta = decode_delta(compress(by_hand(puts, [])))
    assert contents(delta.keys) == keys
    assert contents(delta.values) == [v for _, v in puts]


def test_records_of_one_key_stay_in_order() -> None:
    content = by_hand([([1], [2])], [[1]])[:-4] + by_hand([([1], [3])], [[1]])
    delta = decode_delta(compress(content), 1, 1)
    assert contents(delta.keys) == [[1]] * 4
    assert contents(delta.values) == [[0], [2], [0], [3]]
    assert delta.is_removal.tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xff\xff",
        by_hand([([1], [2])], [])[:-4],
        by_hand([([1], [2])], [])[:-8] + b"\xff" * 4,
        struct.pack(">iqi", 16, 1, -1),
        struct.pack(">iqiqi", 8, 1, 16, 1, -1),
        struct.pack(">iqii", 8, 1, -2, -1),
        struct.pack(">iqii", -8, 1, 0, -1),
        struct.pack(">iqiqii", 8, 1, 12, 1, 7, -1),
        struct.pack(">iqii", 12, 1, 0, -1),
        by_hand([([1] * n, [n]) for n in range(5)], [])[:-12] + b"\xff" * 4,
    ],
)
def test_corrupt_contents(content: bytes) -> None:
    with pytest.raises(ValueError, match="state file"):
        decode_delta(compress(content))


def test_rows_of_another_width() -> None:
    content = compress(by_hand([([1], [2])], []))
    with pytest.raises(ValueError, match="rows of 1 words in state, the schema has 2"):
        decode_delta(content, 2, 1)
    with pytest.raises(ValueError, match="rows of 1 words in state, the schema has 3"):
        decode_delta(content, 1, 3)


def test_a_snapshot_has_no_removals() -> None:
    with pytest.raises(ValueError, match="removes no keys"):
        decode_snapshot(compress(by_hand([], [[1]])))


def schemas(store: Path) -> StateSchema:
    (schema,) = decode_schemas((store / "_metadata" / "schema").read_bytes())
    return schema


def files_of(store: Path) -> list[Path]:
    """The files of the store in every partition."""
    partitions = store.parents[len(store.relative_to(RECORDED).parts) - 3]
    inside = store.relative_to(partitions / "0")
    found = [p for partition in partitions.iterdir() for p in (partition / inside).glob("*.*")]
    return [p for p in found if p.suffix in (".delta", ".snapshot")]


STATE_STORES = [
    s for s in STORES if s.relative_to(RECORDED).parts[0] not in ("long_schema", "transform_with_state")
]


@pytest.mark.parametrize("store", STATE_STORES, ids=lambda s: str(s.relative_to(RECORDED)))
def test_what_spark_wrote_is_read_and_encoded_again_byte_for_byte(store: Path) -> None:
    schema = schemas(store)
    key_codec, value_codec = UnsafeRowCodec(schema.key), UnsafeRowCodec(schema.value)
    seen = 0
    for path in files_of(store):
        content = path.read_bytes()
        delta = decode_delta(content, key_codec.width, value_codec.width)
        seen += len(delta.keys)
        keys = key_codec.decode(delta.keys)
        assert contents(key_codec.encode(keys, len(delta.keys))) == contents(delta.keys)
        values = delta.values.take(~delta.is_removal)
        assert contents(value_codec.encode(value_codec.decode(values), len(values))) == contents(values)
        loose = decode_delta(content)
        assert contents(loose.keys) == contents(delta.keys)
        removed = delta.keys.take(delta.is_removal)
        again = decode_delta(encode_delta(delta.keys.take(~delta.is_removal), values, removed))
        assert sorted(contents(again.keys)) == sorted(contents(delta.keys))
    assert seen > 0


def table(name: str, version: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the default store's files of one version put, and the keys that they remove, in all partitions."""
    schema = schemas(RECORDED / name / "0" / "0")
    key_codec, value_codec = UnsafeRowCodec(schema.key), UnsafeRowCodec(schema.value)
    puts: list[tuple[Any, ...]] = []
    removed: list[tuple[Any, ...]] = []
    for partition in sorted((RECORDED / name / "0").glob("[0-9]*")):
        delta = decode_delta((partition / version).read_bytes(), key_codec.width, value_codec.width)
        puts_keys, puts_values = (rows.take(~delta.is_removal) for rows in (delta.keys, delta.values))
        puts += _tuples(key_codec.decode(puts_keys) + value_codec.decode(puts_values))
        removed += _tuples(key_codec.decode(delta.keys.take(delta.is_removal)))
    return sorted(puts, key=repr), sorted(removed, key=repr)


def _tuples(columns: list[pa.Array]) -> list[tuple[Any, ...]]:
    return list(zip(*[c.to_pylist() for c in columns], strict=True))


def test_the_values_that_spark_put() -> None:
    assert table("fixed_keys", "1.delta") == ([(1, 1, 1), (3, 1, 3), (None, 1, None)], [])
    assert table("fixed_keys", "2.delta") == ([(1, 2, 2), (4, 1, 4), (5, 1, 5)], [])
    assert table("deduplication", "2.delta") == ([("longer than eight", None)], [])
    assert table("with_state", "2.delta") == (
        [
            ("a", {"n": 2, "last": "a", "half": 1.0}),
            ("longer than eight", {"n": 1, "last": "longer than eight", "half": 0.5}),
        ],
        [],
    )
    puts, removed = table("aggregation", "1.delta")
    assert [row[:9] for row in puts] == [
        ("a", 1, D("1.50"), {"i": 1, "k": "a"}, 1, 1, 1.0, 1, "a"),
        ("b", None, -WIDE, {"i": None, "k": "b"}, 1, None, 0.0, 0, "b"),
        (None, 3, None, {"i": 3, "k": None}, 1, 3, 3.0, 1, None),
    ]
    assert removed == []


def test_the_keys_that_spark_removed() -> None:
    assert table("deduplication_within_watermark", "3.delta")[1] == [("a",), ("b",), (None,)]
    first = {"start": datetime(2024, 1, 1, tzinfo=UTC), "end": datetime(2024, 1, 1, 0, 0, 10, tzinfo=UTC)}
    later = {
        "start": datetime(2024, 1, 1, 0, 1, tzinfo=UTC),
        "end": datetime(2024, 1, 1, 0, 1, 10, tzinfo=UTC),
    }
    assert table("windows", "3.delta") == ([(later, "a", 1)], [(first, "a"), (first, "b"), (first, None)])
    opened = [datetime(2024, 1, 1, 0, 0, s, tzinfo=UTC) for s in (1, 3, 9)]
    puts, removed = table("session_windows", "3.delta")
    again = [("a", opened[0]), ("a", opened[2]), ("a", datetime(2024, 1, 1, 0, 1, 2, tzinfo=UTC))]
    assert [row[:2] for row in puts] == again
    assert removed == [("a", opened[0]), ("a", opened[2]), ("b", opened[1]), (None, opened[0])]


def test_spark_puts_and_removes_a_key_in_one_file() -> None:
    found = False
    for path in files_of(RECORDED / "session_windows" / "0" / "0"):
        delta = decode_delta(path.read_bytes())
        last = {delta.keys.row_bytes(n): bool(delta.is_removal[n]) for n in range(len(delta.keys))}
        put = {delta.keys.row_bytes(int(n)) for n in np.flatnonzero(~delta.is_removal)}
        found = found or any(last[key] for key in put)
    assert found
