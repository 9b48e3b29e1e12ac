"""Runs a scenario on whichever engine the session belongs to, and tells all that it did."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from stateful.scenario import Restart, Row, Scenario, Sources, Uncommit, Wait
from stateful.state_files import described
from stateful.values import canonical, error_of

OPERATOR = (
    "operatorName",
    "numRowsTotal",
    "numRowsUpdated",
    "numRowsRemoved",
    "numRowsDroppedByWatermark",
    "numShufflePartitions",
)
# What an operator of transformWithState counts beside that; the rest of its metrics is of RocksDB.
COUNTERS = (
    "initialStateProcessingTimeMs",
    "numDeletedStateVars",
    "numDeletedTimers",
    "numExpiredTimers",
    "numListStateVars",
    "numListStateWithTTLVars",
    "numMapStateVars",
    "numMapStateWithTTLVars",
    "numRegisteredTimers",
    "numValueStateVars",
    "numValueStateWithTTLVars",
    "numValuesRemovedDueToTTLExpiry",
    "timerProcessingTimeMs",
)
FIRST_FILE_S = 1_760_000_000


class Keep:
    """A foreachBatch function that writes the rows of a batch where the harness finds them."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def __call__(self, batch: DataFrame, batch_id: int) -> None:
        """Write the batch, over what an earlier try has left."""
        target = Path(self.directory, f"{batch_id}.json")
        try:
            found = [[canonical(value) for value in row] for row in batch.collect()]
        except Exception as error:
            told = error_of(error, str(Path(self.directory).parent))
            target.with_name("error").write_text(json.dumps(told), encoding="utf-8")
            raise
        target.with_suffix(".tmp").write_text(json.dumps(found), encoding="utf-8")
        target.with_suffix(".tmp").rename(target)


def take_back(checkpoint: Path, step: Uncommit) -> None:
    """Remove what a process would not have written that died in its newest batch."""
    newest = max(int(path.name) for path in (checkpoint / "commits").iterdir() if path.name.isdigit())
    files = [checkpoint / "commits" / str(newest)]
    if step.state or step.offsets:
        files += (checkpoint / "state").rglob(f"{newest + 1}.delta")
    if step.offsets:
        files.append(checkpoint / "offsets" / str(newest))
    for file in files:
        file.unlink()
        file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
    if step.offsets and newest == 0:
        shutil.rmtree(checkpoint / "state")


