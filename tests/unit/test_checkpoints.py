"""`potok checkpoint`: what it shows, and that a query goes on with another number of partitions."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from potok.checkpoint.exchange import check_not_between
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoints import main, repartition, shown
from potok.errors import SparkError
from potok.streaming.lock import CheckpointLock
from support.patience import PATIENCE_S
from support.processes import environment, potok_command

PROGRAM = """
import json, sys
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.getOrCreate()
root = sys.argv[1]

def keep(df, batch_id):
    with open(root + "/out.json", "a") as out:
        for row in df.collect():
            out.write(json.dumps([row.k, row.n]) + "\\n")

lines = spark.readStream.schema("k string, at timestamp").json(root + "/in").withWatermark("at", "10 seconds")
counts = lines.groupBy("k").agg(F.count("*").alias("n"))
query = counts.writeStream.outputMode("update").foreachBatch(keep).option(
    "checkpointLocation", root + "/checkpoint"
).trigger(availableNow=True).start()
query.awaitTermination()
"""


def run(root: Path, number: int, keys: list[str]) -> dict[str, int]:
    """Give the query a file; the newest counts of all keys."""
    (root / "in").mkdir(exist_ok=True)
    rows = [json.dumps({"k": key, "at": "2024-01-01T00:00:30Z"}) for key in keys]
    (root / "in" / f"{number}.json").write_text("\n".join(rows))
    (root / "program.py").write_text(PROGRAM)
    subprocess.run(
        [*potok_command(), "run", str(root / "program.py"), str(root)],
        check=True,
        cwd=root,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE_S,
    )
    return dict(json.loads(line) for line in (root / "out.json").read_text().splitlines())


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stopped")
    run(root, 0, [f"key {i % 40}" for i in range(100)])
    return root


@pytest.fixture
def root(stopped: Path, tmp_path: Path) -> Path:
    """A stopped query of the test's own; the file source knows its input by its path."""
    copy = tmp_path / "copy"
    shutil.copytree(stopped, copy)
    for path in (copy / "checkpoint" / "sources" / "0").iterdir():
        path.write_text(path.read_text().replace(str(stopped), str(copy)))
    return copy


def test_what_is_shown(root: Path) -> None:
    lines = list(shown(str(root / "checkpoint")))
    assert lines[0] == f"Checkpoint file:{root / 'checkpoint'}"
    assert "  batches     0 to 1 kept, 1 committed last" in lines
    assert "  watermark   2024-01-01 00:00:20.000 UTC" in lines
    assert '  source 0    {"logOffset":0}' in lines
    assert "  operator 0  stateStoreSave" in lines
    assert "    store default: 40 keys, 1600 bytes" in lines
    assert "      key    struct<k:string>" in lines
    assert any(line.startswith("      files  2 deltas, 0 snapshots, ") for line in lines)


def test_a_batch_that_was_begun_is_shown(root: Path) -> None:
    (root / "checkpoint" / "commits" / "1").unlink()
    assert any("batch 1 was begun and will be repeated" in line for line in shown(str(root / "checkpoint")))


@pytest.mark.parametrize("partitions", [1, 5])
def test_the_query_goes_on_with_more_partitions(root: Path, partitions: int) -> None:
    repartition(str(root / "checkpoint"), partitions)
    state = root / "checkpoint" / "state" / "0"
    assert {p.name for p in state.iterdir()} == {"_metadata", *map(str, range(partitions))}
    found = run(root, 1, ["key 1", "key 2", "new"])
    expected = Counter(f"key {i % 40}" for i in range(100)) + Counter(["key 1", "key 2", "new"])
    assert found == dict(expected)
    assert (root / "checkpoint.before-repartition" / "offsets" / "0").exists()
    newest = max(int(p.name) for p in (root / "checkpoint" / "offsets").iterdir())
    assert (
        f'"spark.sql.shuffle.partitions":"{partitions}"'
        in (root / "checkpoint" / "offsets" / str(newest)).read_text()
    )


def test_the_old_checkpoint_is_never_overwritten(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repartition", str(root / "checkpoint"), "--partitions", "2"]) == 0
    assert main(["repartition", str(root / "checkpoint"), "--partitions", "3"]) == 1
    assert "before-repartition is there already" in capsys.readouterr().err


def test_not_while_the_query_runs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = CheckpointLock(str(root / "checkpoint"), 0)
    assert main(["repartition", str(root / "checkpoint"), "--partitions", "2"]) == 1
    assert "CONCURRENT_STREAM_LOG_UPDATE" in capsys.readouterr().err
    lock.release()


def test_not_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(tmp_path)]) == 1
    assert "is no checkpoint" in capsys.readouterr().err
    assert main(["repartition", str(tmp_path), "--partitions", "2"]) == 1


