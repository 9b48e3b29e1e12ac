"""`rate` and `rate-micro-batch`: numbered rows that come by themselves.

Source of fact: RateStreamMicroBatchStream, RatePerMicroBatchStream and their providers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from potok.checkpoint.log import MetadataLog, split_version
from potok.connectors.base import ReadAll, ReadContext, ReadLimit, SourceContext
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError
from potok.plan.expressions import next_expr_id
from potok.plan.logical import LogicalPlan, Options, StreamingRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import LONG, TIMESTAMP, StructField, StructType

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
SCHEMA = StructType((StructField("timestamp", TIMESTAMP), StructField("value", LONG)))
_MAX_LONG = 2**63 - 1
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class GeneratedRows:
    """Consecutive values with a timestamp each; partition by partition, as Spark delivers them (a Scan).

    `start` is inclusive, `end` exclusive; `times_us` gives the microseconds of values.
    """

    start: int
    end: int
    num_partitions: int
    times_us: Callable[[Numbers], Numbers]
    schema: StructType = SCHEMA

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        count = self.num_partitions
        values = np.concatenate(
            [np.arange(self.start + part, self.end, count, dtype=np.int64) for part in range(count)]
        )
        made = {
            "value": lambda: pa.array(values),
            "timestamp": lambda: pa.array(self.times_us(values)).cast(pa.timestamp("us", tz="UTC")),
        }
        return pa.table({name: made[name]() for name in columns})

    def input_files(self) -> list[str]:
        """See Scan."""
        return []


class _StartTimeLog(MetadataLog[int]):
    """`sources/<i>/0` of a rate source: when it was first started, in ms since 1970 UTC."""

    def encode(self, entry: int) -> bytes:
        """See MetadataLog."""
        return b"v1\n%d" % entry

    def decode(self, content: bytes) -> int:
        """See MetadataLog."""
        _, rest = split_version(content, 1)
        return int(rest)


@dataclass(frozen=True)
class RateOptions:
    """The options of `rate`; `num_partitions` is None for the default."""

    rows_per_second: int
    ramp_up_s: int
    num_partitions: int | None

    @classmethod
    def of(cls, options: Options) -> RateOptions:
        """Read them. Raises Spark's errors."""
        rows = _long(options, "rowsPerSecond", "1")
        if rows <= 0:
            raise _invalid(options, "rowsPerSecond", "must be positive")
        ramp_up_s = _seconds(options.get("rampUpTime", "0"))
        if ramp_up_s < 0:
            raise _illegal(f"Invalid value '{ramp_up_s}'. The option 'rampUpTime' must not be negative")
        return cls(rows, ramp_up_s, _partitions(options))

    @property
    def max_seconds(self) -> int:
        """When the values would no longer fit into 64 bits."""
        return _MAX_LONG // self.rows_per_second

    def value_at(self, second: int) -> int:
        """How many rows there are after so many seconds; the rate grows evenly in the first `ramp_up_s`."""
        step = self.rows_per_second // (self.ramp_up_s + 1)
        ramped = min(second, self.ramp_up_s)
        return ramped * (ramped + 1) // 2 * step + (second - ramped) * self.rows_per_second


