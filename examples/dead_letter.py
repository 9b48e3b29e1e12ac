"""Records that cannot be read go aside, word for word, and the good ones go on.

    mkdir -p orders
    printf '{"id": 1, "amount": 9.5}\n{"id": "two", "amount": 1}\nnot json\n' > orders/a.json
    potok run dead_letter.py

The reader puts the text of a bad record into the column `_corrupt_record`; each batch is split by it.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


def split(batch: DataFrame, batch_id: int) -> None:
    # A batch is repeated when the program was killed in it: overwriting its own directory keeps it once.
    bad = F.col("_corrupt_record").isNotNull()
    good = batch.filter(~bad).drop("_corrupt_record")
    good.write.mode("overwrite").parquet(f"good/batch={batch_id}")
    letters = batch.filter(bad).select(F.col("_corrupt_record").alias("value"))
    letters.write.mode("overwrite").text(f"dead-letters/batch={batch_id}")


spark = SparkSession.builder.appName("dead letters").master("local[*]").getOrCreate()
query = (
    spark.readStream.schema("id INT, amount DOUBLE, _corrupt_record STRING")
    .option("mode", "PERMISSIVE")
    .json("orders")
    .writeStream.foreachBatch(split)
    .option("checkpointLocation", "checkpoint/dead_letter")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()

print("good:", spark.read.parquet("good").count(), "bad:", spark.read.text("dead-letters").count())
