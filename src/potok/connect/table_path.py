# ruff: noqa: SLF001 - the client has no public way
"""`toTable(name, path=...)`, which the client of Spark 4.1 to 4.3 fails on with a TypeError of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession as ConnectSession
    from pyspark.sql.connect.streaming.query import StreamingQuery


def accept_table_path(session_class: type[ConnectSession]) -> None:
    """Let `toTable` of sessions of this class take the path as PySpark without Connect does: as an option."""
    to_table = DataStreamWriter.toTable

    def toTable(writer: DataStreamWriter, tableName: str, *arguments: Any, **options: Any) -> StreamingQuery:  # noqa: ANN401, N802, N803 - PySpark's names
        if "path" in options and isinstance(writer._session, session_class):
            writer = writer.option("path", options.pop("path"))
        return to_table(writer, tableName, *arguments, **options)

    toTable.__doc__ = to_table.__doc__
    DataStreamWriter.toTable = toTable
