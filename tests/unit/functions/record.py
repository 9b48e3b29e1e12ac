"""Asks a real Spark 4.3 every expression in recorded*.json again, and writes its answers.

    python tests/unit/functions/record.py [expression ..]

Expressions on the command line are added to recorded.json. Needs `pyspark` 4.3 and Java; the session is in UTC with ANSI on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded.json"


def answer(spark: Any, expression: str) -> dict[str, Any]:
    """Types and rows as Python writes them, or the condition."""
    try:
        frame = spark.sql(f"SELECT {expression}")
        types = [[f.dataType.simpleString(), f.nullable] for f in frame.schema.fields]
        return {"types": types, "rows": [repr(tuple(row)) for row in frame.collect()]}
    except Exception as error:  # noqa: BLE001 - any error is the answer
        # Some errors reach Python only as the text of Java's.
        condition = getattr(error, "getCondition", lambda: None)()
        return {"error": condition or str(error).partition("[")[2].partition("]")[0]}


def main() -> None:
    """Record."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC")
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    for path in sorted(RECORDED.parent.glob("recorded*.json")):
        expressions = {*json.loads(path.read_text("utf-8")), *(sys.argv[1:] if path == RECORDED else ())}
        answers = {expression: answer(spark, expression) for expression in sorted(expressions)}
        text = json.dumps(answers, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", "utf-8")
    spark.stop()


if __name__ == "__main__":
    main()
