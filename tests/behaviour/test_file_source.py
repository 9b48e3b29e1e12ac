"""Section 3: which files are read, when, and in which order."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from pyspark.sql import functions as F  # noqa: N812 - PySpark's convention

from behaviour.experiments import Experiment
from support.patience import PATIENCE_S

Make = Callable[[str, str], Experiment]
GROUP = "B_file_source"
NOW_S = time.time()


class Files:
    """The streaming reads of one experiment; what a batch holds is said as the recording says it."""

    def __init__(self, e: Experiment, spark: Any) -> None:
        self.e = e
        self._spark = spark

    def read(self, path: str = "in", **options: Any) -> Any:
        """A text stream."""
        return self._spark.readStream.format("text").options(**options).load(self.e.path(path))

    def start(self, frame: Any, checkpoint: str = "cp", **trigger: Any) -> Any:
        """A query that says its batches, each row with the name of its file."""

        def collect(batch: Any, batch_id: int) -> None:
            self.e.say(f"batch {batch_id}:", [tuple(r) for r in batch.collect()])

        frame = frame.withColumn("file", F.col("_metadata.file_name"))
        writer = frame.writeStream.foreachBatch(collect).option("checkpointLocation", self.e.path(checkpoint))
        return (writer.trigger(**trigger) if trigger else writer).start()

    def run(self, frame: Any, checkpoint: str = "cp") -> None:
        """Everything there is."""
        query = self.start(frame, checkpoint)
        query.processAllAvailable()
        query.stop()

    def source_log(self, checkpoint: str = "cp") -> dict[str, list[str]]:
        """The files of each entry of the source's log."""
        found = {}
        for file in sorted((self.e.directory / checkpoint / "sources" / "0").iterdir()):
            if not file.name.startswith("."):
                entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()[1:]]
                root = self.e.directory.as_uri()
                found[file.name] = [entry["path"].replace(root, "") for entry in entries]
        return found


def test_a_file_is_known_by_its_path(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "same_file_variants")
    files = Files(e, spark)
    e.put("in/f.txt", "v1\n")
    query = files.start(files.read())
    query.processAllAvailable()
    here = e.directory / "in"

    def append() -> None:
        with (here / "f.txt").open("a") as file:
            file.write("appended\n")

    steps: list[tuple[str, Callable[[], Any]]] = [
        ("same name, same content copied again (new mtime)", lambda: e.put("in/f.txt", "v1\n")),
        ("same name, other content", lambda: e.put("in/f.txt", "v2-other\n")),
        ("touch", lambda: os.utime(here / "f.txt")),
        ("append", append),
        ("copy to another name", lambda: shutil.copyfile(here / "f.txt", here / "g.txt")),
        ("rename g->h", lambda: (here / "g.txt").rename(here / "h.txt")),
        ("delete f", (here / "f.txt").unlink),
        ("re-create f", lambda: e.put("in/f.txt", "v3 re-created\n")),
        ("symlink to h", lambda: (here / "link.txt").symlink_to(here / "h.txt")),
    ]
    for label, step in steps:
        e.say("#", label)
        step()
        query.processAllAvailable()
    query.stop()
    e.say(files.source_log())
    query = files.start(files.read())
    e.say("#", "after restart f again")
    e.put("in/f.txt", "v4 after restart\n")
    query.processAllAvailable()
    assert e.said == e.observations()


def test_names_that_are_passed_over(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "hidden_no_gz")
    files = Files(e, spark)
    names = (
        "a.txt", "_b.txt", ".c.txt", "d.txt._COPYING_", "e", "f.crc", "g.tmp", "~h", "sub/i.txt", "_sub/j.txt",
        "sp ace.txt", "ю.txt", "p%41.txt", "x=1", "_y=1", "_SUCCESS", "q.bak~", "#k", "pl+us.txt",
    )  # fmt: skip
    for name in names:
        e.put(f"in/{name}", name + "\n")
    query = files.start(files.read())
    query.processAllAvailable()
    e.put("in/newsub/k.txt", "k\n")
    query.processAllAvailable()
    paths = [path for entry in files.source_log().values() for path in entry]
    recorded = [line for line in e.log.splitlines() if line.startswith('{"path"')]
    # Files of one second are in no order in Spark.
    assert sorted(paths) == sorted(json.loads(line)["path"].partition("hidden_no_gz")[2] for line in recorded)
    (batch,) = [line for line in e.observations() if line.startswith("batch")]
    (said,) = e.said
    assert _rows(said) == _rows(batch)


def _rows(batch: str) -> tuple[str, list[Any]]:
    import ast

    head, _, rows = batch.partition(": ")
    return head, sorted(ast.literal_eval(rows))


def test_partition_directories(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "partition_dirs")
    files = Files(e, spark)
    e.put("in/k=1/a.txt", "one\n")
    e.put("in/k=2/b.txt", "two\n")
    frame = files.read()
    e.say(frame.schema.simpleString())
    query = files.start(frame)
    query.processAllAvailable()
    e.put("in/k=3/c.txt", "three\n")
    e.put("in/top.txt", "t\n")
    query.processAllAvailable()
    recorded = e.observations()
    assert e.said[0] == recorded[0]
    assert [_rows(said) for said in e.said[1:]] == [_rows(batch) for batch in recorded[1:]]


