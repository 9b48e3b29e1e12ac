r"""A device that has said nothing for five minutes of event time is reported, with what is known of it.

    mkdir -p signals
    printf 'd1,2024-05-01 10:00:00,20\nd2,2024-05-01 10:00:30,25\n' > signals/1.csv
    printf 'd1,2024-05-01 10:04:00,22\n' > signals/2.csv
    printf 'd3,2024-05-01 10:20:00,18\n' > signals/3.csv
    potok run silent_devices.py

`applyInPandasWithState` calls a function for each device with new rows, and once more when its time is over.
"""

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.streaming.state import GroupStateTimeout

FIVE_MINUTES_MS = 300_000


def watch(key, frames, state):
    signals, hottest = state.get if state.exists else (0, float("-inf"))
    if state.hasTimedOut:
        state.remove()
        yield pd.DataFrame({"device": key, "signals": [signals], "hottest": [hottest]})
        return
    last_ms = 0
    for frame in frames:
        signals += len(frame)
        hottest = max(hottest, float(frame["celsius"].max()))
        last_ms = max(last_ms, int(frame["at"].max().timestamp() * 1000))
    state.update((signals, hottest))
    state.setTimeoutTimestamp(max(last_ms, state.getCurrentWatermarkMs()) + FIVE_MINUTES_MS)


spark = SparkSession.builder.appName("silent").config("spark.sql.session.timeZone", "UTC").getOrCreate()
signals = (
    spark.readStream.schema("device STRING, at TIMESTAMP, celsius DOUBLE")
    .option("maxFilesPerTrigger", 1)
    .csv("signals")
    .withWatermark("at", "30 seconds")
)
silent = signals.groupBy("device").applyInPandasWithState(
    watch,
    outputStructType="device STRING, signals LONG, hottest DOUBLE",
    stateStructType="signals LONG, hottest DOUBLE",
    outputMode="append",
    timeoutConf=GroupStateTimeout.EventTimeTimeout,
)
query = silent.writeStream.queryName("silent").format("memory").trigger(availableNow=True).start()
query.awaitTermination()
spark.table("silent").orderBy("device").show()
spark.stop()
