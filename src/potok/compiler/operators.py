"""Python steps that need no user function."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from potok.show_string import column_texts, show_string
from potok.types import StructType


@dataclass(frozen=True)
class ShowRows:
    """`df.show()`: one cell of text. The input holds one row more than is shown, where there is one."""

    schema: StructType
    num_rows: int
    truncate: int
    vertical: bool
    html: bool
    time_zone: str

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """One row, one column."""
        if self.html:
            text = self._html(tables[0])
        else:
            text = show_string(
                tables[0], self.schema, self.num_rows, self.truncate, self.vertical, self.time_zone
            )
        return pa.table({"show_string": [text]})

    def _html(self, table: pa.Table) -> str:
        """What notebooks show: a table with a row of headers (Spark's `Dataset.htmlString`)."""
        shown = max(self.num_rows, 0)
        pairs = zip(table.columns, self.schema.fields, strict=True)
        columns = [column_texts(c.slice(0, shown), f.data_type, self.time_zone) for c, f in pairs]
        rows = ["".join(f"<th>{html.escape(name)}</th>" for name in self.schema.names)]
        rows += [
            "".join(f"<td>{self._cell(text)}</td>" for text in row) for row in zip(*columns, strict=True)
        ]
        lines = "".join(f"<tr>{row}</tr>\n" for row in rows)
        more = f"only showing top {shown} {'row' if shown == 1 else 'rows'}\n"
        return f"<table border='1'>\n{lines}</table>\n{more if table.num_rows > shown else ''}"

    def _cell(self, text: str) -> str:
        limit = self.truncate
        if 0 < limit < len(text):
            text = text[:limit] if limit <= len("...") else text[: limit - 3] + "..."
        return html.escape(text)


@dataclass(frozen=True)
class TailRows:
    """The last `count` rows."""

    count: int

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The end of the table."""
        table = tables[0]
        return table.slice(max(table.num_rows - self.count, 0))


@dataclass(frozen=True)
class SelectColumns:
    """Some columns of a table, by their positions."""

    positions: tuple[int, ...]

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The columns, which are not copied."""
        table = tables[0]
        return pa.Table.from_arrays(
            [table.column(i) for i in self.positions], [str(i) for i in range(len(self.positions))]
        )
