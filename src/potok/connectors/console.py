"""`console`: each batch as a table on standard output."""

from __future__ import annotations

import sys
import threading

import pyarrow as pa

from potok.connectors.base import ReadContext, Rows, SinkContext
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan, Options
from potok.show_string import show_string
from potok.types import StructType, arrow_schema

LINE = "-" * 43
DEFAULT_ROWS = 20
TRUNCATED_WIDTH = 20
_MAX_INT = 2**31 - 1
# A batch is one write: tables of two queries never mix.
_output = threading.Lock()


class ConsoleSink:
    """Prints; a repeated batch is printed again, as in Spark.

    Source of fact: ConsoleWriter. Wrong options are reported by the first batch, as there.
    """

    # Spark's name ends with the address of an object.
    description = "org.apache.spark.sql.execution.streaming.ConsoleTable$@0"

    def __init__(self, options: Options, time_zone: str) -> None:
        self._options = options
        self._time_zone = time_zone

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink."""
        num_rows, truncate = _num_rows(self._options), _truncate(self._options)
        table, count = _head(rows, num_rows + 1)
        width = TRUNCATED_WIDTH if truncate else 0
        text = show_string(table, rows.schema, num_rows, width, False, self._time_zone)  # noqa: FBT003 - as Spark's
        _print(f"{LINE}\nBatch: {batch_id}\n{LINE}\n{text}\n")
        return count

    def stop(self) -> None:
        """See Sink."""


class ConsoleProvider(BaseProvider):
    """Streams and batches to standard output."""

    name = "console"

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> ConsoleSink:  # noqa: ARG002 - Provider
        """See Provider."""
        return ConsoleSink(write.options, _time_zone(context))

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:
        """See Provider."""
        num_rows, truncate = _num_rows(write.options), _truncate(write.options)
        table, _ = _head(rows, num_rows + 1)
        width = TRUNCATED_WIDTH if truncate else 0
        _print(show_string(table, rows.schema, num_rows, width, False, _time_zone(context)) + "\n")  # noqa: FBT003 - as Spark's


def _head(rows: Rows, count: int) -> tuple[pa.Table, int]:
    """The first rows, and how many there are."""
    kept: list[pa.RecordBatch] = []
    wanted, total = max(count, 1), 0
    for batch in rows.to_reader():
        total += batch.num_rows
        if wanted > 0:
            kept.append(batch.slice(0, wanted))
            wanted -= batch.num_rows
    if not rows.schema.fields:
        # Arrow forgets the number of rows when it slices a batch without columns.
        return pa.Table.from_struct_array(pa.array([{}] * min(total, count), pa.struct([]))), total
    if not kept:
        return arrow_schema(rows.schema).empty_table(), total
    return pa.Table.from_batches(kept), total


def _print(text: str) -> None:
    with _output:
        sys.stdout.write(text)
        sys.stdout.flush()


def _num_rows(options: Options) -> int:
    text = options.get("numRows")
    if text is None:
        return DEFAULT_ROWS
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not digits.isascii() or not digits.isdigit() or not -_MAX_INT - 1 <= int(text) <= _MAX_INT:
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{text}"')
    return int(text)


def _truncate(options: Options) -> bool:
    text = options.get("truncate", "true")
    if text.lower() not in {"true", "false"}:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=f"{text} is not a boolean string."
        )
    return bool(text.lower() == "true")


def _time_zone(context: ReadContext) -> str:
    return context.conf("spark.sql.session.timeZone") or "UTC"
