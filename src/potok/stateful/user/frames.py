"""Rows of groups as the pandas frames and keys that a user's function gets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine import python_values
from potok.types import BooleanType, IntegralType, StructField, StructType, arrow_schema


class Frames:
    """Frames over parts of a table, with the types of pandas that each part has by itself.

    A column of integers or booleans with a NULL somewhere has another type in a part with NULL than in one without:
    tables with such a column are converted part by part, the others at once.
    """

    def __init__(self, table: pa.Table, schema: StructType, time_zone: str) -> None:
        self._table, self._schema, self._time_zone = table, schema, time_zone
        mixed = any(
            column.null_count and isinstance(f.data_type, IntegralType | BooleanType)
            for column, f in zip(table.columns, schema.fields, strict=True)
        )
        self._whole = None if mixed else python_values.to_pandas(table, schema, time_zone)

    def part(self, start: int, end: int) -> Any:  # noqa: ANN401 - pandas
        """A frame of its own over some rows."""
        if self._whole is None:
            part = self._table.slice(start, end - start)
            return python_values.to_pandas(part, self._schema, self._time_zone)
        frame = self._whole.iloc[start:end].copy()
        frame.index = range(end - start)
        return frame

    @staticmethod
    def empty_of(schema: StructType) -> Any:  # noqa: ANN401 - pandas
        """A frame without rows, as a group gets it that timed out."""
        import pandas as pd

        return pd.DataFrame(columns=pd.Index(schema.names))


def user_keys(columns: Sequence[pa.Array], schema: StructType, time_zone: str) -> list[tuple[Any, ...]]:
    """Keys as a pandas function sees them: values of pandas and numpy."""
    lists = [
        _key_values(column, f.data_type, time_zone) for column, f in zip(columns, schema.fields, strict=True)
    ]
    return list(zip(*lists, strict=True))


def _key_values(column: pa.Array, data_type: Any, time_zone: str) -> list[Any]:  # noqa: ANN401 - a type
    if not column.null_count:
        return _scalars(python_values.to_series(column, data_type, time_zone))
    null = _scalars(python_values.to_series(pa.nulls(1, column.type), data_type, time_zone))[0]
    known = iter(_scalars(python_values.to_series(column.drop_null(), data_type, time_zone)))
    return [next(known) if valid else null for valid in column.is_valid().to_pylist()]


def _scalars(series: Any) -> list[Any]:  # noqa: ANN401 - pandas
    values = series.array
    return (
        list(values.to_numpy())
        if isinstance(series.dtype, np.dtype) and series.dtype.kind not in "mM"
        else list(values)
    )


def from_frame(frame: Any, schema: StructType, time_zone: str) -> pa.Table:  # noqa: ANN401 - pandas
    """A frame as a table: columns by name where any has one, else by position; others are not looked at.

    Raises pyspark's PySparkTypeError and PySparkValueError for values that are not of the declared types, more
    strictly than for functions without state. Source of fact: pyspark.sql.conversion.PandasToArrowConversion.
    """
    by_name = any(isinstance(name, str) for name in frame.columns)
    columns = [
        _from_series(_column(frame, f.name) if by_name else frame.iloc[:, i], f, time_zone)
        for i, f in enumerate(schema.fields)
    ]
    return pa.Table.from_arrays(columns, schema=arrow_schema(schema))


def _column(frame: Any, name: str) -> Any:  # noqa: ANN401 - pandas
    """The column of a name, of several the first. Raises KeyError without one."""
    found = frame[name]
    return found if found.ndim == 1 else found.iloc[:, 0]


def _from_series(series: Any, field: StructField, time_zone: str) -> pa.Array:  # noqa: ANN401 - pandas
    from pyspark.errors import PySparkTypeError, PySparkValueError

    target = python_values.client_arrow_type(field.data_type)
    try:
        array = python_values.strict_series(series, field.data_type, time_zone)
    except TypeError as error:
        raise PySparkTypeError(
            f"Cannot convert the output value of the column '{field.name}' with type '{series.dtype}' to the"
            f" specified return type of the column: '{target}'. Please check if the data types match and try again."
        ) from error
    except ValueError as error:
        raise PySparkValueError(
            f"Failed to convert the value of the column '{field.name}' with type '{series.dtype}' to Arrow type"
            f" '{target}'."
        ) from error
    return python_values.from_client(array, field.data_type)


def chunks(starts: Sequence[int], rows_per_batch: int) -> Iterator[list[tuple[int, int]]]:
    """For each group the ranges of rows that come in one frame.

    Arrow batches of at most `rows_per_batch` rows are filled over the groups; a group that does not end in one goes on
    in the next. Source of fact: ApplyInPandasWithStateWriter.
    """
    in_batch = 0
    for start, end in itertools.pairwise(starts):
        parts = []
        at = start
        while at < end:
            if in_batch >= rows_per_batch:
                in_batch = 0
            size = min(end - at, rows_per_batch - in_batch)
            parts.append((at, at + size))
            in_batch += size
            at += size
        if in_batch >= rows_per_batch:
            in_batch = 0
        yield parts
