"""Writing rows of function tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from potok.engine.kernel import Kernel
from potok.functions.base import Input, InputType, Nullability, ResultRule, ScalarFunction
from potok.plan.expressions import Call

ANY, ARRAY = Input.ANY, Input.ARRAY
ALWAYS = Nullability.ALWAYS
Emit = str | Callable[[Call, Sequence[str]], str]


def row(
    name: str,
    inputs: tuple[InputType, ...],
    result: ResultRule,
    emit: Emit = "",
    *kernels: Kernel,
    **more: Any,  # noqa: ANN401 - fields of ScalarFunction
) -> ScalarFunction:
    """A scalar function with the kernels that its SQL mentions."""
    return ScalarFunction(name, inputs, result, emit=emit, kernels=kernels, **more)
