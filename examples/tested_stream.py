"""How to test a stream: the same function over a batch, and over a stream that is given its rows step by step.

    python -m pytest -q tested_stream.py

A session starts in a second, so that the tests of a program take seconds and not minutes.
"""

import json

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual

from potok.sql import SparkSession

SCHEMA = "user STRING, amount LONG"


def totals(payments: DataFrame) -> DataFrame:
    """What is tested: the sum of the payments of each user, without refunds."""
    return payments.filter("amount > 0").groupBy("user").agg(F.sum("amount").alias("total"))


@pytest.fixture(scope="module")
def spark():
    session = SparkSession.builder.appName("tests").getOrCreate()
    yield session
    session.stop()


def test_of_a_batch(spark):
    payments = spark.createDataFrame([("ann", 1), ("ann", 2), ("bob", -5)], SCHEMA)
    assertDataFrameEqual(totals(payments), [Row(user="ann", total=3)])


def test_of_a_stream(spark, tmp_path):
    def pay(name, *payments):
        lines = [json.dumps({"user": user, "amount": amount}) for user, amount in payments]
        (tmp_path / f"{name}.json").write_text("\n".join(lines))

    stream = totals(spark.readStream.schema(SCHEMA).json(str(tmp_path)))
    query = stream.writeStream.outputMode("complete").format("memory").queryName("totals").start()
    try:
        pay("one", ("ann", 1), ("bob", 2))
        query.processAllAvailable()
        assertDataFrameEqual(spark.table("totals"), [Row(user="ann", total=1), Row(user="bob", total=2)])
        pay("two", ("ann", 10), ("bob", -1))
        query.processAllAvailable()
        assertDataFrameEqual(spark.table("totals"), [Row(user="ann", total=11), Row(user="bob", total=2)])
        assert query.lastProgress["numInputRows"] == 2
    finally:
        query.stop()


def test_of_a_mistake(spark, tmp_path):
    stream = totals(spark.readStream.schema(SCHEMA).json(str(tmp_path)))
    with pytest.raises(AnalysisException, match="without watermark"):
        stream.writeStream.outputMode("append").format("noop").start()
