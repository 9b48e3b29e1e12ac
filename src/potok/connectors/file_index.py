# ruff: noqa: PTH110, PTH112, PTH116, PTH119, PTH120 - paths are texts here: a source sees millions of them
"""Which files a path stands for, and their partition values. Source of facts: InMemoryFileIndex, DataSource."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from potok.checkpoint.file_sink_log import FileSinkLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import file_uri, path_from_uri, sink_log_path
from potok.connectors.file_format import FormatContext, InputFile
from potok.connectors.options import boolean, illegal_argument
from potok.connectors.partitions import PartitionSpec, infer_partitions
from potok.connectors.paths import expand_glob, has_glob, local_path, pattern_regex
from potok.errors import SparkError
from potok.functions.text_values import cast_timestamp
from potok.plan.logical import Options
from potok.types import StructType

_COPYING = "._COPYING_"


class FoundFile(NamedTuple):
    """A file: absolute local path, size in bytes, modification time in ms UTC."""

    path: str
    size_bytes: int
    modification_time_ms: int


def is_hidden(name: str) -> bool:
    """Whether Spark passes over a file or directory of this name."""
    return (name.startswith("_") and "=" not in name) or name.startswith(".") or name.endswith(_COPYING)


@dataclass(frozen=True)
class FileFilter:
    """Which files count, by the options pathGlobFilter, modifiedBefore and modifiedAfter."""

    name_pattern: re.Pattern[str] | None = None
    before_ms: int | None = None
    after_ms: int | None = None

    @classmethod
    def of(cls, options: Options, time_zone: str) -> FileFilter:
        """Raises SparkError for a time that cannot be read."""
        pattern = options.get("pathGlobFilter")
        zone = options.get("timeZone", time_zone)
        return cls(
            None if pattern is None else pattern_regex(pattern),
            _moment_ms(options, "modifiedBefore", zone),
            _moment_ms(options, "modifiedAfter", zone),
        )

    def accepts(self, name: str, modification_time_ms: int) -> bool:
        """Whether a file counts; the bounds in time are exclusive."""
        if self.name_pattern is not None and self.name_pattern.fullmatch(name) is None:
            return False
        if self.before_ms is not None and modification_time_ms >= self.before_ms:
            return False
        return self.after_ms is None or modification_time_ms > self.after_ms


def _moment_ms(options: Options, name: str, time_zone: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    micros = cast_timestamp(text, time_zone)
    if micros is None:
        raise illegal_argument(
            f"The timestamp provided for the '{name.lower()}' option is invalid. The expected format is"
            f" 'YYYY-MM-DDTHH:mm:ss', but the provided timestamp: {text}"
        )
    return micros // 1000


def walk_files(root: str) -> Iterator[FoundFile]:
    """The files below a directory at any depth, hidden names left out; the file itself for a file."""
    try:
        entries = os.scandir(root)
    except NotADirectoryError:
        status = os.stat(root)
        yield FoundFile(root, status.st_size, status.st_mtime_ns // 1_000_000)
        return
    except FileNotFoundError:
        return
    directories = []
    with entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            try:
                if entry.is_dir():
                    directories.append(entry.path)
                else:
                    status = entry.stat()
                    yield FoundFile(entry.path, status.st_size, status.st_mtime_ns // 1_000_000)
            except FileNotFoundError:
                # It went between the listing and the look at it.
                continue
    for directory in directories:
        yield from walk_files(directory)


@dataclass(frozen=True)
class PartitionedFile:
    """A file to scan with its partition values, in the order of the partition columns."""

    file: FoundFile
    values: tuple[Any, ...] = ()

    @property
    def input(self) -> InputFile:
        """As formats take it."""
        return InputFile(self.file.path, file_uri(self.file.path), self.file.size_bytes)


@dataclass(frozen=True)
class FileIndex:
    """The files of a relation and their partition columns."""

    files: tuple[PartitionedFile, ...]
    partition_schema: StructType = field(default_factory=StructType)


def resolve_roots(paths: Sequence[str], working_directory: str, *, globs: bool = True) -> list[str]:
    """The existing absolute paths that the user's paths stand for. Raises PATH_NOT_FOUND."""
    roots = []
    for path in paths:
        absolute = local_path(path, working_directory)
        if globs and has_glob(absolute) and not os.path.exists(absolute):
            found = expand_glob(absolute)
            if not found:
                raise SparkError("PATH_NOT_FOUND", path=f"file:{absolute}")
            roots.extend(found)
        elif os.path.exists(absolute):
            roots.append(absolute)
        else:
            raise SparkError("PATH_NOT_FOUND", path=f"file:{absolute}")
    return roots


