"""User state by windows, and the same by a column that has been made of them before. A program for potok alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everyone does
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from stateful.harness import run
from stateful.scenario import Scenario, Sources, rows

OUTPUT = "start STRING, k STRING, columns STRING, n INT"
WINDOWS = {"tumbling": ("10 seconds",), "sliding": ("10 seconds", "5 seconds")}
TIMES = {"states": ("NoTimeout", "EventTimeTimeout"), "variables": ("None", "EventTime")}
STEPS = [
    rows(
        "at k v",
        ("2024-01-01 00:00:12", "a", 1),
        ("2024-01-01 00:00:19", "a", 2),
        ("2024-01-01 00:00:21", "b", 3),
    ),
    rows("at k v", ("2024-01-01 00:00:17", "a", 4), ("2024-01-01 00:00:40", "b", 5)),
    rows("at k v", ("2024-01-01 00:00:05", "a", 6), ("2024-01-01 00:00:41", "b", 7)),
]


def start_of(key: Any) -> str:
    """When the window of a key begins."""
    window = key[0]
    return str(pd.Timestamp(window["start"]).tz_localize(None) if isinstance(window, dict) else window)


def counted(key: Any, frames: Iterator[pd.DataFrame], state: Any) -> Iterator[pd.DataFrame]:
    """How many rows a key has had."""
    found = list(frames)
    n = (state.get[0] if state.exists else 0) + sum(len(frame) for frame in found)
    state.update((n,))
    columns = ",".join(c for c in found[0].columns if c != "w") if found else ""
    yield pd.DataFrame({"start": [start_of(key)], "k": [key[1]], "columns": [columns], "n": [n]})


class Counting(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """The same with variables."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """A count."""
        self.n = handle.getValueState("n", "n INT")

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Row]:  # noqa: N802, N803
        """How many rows a key has had."""
        found = list(rows)
        n = (self.n.get() or (0,))[0] + len(found)
        self.n.update((n,))
        columns = ",".join(c for c in found[0].__fields__ if c != "w")
        yield Row(start=start_of(key), k=key[1], columns=columns, n=n)


def scenario(kind: str, time: str, window: tuple[str, ...], *, before: bool) -> Scenario:
    """Windows among the keys; or a column of them, made `before`."""

    def build(_: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"].withWatermark("at", "5 seconds") if not before else sources["in"]
        if before:
            frame = frame.select("*", F.window("at", *window).alias("w")).withWatermark("at", "5 seconds")
        grouped = frame.groupBy("w" if before else F.window("at", *window), "k")
        if kind == "states":
            return grouped.applyInPandasWithState(counted, OUTPUT, "n INT", "update", time)
        return grouped.transformWithState(Counting(), OUTPUT, "update", time)

    conf = {
        "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    }
    schema = "at TIMESTAMP, k STRING, v INT"
    return Scenario(
        "windowed", build, schema, "update", STEPS, conf if kind == "variables" else {}, foreign_state=True
    )


def main() -> None:
    """Run all, and write what each of them has given."""
    spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    told: dict[str, Any] = {}
    for kind, times in TIMES.items():
        for time in times:
            for name, window in WINDOWS.items():
                for before in (False, True):
                    root = Path(sys.argv[1]).parent / f"{kind}-{time}-{name}-{before}"
                    steps = run(spark, scenario(kind, time, window, before=before), root)["steps"]
                    told.setdefault(f"{kind} {time} {name}", []).append(steps)
    Path(sys.argv[1]).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
