"""Experiments that real Spark 4.3.0 has gone through, played again here.

`recorded/experiments/<group>/<name>/log.txt` holds what the experiment said on Spark: observations, and
for each call that may fail its label with the exception. `console.txt` holds the console sink's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

RECORDED = Path(__file__).parent / "recorded" / "experiments"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL = re.compile(r"^\[(.+?)\] -> (.*)$")
# Made up by the client, which is not the one of the recording.
# What to do about a lost or damaged file is a line of potok alone.
_REMEDY = re.compile(r"\n(The file [^\n]+ is missing\. )?Restore it from [^\n]*")
_SQL_TEXT = re.compile(r"\n== (DataFrame|SQL).*", re.DOTALL)


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the exception's class without its module, its condition and its message.

    A call that succeeded has the class ''. Legacy conditions are None, as the client leaves them out.
    """

    exception: str = ""
    condition: str | None = None
    message: str = ""


class Experiment:
    """One experiment in a directory of its own."""

    def __init__(self, group: str, name: str, directory: Path) -> None:
        self.directory = directory
        self._recorded = RECORDED / group / name
        self._original = f"/data/exp/{group}/{name}"
        self.said: list[str] = []

    def path(self, name: str) -> str:
        """A path in the experiment's directory."""
        return f"{self.directory}/{name}"

    def put(self, name: str, text: str | bytes, modified_s: float | None = None) -> None:
        """A file that appears whole."""
        import os

        target = self.directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = self.directory / ".arriving"
        hidden.write_bytes(text if isinstance(text, bytes) else text.encode())
        if modified_s is not None:
            os.utime(hidden, (modified_s, modified_s))
        hidden.rename(target)

    def say(self, *values: object) -> None:
        """Note an observation, as the recording's script did."""
        self.said.append(" ".join(v if isinstance(v, str) else repr(v) for v in values))

    @property
    def log(self) -> str:
        """What Spark's run said."""
        return (self._recorded / "log.txt").read_bytes().decode()

    def observations(self) -> list[str]:
        """What Spark's run said, without the outcomes of calls."""
        kept = []
        in_outcome = False
        for line in self.log.splitlines():
            if _LABEL.match(line):
                in_outcome = True
            elif not (in_outcome and line.startswith("    ")):
                in_outcome = False
                kept.append(self.plain(line))
        return kept

    @property
    def console(self) -> str:
        """What Spark's console sink printed."""
        return (self._recorded / "console.txt").read_text("utf-8")

    def plain(self, text: str) -> str:
        """Text without identifiers and with the directory as `.`."""
        for root in (self._original, str(self.directory), quote(str(self.directory))):
            text = text.replace(root, ".")
        return _UUID.sub("ID", text)

    def recorded_outcomes(self, label: str) -> list[Outcome]:
        """What came of the calls under a label on Spark, in order."""
        found = []
        lines = self.log.splitlines()
        for number, line in enumerate(lines):
            match = _LABEL.match(line)
            if match is None or match[1] != label:
                continue
            if match[2].startswith("no error"):
                found.append(Outcome())
                continue
            fields: dict[str, str] = {}
            for text in lines[number + 1 :]:
                if not text.startswith("    "):
                    break
                key, _, value = text.strip().partition(": ")
                if key in {"getCondition", "str"} and key not in fields:
                    fields[key] = value
                elif "str" in fields:
                    fields["str"] += "\n" + text[9:]
            found.append(
                self._outcome(match[2].rpartition(".")[2], fields.get("getCondition"), fields["str"])
            )
        return found

    def outcome(self, call: Callable[[], Any]) -> Outcome:
        """What comes of the call here."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - what is asked for
            condition = getattr(error, "getCondition", lambda: None)()
            return self._outcome(type(error).__name__, condition, str(error))
        return Outcome()

    def check(self, label: str, call: Callable[[], Any], occurrence: int = 0) -> None:
        """The call ends as it did on Spark."""
        expected = self.recorded_outcomes(label)[occurrence]
        assert self.outcome(call) == expected, label

    def _outcome(self, exception: str, condition: str | None, message: str) -> Outcome:
        if condition is None or condition == "None" or condition.startswith("_LEGACY"):
            condition = None
        # The plan below a message and the block of the query are not promised.
        message = _SQL_TEXT.sub("", message.partition("\n=== Streaming Query ===")[0])
        message = _REMEDY.sub("", message)
        if ";\n" in message:
            message = message.partition(";\n")[0]
        message = self.plain(message).strip().removesuffix(";").removesuffix(" SQLSTATE: XXKST")
        return Outcome(exception, condition, message)
