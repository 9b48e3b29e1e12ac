"""Which column of a relation is its event time, and what it says."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.checkpoint.state.index import Longs
from potok.errors import SparkError
from potok.plan.expressions import AttributeReference
from potok.plan.logical import Attributes
from potok.stateful.base import MICROS_PER_MS

DELAY_KEY = "spark.watermarkDelayMs"
# What Spark 4.3 takes for the event time of a window where it reads one number: the place of the window's
# bytes in the row, offset 16 and size 24, whatever the window is.
ANY_WINDOW_US = 16 << 32 | 24


def event_time_position(columns: Attributes) -> int | None:
    """The position of the column that a watermark has marked; None where there is none.

    Raises MULTIPLE_EVENT_TIME_COLUMNS for several. Source of fact: WatermarkSupport.findEventTimeColumn.
    """
    marked = [i for i, column in enumerate(columns) if DELAY_KEY in column.metadata]
    if len({columns[i].expr_id for i in marked}) > 1:
        names = ",".join(_text(columns[i]) for i in marked)
        raise SparkError("MULTIPLE_EVENT_TIME_COLUMNS", eventTimeCols=f"({names})")
    return marked[0] if marked else None


def _text(column: AttributeReference) -> str:
    return f"{column.name}#{column.expr_id}-T{json.loads(column.metadata)[DELAY_KEY]}ms"


def known_micros(column: pa.Array | pa.ChunkedArray) -> tuple[Longs, npt.NDArray[np.bool_]]:
    """The microseconds since 1970 of event times, of windows those of their ends, 0 for NULL; and which are not NULL."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if pa.types.is_struct(column.type):
        column = column.flatten()[1]
    is_known = np.asarray(column.is_valid())
    return np.asarray(column.view(pa.int64()).fill_null(0)), is_known


def without_late_rows(columns: list[pa.Array], position: int, late_ms: int) -> tuple[list[pa.Array], int]:
    """The rows whose event time, in the column at `position`, is after `late_ms` or NULL; and the number of the others."""
    times, is_known = known_micros(columns[position])
    late = is_known & (times <= late_ms * MICROS_PER_MS)
    if not late.any():
        return columns, 0
    kept = pa.array(~late)
    return [column.filter(kept) for column in columns], int(late.sum())
