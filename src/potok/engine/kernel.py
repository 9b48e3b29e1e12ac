"""Vectorised Python behind SQL functions that DuckDB has no exact equivalent for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from potok.types import DataType


@dataclass(frozen=True)
class Kernel:
    """A function `name` callable from SQL.

    `compute` takes one Arrow array per argument (equal lengths, nulls included) and returns an
    array of that length whose type is `types.arrow_type(result)`. Arguments arrive as
    `types.arrow_type` of `arguments`. A SparkError raised inside reaches the user unchanged.
    """

    name: str
    arguments: tuple[DataType, ...]
    result: DataType
    compute: Callable[..., pa.Array]
