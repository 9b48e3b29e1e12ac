"""Read a directory as a batch; one JSON text a row, sorted, into a file."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

form, path, schema, columns, target = sys.argv[1:]
spark = SparkSession.builder.appName("read").getOrCreate()
frame = spark.read.schema(schema).format(form).load(path).select(*columns.split(","))
texts = sorted(row.line for row in frame.select(F.to_json(F.struct("*")).alias("line")).collect())
Path(target).write_text("".join(text + "\n" for text in texts), encoding="utf-8")
