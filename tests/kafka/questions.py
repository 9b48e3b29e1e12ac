"""What real Spark with its Kafka connector and potok are both asked; the same topics are made for both."""

from __future__ import annotations

import re
from typing import Any

ONE, THREE, MANY, WRONG_TIME = "rec-one", "rec-three", "rec_many", "rec.time"
TOPICS = {ONE: 1, THREE: 3, MANY: 20, "Zeta.x": 12}
WRONG_TIME_MS = 1_700_000_000_000_000_000
RECORDS_PER_PARTITION = 3

# name -> (stream or batch, options)
READS: dict[str, tuple[str, dict[str, str]]] = {
    "all": ("stream", {"subscribe": ",".join(TOPICS), "startingOffsets": "earliest"}),
    "limited": (
        "stream",
        {"subscribe": ",".join(TOPICS), "startingOffsets": "earliest", "maxOffsetsPerTrigger": "50"},
    ),
    "pattern": ("stream", {"subscribePattern": "rec.o|rec-t", "startingOffsets": "earliest"}),
    "assign": (
        "stream",
        {"assign": '{"rec-three":[0,2]}', "startingOffsets": '{"rec-three":{"0":1,"2":-2}}'},
    ),
    "partitions missing": ("stream", {"subscribe": THREE, "startingOffsets": '{"rec-three":{"0":1}}'}),
    "partitions missing, batch": ("batch", {"subscribe": THREE, "startingOffsets": '{"rec-three":{"0":1}}'}),
    "times missing": ("stream", {"subscribe": THREE, "startingOffsetsByTimestamp": '{"rec-three":{"0":1}}'}),
    "times missing, batch": (
        "batch",
        {"subscribe": THREE, "startingOffsetsByTimestamp": '{"rec-three":{"0":1}}'},
    ),
    "no match": ("stream", {"subscribe": ONE, "startingTimestamp": "99999999999999"}),
    "start too high": ("stream", {"subscribe": ONE, "startingOffsets": '{"rec-one":{"0":1000}}'}),
    "start too high, lost": (
        "stream",
        {"subscribe": ONE, "startingOffsets": '{"rec-one":{"0":1000}}', "failOnDataLoss": "false"},
    ),
    "start too high, batch": ("batch", {"subscribe": ONE, "startingOffsets": '{"rec-one":{"0":1000}}'}),
    "end too high, batch": (
        "batch",
        {"subscribe": ONE, "endingOffsets": '{"rec-one":{"0":1000}}', "kafkaConsumer.pollTimeoutMs": "3000"},
    ),
    "end too high, lost, batch": (
        "batch",
        {
            "subscribe": ONE,
            "endingOffsets": '{"rec-one":{"0":1000}}',
            "kafkaConsumer.pollTimeoutMs": "3000",
            "failOnDataLoss": "false",
        },
    ),
    "end before start": (
        "batch",
        {"subscribe": ONE, "startingOffsets": '{"rec-one":{"0":2}}', "endingOffsets": '{"rec-one":{"0":1}}'},
    ),
    "other partitions": (
        "batch",
        {"subscribe": ONE, "startingOffsets": '{"rec-one":{"0":2}}', "endingOffsets": '{"rec-one":{"1":1}}'},
    ),
    "from latest": ("batch", {"subscribe": ONE, "startingOffsets": "latest"}),
    "to earliest": ("batch", {"subscribe": ONE, "endingOffsets": "earliest"}),
    "wrong time": ("stream", {"subscribe": WRONG_TIME, "startingOffsets": "earliest"}),
    "nothing": ("stream", {}),
    "two": ("stream", {"subscribe": "a", "assign": '{"a":[0]}'}),
    "no topics": ("stream", {"subscribe": " , "}),
    "no JSON": ("stream", {"assign": "a"}),
    "wrong JSON": ("stream", {"assign": "{a"}),
    "no pattern": ("stream", {"subscribePattern": " "}),
    "minPartitions": ("stream", {"subscribe": ONE, "minPartitions": "0"}),
    "minPartitions x": ("stream", {"subscribe": ONE, "minPartitions": "x"}),
    "maxRecordsPerPartition": ("stream", {"subscribe": ONE, "maxRecordsPerPartition": "0"}),
    "auto.offset.reset": ("stream", {"subscribe": ONE, "kafka.auto.offset.reset": "latest"}),
    "key.deserializer": ("stream", {"subscribe": ONE, "kafka.key.deserializer": "x"}),
    "value.deserializer": ("stream", {"subscribe": ONE, "kafka.value.deserializer": "x"}),
    "enable.auto.commit": ("stream", {"subscribe": ONE, "kafka.enable.auto.commit": "true"}),
    "interceptor.classes": ("stream", {"subscribe": ONE, "kafka.interceptor.classes": "x"}),
    "min over max": ("stream", {"subscribe": ONE, "minOffsetsPerTrigger": "5", "maxOffsetsPerTrigger": "2"}),
    "ending": ("stream", {"subscribe": ONE, "endingOffsets": "latest"}),
    "offsets x": ("stream", {"subscribe": ONE, "startingOffsets": "x"}),
    "time x": ("stream", {"subscribe": ONE, "startingTimestamp": "x"}),
    "times x": ("stream", {"subscribe": ONE, "startingOffsetsByTimestamp": "x"}),
    "strategy x": (
        "stream",
        {"subscribe": ONE, "startingTimestamp": "1", "startingOffsetsByTimestampStrategy": "x"},
    ),
    "includeHeaders x": ("stream", {"subscribe": ONE, "includeHeaders": "x"}),
    "failOnDataLoss x": ("stream", {"subscribe": ONE, "failOnDataLoss": "x"}),
}
WRITES: dict[str, tuple[str, dict[str, str]]] = {
    "no topic": ("'a' value", {}),
    "no value": ("'a' key", {"topic": ONE}),
    "value": ("1L value", {"topic": ONE}),
    "topic": ("'a' value, 1L topic", {}),
    "key": ("'a' value, 1L key", {"topic": ONE}),
    "headers": ("'a' value, 'x' headers", {"topic": ONE}),
    "partition": ("'a' value, 1L partition", {"topic": ONE}),
    "null topic": ("'a' value, cast(null as string) topic", {}),
    "key.serializer": ("'a' value", {"topic": ONE, "kafka.key.serializer": "x"}),
    "value.serializer": ("'a' value", {"topic": ONE, "kafka.value.serializer": "x"}),
}


