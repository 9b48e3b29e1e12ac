"""The streaming file source: which files a batch takes, and when."""

from __future__ import annotations

import os
import pathlib
import select
import uuid
from typing import Any

import pytest

from potok.connectors.base import ReadAll, ReadContext, ReadMaxBytes, ReadMaxFiles, Source, SourceContext
from potok.connectors.csv import PROVIDER as CSV
from potok.connectors.text import PROVIDER as TEXT
from potok.ddl import parse_schema
from potok.errors import SparkError
from potok.plan.logical import Options, StreamingRelation
from potok.plan.unresolved import UnresolvedDataSource


class Directory:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.input = root / "in"
        self.input.mkdir()
        self.clock = 1_700_000_000

    def put(self, name: str, text: str = "x\n", age_s: int = 0) -> pathlib.Path:
        path = self.input / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = self.root / "tmp"
        hidden.write_text(text)
        self.clock += 1
        os.utime(hidden, (self.clock - age_s, self.clock - age_s))
        hidden.rename(path)
        return path

    def relation(
        self, path: str | None = None, schema: str | None = None, **options: Any
    ) -> StreamingRelation:
        given = Options({k: str(v) for k, v in options.items()})
        provider = TEXT if schema is None else CSV
        source = UnresolvedDataSource(
            provider.name,
            None if schema is None else parse_schema(schema),
            given,
            (path or str(self.input),),
            streaming=True,
        )
        relation = provider.streaming_relation(source, ReadContext())
        assert isinstance(relation, StreamingRelation)
        return relation

    def start(self, path: str | None = None, **options: Any) -> Source:
        context = SourceContext(log_directory=str(self.root / "cp/sources/0"), query_id=str(uuid.uuid4()))
        return TEXT.source(self.relation(path, **options), context)


@pytest.fixture
def directory(tmp_path: pathlib.Path) -> Directory:
    return Directory(tmp_path)


def rows(source: Source, start: str | None, end: str | None) -> list[Any]:
    assert end is not None
    return [r["value"] for r in source.scan(start, end).read(["value"]).to_pylist()]


def names(source: Source, start: str | None, end: str | None) -> list[str]:
    assert end is not None
    return [pathlib.Path(f).name for f in source.scan(start, end).input_files()]


def test_a_file_is_read_once_and_by_its_path(directory: Directory) -> None:
    source = directory.start()
    assert source.latest_offset(None, ReadAll()) is None
    directory.put("a", "1\n")
    first = source.latest_offset(None, ReadAll())
    assert first == '{"logOffset":0}'
    assert rows(source, None, first) == ["1"]
    directory.put("a", "changed\n")
    assert source.latest_offset(first, ReadAll()) == first
    directory.put("copy", "1\n")
    second = source.latest_offset(first, ReadAll())
    assert names(source, first, second) == ["copy"]
    restarted = directory.start()
    assert restarted.latest_offset(second, ReadAll()) == second
    assert rows(restarted, None, first) == ["changed"]


def test_rows_come_largest_file_first_and_the_log_oldest_first(directory: Directory) -> None:
    for name, text in {"c": "cc\n", "b": "b\n", "d": "d\n", "a": "aaa\n"}.items():
        directory.put(name, text)
    source = directory.start()
    end = source.latest_offset(None, ReadAll())
    assert rows(source, None, end) == ["aaa", "cc", "b", "d"]
    log = (directory.root / "cp/sources/0/0").read_text()
    assert [line.split("/")[-1][0] for line in log.splitlines()[1:]] == ["c", "b", "d", "a"]


def test_limits(directory: Directory) -> None:
    for i, size in enumerate([7, 14, 7, 21]):
        directory.put(f"f{i}", "x" * (size - 1) + "\n")
    source = directory.start(maxBytesPerTrigger=14)
    assert source.default_read_limit == ReadMaxBytes(14)
    offset = None
    seen = []
    for _ in range(4):
        end = source.latest_offset(offset, source.default_read_limit)
        seen.append(names(source, offset, end))
        offset = end
    assert seen == [["f0"], ["f1"], ["f2"], ["f3"]]