def test_partitions_are_counted_from_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["repartition", str(tmp_path), "--partitions", "0"])


class Died(BaseException):
    """The process has ended here."""


@pytest.mark.parametrize(
    "place",
    ["_write", "_describe", "_set_partitions", "_take_its_name", "os.sync", "exchange", "Path.rename"],
)
def test_a_repartitioning_that_dies_leaves_a_checkpoint(
    root: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Died

    directory = root / "checkpoint"
    before = list(shown(str(directory)))
    with monkeypatch.context() as context:
        context.setattr(f"potok.checkpoints.{place}", die)
        with pytest.raises(Died):
            repartition(str(directory), 3)
    after = list(shown(str(directory)))
    if place == "Path.rename":
        # The new one has the name, the old one that of the new.
        assert "  partitions  3" in after
        assert (root / "checkpoint.repartitioned").exists()
    else:
        assert after == before
    repartition(str(directory), 4)
    assert "  partitions  4" in list(shown(str(directory)))
    assert [line for line in shown(str(directory)) if "keys" in line] == [
        line for line in before if "keys" in line
    ]


def test_a_checkpoint_without_its_name_is_not_begun_anew(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system cannot exchange two names there is a moment without one."""
    rename = Path.rename

    def only_the_first(path: Path, target: str) -> None:
        if path.name.endswith(".repartitioned"):
            raise Died
        rename(path, target)

    directory = root / "checkpoint"
    with monkeypatch.context() as context:
        context.setattr("potok.checkpoints.exchange", lambda *_: False)
        context.setattr(Path, "rename", only_the_first)
        with pytest.raises(Died):
            repartition(str(directory), 3)
    assert not directory.exists()
    with pytest.raises(SparkError, match=r"checkpoint\.repartitioned or .*checkpoint\.before-repartition to"):
        check_not_between(str(directory), LocalFileSystem())


@pytest.mark.parametrize(
    "damaged",
    [
        "metadata",
        "offsets/1",
        "commits/1",
        "state/0/_metadata/metadata",
        "state/0/0/_metadata/schema",
        "state/0/0/2.delta",
    ],
)
@pytest.mark.parametrize("content", [b"", b"torn", None], ids=["empty", "torn", "missing"])
def test_damage_is_shown_by_name(
    root: Path, capsys: pytest.CaptureFixture[str], damaged: str, content: bytes | None
) -> None:
    path = root / "checkpoint" / damaged
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    code = main(["show", str(root / "checkpoint")])
    told = capsys.readouterr()
    if content is None and not damaged.endswith(("delta", "schema")):
        # What is missing is said, or not there to be shown.
        assert code == 0
        assert "Traceback" not in told.err
    else:
        assert code == 1
        assert str(path) in told.err


def test_a_running_query_may_be_looked_at(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = CheckpointLock(str(root / "checkpoint"), 0)
    assert main(["show", str(root / "checkpoint")]) == 0
    assert "40 keys" in capsys.readouterr().out
    lock.release()


VARIABLES = """
import sys
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StatefulProcessor

root, number, kept, *gone = sys.argv[1:]

class Counting(StatefulProcessor):
    def init(self, handle):
        self.counts = [handle.getValueState(name, "n int") for name in kept]
        for name in gone:
            handle.deleteIfExists(name)

    def handleInputRows(self, key, rows, timer_values):
        n = len(list(rows))
        for count in self.counts:
            count.update((n,))
        return iter([])

    def close(self):
        pass

spark = SparkSession.builder.getOrCreate()
provider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
spark.conf.set("spark.sql.streaming.stateStore.providerClass", provider)
with open(f"{root}/in/{number}.txt", "w") as file:
    file.write("a")
words = spark.readStream.text(root + "/in").groupBy("value")
counts = words.transformWithState(Counting(), "value string", "Update", "None")
counts.writeStream.outputMode("update").format("noop").option("checkpointLocation", root + "/checkpoint").trigger(
    availableNow=True
).start().awaitTermination()
"""


def test_the_variables_that_there_are_now_are_shown(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "program.py").write_text(VARIABLES)
    found = []
    for number, asked in enumerate((["a"], ["ab"], ["b", "a"])):
        command = [*potok_command(), "run", str(tmp_path / "program.py"), str(tmp_path), str(number), *asked]
        subprocess.run(
            command, check=True, cwd=tmp_path, env=environment(), capture_output=True, timeout=PATIENCE_S
        )
        found.append(
            [line.strip() for line in shown(str(tmp_path / "checkpoint")) if line.startswith("    store ")]
        )
    one = "1 keys, 40 bytes"
    assert [[line.removeprefix("store ") for line in lines] for lines in found] == [
        [f"variable-a: {one}"],
        [f"variable-a: {one}", f"variable-b: {one}"],
        [f"variable-b: {one}"],
    ]
