r"""A payment of more than 500 within a minute after one of less than 1 is suspect: somebody has tried the card.

    mkdir -p cards
    printf 'A,2024-05-01 10:00:00,0.50\nB,2024-05-01 10:00:01,0.20\nC,2024-05-01 10:00:02,700\n' > cards/1.csv
    printf 'A,2024-05-01 10:00:30,900\n' > cards/2.csv
    printf 'B,2024-05-01 10:02:00,800\n' > cards/3.csv
    potok run card_fraud.py

A `StatefulProcessor` remembers the small payment of each card, and a timer forgets it when the watermark has passed its minute.
"""

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StatefulProcessor

MINUTE_MS = 60_000
ALERT = "card STRING, at TIMESTAMP, amount DOUBLE, tried DOUBLE"


class FraudDetector(StatefulProcessor):
    def init(self, handle):
        self.handle = handle
        self.tried = handle.getValueState("tried", "ms LONG, amount DOUBLE")

    def handleInputRows(self, key, rows, timerValues):
        alerts = []
        for frame in rows:
            for payment in frame.sort_values("at").itertuples():
                now_ms = int(payment.at.timestamp() * 1000)
                tried_ms, tried = self.tried.get() if self.tried.exists() else (0, 0.0)
                if payment.amount > 500 and now_ms - tried_ms <= MINUTE_MS:
                    alerts.append((*key, payment.at, payment.amount, tried))
                if payment.amount < 1:
                    self.tried.update((now_ms, payment.amount))
                    self.handle.registerTimer(now_ms + MINUTE_MS)
        yield pd.DataFrame(alerts, columns=["card", "at", "amount", "tried"])

    def handleExpiredTimer(self, key, timerValues, expiredTimerInfo):
        self.tried.clear()
        yield pd.DataFrame()

    def close(self):
        pass


# Spark has this operator with RocksDB only; potok keeps its state in files of its own.
spark = (
    SparkSession.builder.appName("card fraud")
    .config("spark.sql.session.timeZone", "UTC")
    .config(
        "spark.sql.streaming.stateStore.providerClass",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    )
    .getOrCreate()
)
payments = (
    spark.readStream.schema("card STRING, at TIMESTAMP, amount DOUBLE")
    .option("maxFilesPerTrigger", 1)
    .csv("cards")
    .withWatermark("at", "0 seconds")
)
alerts = payments.groupBy("card").transformWithStateInPandas(FraudDetector(), ALERT, "Append", "EventTime")
query = alerts.writeStream.queryName("alerts").format("memory").trigger(availableNow=True).start()
query.awaitTermination()
spark.table("alerts").orderBy("at").show()
spark.stop()