def test_latest_first(directory: Directory) -> None:
    for i in range(3):
        directory.put(f"f{i}")
    source = directory.start(maxFilesPerTrigger=2, latestFirst=True)
    first = source.latest_offset(None, ReadMaxFiles(2))
    assert sorted(names(source, None, first)) == ["f1", "f2"]
    assert names(source, first, source.latest_offset(first, ReadMaxFiles(2))) == ["f0"]


def test_files_of_the_same_time_come_by_path(directory: Directory) -> None:
    for name in ("c", "a", "d", "b"):
        directory.clock = 1_700_000_000
        directory.put(name)
    source = directory.start(maxFilesPerTrigger=1)
    offset, seen = None, []
    for _ in range(4):
        end = source.latest_offset(offset, ReadMaxFiles(1))
        seen += names(source, offset, end)
        offset = end
    assert seen == ["a", "b", "c", "d"]


def test_old_files_are_not_new(directory: Directory) -> None:
    directory.put("first", age_s=100 * 86_400)
    directory.put("second")
    source = directory.start()
    first = source.latest_offset(None, ReadAll())
    assert sorted(names(source, None, first)) == ["first", "second"]
    directory.put("eight", age_s=8 * 86_400)
    directory.put("six", age_s=6 * 86_400)
    second = source.latest_offset(first, ReadAll())
    assert names(source, first, second) == ["six"]


def test_hidden_names(directory: Directory) -> None:
    for name in ("_SUCCESS", ".hidden", "f._COPYING_", "_y=1", "x.tmp", "f.crc", "q~", "#k", "sp ace"):
        directory.put(name)
    source = directory.start()
    found = names(source, None, source.latest_offset(None, ReadAll()))
    assert sorted(found) == ["%23k", "_y=1", "f.crc", "q~", "sp%20ace", "x.tmp"]


def test_partition_directories(directory: Directory) -> None:
    directory.put("k=1/a.txt", "one\n")
    directory.put("k=2/b.txt", "two\n")
    directory.put("top.txt", "not read\n")
    relation = directory.relation()
    assert relation.source_schema.simple_string == "struct<value:string,k:int>"
    source = TEXT.source(relation, SourceContext(log_directory=str(directory.root / "cp")))
    first = source.latest_offset(None, ReadAll())
    assert first is not None
    found = source.scan(None, first).read(["value", "k"]).to_pylist()
    assert found == [{"value": "one", "k": 1}, {"value": "two", "k": 2}]
    directory.put("k=3/c.txt", "three\n")
    second = source.latest_offset(first, ReadAll())
    assert second is not None
    assert source.scan(first, second).read(["k"]).to_pylist() == [{"k": 3}]


def test_a_copy_under_another_name_is_known_by_content(directory: Directory) -> None:
    directory.put("a", "same\n")
    source = directory.start(fileIdentity="content")
    first = source.latest_offset(None, ReadAll())
    directory.put("b", "same\n")
    assert source.latest_offset(first, ReadAll()) == first
    source.stop()
    restarted = directory.start(fileIdentity="content")
    directory.put("c", "same\n")
    assert restarted.latest_offset(first, ReadAll()) == first
    directory.put("d", "other\n")
    second = restarted.latest_offset(first, ReadAll())
    assert names(restarted, first, second) == ["d"]


def test_content_of_a_batch_that_never_was_is_forgotten(directory: Directory) -> None:
    log = directory.root / "cp/sources/0"
    log.mkdir(parents=True)
    directory.put("a", "same\n")
    source = directory.start(fileIdentity="content")
    first = source.latest_offset(None, ReadAll())
    source.stop()
    # As after a crash between the hashes and the source log, in the middle of a line at that.
    (log / "0").unlink()
    with (log / ".content").open("a") as file:
        file.write("1\t5\tabc")
    restarted = directory.start(fileIdentity="content")
    assert restarted.latest_offset(None, ReadAll()) == first


