"""What programs catch: class, condition, SQLSTATE, parameters and place, as Spark 4.3 answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pyspark.errors import (
    AnalysisException,
    ArithmeticException,
    IllegalArgumentException,
    ParseException,
    PySparkException,
    QueryContextType,
    SparkNoSuchElementException,
)
from pyspark.sql import functions as F  # noqa: N812 - as programs name it


def test_a_setting_that_does_not_exist(spark: Any) -> None:
    with pytest.raises(SparkNoSuchElementException) as caught:
        spark.conf.get("no.such.key")
    error = caught.value
    assert error.getCondition() == "SQL_CONF_NOT_FOUND"
    assert error.getSqlState() == "42K0I"
    assert error.getMessageParameters() == {"sqlConf": '"no.such.key"'}
    assert str(error) == (
        '[SQL_CONF_NOT_FOUND] The SQL config "no.such.key" cannot be found. Please verify that the config'
        " exists. SQLSTATE: 42K0I"
    )


@pytest.mark.parametrize(
    ("key", "value", "kind", "condition"),
    [
        ("spark.sql.warehouse.dir", "/x", AnalysisException, "CANNOT_MODIFY_STATIC_CONFIG"),
        ("spark.executor.memory", "1g", AnalysisException, "CANNOT_MODIFY_CONFIG"),
        ("spark.sql.shuffle.partitions", "abc", IllegalArgumentException, "INVALID_CONF_VALUE.TYPE_MISMATCH"),
        ("spark.sql.ansi.enabled", "maybe", IllegalArgumentException, "INVALID_CONF_VALUE.TYPE_MISMATCH"),
        ("spark.sql.session.timeZone", "Mars/X", IllegalArgumentException, "INVALID_CONF_VALUE.TIME_ZONE"),
    ],
)
def test_settings_that_cannot_be_made(
    spark: Any, key: str, value: str, kind: type[PySparkException], condition: str
) -> None:
    with pytest.raises(kind) as caught:
        spark.conf.set(key, value)
    assert caught.value.getCondition() == condition


def test_settings(spark: Any) -> None:
    spark.conf.set("foo.bar", "1")
    assert spark.conf.get("foo.bar") == "1"
    assert spark.conf.get("foo.none", None) is None
    assert spark.conf.get("foo.none", "d") == "d"
    assert spark.conf.getAll["foo.bar"] == "1"
    spark.conf.unset("foo.bar")
    assert spark.conf.get("foo.bar", "gone") == "gone"
    assert spark.conf.isModifiable("spark.sql.shuffle.partitions")
    assert not spark.conf.isModifiable("spark.sql.warehouse.dir")
    assert not spark.conf.isModifiable("foo.bar")


def test_a_missing_column(spark: Any) -> None:
    with pytest.raises(AnalysisException) as caught:
        spark.range(3).select("nope").collect()
    error = caught.value
    assert error.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert error.getSqlState() == "42703"
    assert error.getMessageParameters() == {"objectName": "`nope`", "proposal": "`id`"}


def test_a_place_in_text(spark: Any) -> None:
    with pytest.raises(ArithmeticException) as caught:
        spark.sql("select 1/0").collect()
    error = caught.value
    assert error.getCondition() == "DIVIDE_BY_ZERO"
    (context,) = error.getQueryContext()
    assert context.contextType() == QueryContextType.SQL
    assert (context.startIndex(), context.stopIndex(), context.fragment()) == (7, 9, "1/0")
    assert context.summary() == "== SQL (line 1, position 8) ==\nselect 1/0\n       ^^^\n"
    assert str(error).endswith("SQLSTATE: 22012\n== SQL (line 1, position 8) ==\nselect 1/0\n       ^^^\n")


def test_a_place_in_the_program(spark: Any) -> None:
    frame = spark.range(3).select(F.col("id") / F.lit(0))
    with pytest.raises(ArithmeticException) as caught:
        frame.collect()
    (context,) = caught.value.getQueryContext()
    assert context.contextType() == QueryContextType.DataFrame
    assert context.fragment() == "__truediv__"
    assert "test_errors.py:" in context.callSite()


def test_text_that_is_no_sql(spark: Any) -> None:
    with pytest.raises(ParseException) as caught:
        spark.sql("selec 1")
    assert caught.value.getCondition() == "PARSE_SYNTAX_ERROR"
    assert caught.value.getMessageParameters() == {"error": "'selec'", "hint": ""}


def test_what_is_not_supported_says_so(spark: Any) -> None:
    with pytest.raises(PySparkException, match="POTOK"):
        spark._client.register_java("f", "a.B")


def test_a_defect_is_an_internal_error_and_logged(
    spark: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("potok.connect.service.analyze", broken)
    logging.getLogger("potok").propagate = True
    with pytest.raises(PySparkException) as caught:
        spark.range(3).schema  # noqa: B018 - asks the server
    assert caught.value.getCondition() == "INTERNAL_ERROR"
    assert "ZeroDivisionError: surprise" in str(caught.value)
    assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)
