"""Two queries read the same files in one program; a listener hears of every batch of both.

potok generate people --header --files 5 --interval 0
potok run two_queries_with_listener.py
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQueryListener


class Reporter(StreamingQueryListener):
    def onQueryStarted(self, event):
        print(f"{event.name} started")

    def onQueryProgress(self, event):
        progress = event.progress
        print(f"{progress.name} batch {progress.batchId}: {progress.numInputRows} rows")

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        print("failed" if event.exception else "ended")


spark = SparkSession.builder.appName("two queries").master("local[*]").getOrCreate()
spark.streams.addListener(Reporter())

people = (
    spark.readStream.schema("fname STRING, mname STRING, lname STRING, age INT, ssn STRING")
    .option("header", True)
    .option("maxFilesPerTrigger", 3)
    .csv("people")
)


def start(name, rows):
    return (
        rows.writeStream.queryName(name)
        .format("csv")
        .option("path", f"{name}-people")
        .option("checkpointLocation", f"checkpoint/{name}")
        .trigger(availableNow=True)
        .start()
    )


queries = [
    start("young", people.filter(F.col("age") < 40)),
    start("old", people.filter(F.col("age") >= 40)),
]
for query in queries:
    query.awaitTermination()
spark.stop()
