"""Running table functions that users wrote in Python. Source of fact: pyspark's worker (read_udtf)."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from potok.engine import python_values as values
from potok.types import DataType, StructType, arrow_type, data_type_from_json


class ArgumentFacts(NamedTuple):
    """What `analyze` is told of an argument: `value` only of constants; a table has its columns as a struct."""

    data_type: DataType
    value: Any = None
    is_table: bool = False
    is_constant: bool = False
    name: str | None = None


class Analysis(NamedTuple):
    """What `analyze` answers. Partition keys are SQL text; an order is (SQL text, ascending, nulls first or None)."""

    schema: StructType
    pickled: bytes
    single_partition: bool
    partition_by: tuple[str, ...]
    order_by: tuple[tuple[str, bool, bool | None], ...]
    select: tuple[tuple[str, str], ...]


def analyze(name: str, payload: bytes, arguments: Sequence[ArgumentFacts]) -> Analysis:
    """Ask the function itself for its columns. Raises PYTHON_EXCEPTION for what the user's code raises."""
    from pyspark.sql.udtf import AnalyzeArgument

    with values.user_code():
        handler = values.load(payload)
        given = [
            AnalyzeArgument(
                dataType=values.client_type(a.data_type),
                value=a.value,
                isTable=a.is_table,
                isConstantExpression=a.is_constant,
            )
            for a in arguments
        ]
        positional = [g for g, a in zip(given, arguments, strict=True) if a.name is None]
        named = {a.name: g for g, a in zip(given, arguments, strict=True) if a.name is not None}
        method = handler.analyze  # type: ignore[attr-defined]
        try:
            inspect.signature(method).bind(*positional, **named)
        except TypeError as error:
            raise _mismatch("analyze", name, error) from None
        result = method(*positional, **named)
        schema = data_type_from_json(json.loads(result.schema.json()))
    assert isinstance(schema, StructType)  # noqa: S101 - what AnalyzeResult holds
    return Analysis(
        schema,
        pickle.dumps(result),
        bool(result.withSinglePartition),
        tuple(p.name for p in result.partitionBy),
        tuple((o.name, o.ascending, o.overrideNullsFirst) for o in result.orderBy),
        tuple((s.name, s.alias) for s in result.select),
    )


def has_analyze(payload: bytes) -> bool:
    """Whether a function says itself which columns it has."""
    with values.user_code():
        return hasattr(values.load(payload), "analyze")


