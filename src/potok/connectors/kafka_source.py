"""Kafka as a stream and as a batch read. Source of facts: KafkaMicroBatchStream, KafkaRelation, KafkaBatch."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from potok.connectors.base import ReadAll, ReadLimit, ReadMaxRows, SourceContext
from potok.connectors.kafka_client import KafkaClient
from potok.connectors.kafka_consumer import RecordFetcher, kafka_schema
from potok.connectors.kafka_offsets import (
    InitialOffsetLog,
    OffsetRange,
    Offsets,
    TopicPartition,
    from_json,
    set_text,
    to_json,
)
from potok.connectors.kafka_options import KafkaReadOptions
from potok.engine.planted import plant
from potok.errors import SparkError
from potok.show_string import double_text
from potok.types import StructType, arrow_schema

_log = logging.getLogger(__name__)
_IDLE_POLL_S = 1.0
_SMALL_BYTES = 8 << 20
_FEW_RECORDS = 1000


class FetcherPool:
    """The fetchers of one query: one that stays, and others for reads at the same time."""

    def __init__(self, first: RecordFetcher, make: Callable[[], RecordFetcher]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._first = first
        self._is_idle = True
        self._is_closed = False

    @property
    def resident(self) -> RecordFetcher | None:
        """The one that stays, unless somebody reads with it."""
        return self._first if self._is_idle else None

    def take(self) -> RecordFetcher:
        """A fetcher that nobody else uses."""
        with self._lock:
            if self._is_idle and not self._is_closed:
                self._is_idle = False
                return self._first
        return self._make()

    def give_back(self, fetcher: RecordFetcher) -> None:
        """A read is over."""
        with self._lock:
            if fetcher is self._first and not self._is_closed:
                self._is_idle = True
                return
        fetcher.close()

    def close(self) -> None:
        """Let go of the fetcher that stays, now or when its read is over. May be called more than once."""
        with self._lock:
            is_mine = self._is_idle and not self._is_closed
            self._is_closed = True
        if is_mine:
            self._first.close()


@dataclass(frozen=True)
class KafkaScan:
    """Records of fixed offset ranges (a Scan). Each read takes a fetcher for itself."""

    ranges: tuple[OffsetRange, ...]
    pool: FetcherPool
    schema: StructType

    def read(self, columns: Sequence[str]) -> pa.Table | pa.RecordBatchReader:
        """See Scan. What is small is read at once."""
        return table_or_reader(_arrow_schema(self.schema, columns), self._batches(tuple(columns)))

    def _batches(self, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        fetcher = self.pool.take()
        try:
            yield from fetcher.read(self.ranges, columns)
        finally:
            self.pool.give_back(fetcher)

    def input_files(self) -> list[str]:
        """See Scan."""
        return []


@dataclass(frozen=True)
class KafkaBatchScan:
    """A batch read (a Scan): its limits become offsets each time that it is read."""

    options: KafkaReadOptions
    schema: StructType

    def read(self, columns: Sequence[str]) -> pa.Table | pa.RecordBatchReader:
        """See Scan. What is small is read at once."""
        return table_or_reader(_arrow_schema(self.schema, columns), self._batches(tuple(columns)))

    def _batches(self, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        prefix = self.options.group_id_prefix or "spark-kafka-relation"
        client = KafkaClient(self.options, is_stream=False)
        start = client.at(self.options.start, is_start=True)
        end = client.at(self.options.end, is_start=False)
        if start.keys() != end.keys():
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_STATE",
                message="different topic partitions for starting offsets"
                f" topics[{','.join(map(str, sorted(start)))}] and ending offsets"
                f" topics[{','.join(map(str, sorted(end)))}]",
            )
        ranges = [OffsetRange(place, start[place], end[place]) for place in sorted(end)]
        for place, first, last in ranges:
            if first > last:
                raise SparkError(
                    "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                    startOffset=first,
                    endOffset=last,
                    topic=place.topic,
                    partition=place.partition,
                )
        fetcher = RecordFetcher(self.options, f"{prefix}-{uuid.uuid4()}-executor", client)
        try:
            yield from fetcher.read(ranges, columns)
        finally:
            fetcher.close()

    def input_files(self) -> list[str]:
        """See Scan."""
        return []


def _arrow_schema(schema: StructType, columns: Sequence[str]) -> pa.Schema:
    whole = arrow_schema(schema)
    return pa.schema([whole.field(name) for name in columns])


def table_or_reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> pa.Table | pa.RecordBatchReader:
    """All rows, if they are few; otherwise a stream of them that takes its errors through the engine."""
    first: list[pa.RecordBatch] = []
    size_bytes = 0
    for batch in batches:
        first.append(batch)
        size_bytes += batch.nbytes
        if size_bytes > _SMALL_BYTES:
            return pa.RecordBatchReader.from_batches(schema, _planted(itertools.chain(first, batches)))
    return pa.Table.from_batches(first, schema)


def _planted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except SparkError as error:
        raise ValueError(plant(error)) from error


class KafkaSource:
    """A started stream. An offset holds, for each partition, the offset after the last record."""

    def __init__(self, options: KafkaReadOptions, context: SourceContext) -> None:
        self._options = options
        self._now_ms = context.now_ms
        self.description = f"KafkaV2[{options.strategy}]"
        self._schema = kafka_schema(include_headers=options.include_headers)
        self._log = InitialOffsetLog(context.log_directory, context.file_system, durable=context.durable)
        self._client = KafkaClient(options, is_stream=True, is_stopping=context.is_stopping)
        prefix = options.group_id_prefix or "spark-kafka-source"
        group_id = f"{prefix}-{uuid.uuid4()}-{context.query_id}-executor"
        self._wake_end, write_end = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(write_end, False)
        self._write_end = write_end
        self._pool = FetcherPool(
            RecordFetcher(options, group_id, self._client, write_end),
            lambda: RecordFetcher(options, group_id, self._client),
        )
        self._is_stopped = False
        self._latest: dict[TopicPartition, int] | None = None
        self._is_available_now = False
        self._horizon: dict[TopicPartition, int] | None = None
        self._last_trigger_ms = 0
        self._asked_s = -math.inf

    @property
    def default_read_limit(self) -> ReadLimit:
        """See Source. A lower limit is the source's own matter: see `latest_offset`."""
        most = self._options.max_offsets_per_trigger
        return ReadAll() if most is None else ReadMaxRows(most)

    def initial_offset(self) -> str:
        """See Source. Decided once for a checkpoint."""
        known = self._log.get(0)
        if known is not None:
            return to_json(from_json(known))
        offsets = to_json(self._client.at(self._options.start, is_start=True))
        self._log.add(0, offsets)
        return offsets

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        """See Source."""
        known = {} if start is None else from_json(start)
        if self._horizon is not None:
            self._latest = self._horizon
        else:
            self._notice()
            self._latest = self._here(known) or self._asked(known)
            if self._is_available_now:
                self._horizon = self._latest
            else:
                self._follow(known, self._latest)
        offsets = self._limited(known, self._latest, limit)
        return to_json(offsets) if offsets else None

    def _asked(self, known: Offsets) -> dict[TopicPartition, int]:
        self._asked_s = time.monotonic()
        return self._client.latest(known)

    def _here(self, known: Offsets) -> dict[TopicPartition, int] | None:
        """Where the records end that are here already, if they are few: three answers of a broker are not waited for.

        None when the brokers are to be asked: at least once a second, and when the options need what they know.
        """
        options, fetcher = self._options, self._pool.resident
        if (
            fetcher is None
            or self._is_available_now
            or options.max_offsets_per_trigger is not None
            or options.min_offsets_per_trigger is not None
            or time.monotonic() - self._asked_s >= _IDLE_POLL_S
        ):
            return None
        ends = fetcher.ahead(_FEW_RECORDS)
        return {**known, **ends} if ends else None

    def _limited(
        self, start: Offsets, latest: dict[TopicPartition, int], limit: ReadLimit
    ) -> Mapping[TopicPartition, int]:
        least = self._options.min_offsets_per_trigger
        if least is not None and not self._is_once(limit) and self._is_too_early(start, latest, least):
            return start
        return (
            rate_limited(limit.rows, start, latest, self._client.earliest)
            if isinstance(limit, ReadMaxRows)
            else latest
        )

    def _is_once(self, limit: ReadLimit) -> bool:
        """Whether the loop asks for everything although the options ask for less (Trigger.Once)."""
        return isinstance(limit, ReadAll) and self._options.max_offsets_per_trigger is not None

    def _is_too_early(self, start: Offsets, latest: Offsets, least: int) -> bool:
        now_ms = self._now_ms()
        waited_ms = now_ms - self._last_trigger_ms
        new = sum(offset - start.get(place, 0) for place, offset in latest.items())
        if waited_ms < self._options.max_trigger_delay_ms and new < least:
            return True
        self._last_trigger_ms = now_ms
        return False

    def _notice(self) -> None:
        """Take what has woken the query out of the way, so that the next record wakes it again."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_end, 4096):
                pass
        fetcher = self._pool.resident
        if fetcher is not None:
            fetcher.fetch_ahead()

    def _follow(self, start: Offsets, latest: Offsets) -> None:
        """Be told of the next records: the client waits for them at the brokers."""
        fetcher = self._pool.resident
        if fetcher is not None:
            fetcher.follow(
                {place: start.get(place, 0) for place in latest if latest[place] >= start.get(place, 0)}
            )

    def report_latest_offset(self) -> str | None:
        """See Source."""
        return to_json(self._latest) if self._latest else None

    def metrics(self, end: str | None) -> Mapping[str, str]:
        """See ReportsMetrics. Nothing before the brokers have been asked in this run."""
        if end is None or self._latest is None:
            return {}
        return offsets_behind(from_json(end), self._latest)

    def prepare_available_now(self) -> None:
        """See Source. The horizon is what is there when the first batch is made."""
        self._is_available_now = True

    def scan(self, start: str | None, end: str) -> KafkaScan:
        """See Source. Raises KAFKA_DATA_LOSS where records have gone, unless data may be lost."""
        first = {} if start is None else from_json(start)
        last = from_json(end)
        new = last.keys() - first.keys()
        found = self._client.earliest(new)
        if found.keys() != new:
            self._lost("INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS", partitions=set_text(new - found.keys()))
        for place, offset in sorted(found.items()):
            if offset != 0:
                self._lost(
                    "ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO",
                    topicPartition=place,
                    startOffset=offset,
                )
        deleted = first.keys() - last.keys()
        if deleted and "group.id" in self._options.kafka:
            self._lost(
                "PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT",
                partitions=set_text(deleted),
                groupIdConfig="group.id",
            )
        elif deleted:
            self._lost("PARTITIONS_DELETED", partitions=set_text(deleted))
        starts = {**first, **found}
        ranges = []
        for place in sorted(last):
            if place not in starts:
                continue
            if last[place] < starts[place]:
                self._lost(
                    "PARTITION_OFFSET_CHANGED",
                    topicPartition=place,
                    prevOffset=starts[place],
                    newOffset=last[place],
                )
            ranges.append(OffsetRange(place, starts[place], last[place]))
        return KafkaScan(tuple(ranges), self._pool, self._schema)

    def _lost(self, reason: str, **parameters: Any) -> None:  # noqa: ANN401 - parameters of a message
        error = SparkError(f"KAFKA_DATA_LOSS.{reason}", **parameters)
        if self._options.fail_on_data_loss:
            raise error
        _log.warning("%s", error.text.rpartition("Reason: ")[2])

    def commit(self, end: str) -> None:
        """See Source. Progress is in the checkpoint alone; no consumer group has any."""

    def wait_descriptor(self) -> int | None:
        """See Source. The client writes to it when records have come."""
        return self._wake_end

    def poll_interval_s(self) -> float:
        """See Source. Only new partitions and topics, and lower limits that time lifts, are not woken for."""
        return _IDLE_POLL_S

    def stop(self) -> None:
        """See Source."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._pool.close()
        self._client.close()
        os.close(self._wake_end)
        os.close(self._write_end)


