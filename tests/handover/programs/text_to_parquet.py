"""Text lines to Parquet, one directory for each value of a column."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

root = sys.argv[1]
spark = SparkSession.builder.appName("text to parquet").getOrCreate()
words = F.split("value", " ")
rows = spark.readStream.option("maxFilesPerTrigger", 3).text(f"{root}/in")
query = (
    rows.select(words[0].cast("int").alias("id"), words[1].alias("kind"), "value")
    .writeStream.format("parquet")
    .partitionBy("kind")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
