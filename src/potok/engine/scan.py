"""What the engine reads from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from potok.types import StructType


class Scan(Protocol):
    """Rows that wait outside: files, a table, a batch of a source. A connector implements it."""

    @property
    def schema(self) -> StructType:
        """What a full read gives; metadata columns (`_metadata`) can be asked for by name as well."""

    def read(self, columns: Sequence[str]) -> pa.Table | pa.RecordBatchReader:
        """The rows with just these columns (at least one) in this order, Arrow types as `types.arrow_type`.

        May be called several times; each call reads afresh. Raises SparkError.
        """

    def input_files(self) -> list[str]:
        """The files it stands for, as URIs; empty for others."""
