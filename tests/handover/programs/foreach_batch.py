"""A directory for each batch, overwritten when the batch is repeated."""

import sys

from pyspark.sql import DataFrame, SparkSession

root = sys.argv[1]


def keep(batch: DataFrame, batch_id: int) -> None:
    """Write a batch where a repetition finds it."""
    batch.write.mode("overwrite").json(f"{root}/out/batch={batch_id}")


spark = SparkSession.builder.appName("foreach batch").getOrCreate()
rows = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 2).csv(f"{root}/in")
query = (
    rows.writeStream.foreachBatch(keep)
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
