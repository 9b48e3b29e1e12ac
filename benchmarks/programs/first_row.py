"""The first rows of a file stream on the console."""

import os

from pyspark.sql import SparkSession

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("first row").master("local[*]").getOrCreate()
query = (
    spark.readStream.schema("fname string, mname string, lname string, age int, ssn string")
    .csv(f"{directory}/people")
    .writeStream.format("console")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
spark.stop()
