"""All built-in functions by name."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

import potok.functions
from potok.functions.base import Function


@cache
def builtin_functions() -> Mapping[str, Function]:
    """Every row of every family module (those that define `FUNCTIONS`), by name.

    Raises ValueError where two rows share a name.
    """
    found: dict[str, Function] = {}
    for module in pkgutil.iter_modules(potok.functions.__path__):
        family = import_module(f"potok.functions.{module.name}")
        for function in getattr(family, "FUNCTIONS", ()):
            if function.name in found:
                msg = f"two functions are named {function.name}"
                raise ValueError(msg)
            found[function.name] = function
    return found
