"""Python steps that need no user function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from potok.show_string import html_string, show_string
from potok.types import StructType


@dataclass(frozen=True)
class ShowRows:
    """`df.show()`: one cell of text. The input holds one row more than is shown, where there is one."""

    schema: StructType
    num_rows: int
    truncate: int
    vertical: bool
    html: bool

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """One row, one column."""
        if self.html:
            text = html_string(tables[0], self.schema, self.num_rows, self.truncate)
        else:
            text = show_string(tables[0], self.schema, self.num_rows, self.truncate, vertical=self.vertical)
        return pa.table({"show_string": [text]})


@dataclass(frozen=True)
class TailRows:
    """The last `count` rows."""

    count: int

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The end of the table."""
        table = tables[0]
        return table.slice(max(table.num_rows - self.count, 0))
