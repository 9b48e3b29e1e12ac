"""A changed checkpoint takes the place of the old one."""

from __future__ import annotations

import ctypes
import os

from potok.checkpoint.files import FileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.log import illegal_state

REPARTITIONED = ".repartitioned"
BEFORE_REPARTITION = ".before-repartition"
_AT_WORKING_DIRECTORY = -100
_EXCHANGE = 2


def exchange(one: str, other: str) -> bool:
    """Let two directories take each other's names at once; False where the system cannot (it is Linux that can)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here = ctypes.c_int(_AT_WORKING_DIRECTORY)
    done: int = rename(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(_EXCHANGE))
    return done == 0


def check_not_between(root: str, fs: FileSystem) -> None:
    """Raises where a checkpoint has lost its name to a repartitioning that died: a new one must not begin there."""
    kept, made = root + BEFORE_REPARTITION, root + REPARTITIONED
    if not fs.exists(root) and fs.exists(kept) and fs.exists(made):
        raise illegal_state(
            f"The checkpoint {display_path(root)} was being repartitioned when the process died. Rename"
            f" {display_path(made)} or {display_path(kept)} to {root}: both are complete."
        )