def test_patterns(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "glob")
    files = Files(e, spark)
    for name in ("d1/a.txt", "d1/b.csv", "d2/c.txt", "e1/d.txt"):
        e.put(f"in/{name}", name + "\n")
    patterns = ("in/d*", "in/*/*.txt", "in/d1/a.txt", "in/{d1,e1}", "in/d[12]", "in/*")
    for number, pattern in enumerate(patterns):
        e.say("##", pattern)
        query = files.start(files.read(pattern), f"cp{number}")
        if pattern != "in/d1/a.txt":
            query.processAllAvailable()
        if number == 0:
            e.put("in/d9/new.txt", "new dir\n")
            query.processAllAvailable()
        query.stop()
    query = files.start(files.read("in/zz*"), "cpz")
    query.processAllAvailable()
    e.put("in/zz1/f.txt", "late\n")
    query.processAllAvailable()
    # Files of the same time and size are in no order.
    assert [_unordered(said) for said in e.said] == [_unordered(line) for line in e.observations()]


def _unordered(line: str) -> Any:
    return _rows(line) if line.startswith("batch") else line


def test_order_and_limits(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "order_within_batch_and_limit")
    files = Files(e, spark)
    for name, modified_s, rows in (("c", 100, 1), ("a", 300, 3), ("b", 200, 2), ("d", 200, 1)):
        text = "".join(f"{name}.txt{i}\n" for i in range(rows))
        e.put(f"in/{name}.txt", text, NOW_S - 1000 + modified_s)

    def run(given: dict[str, Any], checkpoint: str) -> None:
        files.run(files.read(**given), checkpoint)

    options: list[dict[str, Any]] = [
        {},
        {"maxFilesPerTrigger": 1},
        {"maxFilesPerTrigger": 3},
        {"maxFilesPerTrigger": 1, "latestFirst": True},
        {"latestFirst": "true"},
        {"maxBytesPerTrigger": "20b"},
        {"maxBytesPerTrigger": 14},
        {"maxFilesPerTrigger": 2, "latestFirst": True},
    ]
    for number, given in enumerate(options):
        e.say("##", given)
        if given.get("maxBytesPerTrigger") == "20b":
            e.check("run", partial(run, given, f"cp{number}"), number)
            e.say({})
        else:
            files.run(files.read(**given), f"cp{number}")
            e.say(files.source_log(f"cp{number}"))
    bad: list[dict[str, Any]] = [
        {"maxFilesPerTrigger": 0},
        {"maxFilesPerTrigger": "x"},
        {"maxFilesPerTrigger": 1, "maxBytesPerTrigger": 5},
        {"latestFirst": "maybe"},
        {"maxFileAge": "xx"},
    ]
    for number, given in enumerate(bad):
        e.say("##", given)
        e.check("bad", partial(run, given, f"cpbad{number}"), number)
    for label, trigger in (("availableNow", {"availableNow": True}), ("once", {"once": True})):
        e.say(f"## {label} maxFilesPerTrigger=1")
        query = files.start(files.read(maxFilesPerTrigger=1), f"cp{label}", **trigger)
        query.awaitTermination(PATIENCE_S)
    assert e.said == e.observations()


def test_names_only(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "fileNameOnly")
    files = Files(e, spark)
    e.put("in/k=1/a.txt", "one\n")
    e.put("in/k=2/a.txt", "two\n")
    query = files.start(files.read(fileNameOnly=True))
    query.processAllAvailable()
    e.put("in/k=3/a.txt", "three\n")
    query.processAllAvailable()
    recorded = e.observations()
    assert [_rows(said) for said in e.said] == [_rows(line) for line in recorded if line.startswith("batch")]


def test_old_files(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "maxFileAge")
    files = Files(e, spark)
    e.put("in/old.txt", "old\n", NOW_S - 7200)
    e.put("in/new.txt", "new\n", NOW_S - 100)
    query = files.start(files.read(maxFileAge="1h"))
    query.processAllAvailable()
    e.put("in/old2.txt", "old2 (2h)\n", NOW_S - 7200)
    e.put("in/mid.txt", "mid 30min\n", NOW_S - 1800)
    query.processAllAvailable()
    e.put("in/old.txt", "old rewritten\n", NOW_S)
    query.processAllAvailable()
    query.stop()
    e.say("## latestFirst with maxFileAge, maxFilesPerTrigger")
    files.run(files.read(maxFileAge="1h", latestFirst=True), "cp2")
    assert e.said == e.observations()


def test_files_of_last_week(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "default_maxFileAge_7d")
    files = Files(e, spark)
    e.put("in/new.txt", "new\n", NOW_S)
    query = files.start(files.read())
    query.processAllAvailable()
    e.put("in/old.txt", "8 days old\n", NOW_S - 8 * 86400)
    query.processAllAvailable()
    e.put("in/old6.txt", "6 days old\n", NOW_S - 6 * 86400)
    query.processAllAvailable()
    assert e.said == e.observations()


def test_ends_of_lines(experiment: Make, spark: Any) -> None:
    e = experiment(GROUP, "wholetext_lineSep")
    files = Files(e, spark)
    e.put("in/a.txt", "a\r\nb\rc\n\nd")
    options: list[dict[str, Any]] = [{}, {"wholetext": True}, {"lineSep": "\n"}]
    for number, given in enumerate(options):
        e.say("##", given)
        files.run(files.read(**given), f"cp{number}")
    assert e.said == e.observations()


def test_a_source_log_that_is_gone_is_an_error(experiment: Make, spark: Any) -> None:
    e = experiment("L_fixups", "corrupt_checkpoint_2")
    e.put("in/a", "a\n")

    def run() -> None:
        writer = spark.readStream.text(e.path("in")).writeStream.format("noop")
        query = writer.option("checkpointLocation", e.path("cp")).start()
        try:
            query.processAllAvailable()
        finally:
            query.stop()

    for name in "bcd":
        run()
        e.put(f"in/{name}", f"{name}\n")
    (e.directory / "cp/sources/0/1").unlink()
    e.check("source log entry 1 missing", run)
    shutil.rmtree(e.directory / "cp/sources")
    e.check("sources dir missing", run)
