"""The drop-in import: `from potok.sql import SparkSession` instead of `from pyspark.sql import ..`.

Everything is PySpark's own but the session's builder, which starts the engine in this process.
"""

from __future__ import annotations

import os

# Decides, where the full PySpark is installed, which client its functions belong to.
os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")

from pyspark.sql import (
    Catalog,
    Column,
    DataFrame,
    DataFrameNaFunctions,
    DataFrameReader,
    DataFrameStatFunctions,
    DataFrameWriter,
    DataFrameWriterV2,
    GroupedData,
    Observation,
    Row,
    Window,
    WindowSpec,
    functions,
    streaming,
    types,
)

from potok.connect.local import LocalSparkSession as SparkSession

__all__ = [
    "Catalog",
    "Column",
    "DataFrame",
    "DataFrameNaFunctions",
    "DataFrameReader",
    "DataFrameStatFunctions",
    "DataFrameWriter",
    "DataFrameWriterV2",
    "GroupedData",
    "Observation",
    "Row",
    "SparkSession",
    "Window",
    "WindowSpec",
    "functions",
    "streaming",
    "types",
]
