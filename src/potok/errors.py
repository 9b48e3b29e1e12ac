"""The one exception of the engine, and how Spark writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from potok.conditions import ANALYSIS, CLASS_BY_TARGET, CONDITIONS, Condition

_PARAMETER = re.compile(r"<(\w+)>")
_CONTEXT_CHARACTERS = 32
LEGACY_PREFIX = "_LEGACY_ERROR_TEMP_"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in the user's program an expression was written.

    `fragment` is the function's name as Spark reports it (`cast`, `__gt__`), `call_site` is
    `path:line`. For SQL text `fragment` is the piece of text, `start` and `stop` its inclusive
    0-based character positions in `sql_text`, `line` (1-based) and `column` (0-based) its start.
    """

    fragment: str = ""
    call_site: str = ""
    sql_text: str = ""
    start: int = -1
    stop: int = -1
    line: int = 0
    column: int = 0

    def summary(self) -> str:
        """The block that Spark appends to a message, without a final newline; may be empty."""
        if self.sql_text and self.start >= 0:
            return self._sql_summary()
        if self.call_site:
            return f'== DataFrame ==\n"{self.fragment}" was called from\n{self.call_site}\n'
        return ""

    def _sql_summary(self) -> str:
        """The lines that hold the piece, with up to 32 characters around it, and carets under the piece."""
        text, start, stop = self.sql_text, self.start, self.stop
        before = start
        while before >= 0 and start - before <= _CONTEXT_CHARACTERS and text[before] != "\n":
            before -= 1
        first, last = before + 1, stop
        while last < len(text) and last - stop <= _CONTEXT_CHARACTERS and text[last] != "\n":
            last += 1
        cut_before = start - before > _CONTEXT_CHARACTERS
        cut_behind = last - stop > _CONTEXT_CHARACTERS
        shown = ("..." if cut_before else "") + text[first:last] + ("..." if cut_behind else "")
        position = first - (3 if cut_before else 0)
        lines = [f"== SQL (line {self.line}, position {self.column + 1}) =="]
        for line in shown.split("\n"):
            end = position + len(line)
            marks = "".join(" " if at < start else "^" for at in range(position, min(end, stop + 1)))
            lines += [line, marks]
            position = end + 1
        return "\n".join(lines) + "\n"


class SparkError(Exception):
    """An error that reaches the user as Spark would raise it.

    `condition` names a row of `conditions.CONDITIONS`; the keyword arguments are the parameters
    of its message. `origin` says where the failing expression was written.
    """

    def __init__(self, condition: str, /, *, origin: Origin | None = None, **parameters: object) -> None:
        self.condition = condition
        self.parameters = {name: str(value) for name, value in parameters.items()}
        self.origin = origin
        super().__init__(self.message)

    @property
    def row(self) -> Condition:
        """The row of the table of conditions. KeyError for an unknown one: a defect of ours."""
        return CONDITIONS[self.condition]

    @property
    def sql_state(self) -> str | None:
        """Five characters of SQLSTATE, or None for Spark's legacy conditions."""
        return self.row.sql_state

    @property
    def java_class(self) -> str:
        """The fully qualified class that Spark throws; the client picks its class from it."""
        target = self.parameters.get("targetType", "")
        return CLASS_BY_TARGET.get((self.condition, target), self.row.java_class)

    @property
    def text(self) -> str:
        """The message with its parameters, without condition and SQLSTATE."""
        return _PARAMETER.sub(lambda match: self.parameters.get(match[1], match[0]), self.row.template)

    @property
    def message(self) -> str:
        """Spark's `getMessage`: `[CONDITION] text SQLSTATE: 12345`, then where it was written.

        An error of analysis ends with the position in the SQL text, an error of a row with the
        block of its origin.
        """
        if self.row.is_bare:
            return self.text
        if self.condition.startswith(LEGACY_PREFIX):
            return self.text + (self._place() if self.java_class == ANALYSIS else "")
        state = f" SQLSTATE: {self.sql_state}" if self.sql_state else ""
        return f"[{self.condition}] {self.text}{state}{self._place()}"

    def _place(self) -> str:
        """Where it was written, as it stands behind the text."""
        origin = self.origin
        if origin is None:
            return ""
        if self.java_class == ANALYSIS:
            return f"; line {origin.line} pos {origin.column}" if origin.sql_text else ""
        summary = origin.summary()
        return f"\n{summary}" if summary else ""


def unsupported(what: str, instead: str, *, origin: Origin | None = None) -> SparkError:
    """What Spark has and we have not: names the feature and the way out."""
    return SparkError("UNSUPPORTED_FEATURE.POTOK", origin=origin, what=what, instead=instead)