@dataclass(frozen=True)
class EvaluateTableFunction:
    """A row of the input gives any number of rows: the kept columns again, and the function's.

    The input has the kept columns, the arguments, the columns of the table argument's row, those of its partition.
    `is_outer` keeps a row that gives nothing, with NULLs.
    """

    name: str
    payload: bytes = field(repr=False)
    kept: int
    argument_types: tuple[DataType, ...]
    argument_names: tuple[str | None, ...]
    result: StructType
    is_outer: bool = False
    table_argument: int | None = None
    row: StructType = field(default_factory=StructType)
    partition_types: tuple[DataType, ...] = ()
    analysis: bytes = field(default=b"", repr=False)

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The rows of all inputs, in their order; those of `terminate` stand beside the last input."""
        table = tables[0]
        results = _Results(self.result)
        with values.user_code():
            handler = values.load(self.payload)
            calls = list(self._calls(table))
            for partition in _partitions(calls):
                self._run_partition(handler, partition, results)
        columns: list[Any] = [
            table.column(i).take(pa.array(results.inputs, pa.int64())) for i in range(self.kept)
        ]
        columns += results.columns()
        return pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])

    def _calls(self, table: pa.Table) -> Iterator[_Call]:
        start = self.kept
        arguments = _rows(table, start, self.argument_types)
        start += len(self.argument_types)
        if self.table_argument is None:
            for number, given in enumerate(arguments):
                yield _Call(number, given, ())
            return
        from pyspark.sql import Row

        make = Row(*self.row.names)
        types = tuple(f.data_type for f in self.row.fields)
        rows = _rows(table, start, types)
        keys = _rows(table, start + len(types), self.partition_types)
        for number, (given, row, key) in enumerate(zip(arguments, rows, keys, strict=True)):
            at = self.table_argument
            yield _Call(number, (*given[:at], make(*row), *given[at:]), key)

    def _run_partition(self, handler: Callable[..., Any], calls: Sequence[_Call], results: _Results) -> None:
        from pyspark.sql.udtf import SkipRestOfInputTableException

        instance = self._instance(handler)
        try:
            for call in calls:
                positional = [
                    a for a, n in zip(call.arguments, self.argument_names, strict=True) if n is None
                ]
                named = {
                    n: a for a, n in zip(call.arguments, self.argument_names, strict=True) if n is not None
                }
                try:
                    inspect.signature(instance.eval).bind(*positional, **named)
                except TypeError as error:
                    raise _mismatch("eval", self.name, error) from None
                try:
                    found = results.add(
                        call.number, _attempt("eval", instance.eval, *positional, **named), "eval"
                    )
                except SkipRestOfInputTableException:
                    break
                if not found and self.is_outer:
                    results.add(call.number, [(None,) * len(self.result.fields)], "eval")
            if hasattr(instance, "terminate"):
                results.add(calls[-1].number, _attempt("terminate", instance.terminate), "terminate")
        finally:
            if hasattr(instance, "cleanup"):
                _attempt("cleanup", instance.cleanup)

    def _instance(self, handler: Callable[..., Any]) -> Any:  # noqa: ANN401 - the user's object
        with_analysis = bool(self.analysis) and len(inspect.signature(handler).parameters) == 1
        arguments = (pickle.loads(self.analysis),) if with_analysis else ()  # noqa: S301 - what this engine pickled
        return _attempt("__init__", handler, *arguments)


class _Call(NamedTuple):
    number: int
    arguments: tuple[Any, ...]
    partition: tuple[Any, ...]


class _Results:
    """Rows of the function, and the number of the input that each stands beside."""

    def __init__(self, schema: StructType) -> None:
        self.inputs: list[int] = []
        self._rows: list[Any] = []
        self._schema = schema

    def add(self, number: int, found: Any, method: str) -> int:  # noqa: ANN401 - what the user's method gave
        """How many rows there were. Raises UDTF_RETURN_NOT_ITERABLE, UDTF_RETURN_SCHEMA_MISMATCH and what a generator raises."""
        if found is None:
            return 0
        if not hasattr(found, "__iter__"):
            raise _error("UDTF_RETURN_NOT_ITERABLE", type=type(found).__name__, func=method)
        before = len(self._rows)
        for row in _iterate(method, iter(found)):
            width = len(self._schema.fields)
            if hasattr(row, "__len__") and not isinstance(row, str | dict) and len(row) != width:
                raise _error(
                    "UDTF_RETURN_SCHEMA_MISMATCH", expected=str(width), actual=str(len(row)), func=method
                )
            self._rows.append(row)
            self.inputs.append(number)
        return len(self._rows) - before

    def columns(self) -> list[pa.Array]:
        """One array a column. Raises UDTF_ARROW_DATA_CONVERSION_ERROR."""
        try:
            array = values.from_python(self._rows, self._schema)
        except Exception as error:
            with values.user_code():
                raise _error(
                    "UDTF_ARROW_DATA_CONVERSION_ERROR",
                    data=str(self._rows),
                    schema=self._schema.simple_string,
                    arrow_schema=str(values.client_arrow_type(self._schema)),
                ) from error
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if not self._schema.fields:
            return []
        fields = (array.field(i) for i in range(len(self._schema.fields)))
        return [f.cast(arrow_type(s.data_type)) for f, s in zip(fields, self._schema.fields, strict=True)]


def _rows(table: pa.Table, start: int, types: Sequence[DataType]) -> list[tuple[Any, ...]]:
    if not types:
        return [()] * table.num_rows
    columns = [values.to_python(table.column(start + i), t) for i, t in enumerate(types)]
    return list(zip(*columns, strict=True))


def _partitions(calls: Sequence[_Call]) -> Iterator[list[_Call]]:
    """The calls of one partition after the other; they stand together."""
    current: list[_Call] = []
    for call in calls:
        if current and call.partition != current[0].partition:
            yield current
            current = []
        current.append(call)
    if current:
        yield current


def _iterate(method: str, found: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            row = _attempt(method, next, found)
        except StopIteration:
            return
        yield row


def _attempt(method: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the user's values
    """The call. What it raises becomes UDTF_EXEC_ERROR with the user's error as its cause."""
    from pyspark.sql.udtf import SkipRestOfInputTableException

    try:
        return call(*arguments, **named)
    except (StopIteration, SkipRestOfInputTableException):
        raise
    except Exception as error:
        raise _error("UDTF_EXEC_ERROR", method_name=method, error=str(error)) from error


def _mismatch(method: str, name: str, reason: TypeError) -> Exception:
    return _error(
        f"UDTF_{method.upper()}_METHOD_ARGUMENTS_DO_NOT_MATCH_SIGNATURE", name=name, reason=str(reason)
    )


def _error(condition: str, **parameters: str) -> Exception:
    from pyspark.errors import PySparkRuntimeError

    error: Exception = PySparkRuntimeError(errorClass=condition, messageParameters=parameters)
    return error
