"""Rows as a processor of transformWithState gets them, and rows that it gives: pandas frames or Rows.

Source of fact: pyspark's worker of Spark 4.3.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from potok.engine import python_values
from potok.stateful.user.frames import from_frame
from potok.types import BooleanType, StructType, arrow_schema

_MOST_FIELDS = 254


class GivenFrames:
    """Frames as a worker makes them: rows of Python values, whose types pandas has guessed."""

    def __init__(
        self,
        columns: Sequence[pa.Array],
        schema: StructType,
        keys: Sequence[pa.Array],
        key_schema: StructType,
        time_zone: str,
        rows_per_batch: int,
    ) -> None:
        self._rows_per_batch = rows_per_batch
        names = [f.name for f in schema.fields]
        frame = _widened(python_values.to_pandas(_table(columns), schema, time_zone))
        if len(names) > _MOST_FIELDS:
            frame.columns = range(len(names))
        else:
            frame.columns = _tuple_names(names)
        self._frame = frame
        self._guesses = any(isinstance(f.data_type, BooleanType) for f in schema.fields)
        key_frame = _widened(python_values.to_pandas(_table(keys), key_schema, time_zone))
        self._keys = [key_frame.iloc[:, i] for i in range(len(key_schema.fields))]

    def keys(self, positions: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an array
        """The keys of some rows."""
        if not self._keys:
            return [()] * len(positions)
        return list(zip(*(key.iloc[positions].tolist() for key in self._keys), strict=True))

    def rows(self, start: int, end: int) -> Iterator[Any]:
        """The rows in frames of their own."""
        for at in range(start, end, self._rows_per_batch):
            part = self._frame.iloc[at : min(at + self._rows_per_batch, end)].copy()
            part.index = range(len(part))
            yield part.infer_objects() if self._guesses else part


class GivenRows:
    """pyspark Rows of plain Python values."""

    def __init__(
        self,
        columns: Sequence[pa.Array],
        schema: StructType,
        keys: Sequence[pa.Array],
        key_schema: StructType,
        time_zone: str,
    ) -> None:
        from pyspark.sql import Row

        self._make = Row(*(f.name for f in schema.fields))
        self._columns = [
            _plain(c, f.data_type, time_zone) for c, f in zip(columns, schema.fields, strict=True)
        ]
        self._keys = [_plain(c, f.data_type, time_zone) for c, f in zip(keys, key_schema.fields, strict=True)]

    def keys(self, positions: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an array
        """The keys of some rows."""
        if not self._keys:
            return [()] * len(positions)
        taken = pa.array(positions)
        return list(zip(*(key.take(taken).to_pylist() for key in self._keys), strict=True))

    def rows(self, start: int, end: int) -> Iterator[Any]:
        """The rows one by one."""
        parts = [column.slice(start, end - start).to_pylist() for column in self._columns]
        return (self._make(*values) for values in zip(*parts, strict=True))


class Results:
    """Rows that a processor has given so far."""

    def __init__(self, schema: StructType, time_zone: str, *, is_pandas: bool) -> None:
        self._schema, self._time_zone, self._is_pandas = schema, time_zone, is_pandas
        self._given: list[Any] = []

    def add(self, given: Iterable[Any]) -> None:
        """Take all that a call gives. Raises as Spark's worker where it is not what it should be."""
        if not self._is_pandas:
            self._given += [row.asDict(True) for row in given]  # noqa: FBT003 - pyspark's parameter
            return
        import pandas as pd
        from pyspark.errors import PySparkValueError

        for frame in given:
            if not isinstance(frame, pd.DataFrame):
                raise PySparkValueError(
                    "Invalid return type. Please make sure that the UDF returns a "
                    "pandas.DataFrame when the specified return type is StructType."
                )
            self._given.append(frame)

    def table(self) -> pa.Table:
        """All rows."""
        empty = arrow_schema(self._schema).empty_table()
        if not self._given:
            return empty
        if self._is_pandas:
            return pa.concat_tables([empty, *map(self._from_frame, self._alike())])
        types = [(f.name, python_values.client_arrow_type(f.data_type)) for f in self._schema.fields]
        batch = pa.RecordBatch.from_pylist(self._given, schema=pa.schema(types))
        columns = [
            python_values.from_client(column, f.data_type)
            for column, f in zip(batch.columns, self._schema.fields, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=empty.schema)

    def _alike(self) -> Iterator[Any]:
        """The frames, neighbours with the same columns and types in one."""
        import pandas as pd

        run: list[Any] = []
        for frame in self._given:
            if not len(frame) and not len(frame.columns):
                continue
            if run and not frame.dtypes.equals(run[-1].dtypes):
                yield pd.concat(run, ignore_index=True)
                run = []
            run.append(frame)
        if run:
            yield run[0] if len(run) == 1 else pd.concat(run, ignore_index=True)

    def _from_frame(self, frame: Any) -> pa.Table:  # noqa: ANN401 - pandas
        return from_frame(frame, self._schema, self._time_zone)


def _tuple_names(names: Sequence[str]) -> list[str]:
    """The names of the fields of a named tuple of these columns: `_1` for one that cannot be a name of Python's."""
    make: Callable[..., Any] = collections.namedtuple  # noqa: PYI024 - its names are data
    return list(make("Row", names, rename=True)._fields)


def _table(columns: Sequence[pa.Array]) -> pa.Table:
    return pa.Table.from_arrays(list(columns), names=[str(i) for i in range(len(columns))])


def _widened(frame: Any) -> Any:  # noqa: ANN401 - pandas
    """Integers and floats as pandas guesses the types of Python's."""
    narrow = {
        name: "int64" if kind.kind == "i" else "float64"
        for name, kind in frame.dtypes.items()
        if getattr(kind, "kind", "") in "if" and kind.itemsize < 8  # noqa: PLR2004 - bytes
    }
    return frame.astype(narrow) if narrow else frame


def _plain(column: pa.Array, data_type: Any, time_zone: str) -> pa.Array:  # noqa: ANN401 - a type
    client = python_values.to_client(column, data_type)
    if pa.types.is_timestamp(client.type) and client.type.tz is not None:
        return client.cast(pa.timestamp("us", tz=time_zone))
    return client


Given = GivenFrames | GivenRows
