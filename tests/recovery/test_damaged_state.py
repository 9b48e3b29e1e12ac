"""Every file of a checkpoint, damaged in every way: the restart repairs it, or refuses it by name, or nothing is lost.

A query runs, is stopped, one file is damaged, and the query goes on. Then its output is that of a query that nothing
has happened to; or the query has stopped with an error that names the file (or its directory) and says what to do.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from potok.checkpoint.file_sink_log import FileSinkLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import path_from_uri
from potok.connectors.base import ReadContext
from potok.connectors.registry import provider
from potok.errors import SparkError
from potok.parser import parse_query
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options
from potok.plan.unresolved import UnresolvedDataSource, UnresolvedWatermark, WithColumnsRenamed
from potok.session.runtime import Runtime
from potok.session.session import Session
from potok.session.streams import StreamServices
from potok.streaming.failure import StreamingQueryError
from potok.streaming.manager import QueryManager
from potok.streaming.services import Environment
from potok.types import LONG, STRING, TIMESTAMP, StructField, StructType

SCHEMA = StructType((StructField("k", STRING), StructField("v", LONG), StructField("at", TIMESTAMP)))
QUERIES = {
    "windows": "SELECT window.start, k, count(*) AS n, sum(v) AS s FROM marked GROUP BY window(at, '10 seconds'), k",
    "join": """SELECT a.k, a.v, b.v AS w FROM marked a LEFT JOIN other b
        ON a.k = b.k AND b.seen BETWEEN a.at AND a.at + INTERVAL 5 SECONDS""",
}
BEFORE, ALL = 7, 10
WAY_OUT = re.compile(r"[Rr]estore|backup|new checkpoint|[Rr]emove|[Rr]ename|permission", re.ASCII)


class Denying:
    """The calls of the operating system, but one file may not be opened."""

    def __init__(self, path: Path) -> None:
        self._denied = str(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if path == self._denied:
            raise PermissionError(13, "Permission denied", path)
        return os.open(path, flags, mode)


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    made = Runtime()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    shm = Path("/dev/shm")
    if os.access(shm, os.W_OK):
        root = shm / f"potok-damaged-{os.getpid()}"
        root.mkdir()
        yield root
        shutil.rmtree(root)
    else:
        yield tmp_path_factory.mktemp("damaged")


def put(root: Path, first: int, last: int) -> None:
    """Input files by number; the last of all is far behind the others in time, so that everything comes out."""
    (root / "in").mkdir(exist_ok=True)
    for number in range(first, last):
        chance = random.Random(number)
        rows = [
            {
                "k": chance.choice("abcde"),
                "v": 10 * number + n,
                "at": _time(8 * number + chance.randrange(12)),
            }
            for n in range(4)
        ]
        if number == ALL - 1:
            rows = [{"k": "z", "v": 1000, "at": _time(3000)}]
        path = root / "in" / f"{number}.json"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))


def _time(second: int) -> str:
    return f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z"


def run(runtime: Runtime, root: Path, name: str, system: Any = os) -> None:
    """The query over all files that are there, one a batch. Raises what it fails with."""
    session = Session(runtime)
    for key, value in {
        "spark.sql.shuffle.partitions": "2",
        "spark.potok.checkpoint.durable": "false",
        "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
        "spark.sql.streaming.minBatchesToRetain": "4",
    }.items():
        session.conf.set(key, value)
    source = UnresolvedDataSource(
        "json", SCHEMA, Options({"maxFilesPerTrigger": "1"}), (str(root / "in"),), streaming=True
    )

    def marked() -> LogicalPlan:
        relation = provider("json").streaming_relation(source, ReadContext())
        return UnresolvedWatermark(relation, "at", "4 seconds")

    session.catalog.views.update(
        marked=session.analyze(marked()),
        other=session.analyze(WithColumnsRenamed(marked(), (("at", "seen"),))),
    )
    plan = parse_query(QUERIES[name])
    assert isinstance(plan, LogicalPlan)
    write = WriteStream(
        session.analyze(plan),
        "json",
        output_mode="append",
        options=Options({"checkpointLocation": str(root / "checkpoint")}),
        trigger=Trigger("available_now"),
        path=str(root / "out"),
    )
    environment = Environment(file_system=LocalFileSystem(system=system))
    query = QueryManager(StreamServices(session), environment).start(write)
    query.await_termination()


def output(root: Path) -> list[str]:
    """The rows that the sink's log lists."""
    log = FileSinkLog(str(root / "out" / "_spark_metadata"), LocalFileSystem())
    return sorted(
        line for file in log.all_files() for line in Path(path_from_uri(file.path)).read_text().splitlines()
    )


