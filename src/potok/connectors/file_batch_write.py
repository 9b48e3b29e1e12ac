# ruff: noqa: PTH103, PTH104, PTH108, PTH110, PTH112, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208 - paths are texts here: a source sees millions of them
"""`df.write` to files: nothing is visible as complete before it is.

The files are written aside. A new or overwritten directory then appears in one rename, the old data
staying until that moment; appended files are renamed one by one, `_SUCCESS` coming last.
Source of facts: InsertIntoHadoopFsRelationCommand, FileOutputCommitter.
"""

from __future__ import annotations

import os
import shutil
import uuid

from potok.connectors.base import ReadContext, Rows
from potok.connectors.file_format import FileFormat, FormatContext
from potok.connectors.file_writer import FilesWriter, WrittenFile, layout_of
from potok.connectors.options import illegal_argument
from potok.connectors.paths import local_path
from potok.errors import SparkError, unsupported
from potok.plan.commands import WriteBatch

_SUCCESS = "_SUCCESS"


def write_batch(file_format: FileFormat, write: WriteBatch, rows: Rows, context: ReadContext) -> None:
    """Write the rows by the mode. Raises PATH_ALREADY_EXISTS and what the format refuses."""
    path = write.path or write.options.get("path")
    if path is None:
        raise illegal_argument("Expected exactly one path to be specified, but got: ")
    if write.bucket_by or write.num_buckets:
        raise (
            SparkError("_LEGACY_ERROR_TEMP_1312", operation="save")
            if not write.table
            else unsupported("bucketBy", "Write without buckets.")
        )
    root = local_path(path, context.working_directory)
    exists = os.path.isdir(root) and bool(os.listdir(root)) if write.mode != "error" else os.path.exists(root)
    if write.mode == "error" and exists:
        raise SparkError("PATH_ALREADY_EXISTS", outputPath=f"file:{root}")
    if write.mode == "ignore" and os.path.exists(root):
        return
    formats = FormatContext(context.conf)
    layout = layout_of(file_format, rows.schema, write.partition_by, write.options, formats)
    dynamic = _is_dynamic(write, formats)
    beside = os.path.join(os.path.dirname(root), f".{os.path.basename(root)}.{uuid.uuid4()}")
    unique = str(uuid.uuid4())
    os.makedirs(os.path.dirname(root), exist_ok=True)
    try:
        os.makedirs(beside)
        written = FilesWriter(beside, layout, lambda _: unique, durable=True).write_all(rows.to_reader())
        if exists and (write.mode == "append" or dynamic):
            _move_into(root, beside, written, replaces=dynamic)
        else:
            _succeeded(beside)
            _swap(root, beside)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _is_dynamic(write: WriteBatch, context: FormatContext) -> bool:
    conf = context.conf("spark.sql.sources.partitionOverwriteMode") or "static"
    mode = write.options.get("partitionOverwriteMode", conf)
    return write.mode == "overwrite" and bool(write.partition_by) and mode.lower() == "dynamic"


def _succeeded(directory: str) -> None:
    with open(os.path.join(directory, _SUCCESS), "wb") as file:
        os.fsync(file.fileno())


def _swap(root: str, new: str) -> None:
    """Put the new directory in the place of the old one."""
    if not os.path.lexists(root):
        os.rename(new, root)
        return
    old = f"{new}.old"
    os.rename(root, old)
    os.rename(new, root)
    if os.path.isdir(old):
        shutil.rmtree(old)
    else:
        os.unlink(old)


def _move_into(root: str, new: str, written: list[WrittenFile], *, replaces: bool) -> None:
    directories = {os.path.dirname(f.path) for f in written}
    if replaces:
        for directory in directories:
            target = os.path.join(root, os.path.relpath(directory, new))
            for name in os.listdir(target) if os.path.isdir(target) else ():
                if os.path.isfile(os.path.join(target, name)):
                    os.unlink(os.path.join(target, name))
    for file in written:
        target = os.path.join(root, os.path.relpath(file.path, new))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(file.path, target)
    _succeeded(root)
