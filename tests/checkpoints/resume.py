"""Spark 4.3 goes on from checkpoints that potok has written, and potok reads what Spark then wrote.

Run with a Python that has `pyspark==4.3.0` and a Java 17: `PYTHONPATH=src python tests/checkpoints/resume.py`.
Ends with an error at the first difference.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import CheckpointLayout, file_uri, path_from_uri, sink_log_path
from potok.checkpoint.metadata import StreamMetadata, create_metadata
from potok.checkpoint.offset_log import OffsetLog, OffsetSeq, OffsetSeqMetadata, conf_for_offset_log
from potok.checkpoint.recover import read_tails, recover, repair

FS = LocalFileSystem()
ID = "28309c04-4503-4499-b3c1-043c585323c7"
NAMES = [
    "plain.csv",
    "sp ace.csv",
    "p%41.csv",
    "#k.csv",
    "жé漢.csv",
    "a+b~c&d=e.csv",
    "[x]{y}.csv",
    "a;b,c@d$!'().csv",
]


def name(number: int) -> str:
    return NAMES[number] if number < len(NAMES) else f"n{number}.csv"


def put(root: Path, number: int) -> Path:
    path = root / "in" / name(number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{number}\n", encoding="utf-8")
    os.utime(path, (1_760_000_000 + number, 1_760_000_000 + number))
    return path


def write(root: Path, batches: int, *, crashed: str = "") -> None:
    """What a query of one file a batch leaves; the last batch stops after the step named by `crashed`."""
    layout = CheckpointLayout(str(root / "checkpoint"))
    out = root / "out"
    out.mkdir(parents=True)
    FS.make_directories(layout.root, durable=True)
    create_metadata(layout.metadata, FS, StreamMetadata(ID), durable=True)
    sources, offsets = FileSourceLog(layout.source(0), FS), OffsetLog(layout.offsets, FS)
    commits, sink = CommitLog(layout.commits, FS), FileSinkLog(sink_log_path(str(out)), FS)
    conf = conf_for_offset_log(lambda _: None)
    for batch_id in range(batches):
        last = crashed if batch_id == batches - 1 else ""
        path = put(root, batch_id)
        sources.add(
            batch_id, [FileEntry(file_uri(str(path)), path.stat().st_mtime_ns // 1_000_000, batch_id)]
        )
        if last == "sources":
            return
        metadata = OffsetSeqMetadata(0, 1_760_000_000_000 + batch_id, conf)
        offsets.add(batch_id, OffsetSeq((f'{{"logOffset":{batch_id}}}',), metadata))
        if last == "offsets":
            return
        part = out / f"part-00000-{ID[:-6]}{batch_id:06d}-c000.csv"
        part.write_text(f"{batch_id}\n", encoding="utf-8")
        sink.add(batch_id, [added_file(str(part), part.stat().st_size, part.stat().st_mtime_ns // 1_000_000)])
        if last == "sink":
            return
        commits.add(batch_id, CommitMetadata(0))


def go_on(spark: SparkSession, root: Path) -> str:
    frame = spark.readStream.schema("a INT").option("maxFilesPerTrigger", 1).csv(str(root / "in"))
    writer = frame.writeStream.format("csv").option("checkpointLocation", str(root / "checkpoint"))
    query = writer.trigger(availableNow=True).start(str(root / "out"))
    query.awaitTermination()
    return str(query.id)


def check(spark: SparkSession, root: Path, files: int, batches: int) -> None:
    """Spark reads every row once, and so do our logs."""
    rows = sorted(row.a for row in spark.read.schema("a INT").csv(str(root / "out")).collect())
    assert rows == list(range(files)), rows
    layout = CheckpointLayout(str(root / "checkpoint"))
    sink = FileSinkLog(sink_log_path(str(root / "out")), FS)
    assert repair(layout, FS, now_ms=0, sink_log=sink) == []
    state = recover(*read_tails(OffsetLog(layout.offsets, FS), CommitLog(layout.commits, FS)), layout.root)
    assert (state.batch_id, state.end_offsets) == (batches, None), state
    assert state.start_offsets == (f'{{"logOffset":{files - 1}}}',)
    read = [path_from_uri(file.path_uri) for file in FileSourceLog(layout.source(0), FS).all_files()]
    assert read == [str(root / "in" / name(number)) for number in range(files)], read
    written = [Path(path_from_uri(status.path)) for status in sink.all_files()]
    assert sorted(int(line) for path in written for line in path.read_text(encoding="utf-8").split()) == rows


def main() -> None:
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        for crashed in ("", "sources", "offsets", "sink"):
            for batches in (10, 12):
                root = Path(folder) / f"{crashed or 'clean'}-{batches}"
                write(root, batches, crashed=crashed)
                for number in range(batches, 22):
                    put(root, number)
                assert go_on(spark, root) == ID
                # Spark adds a file to the entry that no offsets refer to, and reads both in one batch.
                check(spark, root, 22, 21 if crashed == "sources" else 22)
                print("ok", root.name, flush=True)
        # Torn by a power cut, as Spark cannot start from; repaired here, Spark goes on.
        for torn in ("commits/11", "offsets/12", "sources/0/12"):
            root = Path(folder) / ("torn-" + torn.replace("/", "-"))
            write(root, 13, crashed="offsets") if torn != "sources/0/12" else write(
                root, 13, crashed="sources"
            )
            (root / "checkpoint" / torn).write_bytes(b"")
            layout = CheckpointLayout(str(root / "checkpoint"))
            notes = repair(layout, FS, now_ms=0, sink_log=FileSinkLog(sink_log_path(str(root / "out")), FS))
            assert len(notes) == 1, notes
            for number in range(13, 15):
                put(root, number)
            go_on(spark, root)
            check(spark, root, 15, 14 if torn == "offsets/12" else 15)
            print("ok", torn, notes, flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
