"""Rows into Kafka. Source of facts: KafkaWriter, KafkaWriteTask, KafkaSink."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

import confluent_kafka
import pyarrow as pa

from potok.connectors.base import Rows
from potok.connectors.kafka_consumer import HEADERS_TYPE
from potok.connectors.kafka_errors import ConnectorError, failed, kafka_error, too_late
from potok.connectors.kafka_options import kafka_settings
from potok.connectors.kafka_settings import producer_settings
from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, Options
from potok.types import BINARY, INTEGER, STRING, DataType, StructType, as_nullable

_log = logging.getLogger("potok.kafka")
_DESIRED: dict[str, tuple[DataType, ...]] = {
    "topic": (STRING,),
    "key": (STRING, BINARY),
    "value": (STRING, BINARY),
    "headers": (HEADERS_TYPE,),
    "partition": (INTEGER,),
}
_POLL_EVERY = 1000
_FULL_WAIT_S = 0.05


def check_schema(schema: StructType, topic: str | None) -> None:
    """Whether rows of this schema can be sent. Raises Spark's words, in Spark's order."""
    types: dict[str, DataType] = {}
    for field in schema.fields:
        types.setdefault(field.name, field.data_type)
    if topic is None and "topic" not in types:
        raise _refused(
            "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic."
        )
    for name, desired in _DESIRED.items():
        if name == "topic" and topic is not None:
            continue
        found = types.get(name)
        if found is None:
            if name == "value":
                raise _refused("Required attribute 'value' not found")
            continue
        if as_nullable(found) not in desired:
            wanted = " or ".join(data_type.simple_string for data_type in desired)
            raise _refused(
                f"{name} attribute unsupported type {found.simple_string}. {name} must be a(n) {wanted}"
            )


def _refused(message: str) -> SparkError:
    return SparkError("_LEGACY_ERROR_TEMP_3080", msg=message)


class RecordWriter:
    """One producer. What `send` takes is acknowledged by the brokers when `flush` returns."""

    def __init__(self, options: Options) -> None:
        topic = options.get("topic")
        self._topic = None if topic is None else topic.strip()
        kafka = kafka_settings(options)
        self._max_block_s = int(kafka.get("max.block.ms", "60000")) / 1000
        try:
            self._producer = confluent_kafka.Producer(producer_settings(kafka), logger=_log)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error) from error
        self._failure: SparkError | None = None

    def send(self, rows: Rows) -> int:
        """Hand all rows to the producer; how many. Raises the first failure that is known by then."""
        count = 0
        for batch in rows.to_reader():
            for record in self._records(batch, rows.schema):
                self._send_one(record)
                count += 1
                if count % _POLL_EVERY == 0:
                    self._producer.poll(0)
                    self._check()
        return count

    def flush(self) -> None:
        """Wait until everything is acknowledged. Raises the first failure, naming topic and partition."""
        while self._producer.flush(1.0):
            self._check()
        self._check()

    def close(self) -> None:
        """Give up what is not sent yet."""
        self._producer.purge()
        self._producer.flush(0)

    def _records(self, batch: pa.RecordBatch, schema: StructType) -> Iterator[dict[str, Any]]:
        columns: dict[str, Sequence[Any]] = {}
        for name, field in zip(batch.schema.names, schema.fields, strict=True):
            if name in columns or name not in _DESIRED:
                continue
            column = batch.column(batch.schema.names.index(name))
            if name in {"key", "value"} and field.data_type == STRING:
                column = column.cast(pa.binary())
            columns[name] = column.to_pylist()
        if self._topic is not None:
            columns["topic"] = [self._topic] * batch.num_rows
        if "headers" in columns:
            columns["headers"] = [
                None if headers is None else [(header["key"], header["value"]) for header in headers]
                for headers in columns["headers"]
            ]
        names = list(columns)
        for values in zip(*columns.values(), strict=True):
            yield {name: value for name, value in zip(names, values, strict=True) if value is not None}

    def _send_one(self, record: dict[str, Any]) -> None:
        if "topic" not in record:
            raise ConnectorError("KAFKA_NULL_TOPIC_IN_DATA")
        deadline_s = None
        while True:
            try:
                self._producer.produce(**record, on_delivery=self._delivered)
            except BufferError:
                now_s = time.monotonic()
                deadline_s = deadline_s or now_s + self._max_block_s
                if now_s > deadline_s:
                    raise too_late(
                        "Failed to allocate memory within the configured max blocking time"
                        f" {self._max_block_s * 1000:.0f} ms."
                    ) from None
                self._producer.poll(_FULL_WAIT_S)
                self._check()
            except confluent_kafka.KafkaException as error:
                raise kafka_error(error, f"A record for {_place(record)} cannot be sent") from error
            else:
                return

    def _delivered(self, error: confluent_kafka.KafkaError | None, message: confluent_kafka.Message) -> None:
        if error is not None and self._failure is None:
            self._failure = failed(
                f"A record for {message.topic()}-{message.partition()} was not taken: {error.str()}"
            )

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


def _place(record: dict[str, Any]) -> str:
    partition = record.get("partition")
    return record["topic"] if partition is None else f"{record['topic']}-{partition}"


class KafkaSink:
    """A stream's sink: at least once, as Spark's. A repeated batch is sent again."""

    description = "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable@0"

    def __init__(self, options: Options, schema: StructType) -> None:
        self._options = options
        self._schema = schema
        producer_settings(kafka_settings(options))
        self._writer: RecordWriter | None = None

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink. Raises _LEGACY_ERROR_TEMP_3080 for columns that Kafka has no place for."""
        topic = self._options.get("topic")
        check_schema(self._schema, None if topic is None else topic.strip())
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink. Every row is acknowledged when this returns."""
        if self._writer is None:
            self._writer = RecordWriter(self._options)
        count = self._writer.send(rows)
        self._writer.flush()
        return count

    def stop(self) -> None:
        """See Sink."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
