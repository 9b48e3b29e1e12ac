"""CSV to CSV; the process stops in the middle of a batch, for good, as long as the file `hang` is there."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

root = sys.argv[1]


@F.udf("int")  # type: ignore[untyped-decorator]  # pyspark is untyped here
def halt(number: int) -> int:
    """Never come back from the number 5 while told so."""
    import time
    from pathlib import Path

    while number == 5 and Path(root, "hang").exists():
        Path(root, "hanging").touch()
        time.sleep(0.1)
    return number


spark = SparkSession.builder.appName("killed").getOrCreate()
rows = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 1).csv(f"{root}/in")
query = (
    rows.select(halt("id").alias("id"), "name")
    .writeStream.format("csv")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
