"""Writes what the hand-over tests hand over into the documentation: `PYTHONPATH=src:tests python tests/stateful/shapes.py`.

A row is what was kept by one operator, or by several in a row, and the numbers of partitions and output modes in which it was handed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from potok.checkpoint.state.operator_metadata import OperatorMetadata
from stateful.differences import REFUSED
from stateful.scenario import FAMILIES, family
from stateful.scenarios.handed_over import AGAIN, MOVING, again

DOCUMENT = Path(__file__).parents[2] / "docs" / "moving_to_spark.md"
BEGIN, END = "<!-- shapes: begin -->", "<!-- shapes: end -->"
CHECKPOINTS = Path(__file__).parent / "recorded" / "checkpoints"
OPERATORS = {
    "applyInPandasWithState": "`applyInPandasWithState`",
    "dedupe": "`dropDuplicates`",
    "dedupeWithinWatermark": "`dropDuplicatesWithinWatermark`",
    "globalLimit": "`limit`",
    "sessionWindowStateStoreSaveExec": "session windows",
    "stateStoreSave": "aggregation",
    "symmetricHashJoin": "join of two streams",
}
WORDS = {
    "aggregation/basic": "by key",
    "aggregation/no_keys": "without keys",
    "aggregation/filter_clause": "`FILTER (WHERE ...)`",
    "dedup/distinct": "`distinct`",
    "dedup/no_watermark_all": "all columns, no watermark",
    "dedup/no_watermark_key": "a column, no watermark",
    "dedup/then_window": "then windows",
    "dedup/time_and_key": "time and a column",
    "dedup/within_key": "a column",
    "event_time/dedup_then_two_windows": "then windows of windows",
    "joins/range": "keys and a range of time",
    "joins/then_window_left": "left outer, then windows",
    "joins/using_window_left": "left outer, by window and key",
    "joins_more/handed_over": "keys and a range of time",
    "joins_more/handed_over_window": "full outer, by window",
    "limit/append": "plain",
    "limit/then_count": "then an aggregation",
    "pandas_state/counts": "no timeout",
    "pandas_state/event_time": "timeouts by event time",
    "pandas_state/sums": "several columns of state",
    "sessions/dynamic": "gaps that depend on the row",
    "sessions/fixed": "one gap",
    "sessions/key_first": "several keys",
    "sessions/other_aggregates": "averages, lists, first, `max_by`, distinct counts, deviations",
    "user_state/event_time": "timeouts by event time",
    "user_state/running": "no timeout",
    "watermarks/union_min": "windows over a union, two watermarks",
    "windows/no_keys": "windows alone",
    "windows/sliding": "sliding windows",
    "windows/tumbling": "windows and keys",
    "windows/two_windows": "windows of windows",
    "windows/window_second": "windows after another key",
}
HOW = {
    "full": "full outer",
    "inner": "inner",
    "left": "left outer",
    "leftsemi": "left semi",
    "right": "right outer",
}
# How names of scenarios end that differ in mode or partitions only.
_ENDS = re.compile(r"(_(append|update|complete|restarts|partitions|in|[123]))+$")
_ORIGINS = {again(*chosen).name: chosen[:2] for chosen in AGAIN}


def words(name: str, scenario: str) -> str:
    """What a scenario is about. KeyError where nobody has said."""
    if name == "buffers" or (name == "handed_over" and scenario not in _ORIGINS):
        return "the functions below"
    if name == "handed_over":
        name, scenario = _ORIGINS[scenario]
    plain = _ENDS.sub("", scenario)
    kind, _, how = plain.rpartition("_")
    if f"{name}/{plain}" not in WORDS and how in HOW:
        return f"{HOW[how]}, {WORDS[f'{name}/{kind}']}"
    return WORDS[f"{name}/{plain}"]


def operators(name: str, scenario: str) -> str:
    """What keeps state in the recorded checkpoint of a scenario, from the sources on."""
    state = CHECKPOINTS / name / scenario / "checkpoint" / "state"
    found = {}
    for path in state.glob("*/_metadata/metadata"):
        described = OperatorMetadata.decode(path.read_bytes())
        found[described.operator_id] = described.operator_name
    return ", ".join(dict.fromkeys(OPERATORS[found[number]] for number in sorted(found, reverse=True)))


def rows() -> Iterator[str]:
    """The table."""
    found: dict[tuple[str, str], tuple[set[str], set[int]]] = {}
    for name in FAMILIES:
        for scenario in family(name).values():
            if scenario.checkpoint:
                shape = (operators(name, scenario.name), words(name, scenario.name))
                modes, partitions = found.setdefault(shape, (set(), set()))
                modes.add(scenario.mode)
                partitions.add(scenario.partitions)
    yield "| state of | tried with | output modes | partitions |"
    yield "|---|---|---|---|"
    for (kept, what), (modes, partitions) in sorted(found.items()):
        yield f"| {kept} | {what} | {', '.join(sorted(modes))} | {', '.join(map(str, sorted(partitions)))} |"


def names(expressions: Iterable[str]) -> str:
    """The aggregate functions of expressions."""
    outside = (re.sub(r"^(CAST|sort_array|hll_sketch_estimate)\(", "", text) for text in expressions)
    found = {match[0] for text in outside if (match := re.match(r"[a-z_0-9]+(?=\()", text))}
    return ", ".join(f"`{name}`" for name in sorted(found))


def table() -> Iterator[str]:
    """What stands between the marks."""
    yield from rows()
    yield ""
    yield f"Aggregate functions whose buffers move: {names(MOVING)}."
    yield ""
    refused = [text for text in REFUSED["buffers"] if text not in MOVING and "shape:" not in text]
    only = names(refused).split(", ")
    moving = names(MOVING).split(", ")
    yield f"Refused by potok on a stream, so that there is no state to move: {', '.join(n for n in only if n not in moving)}."


def written(text: str) -> str:
    """The document with what is true now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *table(), END + after])


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
