r"""The change log of a table becomes the table again, in SQLite: the newest version of each row counts.

    mkdir -p changes
    printf '{"op":"c","id":1,"name":"Ann","version":1}\n{"op":"c","id":2,"name":"Bob","version":2}\n' > changes/1.json
    printf '{"op":"u","id":1,"name":"Anna","version":4}\n{"op":"d","id":2,"version":5}\n' > changes/2.json
    printf '{"op":"u","id":1,"name":"Anne","version":3}\n{"op":"c","id":3,"name":"Cy","version":6}\n' > changes/3.json
    potok run change_data_capture.py

The state holds the newest version of each key, so that a change that comes late (version 3) does no harm; only keys
that a batch brings are written. To write the same version twice changes nothing: a repeated batch is harmless.
"""

import sqlite3
from contextlib import closing

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

DATABASE = "people.sqlite"


def apply(changes: DataFrame, batch_id: int) -> None:
    rows = [row.newest for row in changes.collect()]
    with closing(sqlite3.connect(DATABASE)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS person (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany("DELETE FROM person WHERE id = ?", [(r.id,) for r in rows if r.op == "d"])
        connection.executemany(
            "INSERT OR REPLACE INTO person VALUES (?, ?)", [(r.id, r.name) for r in rows if r.op != "d"]
        )
        people = connection.execute("SELECT * FROM person ORDER BY id").fetchall()
    print(f"batch {batch_id}: {people}")


spark = SparkSession.builder.appName("change data capture").getOrCreate()
changes = (
    spark.readStream.schema("op STRING, id INT, name STRING, version LONG")
    .option("maxFilesPerTrigger", 1)
    .json("changes")
)
newest = changes.groupBy("id").agg(F.max_by(F.struct("op", "id", "name"), "version").alias("newest"))
query = (
    newest.writeStream.outputMode("update")
    .foreachBatch(apply)
    .option("checkpointLocation", "checkpoint/change_data_capture")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
spark.stop()
