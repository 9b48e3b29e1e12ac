"""A watermark and a filter above it, in many forms: which rows move the watermark?"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

root = sys.argv[1]
spark = SparkSession.builder.appName("watermark filters").getOrCreate()
Path(root, "in").mkdir(parents=True, exist_ok=True)
Path(root, "in", "a.csv").write_text(
    "1,2024-01-01 00:00:00,x\n2,2024-01-02 00:00:00,x\n3,2024-01-03 00:00:00,y\n", encoding="utf-8"
)
rows = spark.readStream.schema("id INT, at TIMESTAMP, name STRING").csv(f"{root}/in")
marked = rows.withWatermark("at", "0 seconds")
is_small = F.udf(lambda number: number < 3, "boolean")
is_odd = F.udf(lambda number: number != 3, "boolean").asNondeterministic()

FORMS = {
    "none": marked,
    "direct": marked.filter("id < 3"),
    "below": rows.filter("id < 2").withWatermark("at", "0 seconds"),
    "event time": marked.filter("at < '2024-01-03'"),
    "both": marked.filter("id < 3 AND at < '2024-01-02'"),
    "two": marked.filter("at < '2024-01-02'").filter("id < 3"),
    "either": marked.filter("id < 3 OR at < '2024-01-02'"),
    "column": marked.withColumn("double", F.col("id") * 2).filter("double < 5"),
    "rename": marked.withColumnRenamed("id", "number").filter("number < 2"),
    "select": marked.select("at", (F.col("id") + 1).alias("next"), "name").filter("next < 3").select("at"),
    "copy of event time": marked.withColumn("same", F.col("at")).filter("same < '2024-01-02'"),
    "random": marked.filter((F.col("id") < 3) & (F.rand() >= 0)),
    "random column": marked.withColumn("r", F.rand()).filter("id < 3"),
    "alias": marked.alias("m").filter("m.id < 3"),
    "user function": marked.filter(is_small("id")),
    "user function that varies": marked.filter(is_odd("id")),
    "user column": marked.withColumn("small", is_small("id")).filter("small"),
    "union": marked.union(marked).filter("id < 3"),
    "null": marked.filter("name = 'x'").filter("id IS NOT NULL"),
    "explode": marked.withColumn("n", F.explode(F.array("id", "id"))).filter("id < 3"),
    "explode in SQL": marked.selectExpr("at", "id", "stack(2, id, id) AS n").filter("id < 3"),
    "cast": marked.select(F.col("id").cast("string").alias("id"), "at").filter("id < '3'"),
    "time in a call": marked.filter("id < 3").filter(F.current_timestamp() > "2020-01-01"),
}
found = {}
for form, frame in FORMS.items():
    checkpoint = Path(root, form)
    frame.writeStream.format("noop").option("checkpointLocation", str(checkpoint)).trigger(
        availableNow=True
    ).start().awaitTermination()
    text = (checkpoint / "commits" / "0").read_text(encoding="utf-8")
    found[form] = json.loads(text.split("\n")[1])["nextBatchWatermarkMs"]
Path(root, "found.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
