"""Section 5: the CSV cases of the recordings, which hold both the question and Spark's answer."""

from __future__ import annotations

import ast
import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from behaviour.experiments import RECORDED, Experiment
from support.patience import PATIENCE_S

_HEAD = re.compile(r"^## (?P<label>.*?)  options=(?P<options>\{.*\}) schema='(?P<schema>.*)'$", re.MULTILINE)
_ANSWER = re.compile(r"\n   (row \(|\(no rows\)|ERROR )")
_EXPERIMENTS = ("malformed", "header", "sep_quote_escape", "nulls_types")


@dataclass(frozen=True)
class Case:
    """A text, how it is read, and the rows or the error."""

    label: str
    options: dict[str, Any]
    schema: str
    text: str
    answer: str


def cases(name: str) -> list[Case]:
    """The cases of a recorded experiment."""
    log = (RECORDED / "D_csv" / name / "log.txt").read_bytes().decode()
    heads = list(_HEAD.finditer(log))
    found = []
    for head, end in zip(heads, [*(h.start() for h in heads[1:]), len(log)], strict=True):
        body = log[head.end() + 1 : end]
        answer = _ANSWER.search(body)
        assert answer is not None
        text = body[len("   input: ") : answer.start()]
        options = ast.literal_eval(head["options"])
        found.append(Case(head["label"], options, head["schema"], text, body[answer.start() + 1 :]))
    return found


def rows_of(answer: str) -> list[Any]:
    """The tuples that the recording printed."""
    names = {"datetime": dt, "Decimal": Decimal, "nan": math.nan, "inf": math.inf}
    # Test data of our own, written by repr.
    return [
        eval(line.removeprefix("   row "), names)  # noqa: S307 - as above
        for line in answer.splitlines()
        if line.startswith("   row ")
    ]


@pytest.mark.parametrize("name", _EXPERIMENTS)
def test_recorded_cases(name: str, spark: Any, experiment: Callable[[str, str], Experiment]) -> None:
    e = experiment("D_csv", name)
    found = cases(name)
    assert len(found) > 10
    wrong = []
    for number, case in enumerate(found):
        e.put(f"in{number}/f.csv", case.text)
        options = {k: v if isinstance(v, bool) else str(v) for k, v in case.options.items()}
        reader = spark.readStream.format("csv").schema(case.schema).options(**options)
        rows: list[Any] = []

        def run(reader: Any = reader, rows: list[Any] = rows, number: int = number) -> None:
            def collect(frame: Any, batch_id: int) -> None:
                del batch_id
                rows.extend(tuple(row) for row in frame.collect())

            frame = reader.load(e.path(f"in{number}"))
            frame.writeStream.foreachBatch(collect).trigger(availableNow=True).start().awaitTermination(
                PATIENCE_S
            )

        outcome = e.outcome(run)
        if case.answer.startswith("   ERROR"):
            # Where Spark names the user's function, which met the error, the error's own condition is named.
            conditions = re.findall(r"\[([A-Z][A-Z_.]+)\]", case.answer)
            same = outcome.exception == case.answer.split()[1] and (
                "FOREACH_BATCH_USER_FUNCTION_ERROR" in conditions
                or re.findall(r"\[([A-Z][A-Z_.]+)\]", outcome.message)[:2] == conditions[:2]
            )
        else:
            same = outcome.exception == "" and repr(rows) == repr(rows_of(case.answer))
        if not same:
            wrong.append((case.label, outcome, rows, case.answer))
    assert wrong == []
