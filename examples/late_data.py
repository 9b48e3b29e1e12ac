r"""Averages per minute, each told once: when the watermark says that nothing older is to be expected.

    mkdir -p readings
    printf '2024-05-01 12:00:10,north,20\n2024-05-01 12:00:40,north,22\n' > readings/1.csv
    printf '2024-05-01 12:01:20,north,30\n' > readings/2.csv
    printf '2024-05-01 12:00:55,south,19\n2024-05-01 12:05:00,north,25\n' > readings/3.csv
    printf '2024-05-01 12:05:30,north,26\n' > readings/4.csv
    printf '2024-05-01 12:00:30,south,99\n' > readings/5.csv
    potok run late_data.py

The watermark stays one minute behind the newest reading. The third file has a late row that still counts: minute
12:00 is open until the watermark is at 12:01. The row of the fifth is too late. Minute 12:05 is still open at the end.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("late data").config("spark.sql.session.timeZone", "UTC").getOrCreate()
readings = (
    spark.readStream.schema("at TIMESTAMP, station STRING, celsius DOUBLE")
    .option("maxFilesPerTrigger", 1)
    .csv("readings")
)
averages = (
    readings.withWatermark("at", "1 minute")
    .groupBy(F.window("at", "1 minute").alias("minute"), "station")
    .agg(F.avg("celsius").alias("celsius"), F.count("*").alias("readings"))
    .select(F.col("minute.start").alias("minute"), "station", "celsius", "readings")
)
query = (
    averages.writeStream.queryName("averages")
    .outputMode("append")
    .format("memory")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()

spark.table("averages").orderBy("minute", "station").show()
for progress in query.recentProgress:
    state = progress["stateOperators"][0]
    print(
        f"batch {progress['batchId']}: {progress['numInputRows']} rows,"
        f" watermark {progress['eventTime']['watermark'][11:19]}, {state['numRowsTotal']} minutes open,"
        f" {state['numRowsDroppedByWatermark']} too late"
    )
spark.stop()
