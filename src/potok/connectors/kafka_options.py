"""The options of the Kafka source as typed values, checked in Spark's order and in its words.

Source of facts: KafkaSourceProvider, ConsumerStrategy, KafkaOffsetRangeLimit.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from potok.connectors.kafka_offsets import (
    EARLIEST,
    LATEST,
    Offsets,
    TopicPartition,
    from_json,
    partitions_from_json,
    timestamps_from_json,
)
from potok.connectors.options import boolean, duration_ms, illegal_argument
from potok.errors import SparkError
from potok.functions import java_regex
from potok.plan.logical import Options

_log = logging.getLogger(__name__)
STRATEGIES = ("subscribe", "subscribepattern", "assign")
_MAX_INT = 2**31 - 1
_MAX_LONG = 2**63 - 1


@dataclass(frozen=True)
class Assign:
    """Option `assign`: just these partitions."""

    partitions: tuple[TopicPartition, ...]

    def __str__(self) -> str:
        return f"Assign[{', '.join(map(str, self.partitions))}]"


@dataclass(frozen=True)
class Subscribe:
    """Option `subscribe`: all partitions of these topics, later ones too."""

    topics: tuple[str, ...]

    def __str__(self) -> str:
        return f"Subscribe[{', '.join(self.topics)}]"


@dataclass(frozen=True)
class SubscribePattern:
    """Option `subscribePattern`: all topics in whose name the Java pattern is found, later ones too."""

    pattern: str

    def matches(self, topic: str) -> bool:
        """Whether a topic is read."""
        return java_regex.compiled(self.pattern).search(topic) is not None

    def __str__(self) -> str:
        return f"SubscribePattern[{self.pattern}]"


Strategy = Assign | Subscribe | SubscribePattern


@dataclass(frozen=True)
class Everywhere:
    """The same place in every partition: LATEST or EARLIEST."""

    place: int


@dataclass(frozen=True)
class AtOffsets:
    """An offset for each partition; LATEST and EARLIEST among them."""

    offsets: Offsets


@dataclass(frozen=True)
class AtTime:
    """The first record at or after a time (ms since 1970 UTC).

    Where there is none, a start is an error, or the latest offset with `latest_without_match`.
    """

    timestamp_ms: int
    latest_without_match: bool


@dataclass(frozen=True)
class AtTimes:
    """As AtTime, with a time for each partition."""

    timestamps_ms: Mapping[TopicPartition, int]
    latest_without_match: bool


Limit = Everywhere | AtOffsets | AtTime | AtTimes


@dataclass(frozen=True)
class KafkaReadOptions:
    """What both a stream and a batch read from Kafka ask for.

    `max_offsets_per_trigger` and `min_offsets_per_trigger` count offsets over all partitions; `poll_timeout_ms` is
    how long a record that should be there is waited for. `minPartitions` and `maxRecordsPerPartition` are checked
    only: they say into how many tasks Spark splits a batch, and there is one process here.
    """

    strategy: Strategy
    start: Limit
    end: Limit
    fail_on_data_loss: bool
    include_headers: bool
    max_offsets_per_trigger: int | None
    min_offsets_per_trigger: int | None
    max_trigger_delay_ms: int
    poll_timeout_ms: int
    fetch_attempts: int
    fetch_retry_interval_ms: int
    group_id_prefix: str | None
    kafka: Mapping[str, str]

    @classmethod
    def for_stream(cls, options: Options) -> KafkaReadOptions:
        """Read the options of a stream. Raises Spark's errors."""
        check_stream(options)
        return cls._of(options, _limit(options, "starting", Everywhere(LATEST)), Everywhere(LATEST))

    @classmethod
    def for_batch(cls, options: Options) -> KafkaReadOptions:
        """Read and check the options of a batch read. Raises Spark's errors."""
        start = _limit(options, "starting", Everywhere(EARLIEST))
        if start == Everywhere(LATEST):
            raise illegal_argument("starting offset can't be latest for batch queries on Kafka")
        if isinstance(start, AtOffsets):
            for place, offset in start.offsets.items():
                if offset == LATEST:
                    raise illegal_argument(
                        f"startingOffsets for {place} can't be latest for batch queries on Kafka"
                    )
        end = _limit(options, "ending", Everywhere(LATEST))
        if end == Everywhere(EARLIEST):
            raise illegal_argument("ending offset can't be earliest for batch queries on Kafka")
        if isinstance(end, AtOffsets):
            for place, offset in end.offsets.items():
                if offset == EARLIEST:
                    raise illegal_argument(
                        f"ending offset for {place} can't be earliest for batch queries on Kafka"
                    )
        _check_general(options)
        for name in ("maxOffsetsPerTrigger", "minOffsetsPerTrigger", "maxTriggerDelay"):
            if name in options:
                _log.warning("%s option ignored in batch queries", name)
        _check_order(start, end)
        return cls._of(options, start, end)

    @classmethod
    def _of(cls, options: Options, start: Limit, end: Limit) -> KafkaReadOptions:
        return cls(
            strategy=_strategy(options),
            start=start,
            end=end,
            fail_on_data_loss=boolean(options, "failOnDataLoss", default=True),
            include_headers=boolean(options, "includeHeaders", default=False),
            max_offsets_per_trigger=_whole(options, "maxOffsetsPerTrigger", _MAX_LONG),
            min_offsets_per_trigger=_whole(options, "minOffsetsPerTrigger", _MAX_LONG),
            max_trigger_delay_ms=duration_ms(options.get("maxTriggerDelay", "15m")),
            poll_timeout_ms=_whole(options, "kafkaConsumer.pollTimeoutMs", _MAX_LONG) or 120_000,
            fetch_attempts=_whole(options, "fetchOffset.numRetries", _MAX_INT) or 3,
            fetch_retry_interval_ms=_given(_whole(options, "fetchOffset.retryIntervalMs", _MAX_LONG), 1000),
            group_id_prefix=options.get("groupIdPrefix"),
            kafka=kafka_settings(options),
        )


