"""Steps that run the user's Python functions, unpickled as the client sent them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine import python_values as values
from potok.errors import unsupported
from potok.types import DataType, StructType, arrow_schema, arrow_type

ROWS_PER_BATCH = 10_000


class EvalType(IntEnum):
    """How a function is called: `pyspark.util.PythonEvalType`."""

    PICKLED = 100
    ARROW_BATCHED = 101
    PANDAS = 200
    PANDAS_GROUPS = 201
    PANDAS_AGGREGATE = 202
    PANDAS_ITERATOR = 204
    PANDAS_MAP = 205
    PANDAS_COGROUPS = 206
    ARROW_MAP = 207
    ARROW_GROUPS = 209
    ARROW_COGROUPS = 210
    TRANSFORM_PANDAS = 211
    TRANSFORM_PANDAS_INITIAL = 212
    TRANSFORM_ROWS = 213
    TRANSFORM_ROWS_INITIAL = 214
    ARROW_GROUPS_ITERATOR = 215
    PANDAS_GROUPS_ITERATOR = 216
    PANDAS_AGGREGATE_ITERATOR = 217
    ARROW = 250
    ARROW_ITERATOR = 251
    ARROW_AGGREGATE = 252
    ARROW_AGGREGATE_ITERATOR = 254


@dataclass(frozen=True)
class UserFunction:
    """A pickled function and where its arguments stand among the input's columns."""

    name: str
    payload: bytes = field(repr=False)
    eval_type: int
    result: DataType
    positions: tuple[int, ...] = ()
    argument_types: tuple[DataType, ...] = ()
    argument_names: tuple[str | None, ...] = ()
    includes: tuple[str, ...] = ()

    def load(self) -> Callable[..., Any]:
        """The function. Unpickling runs the client's code."""
        with values.user_code():
            return values.load(self.payload)

    def call(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - the user's value
        """Call with positional and named arguments."""
        positional = [a for a, name in zip(arguments, self.argument_names, strict=True) if name is None]
        named = {n: a for a, n in zip(arguments, self.argument_names, strict=True) if n is not None}
        return function(*positional, **named)


@dataclass(frozen=True)
class EvaluateFunctions:
    """Each function's results become a column behind the input's."""

    functions: tuple[UserFunction, ...]
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The input with the results."""
        table = tables[0]
        columns = list(table.columns)
        for function in self.functions:
            arguments = [table.column(p) for p in function.positions]
            columns.append(_evaluate(function, arguments, table.num_rows, self.time_zone))
        return pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])


def _evaluate(
    function: UserFunction, arguments: list[pa.ChunkedArray], num_rows: int, time_zone: str
) -> pa.ChunkedArray:
    call = function.load()
    with values.user_code():
        if function.eval_type in {EvalType.PICKLED, EvalType.ARROW_BATCHED}:
            return pa.chunked_array([_evaluate_rows(function, call, arguments, num_rows)])
        if function.eval_type not in _VECTORISED:
            raise unsupported(
                f"a Python function of kind {function.eval_type}", "Use udf, pandas_udf or arrow_udf."
            )
        chunks = []
        starts = range(0, num_rows, ROWS_PER_BATCH)
        inputs = (_arguments(function, arguments, start, time_zone) for start in starts)
        if function.eval_type in {EvalType.PANDAS_ITERATOR, EvalType.ARROW_ITERATOR}:
            results = call(batch[0] if len(batch) == 1 else tuple(batch) for batch in inputs)
            chunks = [_result(function, r, time_zone) for r in results]
        else:
            for start, batch in zip(starts, inputs, strict=True):
                chunk = _result(function, function.call(call, batch), time_zone)
                values.check_length(min(ROWS_PER_BATCH, num_rows - start), len(chunk))
                chunks.append(chunk)
        values.check_length(num_rows, sum(len(c) for c in chunks))
        return pa.chunked_array(chunks, type=arrow_type(function.result))


_ARROW = frozenset({EvalType.ARROW, EvalType.ARROW_ITERATOR})
_VECTORISED = _ARROW | {EvalType.PANDAS, EvalType.PANDAS_ITERATOR}


def _arguments(
    function: UserFunction, columns: Sequence[pa.ChunkedArray], start: int, time_zone: str
) -> list[Any]:
    parts = [c.slice(start, ROWS_PER_BATCH) for c in columns]
    pairs = zip(parts, function.argument_types, strict=True)
    if function.eval_type in _ARROW:
        return [_one_array(values.to_client(c, t)) for c, t in pairs]
    return [_series_or_frame(c, t, time_zone) for c, t in pairs]


def _series_or_frame(column: pa.ChunkedArray, data_type: DataType, time_zone: str) -> Any:  # noqa: ANN401 - pandas
    """A column as a function over pandas gets it: structs as data frames."""
    if not isinstance(data_type, StructType):
        return values.to_series(column, data_type, time_zone)
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    fields = pa.Table.from_arrays(array.flatten(), names=list(data_type.names))
    return values.to_pandas(fields, data_type, time_zone)


def _result(function: UserFunction, result: Any, time_zone: str) -> pa.Array:  # noqa: ANN401 - the user's value
    if function.eval_type in _ARROW:
        return values.from_client(result, function.result)
    return values.from_series(result, function.result, time_zone)


def _evaluate_rows(
    function: UserFunction, call: Callable[..., Any], arguments: list[pa.ChunkedArray], num_rows: int
) -> pa.Array:
    columns = [values.to_python(a, t) for a, t in zip(arguments, function.argument_types, strict=True)]
    rows: Sequence[Sequence[Any]] = list(zip(*columns, strict=True)) if columns else [()] * num_rows
    if any(function.argument_names):
        results = [function.call(call, row) for row in rows]
    else:
        results = [call(*row) for row in rows]
    if function.eval_type == EvalType.PICKLED:
        return values.from_pickled(results, function.result)
    return values.from_python(results, function.result)


def _one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@dataclass(frozen=True)
class MapBatches:
    """mapInPandas and mapInArrow over one partition."""

    function: UserFunction
    input_schema: StructType
    result_schema: StructType
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The batches that the function yields."""
        call = self.function.load()
        table = tables[0]
        arrow = self.function.eval_type == EvalType.ARROW_MAP
        client = _client_table(table, self.input_schema)
        with values.user_code():
            if arrow:
                batches: Iterator[Any] = iter(client.to_batches(ROWS_PER_BATCH))
            else:
                batches = (
                    values.to_pandas(table.slice(start, ROWS_PER_BATCH), self.input_schema, self.time_zone)
                    for start in range(0, table.num_rows, ROWS_PER_BATCH)
                )
            results = [
                values.from_arrow(r, self.result_schema)
                if arrow
                else values.from_pandas(r, self.result_schema, self.time_zone)
                for r in call(batches)
            ]
        return pa.concat_tables([arrow_schema(self.result_schema).empty_table(), *results])


def _client_table(table: pa.Table, schema: StructType) -> pa.Table:
    columns = [values.to_client(c, f.data_type) for c, f in zip(table.columns, schema.fields, strict=True)]
    return pa.Table.from_arrays(columns, names=list(schema.names))


@dataclass(frozen=True)
class _Groups:
    """A table split by key: the keys in the order of their first row, and each one's rows."""

    table: pa.Table
    keys: tuple[int, ...]

    def split(self) -> dict[tuple[Any, ...], pa.Table]:
        columns = [self.table.column(k).to_pylist() for k in self.keys]
        rows: dict[tuple[Any, ...], list[int]] = {}
        for position, key in enumerate(zip(*columns, strict=True)):
            rows.setdefault(_hashable(key), []).append(position)
        if not self.keys and self.table.num_rows:
            rows[()] = list(range(self.table.num_rows))
        return {key: self.table.take(pa.array(at)) for key, at in rows.items()}


def _hashable(value: Any) -> Any:  # noqa: ANN401 - any key
    if isinstance(value, dict):
        return tuple((k, _hashable(v)) for k, v in value.items())
    if isinstance(value, list | tuple):
        return tuple(_hashable(v) for v in value)
    return "NaN" if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


@dataclass(frozen=True)
class MapGroups:
    """applyInPandas and applyInArrow. The first `width` columns are values, the keys lie anywhere."""

    function: UserFunction
    input_schema: StructType
    keys: tuple[int, ...]
    width: int
    result_schema: StructType
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """One result per group."""
        call = self.function.load()
        schema = StructType(self.input_schema.fields[: self.width])
        results = []
        with values.user_code():
            for rows in _Groups(tables[0], self.keys).split().values():
                value = rows.select(list(range(self.width)))
                if self.function.eval_type in _ARROW_RELATIONS:
                    argument: Any = _client_table(value, schema)
                else:
                    argument = values.to_pandas(value, schema, self.time_zone)
                key = _client_key(rows, self.keys, self.input_schema, self.function.eval_type, self.time_zone)
                is_iterator = self.function.eval_type in _GROUP_ITERATORS
                if is_iterator:
                    is_arrow = self.function.eval_type == EvalType.ARROW_GROUPS_ITERATOR
                    argument = iter(argument.to_batches() if is_arrow else [argument])
                result = call(key, argument) if _takes_key(call, 2) else call(argument)
                parts = result if is_iterator else [result]
                results += [_table_of(p, self.function, self.result_schema, self.time_zone) for p in parts]
        return pa.concat_tables([arrow_schema(self.result_schema).empty_table(), *results])


_GROUP_ITERATORS = frozenset({EvalType.ARROW_GROUPS_ITERATOR, EvalType.PANDAS_GROUPS_ITERATOR})
_ARROW_RELATIONS = frozenset({EvalType.ARROW_GROUPS, EvalType.ARROW_COGROUPS, EvalType.ARROW_GROUPS_ITERATOR})


def _table_of(result: Any, function: UserFunction, schema: StructType, time_zone: str) -> pa.Table:  # noqa: ANN401 - the user's value
    if function.eval_type in _ARROW_RELATIONS:
        return values.from_arrow(result, schema)
    return values.from_pandas(result, schema, time_zone)


def _client_key(
    rows: pa.Table, keys: tuple[int, ...], schema: StructType, eval_type: int, time_zone: str
) -> tuple[Any, ...]:
    """The key of a group: scalars of Arrow, or what a pandas function finds in a column of them."""
    columns = [(rows.slice(0, 1).column(k).combine_chunks(), schema.fields[k].data_type) for k in keys]
    if eval_type in _ARROW_RELATIONS:
        return tuple(values.to_client(column, data_type)[0] for column, data_type in columns)
    return tuple(values.to_series(column, data_type, time_zone)[0] for column, data_type in columns)


def _takes_key(function: Callable[..., Any], with_key: int) -> bool:
    return len(inspect.signature(function).parameters) == with_key


@dataclass(frozen=True)
class MapCogroups:
    """cogroup().applyInPandas: fields as in `MapGroups`, left and right."""

    function: UserFunction
    input_schemas: tuple[StructType, StructType]
    keys: tuple[tuple[int, ...], tuple[int, ...]]
    widths: tuple[int, int]
    result_schema: StructType
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """One result per key of either side."""
        call = self.function.load()
        sides = [_Groups(t, k).split() for t, k in zip(tables, self.keys, strict=True)]
        arrow = self.function.eval_type == EvalType.ARROW_COGROUPS
        results = []
        with values.user_code():
            for key in dict.fromkeys([*sides[0], *sides[1]]):
                arguments: list[Any] = []
                client_key: tuple[Any, ...] = ()
                for side, table, schema, keys, width in zip(
                    sides, tables, self.input_schemas, self.keys, self.widths, strict=True
                ):
                    rows = side.get(key, table.slice(0, 0))
                    value, fields = rows.select(list(range(width))), StructType(schema.fields[:width])
                    arguments.append(
                        _client_table(value, fields)
                        if arrow
                        else values.to_pandas(value, fields, self.time_zone)
                    )
                    if not client_key and rows.num_rows:
                        client_key = _client_key(rows, keys, schema, self.function.eval_type, self.time_zone)
                result = call(client_key, *arguments) if _takes_key(call, 3) else call(*arguments)
                results.append(_table_of(result, self.function, self.result_schema, self.time_zone))
        return pa.concat_tables([arrow_schema(self.result_schema).empty_table(), *results])


@dataclass(frozen=True)
class AggregateGroups:
    """Grouped aggregate functions over pandas or Arrow: one row per group, keys first, then results."""

    functions: tuple[UserFunction, ...]
    keys: tuple[int, ...]
    result_schema: StructType
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """Keys and results; without keys exactly one row."""
        table = tables[0]
        groups = list(_Groups(table, self.keys).split().values())
        if not self.keys and not groups:
            groups = [table]
        firsts = pa.concat_tables([g.slice(0, 1) for g in groups]) if groups else table.slice(0, 0)
        columns: list[pa.ChunkedArray | pa.Array] = [firsts.column(k) for k in self.keys]
        for function in self.functions:
            call = function.load()
            with values.user_code():
                results = [self.call(function, call, group) for group in groups]
                columns.append(values.from_python(results, function.result))
        return pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])

    def call(self, function: UserFunction, call: Callable[..., Any], group: pa.Table) -> Any:  # noqa: ANN401 - the user's value
        """The value of one function over the rows of one group."""
        arguments: list[Any] = []
        for position, data_type in zip(function.positions, function.argument_types, strict=True):
            column = group.column(position)
            if function.eval_type in {EvalType.ARROW_AGGREGATE, EvalType.ARROW_AGGREGATE_ITERATOR}:
                arguments.append(_one_array(values.to_client(column, data_type)))
            else:
                arguments.append(values.to_series(column, data_type, self.time_zone))
        if function.eval_type in {EvalType.ARROW_AGGREGATE_ITERATOR, EvalType.PANDAS_AGGREGATE_ITERATOR}:
            result = call(iter([arguments[0] if len(arguments) == 1 else tuple(arguments)]))
        else:
            result = function.call(call, arguments)
        if isinstance(result, pa.Scalar):
            return result.as_py()
        value = result.item() if hasattr(result, "item") else result
        # To pandas, NaN is what is missing.
        return None if isinstance(value, float) and math.isnan(value) else value


