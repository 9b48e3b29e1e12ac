"""Runs a case on a session and gives its answer as JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spark.oracle.render import RenderingError, render_error, render_schema, render_value
from spark.oracle.table import Case


def answer(spark: Any, case: Case) -> dict[str, Any]:
    """What the session says: `schema` and `rows`, `text`, `value`, or `error`.

    Rows of a case that is not ordered are sorted by their JSON, so that recordings do not change.
    """
    from pyspark.sql import functions

    with tempfile.TemporaryDirectory(prefix="potok-case-") as name:
        directory = Path(name).resolve()
        for file_name, content in case.files.items():
            path = directory / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            with _configured(spark, case):
                result = _evaluate(spark, functions, case, directory)
                return _render(result, case, str(directory))
        except RenderingError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever is raised is the answer)
            return {"error": render_error(error, str(directory))}


@contextmanager
def _configured(spark: Any, case: Case) -> Iterator[None]:
    before = {key: spark.conf.get(key) for key in case.conf}
    for key, value in case.conf.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key, value in before.items():
            spark.conf.set(key, value)


def _evaluate(spark: Any, functions: Any, case: Case, directory: Path) -> Any:
    if case.function is None:
        return spark.sql(case.sql.replace("<directory>", str(directory)))
    if case.takes_directory:
        return case.function(spark, functions, directory)
    return case.function(spark, functions)


def _render(result: Any, case: Case, directory: str) -> dict[str, Any]:
    if hasattr(result, "collect") and hasattr(result, "schema"):
        rows = [[render_value(value) for value in row] for row in result.collect()]
        schema = render_schema(result.schema)
        if case.ordered:
            return {"schema": schema, "rows": rows, "ordered": True}
        return {"schema": schema, "rows": sorted(rows, key=json.dumps)}
    if isinstance(result, str):
        return {"text": result.replace(directory, "<directory>").split("\n")}
    return {"value": render_value(result)}