def check_stream(options: Options) -> bool:
    """What Spark checks when a stream is declared, the rest when it starts; whether it has headers."""
    if "endingOffsets" in options:
        raise illegal_argument("ending offset not valid in streaming queries")
    if "endingOffsetsByTimestamp" in options:
        raise illegal_argument("ending timestamp not valid in streaming queries")
    if "endingTimestamp" in options:
        _log.warning("The option endingTimestamp has no effect in streaming queries.")
    _check_general(options)
    return boolean(options, "includeHeaders", default=False)


def kafka_settings(options: Options) -> dict[str, str]:
    """What the user gives to the Kafka client itself, by the Java client's names in lower case."""
    return {name.removeprefix("kafka."): text for name, text in options.items() if name.startswith("kafka.")}


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def _whole(options: Options, name: str, largest: int) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not digits.isascii() or not digits.isdigit() or abs(int(text)) > largest:
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{text}"')
    return int(text)


def _strategy(options: Options) -> Strategy:
    if "assign" in options:
        return Assign(partitions_from_json(options["assign"]))
    if "subscribe" in options:
        return Subscribe(tuple(_topics(options["subscribe"])))
    return SubscribePattern(options["subscribePattern"].strip())


def _topics(text: str) -> list[str]:
    return [topic.strip() for topic in text.split(",") if topic.strip()]


def _check_general(options: Options) -> None:
    """KafkaSourceProvider.validateGeneralOptions."""
    given = [name for name in STRATEGIES if name in options]
    if len(given) != 1:
        rule = "One of the following options must" if not given else "Only one of the following options can"
        raise illegal_argument(
            f"{rule} be specified for Kafka source: subscribe, subscribepattern, assign."
            " See the docs for more details."
        )
    text = options[given[0]]
    if given == ["assign"] and not text.strip().startswith("{"):
        raise illegal_argument(
            f"No topicpartitions to assign as specified value for option 'assign' is '{text}'"
        )
    if given == ["subscribe"] and not _topics(text):
        raise illegal_argument(
            f"No topics to subscribe to as specified value for option 'subscribe' is '{text}'"
        )
    if given == ["subscribepattern"] and not text.strip():
        raise illegal_argument(
            f"Pattern to subscribe is empty as specified value for option 'subscribePattern' is '{text}'"
        )
    partitions = _whole(options, "minPartitions", _MAX_INT)
    if partitions is not None and partitions <= 0:
        raise illegal_argument("minPartitions must be positive")
    records = _whole(options, "maxRecordsPerPartition", _MAX_LONG)
    if records is not None and records <= 0:
        raise illegal_argument("maxrecordsperpartition must be positive")
    _check_client(options)
    if "minOffsetsPerTrigger" not in options or "maxOffsetsPerTrigger" not in options:
        return
    least = _whole(options, "minOffsetsPerTrigger", _MAX_LONG) or 0
    most = _whole(options, "maxOffsetsPerTrigger", _MAX_LONG) or 0
    if least > most:
        raise illegal_argument(
            f"The value of minOffsetPerTrigger({least}) is higher than the maxOffsetsPerTrigger({most})."
        )


