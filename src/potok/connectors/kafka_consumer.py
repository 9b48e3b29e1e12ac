"""Records of given offsets, as Arrow.

A `RecordFetcher` stays assigned to the partitions of its query, so that the client fetches ahead of the
batches; what has come too early waits for the batch that it belongs to.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import confluent_kafka
import numpy as np
import pyarrow as pa

from potok.connectors.kafka_client import KafkaClient
from potok.connectors.kafka_errors import failed, is_untimely, lacks_token, wrong_setting
from potok.connectors.kafka_library import Array, Event, NativeConsumer, Piece
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
_PIECE_RECORDS = 20_000
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
_CODES = confluent_kafka.KafkaError
_TRANSIENT = {
    _CODES._ALL_BROKERS_DOWN,  # noqa: SLF001 - the client's public codes
    _CODES._TRANSPORT,  # noqa: SLF001
    _CODES._RESOLVE,  # noqa: SLF001
    _CODES._TIMED_OUT,  # noqa: SLF001
    _CODES._MAX_POLL_EXCEEDED,  # noqa: SLF001
    _CODES.LEADER_NOT_AVAILABLE,
    _CODES.NOT_LEADER_FOR_PARTITION,
}
_GONE = {
    _CODES._AUTO_OFFSET_RESET,  # noqa: SLF001
    _CODES.OFFSET_OUT_OF_RANGE,
    _CODES.UNKNOWN_TOPIC_OR_PART,
    _CODES._UNKNOWN_PARTITION,  # noqa: SLF001
    _CODES._UNKNOWN_TOPIC,  # noqa: SLF001
}
_MAX_TIME_MS = (2**63 - 1) // 1000
_SYSLOG = {0: 50, 1: 50, 2: 50, 3: 40, 4: 30, 5: 20, 6: 20, 7: 10}


class RecordFetcher:
    """One consumer. Used by one thread at a time, and by one `read` at a time."""

    def __init__(
        self,
        options: KafkaReadOptions,
        group_id: str,
        client: KafkaClient,
        wake_descriptor: int | None = None,
    ) -> None:
        self._options = options
        self._client = client
        self._group_id = options.kafka.get("group.id", group_id)
        self._piece_records = max_poll_records(options.kafka, _PIECE_RECORDS)
        try:
            self._consumer = NativeConsumer(consumer_settings(options.kafka, self._group_id), wake_descriptor)
        except ValueError as error:
            raise wrong_setting(str(error)) from error
        # Where each assigned partition stands for who reads, and where it is known to end.
        self._positions: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._early: defaultdict[TopicPartition, deque[pa.RecordBatch]] = defaultdict(deque)
        self._early_records = 0
        self._failure: SparkError | None = None
        self._has_read = False
        self._columns = kafka_schema(include_headers=options.include_headers).names

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def follow(self, positions: Mapping[TopicPartition, int]) -> None:
        """Be assigned to these partitions, from these offsets on; nothing is lost where that is so already."""
        if any(self._positions.get(place) != offset for place, offset in positions.items()):
            self._positions.update(positions)
            self._assign()

    def fetch_ahead(self) -> None:
        """Take what has come, without waiting, up to a bound."""
        if self._early_records < self._piece_records:
            self._fetch({}, 0)

    def ahead(self, most: int) -> dict[TopicPartition, int]:
        """The offsets after the records that have come and are not read yet; none if they are more than `most`."""
        if self._failure is not None or self._early_records > most:
            return {}
        return {
            place: int(batches[-1].column("offset")[-1].as_py()) + 1
            for place, batches in self._early.items()
            if batches
        }

    def _assign(self) -> None:
        self._early.clear()
        self._early_records = 0
        self._ends.clear()
        self._failure = None
        try:
            self._consumer.assign(self._positions.items())
        except ValueError as error:
            raise failed(str(error)) from error

    def _choose_columns(self, columns: Sequence[str]) -> None:
        """Only what is asked for is taken out of records; what came before has more, or is fetched again."""
        if not self._has_read:
            self._has_read = True
            self._columns = tuple(columns)
        elif not set(columns) <= set(self._columns):
            self._columns = tuple(dict.fromkeys((*self._columns, *columns)))
            self._positions.clear()

    def read(self, ranges: Sequence[OffsetRange], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The records of the ranges, pieces of one partition each, in the order of offsets within a partition.

        Columns are `columns` in this order. Offsets without a record (compacted away, or transaction
        marks) are passed over. Raises SparkError where records are gone, unless data may be lost.
        """
        self._choose_columns(columns)
        ends = {place: end for place, start, end in ranges if end > start}
        self.follow({place: start for place, start, end in ranges if end > start})
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
            if self._fetch(ends, 0.1):
                last_progress_s = time.monotonic()
            elif (time.monotonic() - last_progress_s) * 1000 >= self._options.poll_timeout_ms:
                self._give_up(missing)

    def _give_up(self, missing: dict[TopicPartition, int]) -> None:
        """Nothing has come for too long: the records are not there (any more), or the brokers are too slow."""
        ends = self._client.latest()
        for place, end in sorted(missing.items()):
            if ends.get(place, 0) >= end:
                raise SparkError(
                    "_LEGACY_ERROR_TEMP_JAVA.TIMEOUT",
                    message=f"Cannot fetch record for offset {self._positions[place]} of {place} (to {end}) in"
                    f" {self._options.poll_timeout_ms} milliseconds",
                )
            error = self._unreadable(place, end)
            if self._options.fail_on_data_loss:
                raise error
            _log.warning("%s", error.text.rpartition("Reason: ")[2])
            self._positions[place] = end
        missing.clear()
        self._assign()

    def _unreadable(self, place: TopicPartition, end: int) -> SparkError:
        return SparkError(
            "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
            startOffset=self._positions[place],
            endOffset=end,
            topicPartition=place,
            groupId=self._group_id,
        )

    def _take(self, place: TopicPartition, end: int) -> Iterator[pa.RecordBatch]:
        """What is there of a partition below an offset; the rest stays."""
        waiting = self._early[place]
        while waiting:
            batch = waiting[0]
            offsets = batch.column("offset").to_numpy()
            if offsets[-1] < end:
                waiting.popleft()
                self._early_records -= len(offsets)
                self._positions[place] = int(offsets[-1]) + 1
                yield batch
                continue
            count = int(np.searchsorted(offsets, end))
            waiting[0] = batch.slice(count)
            self._early_records -= count
            self._positions[place] = end
            if count:
                yield batch.slice(0, count)
            return
        if self._ends.get(place, -1) >= end:
            self._positions[place] = end

    # ---- the client

    def _fetch(self, ends: Mapping[TopicPartition, int], timeout_s: float) -> bool:
        """Take what has come, waiting for the first of it; whether there was something."""
        piece = self._consumer.take(self._piece_records, timeout_s)
        for level, text in self._consumer.log_lines():
            _log.log(_SYSLOG.get(level, logging.INFO), "%s", text)
        if ends and self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if piece is None:
            return False
        try:
            runs = piece.runs()
            for place, run in runs.items():
                batch = self._batch(piece, place, run)
                self._early[place].append(batch)
                self._early_records += batch.num_rows
            events = piece.events()
        finally:
            piece.release()
        for event in events:
            self._notice(event, ends)
        return bool(runs)

    def _notice(self, event: Event, ends: Mapping[TopicPartition, int]) -> None:
        place = event.place
        if event.code == _CODES._PARTITION_EOF:  # noqa: SLF001 - the client's public codes
            self._ends[place] = max(self._ends.get(place, 0), event.offset)
        elif event.code in _TRANSIENT or lacks_token(event.text) or is_untimely(event.text):
            _log.warning("%s", event.text)
        elif event.code in _GONE:
            self._lose(place, ends.get(place))
        else:
            offset = event.offset if event.offset >= 0 else self._positions.get(place)
            error = failed(f"{place} at offset {offset}: {event.text}")
            if ends:
                raise error
            # Nobody reads now; who does next, is told.
            self._failure = error

    def _lose(self, place: TopicPartition, end: int | None) -> None:
        """The offset that is to be read next is gone: fail, or go on where there is something."""
        position = self._positions.get(place)
        if end is None or position is None:
            # Nobody has asked for it yet; who does, asks for the offsets first.
            self._positions.pop(place, None)
            return
        error = self._unreadable(place, end)
        if self._options.fail_on_data_loss:
            raise error
        first = self._client.earliest([place]).get(place, end)
        # Behind a position that is too high there is nothing to be read, before one that is too low there is.
        self._positions[place] = min(first, end) if first > position else end
        _log.warning(
            "%s Going on at offset %d.", error.text.rpartition("Reason: ")[2], self._positions[place]
        )
        self._assign()

    def _batch(self, piece: Piece, place: TopicPartition, run: Array) -> pa.RecordBatch:
        names = dict.fromkeys((*self._columns, "offset"))
        offsets = piece.offsets(run)
        columns: dict[str, pa.Array] = {"offset": pa.array(offsets)}
        if "timestamp" in names or "timestampType" in names:
            times_ms, kinds = piece.timestamps(run)
            columns["timestamp"] = _timestamps(place, offsets, times_ms)
            columns["timestampType"] = pa.array(kinds - 1)
        for name in names:
            if name not in columns:
                columns[name] = _MAKE[name](piece, place, run)
        return pa.RecordBatch.from_arrays(
            [columns[name] for name in names], schema=pa.schema([_ARROW.field(name) for name in names])
        )