def rate_limited(
    rows: int,
    start: Offsets,
    latest: dict[TopicPartition, int],
    earliest: Callable[[set[TopicPartition]], dict[TopicPartition, int]],
) -> dict[TopicPartition, int]:
    """The end of a batch of about so many records, shared out in proportion to what each partition has."""
    begin = {**earliest(latest.keys() - start.keys()), **start}
    sizes = {
        place: end - begin[place] for place, end in latest.items() if place in begin and end > begin[place]
    }
    total = sum(sizes.values())
    if total < 1:
        return latest
    ends = {}
    for place, end in latest.items():
        if place in sizes:
            share = rows * (sizes[place] / total)
            # Small partitions are not starved.
            taken = math.ceil(share) if share < 1 else math.floor(share)
            ends[place] = min(end, begin[place] + taken)
        else:
            ends[place] = end
    return ends


def offsets_behind(done: Offsets, latest: Offsets) -> dict[str, str]:
    """How many offsets a stream is behind, over its partitions."""
    behind = [offset - done.get(place, 0) for place, offset in latest.items()]
    if not behind:
        return {}
    return {
        "minOffsetsBehindLatest": str(min(behind)),
        "maxOffsetsBehindLatest": str(max(behind)),
        "avgOffsetsBehindLatest": double_text(sum(behind) / len(behind)),
    }
