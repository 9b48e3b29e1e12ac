"""Ask real Spark 4.3 (with Java) the steps of `scenario.py`; write `recorded.json` and `explained.json` beside it.

    python record.py     # with a Python that has pyspark[connect] 4.3

Per step `["ok", schema, rows]` or `["error", condition, Java class, message]`. Values are as JSON; the root directory,
times and Spark's version are replaced by `{root}`, `{time}`, `{version}`.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import scenario
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect import plan
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.types import StructType

_TIME = re.compile(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}")
_NUMBER = re.compile(r"#\d+L?")
_SIZE = re.compile(r"\d+ bytes")


class Recorder:
    """One session over one root directory."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._checkpoints = 0
        self.spark = (
            SparkSession.builder.remote("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.warehouse.dir", f"{root}/warehouse")
            .getOrCreate()
        )

    def answer(self, step: scenario.Step) -> list[Any]:
        """What Spark says to a step."""
        try:
            return ["ok", *self._result(step)]
        except PySparkException as error:
            message, _, stack = (error.getMessage() or str(error)).partition("\n\nJVM stacktrace:\n")
            java_class = stack.partition("\n")[0].partition(":")[0].strip()
            return ["error", error.getCondition(), java_class, self.plain(message)]

    def clean(self) -> None:
        """Drop what a scenario left behind."""
        rows = self.spark.sql("SHOW TABLES").collect()
        for row in sorted(rows, key=lambda row: not row["isTemporary"]):
            kind = "VIEW" if row["isTemporary"] else "TABLE"
            self.spark.sql(f"DROP {kind} IF EXISTS {row['tableName']}")
        for entry in ("warehouse", "e", "s4", "dir", "ext"):
            shutil.rmtree(Path(self.root) / entry, ignore_errors=True)

    def plain(self, value: Any) -> Any:
        """The value without what differs from run to run."""
        if isinstance(value, str):
            text = value.replace(self.root, "{root}").replace(self.spark.version, "{version}")
            return _SIZE.sub("{size} bytes", _TIME.sub("{time}", text))
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        return value if value is None or isinstance(value, bool | int | float) else str(value)

    def _fill(self, value: Any) -> Any:
        return value.replace("{root}", self.root) if isinstance(value, str) else value

    def _result(self, step: scenario.Step) -> tuple[Any, ...]:
        kind, what, arguments = step
        arguments = {key: self._fill(value) for key, value in arguments.items()}
        if kind == "sql":
            return self._rows(self.spark.sql(self._fill(what)))
        if kind == "catalog":
            return self._catalog(what, arguments)
        if kind == "directory":
            scenario.make_directory(self._fill(what))
            return (None, [])
        if kind == "to_table":
            return self._to_table(self._fill(what), arguments)
        if kind == "read_stream":
            frame = self.spark.readStream.table(what)
            return (json.loads(frame.schema.json()), [[frame.isStreaming]])
        writer = self.spark.sql(self._fill(what)).write
        if "mode" in arguments and kind == "save_as_table":
            writer = writer.mode(arguments["mode"])
        if "format" in arguments:
            writer = writer.format(arguments["format"])
        if "partition_by" in arguments:
            writer = writer.partitionBy(*arguments["partition_by"])
        if "path" in arguments:
            writer = writer.option("path", arguments["path"])
        if kind == "save_as_table":
            writer.saveAsTable(arguments["table"])
        else:
            writer.insertInto(arguments["table"], overwrite=arguments.get("mode") == "overwrite")
        return (None, [])

    def _to_table(self, directory: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
        self._checkpoints += 1
        frame = self.spark.readStream.text(directory)
        writer = frame.selectExpr(*arguments.get("select", ["value"])).writeStream
        writer = writer.option("checkpointLocation", f"{self.root}/checkpoint{self._checkpoints}")
        if "format" in arguments:
            writer = writer.format(arguments["format"])
        if "partition_by" in arguments:
            writer = writer.partitionBy(*arguments["partition_by"])
        if "path" in arguments:
            writer = writer.option("path", arguments["path"])
        query = writer.trigger(availableNow=True).toTable(arguments["table"])
        query.awaitTermination()
        return (None, [])

    def _rows(self, frame: Any) -> tuple[Any, ...]:
        rows = [list(row) for row in frame.collect()]
        return json.loads(frame.schema.json()), self.plain(rows)

    def _catalog(self, method: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
        name = "".join(word.capitalize() for word in method.split("_"))
        if "schema" in arguments:
            arguments["schema"] = StructType.fromDDL(arguments["schema"])
        if method == "create_table":
            defaults = {"path": None, "source": None, "schema": None, "options": {}, "description": None}
            arguments = {**defaults, **arguments}
        message = getattr(plan, name)(**arguments)
        return self._rows(DataFrame(message, session=self.spark))


def _explained(recorder: Recorder) -> dict[str, dict[str, str]]:
    spark = recorder.spark
    spark.sql("CREATE TABLE t (a INT, s STRING) USING csv")
    texts: dict[str, dict[str, str]] = {}
    for query in scenario.EXPLAINED:
        modes = texts[query] = {}
        for mode in ("simple", "extended", "cost", "formatted"):
            text = spark.sql(query)._explain_string(mode=mode)
            modes[mode] = recorder.plain(_NUMBER.sub("#", text))
    return texts


def main() -> None:
    """Record everything."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as root:
        recorder = Recorder(root)
        recorded: dict[str, list[Any]] = {}
        for name, steps in scenario.SCENARIOS.items():
            recorded[name] = [recorder.answer(step) for step in steps]
            recorder.clean()
            write_json(here / "recorded.json", recorded)
        recorder.spark.sql("DROP TABLE IF EXISTS t")
        (here / "explained.json").write_text(
            json.dumps(_explained(recorder), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        recorder.spark.stop()


def write_json(path: Path, recorded: dict[str, list[Any]]) -> None:
    """One line an answer."""
    parts = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(a, ensure_ascii=False) for a in answers) + "\n]"
        for name, answers in recorded.items()
    ]
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