class RateSource:
    """Rows per second of the clock; an offset is the number of whole seconds since the first start."""

    default_read_limit: ReadLimit = ReadAll()

    def __init__(self, options: RateOptions, context: SourceContext) -> None:
        if options.ramp_up_s > options.max_seconds:
            raise SparkError(
                "INCORRECT_RAMP_UP_RATE",
                rowsPerSecond=options.rows_per_second,
                maxSeconds=options.max_seconds,
                rampUpTimeSeconds=options.ramp_up_s,
            )
        partitions = "default" if options.num_partitions is None else options.num_partitions
        # Spark forgets the closing bracket.
        self.description = (
            f"RateStreamV2[rowsPerSecond={options.rows_per_second},"
            f" rampUpTimeSeconds={options.ramp_up_s}, numPartitions={partitions}"
        )
        self._options = options
        self._now_ms = context.now_ms
        log = _StartTimeLog(context.log_directory, context.file_system, durable=context.durable)
        created_ms = log.get(0)
        if created_ms is None:
            created_ms = context.now_ms()
            log.add(0, created_ms)
        self._created_ms = created_ms
        # Never goes back, whatever the clock of the machine does.
        self._last_ms = created_ms
        self._horizon: int | None = None
        self._latest: int | None = None

    def initial_offset(self) -> str:
        """See Source."""
        return "0"

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str:  # noqa: ARG002 - Source
        """See Source."""
        if start is not None:
            self._last_ms = max(self._last_ms, self._created_ms + int(start) * 1000)
        self._last_ms = max(self._last_ms, self._now_ms())
        seconds = (self._last_ms - self._created_ms) // 1000
        self._latest = seconds if self._horizon is None else min(seconds, self._horizon)
        return str(self._latest)

    def report_latest_offset(self) -> str | None:
        """See Source."""
        return None if self._latest is None else str(self._latest)

    def prepare_available_now(self) -> None:
        """See Source."""
        self._horizon = max(0, self._now_ms() - self._created_ms) // 1000

    def scan(self, start: str | None, end: str) -> GeneratedRows:
        """See Source."""
        start_s, end_s = int(start or 0), int(end)
        if end_s > self._options.max_seconds:
            raise SparkError(
                "INCORRECT_END_OFFSET",
                rowsPerSecond=self._options.rows_per_second,
                maxSeconds=self._options.max_seconds,
                endSeconds=end_s,
            )
        first, last = self._options.value_at(start_s), self._options.value_at(end_s)
        per_value_ms = (end_s - start_s) * 1000 / (last - first) if last > first else 0.0
        begun_ms = self._created_ms + start_s * 1000

        def times_us(
            values: Numbers,
        ) -> Numbers:
            # Java rounds halves up.
            relative_ms: Numbers = np.floor((values - first) * per_value_ms + 0.5).astype(np.int64)
            return np.multiply(relative_ms + begun_ms, 1000)

        return GeneratedRows(first, last, self._options.num_partitions or 1, times_us)

    def commit(self, end: str) -> None:
        """See Source."""

    def wait_descriptor(self) -> int | None:
        """See Source."""
        return None

    def poll_interval_s(self) -> float:
        """See Source: until the next second begins."""
        passed_ms = (self._now_ms() - self._created_ms) % 1000
        return (1000 - passed_ms) / 1000

    def stop(self) -> None:
        """See Source."""


@dataclass(frozen=True)
class RateMicroBatchOptions:
    """The options of `rate-micro-batch`."""

    rows_per_batch: int
    num_partitions: int
    start_ms: int
    advance_ms: int

    @classmethod
    def of(cls, options: Options) -> RateMicroBatchOptions:
        """Read them. Raises Spark's errors."""
        rows = _long(options, "rowsPerBatch", "0")
        if rows <= 0:
            raise _invalid(options, "rowsPerBatch", "must be positive", "0")
        partitions = _partitions(options) or 1
        start_ms = _long(options, "startTimestamp", "0")
        if start_ms < 0:
            raise _invalid(options, "startTimestamp", "must be non-negative")
        advance_ms = _long(options, "advanceMillisPerBatch", "1000")
        if advance_ms < 0:
            raise _invalid(options, "advanceMillisPerBatch", "must be non-negative")
        return cls(rows, partitions, start_ms, advance_ms)


