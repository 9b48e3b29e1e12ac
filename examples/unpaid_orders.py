r"""Orders beside their payments; an order that is not paid within an hour comes out with NULL.

    mkdir -p orders payments
    printf '{"order":1,"ordered":"2024-05-01T10:00:00Z"}\n{"order":2,"ordered":"2024-05-01T10:10:00Z"}\n' > orders/1.json
    printf '{"paid_order":1,"paid":"2024-05-01T10:30:00Z","amount":9.99}\n' > payments/1.json
    printf '{"order":3,"ordered":"2024-05-01T13:00:00Z"}\n' > orders/2.json
    printf '{"paid_order":3,"paid":"2024-05-01T13:00:30Z","amount":5.00}\n' > payments/2.json
    potok run unpaid_orders.py

Both watermarks and the range of time together say how long a row has to be remembered.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("unpaid").config("spark.sql.session.timeZone", "UTC").getOrCreate()


def stream(name: str, schema: str, time: str):
    files = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).json(name)
    return files.withWatermark(time, "10 minutes")


orders = stream("orders", "`order` INT, ordered TIMESTAMP", "ordered")
payments = stream("payments", "paid_order INT, paid TIMESTAMP, amount DECIMAL(9, 2)", "paid")
answers = orders.join(
    payments,
    (F.col("order") == F.col("paid_order"))
    & F.col("paid").between(F.col("ordered"), F.col("ordered") + F.expr("INTERVAL 1 HOUR")),
    "left_outer",
)
query = (
    answers.select("order", "ordered", "paid", "amount")
    .writeStream.queryName("answers")
    .format("memory")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
spark.table("answers").orderBy("order").show()
spark.stop()
