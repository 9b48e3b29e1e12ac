"""`sparkContext.accumulator`: a value that user functions add to and the program reads."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from pyspark import accumulators

_DEFAULTS = {
    int: accumulators.INT_ACCUMULATOR_PARAM,
    float: accumulators.FLOAT_ACCUMULATOR_PARAM,
    complex: accumulators.COMPLEX_ACCUMULATOR_PARAM,
}
_numbers = itertools.count()
_lock = threading.Lock()


class LocalAccumulator(accumulators.Accumulator):  # type: ignore[misc]  # pyspark is untyped here
    """PySpark's own; a function that is sent to this process's engine finds the program's object in place of a copy."""

    def __reduce__(self) -> tuple[Callable[[int], Any], tuple[int]]:
        return _known, (self.aid,)

    def add(self, term: Any) -> None:  # noqa: ANN401 - any value
        """Add to the value. Several queries may do it at once."""
        with _lock:
            super().add(term)


def make_accumulator(value: Any, accum_param: Any = None) -> LocalAccumulator:  # noqa: ANN401 - as PySpark's
    """A new one. Raises PySpark's TypeError for a type that needs an `AccumulatorParam`."""
    if accum_param is None:
        kind = next((kind for kind in _DEFAULTS if isinstance(value, kind)), None)
        if kind is None:
            message = f"No default accumulator param for type {type(value)}"
            raise TypeError(message)
        accum_param = _DEFAULTS[kind]
    return LocalAccumulator(next(_numbers), value, accum_param)


def _known(number: int) -> Any:  # noqa: ANN401 - the object that was made
    return accumulators._accumulatorRegistry[number]  # noqa: SLF001 - PySpark's list of them
