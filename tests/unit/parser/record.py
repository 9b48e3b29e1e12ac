"""Ask real Spark 4.3 (classic, with Java) what `texts` mean, and write `recorded.json` beside this file.

    python record.py     # with a Python that has pyspark 4.3

Per text: `["ok", answer]`, or `["error", Java class, message]`. Numbers of expressions (`#12`) are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import texts  # type: ignore[import-not-found]  # run from its own directory
from pyspark.sql import SparkSession

_NUMBER = re.compile(r"#\d+L?")


def _recorded(question: Callable[[str], Any], text: str) -> list[Any]:
    try:
        return ["ok", question(text)]
    except Exception as error:
        java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
        if java is None:
            raise
        return ["error", java.getClass().getName(), java.getMessage()]


def main() -> None:
    """Record every answer."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    parser = spark._jsparkSession.sessionState().sqlParser()
    jvm: Any = spark._jvm

    def expression(text: str) -> str:
        return _NUMBER.sub("", parser.parseExpression(text).toString())

    def origins(text: str) -> list[list[Any]]:
        found = []
        nodes = [parser.parseExpression(text)]
        while nodes:
            node = nodes.pop()
            origin = node.origin()
            if not origin.startIndex().isEmpty():
                found.append(
                    [node.getClass().getSimpleName(), origin.startIndex().get(), origin.stopIndex().get()]
                )
            children = node.children()
            nodes.extend(children.apply(i) for i in range(children.size()))
        return sorted(found)

    def literal(text: str) -> list[str]:
        found = parser.parseExpression(text)
        value = found.value() if found.getClass().getSimpleName() == "Literal" else None
        if isinstance(value, bytes | bytearray):
            value = value.hex()
        return [found.dataType().json(), str(value)]

    def query(text: str) -> str:
        return _NUMBER.sub("", parser.parsePlan(text).toString())

    def name(text: str) -> list[str]:
        parts = jvm.org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute.parseAttributeName(text)
        return [parts.apply(i) for i in range(parts.size())]

    def data_type(text: str) -> str:
        return str(parser.parseDataType(text).json())

    def schema(text: str) -> str:
        return str(jvm.org.apache.spark.sql.types.StructType.fromDDL(text).json())

    questions: dict[str, tuple[tuple[str, ...], Callable[[str], Any]]] = {
        "precedence": (texts.PRECEDENCE, expression),
        "expressions": (texts.EXPRESSIONS, expression),
        "origins": (texts.EXPRESSIONS, origins),
        "literals": (texts.LITERALS, literal),
        "queries": (texts.QUERIES, query),
        "wrong": (texts.WRONG, query),
        "wrong_expressions": (texts.WRONG_EXPRESSIONS, expression),
        "types": (texts.TYPES, data_type),
        "schemas": (texts.SCHEMAS, schema),
        "names": (texts.NAMES, name),
    }
    recorded = {
        kind: {text: _recorded(question, text) for text in group}
        for kind, (group, question) in questions.items()
    }
    spark.stop()
    lines = [f"{json.dumps(kind)}: {{\n" + ",\n".join(
        f"  {json.dumps(text, ensure_ascii=False)}: {json.dumps(answer, ensure_ascii=False)}" for text, answer in group.items()
    ) + "\n}" for kind, group in recorded.items()]  # fmt: skip
    path = Path(__file__).with_name("recorded.json")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
