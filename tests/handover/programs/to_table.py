"""Into a table that lies at a path."""

import sys

from pyspark.sql import SparkSession

root, table = sys.argv[1:]
spark = SparkSession.builder.appName("to table").getOrCreate()
rows = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 2).csv(f"{root}/in")
query = (
    rows.writeStream.option("checkpointLocation", f"{root}/checkpoint")
    .option("path", f"{root}/out")
    .trigger(availableNow=True)
    .toTable(table)
)
query.awaitTermination()