@dataclass(frozen=True)
class Begun:
    """A checkpoint to damage, and the output of a query that went on undisturbed."""

    root: Path
    expected: list[str]


def newest(log: Path) -> int:
    return max(int(path.name) for path in log.iterdir() if path.name.isdigit())


@pytest.fixture(scope="module")
def begun(runtime: Runtime, memory: Path) -> Callable[[str, bool], Begun]:
    """By query, and whether the commit of the newest batch is there."""
    known: dict[tuple[str, bool], Begun] = {}

    def made(name: str, committed: bool) -> Begun:
        if (name, committed) not in known:
            root = memory / f"{name}-{committed}"
            root.mkdir()
            put(root, 0, BEFORE)
            run(runtime, root, name)
            if not committed:
                last = newest(root / "checkpoint" / "commits")
                (root / "checkpoint" / "commits" / str(last)).unlink()
                (root / "out" / "_spark_metadata" / str(last)).unlink()
            whole = memory / f"{name}-{committed}-whole"
            shutil.copytree(root, whole)
            known[name, committed] = Begun(root, [])
            relocate(whole, root)
            put(whole, BEFORE, ALL)
            run(runtime, whole, name)
            known[name, committed] = Begun(root, output(whole))
        return known[name, committed]

    return made


def relocate(root: Path, old: Path) -> None:
    """The logs have absolute paths."""
    for path in [
        *(root / "checkpoint" / "sources").rglob("*"),
        *(root / "out" / "_spark_metadata").iterdir(),
    ]:
        if path.is_file():
            status = path.stat()
            path.write_text(path.read_text().replace(f"{old}/", f"{root}/"))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


STATE = "checkpoint/state/0"


