"""Offsets of Kafka partitions: as values, as JSON in Spark's order, as the log of initial offsets.

Source of facts: JsonUtils, KafkaSourceOffset, KafkaSourceInitialOffsetWriter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from potok.checkpoint.log import MetadataLog, split_version
from potok.connectors.options import illegal_argument

LATEST = -1
EARLIEST = -2
_MAX_LONG = 2**63 - 1
_MAX_INT = 2**31 - 1
_INITIAL_TABLE_LENGTH = 16
_MAX_LOAD = 0.75
Key = TypeVar("Key", str, int)


class TopicPartition(NamedTuple):
    """One partition of a topic; its text is Java's: `topic-0`."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


Offsets = Mapping[TopicPartition, int]


class OffsetRange(NamedTuple):
    """The offsets from `start` (inclusive) to `end` (exclusive) of a partition."""

    place: TopicPartition
    start: int
    end: int


def set_text(partitions: Iterable[TopicPartition]) -> str:
    """How Spark's messages show a set of partitions, here sorted: `Set(t-0, t-1)`."""
    return f"Set({', '.join(map(str, sorted(partitions)))})"


def to_json(offsets: Offsets) -> str:
    """`{"topic":{"0":23,"1":5}}` with topics and partitions in the order of Spark's hash maps."""
    topics: dict[str, dict[int, int]] = {}
    for place in sorted(offsets):
        topics.setdefault(place.topic, {})[place.partition] = offsets[place]
    document = {
        topic: {str(partition): topics[topic][partition] for partition in _hash_order(list(topics[topic]))}
        for topic in _hash_order(list(topics))
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> dict[TopicPartition, int]:
    """The inverse of `to_json`; also reads what users write in `startingOffsets`. Raises IllegalArgumentException."""
    try:
        return _partition_numbers(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise illegal_argument(
            f'Expected e.g. {{"topicA":{{"0":23,"1":-1}},"topicB":{{"0":-2}}}}, got {text}'
        ) from error


def timestamps_from_json(text: str) -> dict[TopicPartition, int]:
    """Milliseconds since 1970 UTC by partition (`startingOffsetsByTimestamp`). Raises IllegalArgumentException."""
    try:
        return _partition_numbers(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise illegal_argument(
            'Expected e.g. {"topicA": {"0": 123456789, "1": 123456789},\n'
            f'"topicB": {{"0": 123456789, "1": 123456789}}}}, got {text}'
        ) from error


def partitions_from_json(text: str) -> tuple[TopicPartition, ...]:
    """The partitions of the option `assign`: `{"topic":[0,1]}`. Raises IllegalArgumentException."""
    try:
        document = _strict(text)
        return tuple(
            TopicPartition(topic, _number(number, _MAX_INT))
            for topic, numbers in document.items()
            for number in _list(numbers)
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise illegal_argument(f'Expected e.g. {{"topicA":[0,1],"topicB":[0,1]}}, got {text}') from error


class InitialOffsetLog(MetadataLog[str]):
    """`sources/<i>/0`: where the query started, a zero byte before the version as Spark 2.1 wanted it."""

    def encode(self, entry: str) -> bytes:
        """See MetadataLog."""
        return b"\0v1\n" + entry.encode("utf-8")

    def decode(self, content: bytes) -> str:
        """See MetadataLog. Spark 2.1 wrote no version line."""
        rest = content[1:]
        if rest[:1] != b"v":
            if not rest:
                raise ValueError("Incomplete log file")
            return rest.decode("utf-8")
        _, offsets = split_version(rest, 1)
        return offsets.decode("utf-8")


def _strict(text: str) -> dict[str, Any]:
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError(text)  # noqa: TRY004 - both mean the same here
    return document


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError(value)  # noqa: TRY004 - both mean the same here
    return value


def _number(value: object, largest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(value)  # noqa: TRY004 - both mean the same here
    number = int(value)
    if abs(number) > largest:
        raise ValueError(value)
    return number


def _partition_numbers(text: str) -> dict[TopicPartition, int]:
    return {
        TopicPartition(topic, _number(partition, _MAX_INT)): _number(number, _MAX_LONG)
        for topic, numbers in _strict(text).items()
        for partition, number in numbers.items()
    }


def _hash_order(keys: list[Key]) -> list[Key]:
    """The order in which scala.collection.mutable.HashMap (2.13) gives keys that were put in this order.

    A table of 16 slots that doubles when it would be more than three quarters full; the slot is the low bits of
    the hash mixed with its upper half, and keys in one slot are ordered by that hash.
    """
    length = _INITIAL_TABLE_LENGTH
    while len(keys) + 1 >= length * _MAX_LOAD:
        length *= 2
    mixed = {key: _mixed_hash(key) for key in keys}
    return sorted(keys, key=lambda key: (mixed[key] & (length - 1), _signed(mixed[key])))


def _mixed_hash(key: str | int) -> int:
    value = key if isinstance(key, int) else _java_hash(key)
    return (value ^ (value >> 16)) & 0xFFFFFFFF


def _java_hash(text: str) -> int:
    """`String.hashCode` as an unsigned number of 32 bits."""
    value = 0
    data = text.encode("utf-16-be")
    for i in range(0, len(data), 2):
        value = (31 * value + (data[i] << 8 | data[i + 1])) & 0xFFFFFFFF
    return value


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