def _check_client(options: Options) -> None:
    if "kafka.group.id" in options:
        _log.warning(
            "Kafka option 'kafka.group.id' has been set on this query, it is not recommended to set this option: "
            "queries with the same group id disturb each other, and a restarted one its own previous run."
        )
        if "groupIdPrefix" in options:
            _log.warning("Option groupIdPrefix will be ignored as option kafka.group.id has been set.")
    if "kafka.auto.offset.reset" in options:
        raise illegal_argument(
            "\nKafka option 'auto.offset.reset' is not supported.\n"
            "Instead set the source option 'startingoffsets' to 'earliest' or 'latest'\n"
            "to specify where to start. Structured Streaming manages which offsets are consumed\n"
            "internally, rather than relying on the kafkaConsumer to do it. This will ensure that no\n"
            "data is missed when new topics/partitions are dynamically subscribed. Note that\n"
            "'startingoffsets' only applies when a new Streaming query is started, and\n"
            "that resuming will always pick up from where the query left off. See the docs for more\n"
            "details.\n         "
        )
    for name, what in (("key", "keys"), ("value", "values")):
        if f"kafka.{name}.deserializer" in options:
            raise illegal_argument(
                f"Kafka option '{name}.deserializer' is not supported as {what} are deserialized as byte arrays with"
                f" ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize the {what}."
            )
    for name in ("enable.auto.commit", "interceptor.classes"):
        if f"kafka.{name}" in options:
            raise illegal_argument(f"Kafka option '{name}' is not supported")
    if "kafka.bootstrap.servers" not in options:
        raise illegal_argument(
            "Option 'kafka.bootstrap.servers' must be specified for configuring Kafka consumer"
        )


def _limit(options: Options, side: str, default: Limit) -> Limit:
    """`side` is starting or ending. Spark's order: one time, times, offsets."""
    strategy = options.get("startingOffsetsByTimestampStrategy", "error").upper()
    if strategy not in {"ERROR", "LATEST"}:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.NO_SUCH_ELEMENT", message=f"No value found for '{strategy}'"
        )
    latest_without_match = strategy == "LATEST"
    text = options.get(f"{side}Timestamp")
    if text is not None:
        try:
            return AtTime(int(text.strip()), latest_without_match)
        except ValueError as error:
            raise illegal_argument(f"Expected a single long value, got {text.strip()}") from error
    text = options.get(f"{side}OffsetsByTimestamp")
    if text is not None:
        return AtTimes(timestamps_from_json(text.strip()), latest_without_match)
    text = options.get(f"{side}Offsets")
    if text is None:
        return default
    named = {"latest": LATEST, "earliest": EARLIEST}.get(text.strip().lower())
    return AtOffsets(from_json(text.strip())) if named is None else Everywhere(named)


def _check_order(start: Limit, end: Limit) -> None:
    """A batch may not start behind its end, and both must name the same partitions."""
    first: Mapping[TopicPartition, int]
    last: Mapping[TopicPartition, int]
    if isinstance(start, AtOffsets) and isinstance(end, AtOffsets):
        first, last, what = start.offsets, end.offsets, "offset"
    elif isinstance(start, AtTimes) and isinstance(end, AtTimes):
        first, last, what = start.timestamps_ms, end.timestamps_ms, "timestamp"
    else:
        return
    if first.keys() != last.keys():
        raise SparkError(
            "MISMATCHED_TOPIC_PARTITIONS_BETWEEN_START_OFFSET_AND_END_OFFSET",
            tpsForStartOffset=", ".join(map(str, sorted(first))),
            tpsForEndOffset=", ".join(map(str, sorted(last))),
        )
    for place, offset in first.items():
        if offset > last[place] and offset >= 0 and last[place] >= 0:
            raise SparkError(
                "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                offsetType=what,
                startOffset=offset,
                endOffset=last[place],
                topic=place.topic,
                partition=place.partition,
            )
