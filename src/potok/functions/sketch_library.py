"""Apache DataSketches, which HyperLogLog sketches are made with: an optional package."""

from __future__ import annotations

from types import ModuleType

from potok.errors import unsupported


def datasketches(function: str) -> ModuleType:
    """The package. Raises UNSUPPORTED_FEATURE where it is not installed."""
    try:
        import datasketches as library
    except ImportError:
        raise unsupported(
            f"The function {function} without the package datasketches", "Install potok[sketches]."
        ) from None
    found: ModuleType = library
    return found
