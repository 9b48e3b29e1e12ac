# ruff: noqa: PTH110, PTH120 - paths are texts here: a source sees millions of them
"""Files of any format as a provider. Source of facts: DataSource, FileStreamSource."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from potok.connectors.base import ReadContext, Rows, SinkContext, SourceContext
from potok.connectors.file_format import FileFormat, FormatContext
from potok.connectors.file_index import index_files, index_of, walk_files
from potok.connectors.file_scan import METADATA_COLUMN, METADATA_TYPE, FileScan, MissingFiles, merged_schema
from potok.connectors.file_source_options import PARTITION_COLUMNS
from potok.connectors.options import boolean
from potok.connectors.paths import expand_glob, has_glob, local_path
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.expressions import AttributeReference, next_expr_id
from potok.plan.logical import LogicalPlan, Options, ScanRelation, StreamingRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import StructType, struct_as_nullable

if TYPE_CHECKING:
    from potok.connectors.file_sink import FileSink
    from potok.connectors.file_source import FileStreamSource


class FileProvider(BaseProvider):
    """One file format."""

    output_modes = ("append",)

    def __init__(self, file_format: FileFormat) -> None:
        self.format = file_format
        self.name = file_format.name

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        options = source.options
        formats = FormatContext(context.conf)
        paths = all_paths(source)
        if not paths:
            raise unspecified_path(self.format)
        given = None if source.schema_given is None else struct_as_nullable(source.schema_given)
        index = index_files(paths, options, formats, context.working_directory, given)
        partition_names = {f.name.lower() for f in index.partition_schema.fields}
        data_schema = given
        if data_schema is None:
            data_schema = self.format.infer_schema([f.input for f in index.files], options, formats)
        if data_schema is None:
            raise unable_to_infer(self.format)
        data_schema = without(data_schema, partition_names) if given is not None else data_schema
        check_duplicates(merged_schema(data_schema, index.partition_schema), formats)
        check_types(self.format, data_schema)
        scan = FileScan(
            data_schema,
            index.partition_schema,
            index.files,
            self.format.reader(data_schema, options, formats),
            missing_files(options, formats),
        )
        return ScanRelation(
            scan,
            schema_attributes(scan.schema),
            f"FileScan {self.name} [{', '.join(f'file:{local_path(p, context.working_directory)}' for p in paths)}]",
            metadata=metadata_attribute(scan.schema),
        )

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        options = source.options
        formats = FormatContext(context.conf)
        paths = all_paths(source)
        if len(paths) != 1:
            raise SparkError("_LEGACY_ERROR_TEMP_2047") if not paths else unspecified_path(self.format)
        path = local_path(paths[0], context.working_directory)
        given = None if source.schema_given is None else struct_as_nullable(source.schema_given)
        infers = formats.flag("spark.sql.streaming.schemaInference", default=False)
        if given is None and not infers and self.format.name != "text":
            raise SparkError("_LEGACY_ERROR_TEMP_2048")
        if not has_glob(path) and not os.path.exists(path):
            raise SparkError("PATH_NOT_FOUND", path=paths[0].removeprefix("file:"))
        schema, partition_names = self.stream_schema(path, given, options, formats)
        spelled = Options(options.spelled())
        spelled["path"] = path
        if partition_names:
            spelled[PARTITION_COLUMNS] = "/".join(partition_names)
        return StreamingRelation(
            source_key=source.plan_id if source.plan_id is not None else -next_expr_id(),
            format=self.name,
            options=spelled,
            paths=(path,),
            source_schema=schema,
            result=schema_attributes(schema),
            metadata=metadata_attribute(schema),
        )

    def stream_schema(
        self, path: str, given: StructType | None, options: Options, context: FormatContext
    ) -> tuple[StructType, tuple[str, ...]]:
        """The schema of a stream over the path, and which columns of it are partition directories by now."""
        roots = expand_glob(path) if has_glob(path) else [path]
        files = [f for root in roots for f in walk_files(root)]
        found = {f.path for f in files}
        bases = [os.path.dirname(r) if r in found else r for r in roots]
        lenient = Options({k: v for k, v in options.spelled().items() if k.lower() != "basepath"})
        index = index_of(files, roots, bases, lenient, context, given)
        partition_names = {f.name.lower() for f in index.partition_schema.fields}
        data_schema = given
        if data_schema is None:
            data_schema = self.format.infer_schema([f.input for f in index.files], options, context)
        if data_schema is None:
            raise unable_to_infer(self.format)
        schema = merged_schema(without(data_schema, partition_names), index.partition_schema)
        check_duplicates(schema, context)
        return struct_as_nullable(schema), index.partition_schema.names

    def source(self, relation: StreamingRelation, context: SourceContext) -> FileStreamSource:
        """See Provider."""
        from potok.connectors.file_source import FileStreamSource

        partitions = set(relation.options.get(PARTITION_COLUMNS, "").split("/"))
        check_types(self.format, without(relation.source_schema, partitions))
        return FileStreamSource(self.format, relation, context)

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> FileSink:
        """See Provider."""
        from potok.connectors.file_sink import FileSink

        return FileSink(self.format, write, schema, context)

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:
        """See Provider."""
        from potok.connectors.file_batch_write import write_batch

        write_batch(self.format, write, rows, context)

    def check_output_mode(self, output_mode: str) -> None:
        """See Provider."""
        if output_mode != "append":
            raise SparkError(
                "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", outputMode=output_mode, className=self.name
            )


def all_paths(source: UnresolvedDataSource) -> tuple[str, ...]:
    """The paths of `load(..)` and of the option `path`."""
    option = source.options.get("path")
    if source.paths:
        return source.paths
    return () if option is None else (option,)


def without(schema: StructType, names: set[str]) -> StructType:
    """The fields with other names (in lower case)."""
    return StructType(tuple(f for f in schema.fields if f.name.lower() not in names))


def metadata_attribute(schema: StructType) -> AttributeReference | None:
    """The hidden column `_metadata`; None where a column of the data has its name."""
    if any(f.name.lower() == METADATA_COLUMN for f in schema.fields):
        return None
    return AttributeReference(METADATA_COLUMN, METADATA_TYPE, is_nullable=False, expr_id=next_expr_id())


def missing_files(options: Options, context: FormatContext) -> MissingFiles:
    """By the options ignoreMissingFiles and ignoreCorruptFiles, or the configuration."""
    return MissingFiles(
        boolean(
            options,
            "ignoreMissingFiles",
            default=context.flag("spark.sql.files.ignoreMissingFiles", default=False),
        ),
        boolean(
            options,
            "ignoreCorruptFiles",
            default=context.flag("spark.sql.files.ignoreCorruptFiles", default=False),
        ),
    )


def check_types(file_format: FileFormat, schema: StructType) -> None:
    """Raises UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE for a column that the format cannot hold."""
    for f in schema.fields:
        if not file_format.supports(f.data_type):
            raise SparkError(
                "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                format=file_format.display_name,
                columnName=f"`{f.name}`",
                columnType=f'"{f.data_type.sql}"',
            )


def check_duplicates(schema: StructType, context: FormatContext) -> None:
    """Raises COLUMN_ALREADY_EXISTS for a name that occurs twice."""
    sensitive = context.flag("spark.sql.caseSensitive", default=False)
    seen: set[str] = set()
    for f in schema.fields:
        name = f.name if sensitive else f.name.lower()
        if name in seen:
            raise SparkError("COLUMN_ALREADY_EXISTS", columnName=f"`{name}`")
        seen.add(name)


def unspecified_path(file_format: FileFormat) -> SparkError:
    """No path where one is needed."""
    return SparkError("UNABLE_TO_INFER_SCHEMA", format=file_format.display_name)


def unable_to_infer(file_format: FileFormat) -> SparkError:
    """Nothing to take a schema from."""
    return SparkError("UNABLE_TO_INFER_SCHEMA", format=file_format.display_name)