class Run:
    """A scenario on the way."""

    def __init__(self, spark: SparkSession, scenario: Scenario, root: Path, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.spark, self.scenario, self.root = spark, scenario, root
        self.build, self.mode, self.sink = scenario.build, scenario.mode, ""
        self.conf = {"spark.sql.shuffle.partitions": str(scenario.partitions), **scenario.conf}
        self.query: Any = None
        self.files = 0
        self.seen: set[int] = set()
        self.schema: Any = None
        if first == 0:
            shutil.rmtree(root, ignore_errors=True)
        for name in (*scenario.schemas, "out"):
            (root / name).mkdir(parents=True, exist_ok=True)
        for step in scenario.steps[:first]:
            if isinstance(step, Restart):
                self._change(step)
            elif not isinstance(step, Uncommit | Wait):
                self.files += sum(bool(content) for content in self._contents(step).values())

    def _change(self, step: Restart) -> None:
        self.build, self.mode = step.build or self.build, step.mode or self.mode
        self.sink = step.sink or self.sink
        self.conf |= step.conf or {}

    def _contents(self, step: Sequence[Row] | Mapping[str, Sequence[Row]]) -> Mapping[str, Sequence[Row]]:
        return step if isinstance(step, Mapping) else {next(iter(self.scenario.schemas)): step}

    def told(self) -> dict[str, Any]:
        """Run all steps; what each of them did."""
        restarts = [step for step in self.scenario.steps if isinstance(step, Restart)]
        names = {*self.conf, *(name for step in restarts for name in step.conf or {})}
        before = {name: self.spark.conf.get(name, None) for name in names}
        told: list[Any] = []
        try:
            for name, value in self.conf.items():
                self.spark.conf.set(name, value)
            self._all_steps(told)
        finally:
            self._stop()
            for name, value in before.items():
                if value is None:
                    self.spark.conf.unset(name)
                else:
                    self.spark.conf.set(name, value)
        state = []
        if not self.scenario.foreign_state:
            state = described(self.root / "checkpoint", with_rows=self.scenario.state_rows)
        return {"schema": self.schema, "steps": told, "state": state}

    def _all_steps(self, told: list[Any]) -> None:
        failed = False
        for step in self.scenario.steps[self.first : self.last]:
            if failed and not isinstance(step, Restart | Uncommit):
                told.append("skipped")
                continue
            try:
                self._step(step)
                failed = False
                told.append(self._batches())
            except Exception as error:  # noqa: BLE001 - it is what is asked for
                failed = True
                told.append([*self._batches(), {"error": self._error(error)}])

    def _step(self, step: Sequence[Row] | Mapping[str, Sequence[Row]] | Restart | Uncommit | Wait) -> None:
        if isinstance(step, Restart):
            self._stop()
            self._change(step)
            for name, value in (step.conf or {}).items():
                self.spark.conf.set(name, value)
        elif isinstance(step, Uncommit):
            self._stop()
            take_back(self.root / "checkpoint", step)
        elif isinstance(step, Wait):
            time.sleep(step.seconds)
        else:
            files = self._contents(step)
            if len(files) > 1:
                self._stop()
            for name, content in files.items():
                self._write(name, content)
        if self.query is None:
            self._start()
        self.query.processAllAvailable()

    def _write(self, name: str, content: Sequence[Row]) -> None:
        if not content:
            return
        self.files += 1
        hidden = self.root / f"{self.files:03d}.json"
        hidden.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
        os.utime(hidden, (FIRST_FILE_S + self.files, FIRST_FILE_S + self.files))
        hidden.rename(self.root / name / hidden.name)

    def _start(self) -> None:
        frame = self.build(self.spark, Sources(self.spark, str(self.root), self.scenario.schemas))
        if self.schema is None:
            self.schema = frame.schema.jsonValue()
        writer = frame.writeStream.outputMode(self.mode)
        if self.sink:
            writer = writer.format(self.sink).queryName("changed")
        else:
            writer = writer.foreachBatch(Keep(str(self.root / "out")))
        self.query = writer.option("checkpointLocation", str(self.root / "checkpoint")).start()
        self.seen = set()

    def _stop(self) -> None:
        if self.query is not None:
            self.query.stop()
            self.query = None

    def _error(self, error: Exception) -> dict[str, Any]:
        """What is wrong; of a batch that could not be collected, its own error and not the report of it."""
        inside = self.root / "out" / "error"
        told = error_of(error, str(self.root))
        if inside.exists():
            told["message"] = "in the batch"
            told["batch"] = json.loads(inside.read_text(encoding="utf-8"))
            inside.unlink()
        return told

    def _batches(self) -> list[Any]:
        """What has run since the last call."""
        told = []
        for progress in self.query.recentProgress if self.query is not None else []:
            one = json.loads(progress.json) if hasattr(progress, "json") else progress
            if "addBatch" in one["durationMs"] and one["batchId"] not in self.seen:
                self.seen.add(one["batchId"])
                told.append(self._batch(one))
        return told

    def _batch(self, progress: dict[str, Any]) -> dict[str, Any]:
        out = self.root / "out" / f"{progress['batchId']}.json"
        found = json.loads(out.read_text(encoding="utf-8")) if out.exists() else None
        if found and not self.scenario.ordered:
            found.sort(key=lambda row: json.dumps(row, sort_keys=True))
        return {
            "batch": progress["batchId"],
            "rows": found,
            "input_rows": progress["numInputRows"],
            "event_time": progress.get("eventTime", {}),
            "operators": [operator(one) for one in progress["stateOperators"]],
        }


def operator(progress: dict[str, Any]) -> dict[str, Any]:
    """What an operator has counted."""
    told = {name: progress[name] for name in OPERATOR}
    if told["operatorName"].startswith("transformWithState"):
        told["counters"] = {name: progress["customMetrics"].get(name) for name in COUNTERS}
    return told


def run(
    spark: SparkSession, scenario: Scenario, root: Path, first: int = 0, last: int | None = None
) -> dict[str, Any]:
    """Run the steps of a scenario from `first` up to `last` below a directory.

    The directory is emptied before the first of all steps; later ones go on from what is there.
    """
    return Run(spark, scenario, root, first, len(scenario.steps) if last is None else last).told()
