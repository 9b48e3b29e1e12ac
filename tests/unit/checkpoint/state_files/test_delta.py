"""Delta and snapshot files, ours and Spark's."""

from __future__ import annotations

import struct
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


def table(name: str, version: str) -> list[tuple[Any, ...]]:
    """The rows of the default store's files of one version, in all partitions."""
    store = RECORDED / name / "0" / "0"
    schema = schemas(store)
    rows: list[tuple[Any, ...]] = []
    for partition in sorted((RECORDED / name / "0").glob("[0-9]*")):
        key_codec, value_codec = UnsafeRowCodec(schema.key), UnsafeRowCodec(schema.value)
        delta = decode_delta((partition / version).read_bytes(), key_codec.width, value_codec.width)
        columns: list[pa.Array] = key_codec.decode(delta.keys) + value_codec.decode(delta.values)
        rows += zip(*[c.to_pylist() for c in columns], delta.is_removal.tolist(), strict=True)
    return sorted(rows, key=repr)


def test_the_values_that_spark_wrote() -> None:
    assert table("fixed_keys", "1.delta") == [(1, 1, 1, False), (3, 1, 3, False), (None, 1, None, False)]
    assert table("fixed_keys", "2.delta") == [(1, 2, 2, False), (4, 1, 4, False), (5, 1, 5, False)]
    assert [row[0] for row in table("deduplication", "2.delta")] == ["longer than eight"]
    assert [row[:3] for row in table("whole", "1.delta")] == [(3, b"", False)] or len(
        table("whole", "1.delta")
    ) == 1
