"""The form of a case: one source, run on real Spark by record.py and on potok by test_cases.py.

A family is a module below `cases/` with one `Table`. A case is SQL text or a Python function over
the public pyspark API; the function takes `(spark, F)` or `(spark, F, directory)`, where
`directory` holds the case's input files, and returns a DataFrame (its schema and rows are
recorded), a string (recorded as lines) or a plain Python value.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ANSI_OFF = {"spark.sql.ansi.enabled": "false"}
_ORDERED_TAIL = re.compile(r"\b(ORDER|SORT) BY\b[^()]*(\([^()]*\)[^()]*)*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """One question to Spark.

    `conf` is set for this case alone. `ordered` makes the order of rows part of the answer.
    `tolerance` is the relative error allowed in floating point numbers (0: bit for bit).
    `message` False leaves the text of an error out of the comparison, not its class and condition.
    """

    name: str
    sql: str = ""
    function: Callable[..., Any] | None = None
    conf: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    ordered: bool = False
    tolerance: float = 0.0
    message: bool = True

    @property
    def takes_directory(self) -> bool:
        """True where the function wants the directory of its files."""
        if self.function is None:
            return False
        parameters = inspect.signature(self.function).parameters.values()
        return sum(item.default is inspect.Parameter.empty for item in parameters) == 3


class Table:
    """The cases of one family, in the order in which they were declared; names are unique."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases.values())

    def add(self, case: Case) -> None:
        """Adds a case. ValueError where the name is taken: two answers under one name."""
        if case.name in self.cases:
            message = f"two cases are named {case.name!r}"
            raise ValueError(message)
        self.cases[case.name] = case

    def expressions(self, group: str, text: str, *, ansi_off: bool = False, **options: Any) -> None:
        """One case for every line of `text`: `SELECT <line>`. Lines starting with `--` are left out.

        With `ansi_off` every line is asked a second time with ANSI mode off.
        """
        for line in text.splitlines():
            expression = line.strip()
            if not expression or expression.startswith("--"):
                continue
            self.add(Case(f"{group}: {expression}", sql=f"SELECT {expression}", **options))
            if ansi_off:
                conf = {**options.get("conf", {}), **ANSI_OFF}
                name = f"{group} (ANSI off): {expression}"
                self.add(Case(name, sql=f"SELECT {expression}", **{**options, "conf": conf}))

    def sql(self, name: str, text: str, *, ordered: bool | None = None, **options: Any) -> None:
        """One case of SQL text; rows are ordered where the text ends with an ORDER BY."""
        text = inspect.cleandoc(text)
        if ordered is None:
            ordered = _ORDERED_TAIL.search(text) is not None
        self.add(Case(name, sql=text, ordered=ordered, **options))

    def queries(self, group: str, text: str, **options: Any) -> None:
        """One case for every paragraph of `text`, named by its number and first line."""
        for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip()), start=1):
            first_line = paragraph.strip().splitlines()[0].strip()
            self.sql(f"{group} {number}: {first_line}", paragraph, **options)

    def program(self, name: str, function: Callable[..., Any], **options: Any) -> None:
        """One case of a Python function."""
        self.add(Case(name, function=function, **options))

    def case(self, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator form of `program`: the case has the function's name, spaces for underscores."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.program(function.__name__.replace("_", " "), function, **options)
            return function

        return register

    def columns(
        self, group: str, table: str, functions: Mapping[str, Callable[[Any], Any]], **options: Any
    ) -> None:
        """One case for every entry: `spark.table(table).select(entry(F))`."""
        for name, make in functions.items():
            self.program(f"{group}: {name}", _select(table, make), **options)


def _select(table: str, make: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def run(spark: Any, functions: Any) -> Any:
        return spark.table(table).select(make(functions))

    return run