def _timestamps(place: TopicPartition, offsets: Array, times_ms: Array) -> pa.Array:
    wrong = np.flatnonzero(np.abs(times_ms) > _MAX_TIME_MS)
    if len(wrong):
        raise SparkError(
            "KAFKA_MALFORMED_RECORD_TIMESTAMP",
            topic=place.topic,
            partition=place.partition,
            offset=offsets[wrong[0]],
            timestamp=times_ms[wrong[0]],
        )
    return pa.array(times_ms * 1000).cast(_ARROW.field("timestamp").type)


def _headers(piece: Piece, run: Array) -> pa.Array:
    found = piece.headers(run)
    pairs = list(itertools.chain.from_iterable(headers for headers in found if headers))
    counts = np.array([0, *(0 if headers is None else len(headers) for headers in found)], np.int32)
    names = pa.array([name for name, _ in pairs], pa.string())
    values = pa.array([value for _, value in pairs], pa.binary())
    data_type = _ARROW.field("headers").type
    elements = pa.StructArray.from_arrays([names, values], fields=list(data_type.value_type))
    missing = pa.array([headers is None for headers in found], pa.bool_())
    offsets = pa.array(np.cumsum(counts), pa.int32())
    return pa.ListArray.from_arrays(offsets, elements, type=data_type, mask=missing)


_MAKE: dict[str, Callable[[Piece, TopicPartition, Array], pa.Array]] = {
    "key": lambda piece, _, run: piece.bytes_of("key", run),
    "value": lambda piece, _, run: piece.bytes_of("value", run),
    "topic": lambda _, place, run: pa.repeat(pa.scalar(place.topic, pa.string()), len(run)),
    "partition": lambda _, place, run: pa.repeat(pa.scalar(place.partition, pa.int32()), len(run)),
    "headers": lambda piece, _, run: _headers(piece, run),
}
