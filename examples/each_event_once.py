r"""A sender repeats what it is not sure of: each event passes once.

    mkdir -p events
    printf 'e1,2024-05-01 10:00:00,door\ne2,2024-05-01 10:00:05,lamp\ne1,2024-05-01 10:00:09,door\n' > events/1.csv
    printf 'e2,2024-05-01 10:00:05,lamp\ne3,2024-05-01 10:02:00,door\n' > events/2.csv
    potok run each_event_once.py
    printf 'e3,2024-05-01 10:02:00,door\ne4,2024-05-01 10:03:00,lamp\n' > events/3.csv
    potok run each_event_once.py

The second run goes on from the checkpoint and knows what the first one has seen. An id is remembered for ten minutes of event time.
"""

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("once").config("spark.sql.session.timeZone", "UTC").getOrCreate()
events = spark.readStream.schema("id STRING, at TIMESTAMP, thing STRING").csv("events")
query = (
    events.withWatermark("at", "10 minutes")
    .dropDuplicatesWithinWatermark(["id"])
    .writeStream.format("csv")
    .option("path", "events-once")
    .option("checkpointLocation", "checkpoint/each_event_once")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
for progress in query.recentProgress:
    dropped = progress["stateOperators"][0]["customMetrics"]["numDroppedDuplicateRows"]
    print(f"batch {progress['batchId']}: {progress['numInputRows']} events, {dropped} of them repeated")
print("ids:", *sorted(row[0] for row in spark.read.csv("events-once").collect()))
spark.stop()
