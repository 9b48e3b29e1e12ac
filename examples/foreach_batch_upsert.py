"""Each batch goes into SQLite: new people are inserted, known ones get their newest age.

    potok generate people --header --files 5 --interval 0
    potok run foreach_batch_upsert.py

A batch may come twice: when the program was killed after the database had taken it and before the checkpoint
knew. An upsert by key makes the second time harmless.
"""

import sqlite3

from pyspark.sql import DataFrame, SparkSession

DATABASE = "people.sqlite"


def upsert(batch: DataFrame, batch_id: int) -> None:
    rows = [(row.ssn, row.fname, row.lname, row.age) for row in batch.collect()]
    connection = sqlite3.connect(DATABASE)
    with connection:  # one transaction
        connection.executemany(
            "INSERT INTO person (ssn, fname, lname, age) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (ssn) DO UPDATE SET age = excluded.age",
            rows,
        )
    connection.close()
    print(f"batch {batch_id}: {len(rows)} rows")


first = sqlite3.connect(DATABASE)
first.execute("CREATE TABLE IF NOT EXISTS person (ssn TEXT PRIMARY KEY, fname TEXT, lname TEXT, age INT)")
first.commit()
first.close()

spark = SparkSession.builder.appName("upsert").master("local[*]").getOrCreate()
query = (
    spark.readStream.schema("fname STRING, mname STRING, lname STRING, age INT, ssn STRING")
    .option("header", True)
    .option("maxFilesPerTrigger", 2)
    .csv("people")
    .writeStream.foreachBatch(upsert)
    .option("checkpointLocation", "checkpoint/upsert")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
