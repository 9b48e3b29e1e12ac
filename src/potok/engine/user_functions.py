"""Steps that run the user's Python functions, unpickled as the client sent them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from potok.errors import unsupported
from potok.types import DataType, StructType


@dataclass(frozen=True)
class UserFunction:
    """A pickled function and where its arguments stand among the input's columns."""

    name: str
    payload: bytes = field(repr=False)
    eval_type: int
    result: DataType
    positions: tuple[int, ...]
    argument_types: tuple[DataType, ...]
    argument_names: tuple[str | None, ...]
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluateFunctions:
    """Each function's results become a column behind the input's."""

    functions: tuple[UserFunction, ...]
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The input with the results."""
        raise unsupported("a Python function", "Use built-in functions.")


@dataclass(frozen=True)
class MapBatches:
    """mapInPandas and mapInArrow over one partition."""

    function: UserFunction
    input_schema: StructType
    result_schema: StructType
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The batches that the function yields."""
        raise unsupported("mapInPandas", "Use built-in functions.")


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
        raise unsupported("applyInPandas", "Use built-in functions.")


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
        raise unsupported("cogroup", "Use a join.")