class RateMicroBatchSource:
    """The same number of rows in each batch, all with one timestamp, which advances by batch."""

    default_read_limit: ReadLimit = ReadAll()

    def __init__(self, options: RateMicroBatchOptions) -> None:
        self._options = options
        self.description = (
            f"RatePerMicroBatchStream[rowsPerBatch={options.rows_per_batch},"
            f" numPartitions={options.num_partitions}, startTimestamp={options.start_ms},"
            f" advanceMsPerBatch={options.advance_ms}]"
        )
        self._is_available_now = False
        self._horizon: str | None = None

    def initial_offset(self) -> str:
        """See Source."""
        return _position(0, self._options.start_ms)

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str:  # noqa: ARG002 - Source
        """See Source. There is always one batch more; with Trigger.AvailableNow exactly one."""
        if self._horizon is not None:
            return self._horizon
        offset, time_ms = _read_position(start or self.initial_offset())
        end = _position(offset + self._options.rows_per_batch, time_ms + self._options.advance_ms)
        if self._is_available_now:
            self._horizon = end
        return end

    def report_latest_offset(self) -> str | None:
        """See Source."""
        return None

    def prepare_available_now(self) -> None:
        """See Source."""
        self._is_available_now = True

    def scan(self, start: str | None, end: str) -> GeneratedRows:
        """See Source."""
        first, time_ms = _read_position(start or self.initial_offset())
        last, _ = _read_position(end)
        return GeneratedRows(
            first, last, self._options.num_partitions, lambda values: np.full(len(values), time_ms * 1000)
        )

    def commit(self, end: str) -> None:
        """See Source."""

    def wait_descriptor(self) -> int | None:
        """See Source."""
        return None

    def poll_interval_s(self) -> float:
        """See Source. Only asked when Trigger.AvailableNow has ended."""
        return 1.0

    def stop(self) -> None:
        """See Source."""


class RateProvider(BaseProvider):
    """`rate`, a source only."""

    name = "rate"

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:  # noqa: ARG002 - Provider
        """See Provider."""
        RateOptions.of(source.options)
        return generated_relation(self.name, source, "RateStreamProvider", SCHEMA)

    def source(self, relation: StreamingRelation, context: SourceContext) -> RateSource:
        """See Provider."""
        return RateSource(RateOptions.of(relation.options), context)


class RateMicroBatchProvider(BaseProvider):
    """`rate-micro-batch`, a source only."""

    name = "rate-micro-batch"

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:  # noqa: ARG002 - Provider
        """See Provider."""
        RateMicroBatchOptions.of(source.options)
        return generated_relation(self.name, source, "RatePerMicroBatchProvider", SCHEMA)

    def source(self, relation: StreamingRelation, context: SourceContext) -> RateMicroBatchSource:  # noqa: ARG002 - Provider
        """See Provider."""
        return RateMicroBatchSource(RateMicroBatchOptions.of(relation.options))


def generated_relation(
    name: str, source: UnresolvedDataSource, provider: str, schema: StructType
) -> StreamingRelation:
    """The relation of a source whose schema is its own. Raises when the user gave one."""
    if source.schema_given is not None:
        raise SparkError("_LEGACY_ERROR_TEMP_2242", provider=provider)
    # Two uses of one frame are one source.
    key = source.plan_id if source.plan_id is not None else -next_expr_id()
    return StreamingRelation(key, name, source.options, source.paths, schema, schema_attributes(schema))


def _position(offset: int, time_ms: int) -> str:
    return f'{{"offset":{offset},"timestamp":{time_ms}}}'


def _read_position(text: str) -> tuple[int, int]:
    document = json.loads(text)
    return int(document["offset"]), int(document["timestamp"])


def _partitions(options: Options) -> int | None:
    if "numPartitions" not in options:
        return None
    partitions = _long(options, "numPartitions", "1")
    if partitions <= 0:
        raise _invalid(options, "numPartitions", "must be positive")
    return partitions


def _long(options: Options, name: str, default: str) -> int:
    text: str = options.get(name, default)
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not digits.isascii() or not digits.isdigit() or not -_MAX_LONG - 1 <= int(text) <= _MAX_LONG:
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{text}"')
    return int(text)


def _seconds(text: str) -> int:
    """A length of time in whole seconds, rounded down; a bare number is seconds (JavaUtils.timeStringAsSec)."""
    lower = text.lower().strip()
    digits = lower.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = lower[len(digits) :] or "s"
    number = digits.removeprefix("-")
    if not number.isascii() or not number.isdigit() or unit not in _SECONDS:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT",
            message="Time must be specified as seconds (s), milliseconds (ms), microseconds (us), minutes (m or"
            " min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed to parse time string: " + text,
        )
    return int(int(digits) * _SECONDS[unit])


def _invalid(options: Options, name: str, problem: str, default: str = "") -> SparkError:
    return _illegal(f"Invalid value '{options.get(name, default)}'. The option '{name}' {problem}")


def _illegal(message: str) -> SparkError:
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message)
