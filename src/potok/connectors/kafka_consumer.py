"""Records of given offsets, as Arrow.

A `RecordFetcher` stays assigned to the partitions of its query, so that the client fetches ahead of the
batches; what has come too early waits for the batch that it belongs to.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import confluent_kafka
import numpy as np
import pyarrow as pa

from potok.connectors.kafka_client import KafkaClient, kafka_error
from potok.connectors.kafka_offsets import OffsetRange, TopicPartition
from potok.connectors.kafka_options import KafkaReadOptions
from potok.connectors.kafka_settings import consumer_settings, max_poll_records
from potok.errors import SparkError
from potok.types import (
    BINARY,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    ArrayType,
    StructField,
    StructType,
    arrow_schema,
)

_log = logging.getLogger("potok.kafka")
_PIECE_RECORDS = 50_000
HEADERS_TYPE = ArrayType(StructType((StructField("key", STRING), StructField("value", BINARY))))
_FIELDS = (
    StructField("key", BINARY),
    StructField("value", BINARY),
    StructField("topic", STRING),
    StructField("partition", INTEGER),
    StructField("offset", LONG),
    StructField("timestamp", TIMESTAMP),
    StructField("timestampType", INTEGER),
)


def kafka_schema(*, include_headers: bool) -> StructType:
    """The columns of records, as KafkaRecordToRowConverter has them."""
    return (
        StructType((*_FIELDS, StructField("headers", HEADERS_TYPE)))
        if include_headers
        else StructType(_FIELDS)
    )


_ARROW = arrow_schema(kafka_schema(include_headers=True))
_TRANSIENT = {
    confluent_kafka.KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001 - the client's public codes
    confluent_kafka.KafkaError._TRANSPORT,  # noqa: SLF001
    confluent_kafka.KafkaError._RESOLVE,  # noqa: SLF001
    confluent_kafka.KafkaError._TIMED_OUT,  # noqa: SLF001
    confluent_kafka.KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001
    confluent_kafka.KafkaError.LEADER_NOT_AVAILABLE,
    confluent_kafka.KafkaError.NOT_LEADER_FOR_PARTITION,
}
_GONE = {
    confluent_kafka.KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001
    confluent_kafka.KafkaError.OFFSET_OUT_OF_RANGE,
    confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART,
    confluent_kafka.KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    confluent_kafka.KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
}


class RecordFetcher:
    """One consumer. Used by one thread at a time, and by one `read` at a time."""

    def __init__(self, options: KafkaReadOptions, group_id: str, client: KafkaClient) -> None:
        self._options = options
        self._client = client
        self._group_id = options.kafka.get("group.id", group_id)
        settings = consumer_settings(options.kafka, self._group_id)
        self._piece_records = max_poll_records(options.kafka, _PIECE_RECORDS)
        try:
            self._consumer = confluent_kafka.Consumer(settings, logger=_log)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error) from error
        # Where each assigned partition stands for who reads, and where it is known to end.
        self._positions: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._early: defaultdict[TopicPartition, deque[pa.RecordBatch]] = defaultdict(deque)
        self._columns: tuple[str, ...] = ()

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def follow(self, positions: Mapping[TopicPartition, int], columns: Sequence[str] = ()) -> None:
        """Be assigned to these partitions, from these offsets on; nothing is lost where that is so already."""
        if columns and tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self._positions = {}
        if all(self._positions.get(place) == offset for place, offset in positions.items()):
            return
        self._positions.update(positions)
        self._assign()

    def _assign(self) -> None:
        self._early.clear()
        self._ends.clear()
        self._consumer.assign(
            [
                confluent_kafka.TopicPartition(place.topic, place.partition, offset)
                for place, offset in self._positions.items()
            ]
        )

    def read(self, ranges: Sequence[OffsetRange], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The records of the ranges, pieces of one partition each, in the order of offsets within a partition.

        Columns are `columns` in this order. Offsets without a record (compacted away, or transaction
        marks) are passed over. Raises SparkError where records are gone, unless data may be lost.
        """
        ends = {place: end for place, start, end in ranges if end > start}
        self.follow({place: start for place, start, end in ranges if end > start}, columns)
        missing = dict(ends)
        last_progress_s = time.monotonic()
        while True:
            for place in sorted(missing):
                for batch in self._take(place, ends[place]):
                    last_progress_s = time.monotonic()
                    yield batch.select(columns)
                if self._positions[place] >= ends[place]:
                    del missing[place]
            if not missing:
                return
            if self._fetch(ends):
                last_progress_s = time.monotonic()
            elif (time.monotonic() - last_progress_s) * 1000 >= self._options.poll_timeout_ms:
                raise self._late(missing)

    def _late(self, missing: Mapping[TopicPartition, int]) -> SparkError:
        place = min(missing)
        return SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.TIMEOUT",
            message=f"Cannot fetch record for offset {self._positions[place]} of {place} (to {missing[place]}) in"
            f" {self._options.poll_timeout_ms} milliseconds",
        )

    def _take(self, place: TopicPartition, end: int) -> Iterator[pa.RecordBatch]:
        """What is there of a partition below an offset; the rest stays."""
        waiting = self._early[place]
        while waiting:
            batch = waiting[0]
            offsets = batch.column("offset").to_numpy()
            if offsets[-1] < end:
                waiting.popleft()
                self._positions[place] = int(offsets[-1]) + 1
                yield batch
                continue
            count = int(np.searchsorted(offsets, end))
            waiting[0] = batch.slice(count)
            self._positions[place] = end
            if count:
                yield batch.slice(0, count)
            return
        if self._ends.get(place, -1) >= end:
            self._positions[place] = end

    # ---- the client

    def _fetch(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Wait shortly for more; whether something has come."""
        messages = self._consumer.consume(self._piece_records, 0.1)
        if not messages:
            return False
        runs: defaultdict[TopicPartition, list[confluent_kafka.Message]] = defaultdict(list)
        for message in messages:
            error = message.error()
            if error is None:
                runs[TopicPartition(message.topic(), message.partition())].append(message)
            else:
                self._event(message, error, ends)
        for place, run in runs.items():
            self._early[place].append(self._batch(place, run))
        return bool(runs)

    def _event(
        self,
        message: confluent_kafka.Message,
        error: confluent_kafka.KafkaError,
        ends: Mapping[TopicPartition, int],
    ) -> None:
        code = error.code()
        place = TopicPartition(message.topic() or "", message.partition() or 0)
        if code == confluent_kafka.KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public codes
            self._ends[place] = max(self._ends.get(place, 0), message.offset())
        elif code in _TRANSIENT:
            _log.warning("%s", error.str())
        elif code in _GONE:
            self._lost(place, ends.get(place))
        else:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.KAFKA",
                message=f"{place} at offset {self._positions.get(place)}: {error.str()}",
            )

    def _lost(self, place: TopicPartition, end: int | None) -> None:
        """The offset that is to be read next is gone: fail, or go on where there is something."""
        if end is None:
            # Nobody has asked for it yet; who does, asks for the offsets first.
            self._positions.pop(place, None)
            return
        position = self._positions[place]
        error = SparkError(
            "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
            startOffset=position,
            endOffset=end,
            topicPartition=place,
            groupId=self._group_id,
        )
        if self._options.fail_on_data_loss:
            raise error
        first = self._client.earliest([place]).get(place, end)
        self._positions[place] = min(max(first, position), end)
        _log.warning("%s Going on at offset %d.", error.text, self._positions[place])
        self._assign()

    def _batch(self, place: TopicPartition, run: list[confluent_kafka.Message]) -> pa.RecordBatch:
        names = dict.fromkeys((*self._columns, "offset"))
        return pa.RecordBatch.from_arrays(
            [_MAKE[name](place, run) for name in names],
            schema=pa.schema([_ARROW.field(name) for name in names]),
        )


Run = list[confluent_kafka.Message]


def _times(run: Run) -> pa.Array:
    milliseconds = np.fromiter((message.timestamp()[1] for message in run), np.int64, len(run))
    return pa.array(milliseconds * 1000).cast(_ARROW.field("timestamp").type)


def _headers(run: Run) -> pa.Array:
    return pa.array(
        [
            None if not (found := message.headers()) else [{"key": k, "value": v} for k, v in found]
            for message in run
        ],
        _ARROW.field("headers").type,
    )


_MAKE: dict[str, Callable[[TopicPartition, Run], pa.Array]] = {
    "key": lambda _, run: pa.array([message.key() for message in run], pa.binary()),
    "value": lambda _, run: pa.array([message.value() for message in run], pa.binary()),
    "topic": lambda place, run: pa.repeat(pa.scalar(place.topic, pa.string()), len(run)),
    "partition": lambda place, run: pa.repeat(pa.scalar(place.partition, pa.int32()), len(run)),
    "offset": lambda _, run: pa.array([message.offset() for message in run], pa.int64()),
    "timestamp": lambda _, run: _times(run),
    "timestampType": lambda _, run: pa.array([message.timestamp()[0] - 1 for message in run], pa.int32()),
    "headers": lambda _, run: _headers(run),
}