def index_files(
    paths: Sequence[str],
    options: Options,
    context: FormatContext,
    working_directory: str,
    given: StructType | None,
) -> FileIndex:
    """The files of a batch read; one directory with a sink log is read through its log.

    Raises PATH_NOT_FOUND, CONFLICTING_DIRECTORY_STRUCTURES, or what a damaged sink log gives.
    """
    if len(paths) == 1:
        single = local_path(paths[0], working_directory)
        if not has_glob(single) and os.path.isdir(sink_log_path(single)):
            log = FileSinkLog(sink_log_path(single), LocalFileSystem())
            files = [
                FoundFile(path_from_uri(item.path), item.size, item.modification_time)
                for item in log.all_files()
                if item.action == "add"
            ]
            return index_of(files, [single], [single], options, context, given)
    roots = resolve_roots(paths, working_directory)
    found: list[FoundFile] = []
    for root in roots:
        found.extend(walk_files(root))
    files_given = {f.path for f in found}
    bases = [os.path.dirname(r) if r in files_given else r for r in roots]
    return index_of(found, roots, bases, options, context, given)


def index_of(
    files: Iterable[FoundFile],
    roots: Sequence[str],
    bases: Sequence[str],
    options: Options,
    context: FormatContext,
    given: StructType | None,
) -> FileIndex:
    """The index over files that are known; `bases` are where partition columns may begin."""
    accepts = FileFilter.of(options, context.time_zone).accepts
    files = list(files)
    kept = [f for f in files if accepts(os.path.basename(f.path), f.modification_time_ms)]
    if boolean(options, "recursiveFileLookup", default=False):
        return FileIndex(tuple(PartitionedFile(f) for f in kept))
    base_path = options.get("basePath")
    if base_path is not None:
        base = local_path(base_path)
        if not os.path.isdir(base):
            fault = "must be a directory" if os.path.exists(base) else "not found"
            raise illegal_argument(f"Option 'basePath' {fault}")
        for root in roots:
            if not (root + "/").startswith(base.rstrip("/") + "/"):
                raise illegal_argument(f"Wrong basePath {base_path} for the root path: file:{root}")
        bases = [base]
    # Directories whose files are all left out show partition columns too, as in Spark.
    spec = partitions_of(files, bases, context, given)
    if not spec.schema.fields:
        direct = set(roots)
        return FileIndex(
            tuple(PartitionedFile(f) for f in kept if f.path in direct or os.path.dirname(f.path) in direct)
        )
    return FileIndex(
        tuple(
            PartitionedFile(f, spec.values[directory])
            for f in kept
            if (directory := os.path.dirname(f.path)) in spec.values
        ),
        spec.schema,
    )


def partitions_of(
    files: Iterable[FoundFile], bases: Sequence[str], context: FormatContext, given: StructType | None
) -> PartitionSpec:
    """The partitioning that the files' directories show."""
    directories = list(dict.fromkeys(os.path.dirname(f.path) for f in files))
    return infer_partitions(
        directories,
        bases,
        given,
        infer_types=context.flag("spark.sql.sources.partitionColumnTypeInference.enabled", default=True),
        time_zone=context.time_zone,
        case_sensitive=context.flag("spark.sql.caseSensitive", default=False),
    )
