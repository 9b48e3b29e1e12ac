# ruff: noqa: SLF001 - the client has no public way
"""`pyspark.testing` where there is no Spark: `assertDataFrameEqual` of the client alone ends the process.

It imports what tests of Spark itself need, which looks for Spark's jars and calls `sys.exit` if there are none.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyspark
import pyspark.sql.utils as users
from pyspark import find_spark_home as finder


def answer_spark_home() -> None:
    """Where nothing else can be found, the home of Spark is the directory of its Python package."""
    package = Path(pyspark.__file__).parent
    find = finder._find_spark_home

    def spark_home() -> str:
        distributed = any((package / name / "jars").is_dir() for name in (".", "spark-distribution", "../.."))
        return str(find()) if distributed or "SPARK_HOME" in os.environ else str(package)

    finder._find_spark_home = spark_home
    users._find_spark_home = spark_home
