r"""A visit ends when a user has done nothing for half an hour.

    mkdir -p clicks
    printf '{"user":"ann","at":"2024-05-01T09:00:00Z","page":"/"}\n{"user":"bob","at":"2024-05-01T09:05:00Z","page":"/"}\n' > clicks/1.json
    printf '{"user":"ann","at":"2024-05-01T09:25:00Z","page":"/cart"}\n' > clicks/2.json
    printf '{"user":"ann","at":"2024-05-01T09:12:00Z","page":"/shoes"}\n' > clicks/3.json
    printf '{"user":"bob","at":"2024-05-01T12:00:00Z","page":"/help"}\n' > clicks/4.json
    potok run visits.py

The files come in any order of time, here 9:12 after 9:25; a row between two visits makes one of them.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("visits").config("spark.sql.session.timeZone", "UTC").getOrCreate()
clicks = (
    spark.readStream.schema("user STRING, at TIMESTAMP, page STRING")
    .option("maxFilesPerTrigger", 1)
    .json("clicks")
)
visits = (
    clicks.withWatermark("at", "15 minutes")
    .groupBy("user", F.session_window("at", "30 minutes").alias("visit"))
    .agg(
        F.count("*").alias("pages"),
        F.min_by("page", "at").alias("entry"),
        F.max_by("page", "at").alias("exit"),
        F.max("at").alias("last"),
    )
    .select("user", F.col("visit.start").alias("from"), F.col("last").alias("to"), "pages", "entry", "exit")
)
query = visits.writeStream.queryName("visits").format("memory").trigger(availableNow=True).start()
query.awaitTermination()
spark.table("visits").orderBy("from").show()
spark.stop()