def essence(error: BaseException) -> str:
    """What an error says, without what the client and the query put around it."""
    text = str(error).partition("JVM stacktrace")[0]
    found = re.search(r"terminated with exception: (.*?) SQLSTATE: XXKST", text, re.DOTALL)
    if found is None:
        found = re.search(
            r"An error occurred while calling [^:]+:? ?\n?: [\w.$]+: (.*?)\n\tat ", text, re.DOTALL
        )
    plain = found[1] if found is not None else text
    plain = re.sub(r"^\[[A-Z_.]+\] |^\([\w.$]+\) ", "", plain)
    plain = re.sub(r" SQLSTATE: \w{5}$", "", plain.strip())
    return re.sub(r"(group \S+?-)[-0-9a-f]{36}\S*", r"\1..", plain.strip())


def answer_read(spark: Any, bootstrap: str, name: str, directory: str) -> Any:
    """Offsets of a stream's batches and its initial offsets, the number of rows of a batch, or the error."""
    kind, options = READS[name]
    reader = (spark.readStream if kind == "stream" else spark.read).format("kafka")
    reader = reader.option("kafka.bootstrap.servers", bootstrap).option("fetchOffset.retryIntervalMs", "10")
    try:
        frame = reader.options(**options).load()
        if kind == "batch":
            return frame.count()
        checkpoint = f"{directory}/{name.replace(' ', '_')}"
        writer = frame.writeStream.format("noop").option("checkpointLocation", checkpoint)
        query = writer.trigger(availableNow=True).start()
        query.awaitTermination()
    except Exception as error:  # noqa: BLE001 - the answer
        return {"error": essence(error)}
    behind = [progress["sources"][0]["metrics"] for progress in query.recentProgress]
    return {"offsets": offsets(checkpoint), "behind": behind}


def offsets(checkpoint: str) -> list[str]:
    """The initial offsets and those of each batch, as they stand in the checkpoint."""
    from pathlib import Path

    log = Path(checkpoint) / "offsets"
    numbers = sorted(int(path.name) for path in log.iterdir() if path.name.isdigit())
    texts = [(log / str(number)).read_text().splitlines()[2] for number in numbers]
    return [(Path(checkpoint) / "sources/0/0").read_bytes().decode(), *texts]


def answer_write(spark: Any, bootstrap: str, name: str) -> Any:
    """The error, or none."""
    columns, options = WRITES[name]
    try:
        writer = (
            spark.sql(f"SELECT {columns}").write.format("kafka").option("kafka.bootstrap.servers", bootstrap)
        )
        writer.options(**options).save()
    except Exception as error:  # noqa: BLE001 - the answer
        return {"error": essence(error)}
    return None