def test_clean_source(directory: Directory) -> None:
    archive = directory.root / "archive"
    source = directory.start(cleanSource="archive", sourceArchiveDir=archive)
    path = directory.put("a")
    end = source.latest_offset(None, ReadAll())
    assert end is not None
    source.commit(end)
    assert not path.exists()
    assert (archive / str(path).lstrip("/")).exists()
    source.commit(end)


def test_a_vanished_file_is_empty(directory: Directory, caplog: pytest.LogCaptureFixture) -> None:
    path = directory.put("a")
    source = directory.start()
    end = source.latest_offset(None, ReadAll())
    path.unlink()
    assert rows(source, None, end) == []
    assert "is gone before its batch was read" in caplog.text


def test_available_now_sees_nothing_later(directory: Directory) -> None:
    directory.put("a")
    source = directory.start()
    source.prepare_available_now()
    directory.put("b")
    end = source.latest_offset(None, ReadAll())
    assert names(source, None, end) == ["a"]
    assert source.latest_offset(end, ReadAll()) == end


def test_arrivals_wake_the_loop(directory: Directory) -> None:
    source = directory.start()
    source.latest_offset(None, ReadAll())
    descriptor = source.wait_descriptor()
    assert descriptor is not None
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(0) == []
    directory.put("a")
    assert poll.poll(1000)
    end = source.latest_offset(None, ReadAll())
    assert names(source, None, end) == ["a"]
    assert poll.poll(0) == []
    assert source.poll_interval_s() >= 1
    source.stop()
    source.stop()


def test_glob_and_directories_that_come_later(directory: Directory) -> None:
    directory.put("d1/a")
    source = directory.start(str(directory.input / "d*"))
    first = source.latest_offset(None, ReadAll())
    directory.put("d2/b")
    second = source.latest_offset(first, ReadAll())
    assert names(source, first, second) == ["b"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"maxFilesPerTrigger": "0"}, "Invalid value '0' for option 'maxFilesPerTrigger', must be a positive integer"),
        ({"maxBytesPerTrigger": "20b"}, "Invalid value '20b' for option 'maxBytesPerTrigger', must be a positive integer"),
        ({"maxFilesPerTrigger": "1", "maxBytesPerTrigger": "1"}, "Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set at the same time"),
        ({"latestFirst": "maybe"}, "Invalid value 'maybe' for option 'latestFirst', must be 'true' or 'false'"),
        ({"cleanSource": "archive"}, "Archive mode must be used with 'sourceArchiveDir' option."),
        ({"cleanSource": "zip"}, "Invalid mode for clean source option Some(zip). Must be one of ARCHIVE,DELETE,OFF"),
        ({"maxFileAge": "xx"}, "Failed to parse time string: xx"),
    ],
)  # fmt: skip
def test_bad_options_at_the_start(directory: Directory, options: dict[str, str], text: str) -> None:
    with pytest.raises(SparkError) as error:
        directory.start(**options)
    assert text in error.value.message


def test_an_archive_inside_the_source_is_refused(directory: Directory) -> None:
    with pytest.raises(SparkError, match="requirement failed: Base archive path"):
        directory.start(cleanSource="archive", sourceArchiveDir=directory.input / "old")


def test_errors_at_load(directory: Directory) -> None:
    with pytest.raises(SparkError, match="Schema must be specified"):
        CSV.streaming_relation(
            UnresolvedDataSource("csv", None, Options(), (str(directory.input),), streaming=True),
            ReadContext(),
        )
    with pytest.raises(SparkError, match=r"\[PATH_NOT_FOUND\] Path does not exist: /nowhere"):
        directory.relation("/nowhere")
    with pytest.raises(SparkError, match="'path' is not specified"):
        TEXT.streaming_relation(
            UnresolvedDataSource("text", None, Options(), (), streaming=True), ReadContext()
        )