@dataclass(frozen=True)
class AggregateFrames:
    """An aggregate function over a window: the first `width` columns of the input, then its results.

    `number` is the column that numbers the rows from 1 in the order of the window, `bounds` those with the first and
    the last number of each row's frame, NULL where it is empty.
    """

    function: UserFunction
    width: int
    number: int
    bounds: tuple[int, int]
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The input with the results. Rows of one frame share one call."""
        table = tables[0]
        numbers = np.asarray(table.column(self.number))
        order = np.argsort(numbers)
        ordered = table.take(pa.array(order))
        firsts, lasts = (table.column(b).to_pylist() for b in self.bounds)
        caller = AggregateGroups((self.function,), (), StructType(), self.time_zone)
        call = self.function.load()
        found: dict[tuple[int | None, int | None], Any] = {}
        with values.user_code():
            for first, last in zip(firsts, lasts, strict=True):
                if (first, last) not in found:
                    rows = (
                        ordered.slice(0, 0) if first is None else ordered.slice(first - 1, last - first + 1)
                    )
                    found[first, last] = caller.call(self.function, call, rows)
            results = [found[bounds] for bounds in zip(firsts, lasts, strict=True)]
            column = values.from_python(results, self.function.result)
        columns = [*table.columns[: self.width], column]
        return pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])
