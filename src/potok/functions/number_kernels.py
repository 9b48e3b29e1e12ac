"""Vectorised functions of numbers (numpy), and exact rounding."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.functions.row_kernels import row_kernel
from potok.types import DOUBLE, INTEGER, STRING


def _of_doubles(name: str, function: Callable[..., Any], count: int = 1) -> Kernel:
    def compute(*arrays: pa.Array) -> pa.Array:
        nulls = np.zeros(len(arrays[0]), dtype=bool)
        values = []
        for array in arrays:
            nulls |= array.is_null().to_numpy(zero_copy_only=False)
            values.append(pc.fill_null(array, 1.0).to_numpy(zero_copy_only=False))
        with np.errstate(all="ignore"):
            result = function(*values)
        return pa.array(result, pa.float64(), mask=nulls)

    return Kernel(f"potok_{name}", (DOUBLE,) * count, DOUBLE, compute)


CBRT, SINH, COSH = _of_doubles("cbrt", np.cbrt), _of_doubles("sinh", np.sinh), _of_doubles("cosh", np.cosh)
TANH, EXPM1, LOG1P = (
    _of_doubles("tanh", np.tanh),
    _of_doubles("expm1", np.expm1),
    _of_doubles("log1p", np.log1p),
)
ASINH, RINT = _of_doubles("asinh", np.arcsinh), _of_doubles("rint", np.rint)
HYPOT = _of_doubles("hypot", np.hypot, 2)


_ROUNDING = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "ceil": decimal.ROUND_CEILING,
    "floor": decimal.ROUND_FLOOR,
}


def _round_text(digits: str, scale: int, mode: str) -> str:
    with decimal.localcontext() as context:
        context.prec = 800
        number = decimal.Decimal(digits)
        return f"{number.quantize(decimal.Decimal(1).scaleb(-scale), rounding=_ROUNDING[mode]):f}"


ROUND_TEXT = row_kernel("round_text", (STRING, INTEGER, STRING), STRING, _round_text)
