"""The steps of `scenario.py` on our session, answered in the shape of the recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from potok.ddl import parse_schema
from potok.errors import SparkError
from potok.parser import parse_expression, parse_query
from potok.plan.commands import Trigger, WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan, Options, Project
from potok.plan.statements import Statement
from potok.plan.unresolved import CatalogQuery, UnresolvedDataSource, UnresolvedRelation
from potok.session import Runtime, Session
from potok.session.describe import SPARK_VERSION
from support.patience import PATIENCE_S

from . import scenario

_TIME = re.compile(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}")


class Player:
    """One session over one root directory."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.runtime = Runtime(
            {"spark.sql.warehouse.dir": f"{root}/warehouse", "spark.sql.session.timeZone": "UTC"}
        )
        self.session = Session(self.runtime)
        self._checkpoints = 0

    def another(self) -> Player:
        """A second session of the same process."""
        other = object.__new__(Player)
        other.root, other.runtime, other._checkpoints = self.root, self.runtime, 100
        other.session = Session(self.runtime)
        return other

    def close(self) -> None:
        """End session and engine."""
        self.session.close()
        self.runtime.stop()

    def answer(self, step: scenario.Step) -> list[Any]:
        """What we say to a step."""
        try:
            return ["ok", *self._result(step)]
        except SparkError as error:
            return ["error", error.condition, error.java_class, self._plain(error.message)]

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return _TIME.sub("{time}", value.replace(self.root, "{root}").replace(SPARK_VERSION, "{version}"))
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        return value if value is None or isinstance(value, bool | int | float) else str(value)

    def _fill(self, value: Any) -> Any:
        return value.replace("{root}", self.root) if isinstance(value, str) else value

    def _result(self, step: scenario.Step) -> tuple[Any, ...]:
        kind, what, arguments = step
        arguments = {key: self._fill(value) for key, value in arguments.items()}
        match kind:
            case "sql":
                parsed = parse_query(self._fill(what))
                if isinstance(parsed, Statement):
                    parsed = self.session.execute_statement(parsed)
                return self._rows(parsed)
            case "catalog":
                if "schema" in arguments:
                    arguments["schema"] = parse_schema(arguments["schema"])
                for key in ("options", "properties"):
                    if key in arguments:
                        arguments[key] = Options(arguments[key])
                return self._rows(CatalogQuery(what, tuple(arguments.items())))
            case "read_stream":
                plan = self.session.analyze(UnresolvedRelation(tuple(what.split(".")), streaming=True))
                return (plan.schema.json_value, [[plan.is_streaming]])
            case "directory":
                scenario.make_directory(self._fill(what))
            case "to_table":
                self._to_table(self._fill(what), arguments)
            case _:
                self._write(kind, self._fill(what), arguments)
        return (None, [])

    def _write(self, kind: str, query: str, arguments: dict[str, Any]) -> None:
        plan = parse_query(query)
        assert isinstance(plan, LogicalPlan)
        self.session.write(
            WriteBatch(
                plan,
                arguments.get("format"),
                table=tuple(arguments["table"].split(".")),
                table_method=kind,
                mode=arguments.get("mode", "error"),
                options=Options({"path": arguments["path"]} if "path" in arguments else {}),
                partition_by=tuple(arguments.get("partition_by", ())),
            )
        )

    def _to_table(self, directory: str, arguments: dict[str, Any]) -> None:
        self._checkpoints += 1
        source = UnresolvedDataSource("text", None, Options(), (directory,), streaming=True)
        columns = tuple(parse_expression(text) for text in arguments.get("select", ["value"]))
        options = {"checkpointLocation": f"{self.root}/checkpoint{self._checkpoints}"}
        if "path" in arguments:
            options["path"] = arguments["path"]
        query = self.session.start_query(
            WriteStream(
                Project(source, columns),
                arguments.get("format", ""),
                options=Options(options),
                partition_by=tuple(arguments.get("partition_by", ())),
                trigger=Trigger("available_now"),
                table=tuple(arguments["table"].split(".")),
            )
        )
        query.await_termination(PATIENCE_S)

    def _rows(self, plan: LogicalPlan) -> tuple[Any, ...]:
        resolved = self.session.analyze(plan)
        table = self.session.rows_of_resolved(resolved).to_table()
        columns = [column.to_pylist() for column in table.columns]
        rows = [list(row) for row in zip(*columns, strict=True)]
        return resolved.schema.json_value, self._plain(rows)