def files_of(root: Path, name: str) -> dict[str, Path]:
    """One file of each kind."""
    checkpoint = root / "checkpoint"
    batch = newest(checkpoint / "offsets")
    source = max(
        (p for p in (checkpoint / "sources" / "0").iterdir() if p.name.isdigit()), key=lambda p: int(p.name)
    )
    sink = root / "out" / "_spark_metadata"
    last_sink = max((p for p in sink.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    first_sink = min((p for p in sink.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    stores = {"": Path()}
    if name == "join":
        stores = {
            f" of {side} {kind}": Path(f"{side}-{kind}")
            for side in ("left", "right")
            for kind in ("keyToNumValues", "keyWithIndexToValue")
        }
    found = {
        "metadata": checkpoint / "metadata",
        "newest offsets": checkpoint / "offsets" / str(batch),
        "offsets before": checkpoint / "offsets" / str(batch - 1),
        "old offsets": checkpoint / "offsets" / str(batch - 3),
        "newest commit": checkpoint / "commits" / str(newest(checkpoint / "commits")),
        "commit before": checkpoint / "commits" / str(newest(checkpoint / "commits") - 1),
        "newest source entry": source,
        "first source entry": checkpoint / "sources" / "0" / "0",
        "newest sink entry": last_sink,
        "first sink entry": first_sink,
        "operator metadata": root / STATE / "_metadata" / "metadata",
    }
    for label, store in stores.items():
        found[f"schema{label}"] = root / STATE / "0" / store / "_metadata" / "schema"
        for partition in (0, 1):
            directory = root / STATE / str(partition) / store
            deltas = sorted((p for p in directory.glob("*.delta")), key=lambda p: int(p.stem))
            snapshots = sorted((p for p in directory.glob("*.snapshot")), key=lambda p: int(p.stem))
            found[f"newest delta{label} in {partition}"] = deltas[-1]
            found[f"delta before{label} in {partition}"] = deltas[-2]
            found[f"newest snapshot{label} in {partition}"] = snapshots[-1]
    return found


def _truncated(share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return damage


def _without_end(count: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:-count])

    return damage


def _flipped(seed: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        bit = random.Random(f"{seed} {path.name}").randrange(8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)

    return damage


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _linked(path: Path) -> None:
    moved = path.with_name(f"moved-{path.name}")
    path.rename(moved)
    path.symlink_to(moved)


def _other_partition(path: Path) -> None:
    """Swap the file with that of the other partition, where there is one."""
    parts = path.parts
    at = parts.index("state") + 2 if "state" in parts else 0
    if not at or parts[at] not in {"0", "1"}:
        return
    other = Path(*parts[:at], "10"[int(parts[at])], *parts[at + 1 :])
    if other.exists():
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(path.stat().st_size)),
    "text": lambda path: path.write_text("hello\n"),
    "more behind": lambda path: path.write_bytes(path.read_bytes() + b"\nmore"),
    "twice": lambda path: path.write_bytes(path.read_bytes() * 2),
    **{f"first {share:.0%}": _truncated(share) for share in (0.02, 0.5, 0.97)},
    **{f"without the last {count}": _without_end(count) for count in (1, 21)},
    **{f"bit flipped {seed}": _flipped(seed) for seed in range(4)},
    "a directory": _directory,
    "a dangling link": _dangling,
    "a link": _linked,
    "other partition": _other_partition,
    "denied": Path.exists,
}


# A bit flipped in a name or a number of these texts is not recognised: Spark's format has no checksum inside.
TEXTS = re.compile(r"(source|sink) entry")
# Spark's conditions that name the checkpoint or the output, and what to do, but not the file.
NAMED_OTHERWISE = (
    "STREAMING_CHECKPOINT_MISSING_METADATA_FILE",
    "STREAMING_FILE_SINK_MISMATCH.OUTPUT_LOST",
    "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
    "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
)
# What to do about a lost delta is in docs/state.md: the message is Spark's. An error of the system says all.
NO_REMEDY = (
    "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS",
    "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
)
KINDS = {
    name: [
        "metadata", "newest offsets", "offsets before", "old offsets", "newest commit", "commit before",
        "newest source entry", "first source entry", "newest sink entry", "first sink entry", "operator metadata",
        *(
            kind.format(store=store)
            for store in stores
            for kind in (
                "schema{store}", "newest delta{store} in 0", "delta before{store} in 1", "newest snapshot{store} in 1",
                "newest snapshot{store} in 0",
            )
        ),
    ]
    for name, stores in {
        "windows": ("",),
        "join": (" of left keyToNumValues", " of right keyWithIndexToValue"),
    }.items()
}  # fmt: skip


def refusal(runtime: Runtime, root: Path, name: str, system: Any) -> tuple[str, str] | None:
    """Condition and message of the error that the query stops with; None where it does not."""
    try:
        run(runtime, root, name, system)
    except StreamingQueryError as error:
        cause = error.cause
        assert isinstance(cause, SparkError | OSError), repr(cause)
        told = error.description.partition("\n=== Streaming Query ===")[0]
        return (cause.condition if isinstance(cause, SparkError) else "", told)
    except SparkError as error:
        return error.condition, error.message
    except OSError as error:
        return "", str(error)
    return None


def check(runtime: Runtime, root: Path, name: str, kind: str, damage: str, expected: list[str]) -> None:
    path = files_of(root, name)[kind]
    DAMAGES[damage](path)
    put(root, BEFORE, ALL)
    refused = refusal(runtime, root, name, Denying(path) if damage == "denied" else os)
    if refused is None:
        if damage.startswith("bit flipped") and TEXTS.search(kind):
            return
        assert output(root) == expected, damage
        return
    condition, message = refused
    named = str(root / STATE if damage == "other partition" else path)
    if condition not in NAMED_OTHERWISE:
        assert named in message, (damage, message)
    if condition and condition not in NO_REMEDY:
        assert WAY_OUT.search(message), (damage, message)


CASES = [(name, kind, True) for name, kinds in KINDS.items() for kind in kinds]
CASES += [("windows", kind, False) for kind in KINDS["windows"]]


@pytest.mark.parametrize(
    ("name", "kind", "committed"),
    CASES,
    ids=[f"{name}-{kind}-{'committed' if committed else 'cut short'}" for name, kind, committed in CASES],
)
def test_a_damaged_file(
    runtime: Runtime,
    memory: Path,
    begun: Callable[[str, bool], Begun],
    name: str,
    kind: str,
    committed: bool,
) -> None:
    whole = begun(name, committed)
    for damage in DAMAGES:
        root = memory / "case"
        shutil.copytree(whole.root, root, symlinks=True)
        relocate(root, whole.root)
        try:
            check(runtime, root, name, kind, damage, whole.expected)
        finally:
            shutil.rmtree(root)


def case(memory: Path, whole: Begun) -> Path:
    root = memory / "case"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole.root, root)
    relocate(root, whole.root)
    return root


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "cut short"])
def test_foreign_files_are_left_alone(
    runtime: Runtime, memory: Path, begun: Callable[[str, bool], Begun], committed: bool
) -> None:
    whole = begun("windows", committed)
    root = case(memory, whole)
    partition = root / STATE / "0"
    for path in (
        root / "checkpoint" / "offsets" / "notes.txt",
        root / "checkpoint" / "offsets" / ".99.0.tmp",
        root / "checkpoint" / "commits" / "7.bak",
        root / "checkpoint" / "commits" / "-1",
        root / "checkpoint" / "sources" / "0" / "x.compact",
        root / "checkpoint" / "state" / "README",
        partition / "8.delta.bak",
        partition / "99.delta",
        partition / "9999.snapshot",
        partition / "x.delta",
        partition / ".9.delta.0.tmp",
    ):
        path.write_bytes(b"foreign")
    (partition / "other").mkdir()
    put(root, BEFORE, ALL)
    assert refusal(runtime, root, "windows", os) is None
    assert output(root) == whole.expected


