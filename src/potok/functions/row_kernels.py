"""Kernels made of a Python function of one row, for what is rare or has no vectorised form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.types import DataType, arrow_type


def row_kernel(
    name: str,
    arguments: Sequence[DataType],
    result: DataType,
    compute: Callable[..., Any],
    *,
    strict: bool = True,
) -> Kernel:
    """A kernel `potok_<name>`; where `strict`, rows with a NULL argument give NULL without a call."""
    arrow = arrow_type(result)

    def over_rows(*arrays: pa.Array) -> pa.Array:
        columns = [array.to_pylist() for array in arrays]
        if strict:
            values = [None if None in row else compute(*row) for row in zip(*columns, strict=True)]
        else:
            values = [compute(*row) for row in zip(*columns, strict=True)]
        return pa.array(values, arrow)

    return Kernel(f"potok_{name}", tuple(arguments), result, over_rows)
