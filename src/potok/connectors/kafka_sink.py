"""Rows into Kafka. Source of facts: KafkaWriter, KafkaWriteTask, KafkaSink."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import confluent_kafka
import pyarrow as pa

from potok.connectors.base import Rows
from potok.connectors.kafka_consumer import HEADERS_TYPE
from potok.connectors.kafka_errors import failed, is_refusal, kafka_error, lacks_token, too_late
from potok.connectors.kafka_options import kafka_settings
from potok.connectors.kafka_settings import admin_settings, api_timeout_s, producer_settings
from potok.connectors.options import illegal_argument
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
_STEP_WAIT_S = 1.0
_TRANSACTION_TIMEOUT_MS = "300000"


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

    def __init__(self, options: Options, transactional_id: str | None = None) -> None:
        self._topic = topic_of(options)
        self._failure: SparkError | None = None
        self._has_delivered = False
        kafka = kafka_settings(options)
        self._max_block_s = int(kafka.get("max.block.ms", "60000")) / 1000
        try:
            settings = producer_settings(kafka, is_transactional=transactional_id is not None)
            if transactional_id is not None:
                settings.setdefault("transactional.id", transactional_id)
                settings.setdefault("transaction.timeout.ms", _TRANSACTION_TIMEOUT_MS)
            self._producer = confluent_kafka.Producer({**settings, "error_cb": self._notice}, logger=_log)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error) from error

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

    def begin_transaction(self, *, is_first: bool) -> None:
        """What is sent from now on appears as one; `is_first` shuts out a former process with the same id."""
        if is_first:
            self._in_transaction(self._producer.init_transactions)
        self._in_transaction(lambda _: self._producer.begin_transaction())

    def commit_transaction(
        self, mark: confluent_kafka.TopicPartition, group: confluent_kafka.ConsumerGroupMetadata
    ) -> None:
        """Make everything appear, together with the mark, an offset of a consumer group."""
        self._in_transaction(lambda wait_s: self._producer.send_offsets_to_transaction([mark], group, wait_s))
        self._in_transaction(self._producer.commit_transaction)

    def _in_transaction(self, step: Callable[[float], None]) -> None:
        """Repeat a step as long as the client says that this may help. Raises what it says otherwise.

        A step is given a short time, which does not end it: called again, it goes on.
        """
        deadline_s = time.monotonic() + self._max_block_s
        while True:
            try:
                step(min(_STEP_WAIT_S, self._max_block_s))
            except confluent_kafka.KafkaException as error:
                cause = error.args[0]
                if cause.retriable() and time.monotonic() < deadline_s:
                    self._producer.poll(_FULL_WAIT_S)
                    self._check()
                    continue
                if cause.txn_requires_abort():
                    with contextlib.suppress(confluent_kafka.KafkaException):
                        self._producer.abort_transaction(self._max_block_s)
                raise kafka_error(error, "The transaction of the batch failed") from error
            else:
                return

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
            raise SparkError("KAFKA_NULL_TOPIC_IN_DATA")
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
        if error is None:
            self._has_delivered = True
        elif self._failure is None:
            self._failure = failed(
                f"A record for {message.topic()}-{message.partition()} was not taken: {error.str()}"
            )

    def _notice(self, error: confluent_kafka.KafkaError) -> None:
        if self._has_delivered and lacks_token(error.str()):
            _log.warning("%s", error.str())
        elif is_refusal(error) and self._failure is None:
            self._failure = failed(error.str())

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


def _place(record: dict[str, Any]) -> str:
    partition = record.get("partition")
    return record["topic"] if partition is None else f"{record['topic']}-{partition}"


def topic_of(options: Options) -> str | None:
    """The topic for all rows, which goes before a column `topic`."""
    topic = options.get("topic")
    return None if topic is None else topic.strip()


class BatchMark:
    """How many batches of a query Kafka holds: an offset of a consumer group, committed with each batch.

    The offset of partition 0 of the topic is one more than the newest batch id that is there.
    """

    def __init__(self, options: Options, query_id: str) -> None:
        kafka = kafka_settings(options)
        self.topic = topic_of(options) or ""
        self._timeout_s = api_timeout_s(kafka)
        settings = {
            **admin_settings(kafka),
            "group.id": f"potok-sink-{query_id}",
            "enable.auto.commit": "false",
        }
        try:
            self._consumer = confluent_kafka.Consumer(settings, logger=_log)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error) from error

    @property
    def group(self) -> confluent_kafka.ConsumerGroupMetadata:
        """Under which the offset is committed."""
        return self._consumer.consumer_group_metadata()

    def read(self) -> int | None:
        """The number of batches; None where Kafka knows of none (or has forgotten: offsets expire)."""
        asked = confluent_kafka.TopicPartition(self.topic, 0)
        try:
            [found] = self._consumer.committed([asked], self._timeout_s)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error, f"The mark of the last batch in {self.topic}") from error
        if found.error is not None:
            raise failed(f"The mark of the last batch in {self.topic}: {found.error.str()}")
        return None if found.offset < 0 else int(found.offset)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()


class KafkaSink:
    """A stream's sink. At least once, as Spark's: a repeated batch is sent again.

    With the option `deliveryGuarantee` set to `exactly-once` (ours) each batch is one Kafka transaction, which
    also commits the batch id: readers of committed records see each batch once, whatever was killed when.
    """

    description = "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable@0"

    def __init__(self, options: Options, schema: StructType, query_id: str) -> None:
        self._options = options
        self._schema = schema
        self._query_id = query_id
        self._is_exact = _is_exact(options)
        self._writer: RecordWriter | None = None
        self._mark: BatchMark | None = None
        self._batches_there = 0

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink. Raises when it cannot be told whether a batch that was begun is there."""
        if not self._is_exact:
            return
        # Ends what a killed process has left open; only then the mark is final.
        self._writer = RecordWriter(self._options, f"potok-{self._query_id}")
        self._writer.begin_transaction(is_first=True)
        self._mark = BatchMark(self._options, self._query_id)
        batches = self._mark.read()
        if batches is None and is_replay and next_batch_id > 0:
            raise failed(
                f"Kafka does not know whether it holds batch {next_batch_id} of this query: the mark in the consumer"
                f" group potok-sink-{self._query_id} is missing, perhaps expired. Run the query once with the option"
                " deliveryGuarantee at-least-once; the batch may then be there twice."
            )
        self._batches_there = batches or 0

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink. Raises for servers that are not named, _LEGACY_ERROR_TEMP_3080 for columns that Kafka has no place for."""
        producer_settings(kafka_settings(self._options))
        check_schema(self._schema, topic_of(self._options))
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink. Every row is acknowledged when this returns."""
        if batch_id < self._batches_there:
            _log.info("Batch %d is in Kafka already.", batch_id)
            return 0
        if self._writer is None:
            self._writer = RecordWriter(self._options)
        count = self._writer.send(rows)
        self._writer.flush()
        if self._mark is not None:
            mark = confluent_kafka.TopicPartition(self._mark.topic, 0, batch_id + 1)
            self._writer.commit_transaction(mark, self._mark.group)
            self._writer.begin_transaction(is_first=False)
        return count

    def stop(self) -> None:
        """See Sink. A batch that is not complete is never seen by readers of committed records."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._mark is not None:
            self._mark.close()
            self._mark = None


def _is_exact(options: Options) -> bool:
    guarantee = options.get("deliveryGuarantee", "at-least-once").lower()
    if guarantee not in {"at-least-once", "exactly-once"}:
        raise illegal_argument(
            f"Invalid value '{guarantee}' for option 'deliveryGuarantee', must be 'at-least-once' or 'exactly-once'"
        )
    if guarantee == "exactly-once" and topic_of(options) is None:
        raise illegal_argument("The option 'deliveryGuarantee' exactly-once needs the option 'topic'")
    return bool(guarantee == "exactly-once")