def test_a_damaged_snapshot_is_not_needed(
    runtime: Runtime, memory: Path, begun: Callable[[str, bool], Begun], caplog: pytest.LogCaptureFixture
) -> None:
    """While the deltas from an earlier one on are there; and then it is said, and it goes."""
    whole = begun("windows", True)
    root = case(memory, whole)
    newest_snapshot = files_of(root, "windows")["newest snapshot in 0"]
    newest_snapshot.write_bytes(b"torn")
    put(root, BEFORE, BEFORE + 1)
    with caplog.at_level(logging.WARNING, "potok.CheckpointRepair"):
        assert refusal(runtime, root, "windows", os) is None
    assert str(newest_snapshot) in caplog.text
    assert "read from the files before it" in caplog.text
    assert not newest_snapshot.exists() or newest_snapshot.read_bytes() != b"torn"
    put(root, BEFORE + 1, ALL)
    assert refusal(runtime, root, "windows", os) is None
    assert output(root) == whole.expected


@pytest.mark.parametrize("lost", ["operator metadata", "schema"])
def test_a_lost_description_is_written_again(
    runtime: Runtime,
    memory: Path,
    begun: Callable[[str, bool], Begun],
    caplog: pytest.LogCaptureFixture,
    lost: str,
) -> None:
    whole = begun("windows", True)
    root = case(memory, whole)
    path = files_of(root, "windows")[lost]
    before = path.read_bytes()
    path.unlink()
    put(root, BEFORE, ALL)
    with caplog.at_level(logging.WARNING, "potok.CheckpointRepair"):
        assert refusal(runtime, root, "windows", os) is None
    assert f"{path} was missing" in caplog.text
    assert path.read_bytes() == before


def test_a_lost_state_directory_is_not_an_empty_state(
    runtime: Runtime, memory: Path, begun: Callable[[str, bool], Begun]
) -> None:
    root = case(memory, begun("windows", True))
    shutil.rmtree(root / "checkpoint" / "state")
    put(root, BEFORE, ALL)
    refused = refusal(runtime, root, "windows", os)
    assert refused is not None
    assert refused[0] == "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY"


def test_the_number_of_partitions_is_told_twice(
    runtime: Runtime, memory: Path, begun: Callable[[str, bool], Begun]
) -> None:
    """Fewer partitions in the offset log would forget the state of the others."""
    root = case(memory, begun("windows", True))
    path = files_of(root, "windows")["newest offsets"]
    text = path.read_text()
    path.write_text(text.replace('"spark.sql.shuffle.partitions":"2"', '"spark.sql.shuffle.partitions":"1"'))
    assert path.read_text() != text
    put(root, BEFORE, ALL)
    refused = refusal(runtime, root, "windows", os)
    assert refused is not None
    assert "2 partitions, the offset log 1" in refused[1]
