"""What the brokers know: which partitions there are, and their offsets.

Source of facts: KafkaOffsetReaderAdmin, ConsumerStrategy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import confluent_kafka
from confluent_kafka import admin

from potok.connectors.base import SourceStopped
from potok.connectors.kafka_errors import is_refusal, kafka_error, lacks_token, too_late
from potok.connectors.kafka_offsets import EARLIEST, LATEST, TopicPartition, set_text
from potok.connectors.kafka_options import (
    Assign,
    AtOffsets,
    AtTime,
    AtTimes,
    KafkaReadOptions,
    Limit,
    Subscribe,
)
from potok.connectors.kafka_settings import admin_settings, api_timeout_s, isolation_is_committed
from potok.connectors.options import illegal_argument
from potok.errors import SparkError

_log = logging.getLogger(__name__)
_client_log = logging.getLogger("potok.kafka")
Result = TypeVar("Result")
_LOOK_AGAIN_S = 0.25
_GRACE_S = 1.0
_FIRST_WAIT_S = 2.0
_LEAST_WAIT_S = 0.1
_CODES = confluent_kafka.KafkaError
# Another leader or controller is being chosen, or a broker does not answer.
_PASSING = {
    _CODES._TIMED_OUT,  # noqa: SLF001 - the client's public codes
    _CODES._TRANSPORT,  # noqa: SLF001
    _CODES.BROKER_NOT_AVAILABLE,
    _CODES.FENCED_LEADER_EPOCH,
    _CODES.KAFKA_STORAGE_ERROR,
    _CODES.LEADER_NOT_AVAILABLE,
    _CODES.NETWORK_EXCEPTION,
    _CODES.NOT_CONTROLLER,
    _CODES.NOT_LEADER_FOR_PARTITION,
    _CODES.OFFSET_NOT_AVAILABLE,
    _CODES.REPLICA_NOT_AVAILABLE,
    _CODES.REQUEST_TIMED_OUT,
    _CODES.UNKNOWN_LEADER_EPOCH,
}
Places = frozenset[TopicPartition]


class KafkaClient:
    """Asks the brokers. A question is repeated (`fetchOffset.numRetries`) before it fails."""

    def __init__(
        self,
        options: KafkaReadOptions,
        *,
        is_stream: bool,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Raises SourceStopped out of any question once `is_stopping`."""
        self._options = options
        self._is_stopping = is_stopping
        self._is_stream = is_stream
        self._timeout_s = api_timeout_s(options.kafka)
        self._isolation = (
            confluent_kafka.IsolationLevel.READ_COMMITTED
            if isolation_is_committed(options.kafka)
            else confluent_kafka.IsolationLevel.READ_UNCOMMITTED
        )
        self._settings = admin_settings(options.kafka)
        self._servers = options.kafka["bootstrap.servers"]
        self._admin: admin.AdminClient | None = None
        self._last_error = ""
        self._refusal: confluent_kafka.KafkaError | None = None
        self._has_answered = False

    def close(self) -> None:
        """Let go of the connection. May be called more than once."""
        self._admin = None

    # ---- partitions

    def partitions(self) -> Places:
        """The partitions that the query reads, as of now. Raises when a topic is not there."""
        return self._retried(self._partitions)

    def _partitions(self) -> Places:
        strategy = self._options.strategy
        if isinstance(strategy, Assign):
            wanted = set(strategy.partitions)
            return self._of_topics({place.topic for place in strategy.partitions}) & wanted
        if isinstance(strategy, Subscribe):
            return self._of_topics(set(strategy.topics))
        found = self._patiently(
            lambda wait_s: self._asked(lambda client: client.list_topics(timeout=wait_s), wait_s)
        )
        return self._of_topics({name for name in found.topics if strategy.matches(name)})

    def _of_topics(self, topics: set[str]) -> Places:
        return self._patiently(lambda wait_s: self._described(topics, wait_s)) if topics else frozenset()

    def _described(self, topics: set[str], wait_s: float) -> Places:
        collection = confluent_kafka.TopicCollection(sorted(topics))
        asked = self._asked(lambda client: client.describe_topics(collection, request_timeout=wait_s), wait_s)
        places: set[TopicPartition] = set()
        for topic, future in asked.items():
            description = self._answer(future, wait_s, topic)
            if not description.is_internal:
                places.update(TopicPartition(topic, partition.id) for partition in description.partitions)
        return frozenset(places)

    # ---- offsets

    def earliest(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset that is still there, of each of the partitions that exist."""
        wanted = set(places)
        if not wanted:
            return {}
        return self._retried(
            lambda: self._list(dict.fromkeys(self._partitions() & wanted, admin.OffsetSpec.earliest()))
        )

    def latest(self, known: Mapping[TopicPartition, int] | None = None) -> dict[TopicPartition, int]:
        """The offset after the last record of each partition that the query reads.

        `known` are offsets that were there before: a smaller one is asked for again, since a broker that has
        just become leader may be behind (KAFKA-7703).
        """
        latest = self._retried(self._latest)
        for _ in range(self._options.fetch_attempts - 1):
            behind = {
                place: (before, latest[place])
                for place, before in (known or {}).items()
                if place in latest and before > latest[place]
            }
            if not behind:
                break
            _log.warning("Partitions have fewer records than before, asking again: %s", behind)
            time.sleep(self._options.fetch_retry_interval_ms / 1000)
            latest = self._retried(self._latest)
        return latest

    def _latest(self) -> dict[TopicPartition, int]:
        return self._list(dict.fromkeys(self._partitions(), admin.OffsetSpec.latest()))

    def at(self, limit: Limit, *, is_start: bool) -> dict[TopicPartition, int]:
        """The offset of a limit in each partition; everything resolved. Raises when partitions do not match."""
        return self._retried(lambda: self._at(limit, is_start=is_start))

    def _at(self, limit: Limit, *, is_start: bool) -> dict[TopicPartition, int]:
        places = self._partitions()
        if isinstance(limit, AtOffsets):
            if limit.offsets.keys() != places:
                raise _Unrepeatable(self._unmatched(limit.offsets, places))
            wanted = dict(limit.offsets)
        elif isinstance(limit, (AtTime, AtTimes)):
            wanted = self._at_times(places, limit, is_start=is_start)
        else:
            wanted = dict.fromkeys(places, limit.place)
        specs = {EARLIEST: admin.OffsetSpec.earliest(), LATEST: admin.OffsetSpec.latest()}
        found = self._list({place: specs[at] for place, at in wanted.items() if at in specs})
        return {**wanted, **found}

    def _at_times(
        self, places: Places, limit: AtTime | AtTimes, *, is_start: bool
    ) -> dict[TopicPartition, int]:
        times = (
            limit.timestamps_ms if isinstance(limit, AtTimes) else dict.fromkeys(places, limit.timestamp_ms)
        )
        if times.keys() != places:
            raise _Unrepeatable(self._unmatched_times(times, places, is_start=is_start))
        found = self._list(
            {place: admin.OffsetSpec.for_timestamp(time_ms) for place, time_ms in times.items()}
        )
        for place, offset in found.items():
            if offset < 0:
                if is_start and not limit.latest_without_match:
                    raise _Unrepeatable(
                        illegal_argument(
                            f"No offset matched from request of topic-partition {place} and timestamp {times[place]}."
                        )
                    )
                found[place] = LATEST
        return found

    def _unmatched(self, given: Iterable[TopicPartition], places: Places) -> SparkError:
        if self._is_stream:
            return _assertion(
                "If startingOffsets contains specific offsets, you must specify all TopicPartitions.\n"
                "Use -1 for latest, -2 for earliest, if you don't care.\n"
                f"Specified: {set_text(given)} Assigned: {set_text(places)}"
            )
        return SparkError(
            "KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED",
            specifiedPartitions=set_text(given),
            assignedPartitions=set_text(places),
        )

    def _unmatched_times(
        self, given: Iterable[TopicPartition], places: Places, *, is_start: bool
    ) -> SparkError:
        return SparkError(
            "KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED",
            position="start" if is_start else "end",
            specifiedPartitions=set_text(given),
            assignedPartitions=set_text(places),
        )

    def _list(self, specs: Mapping[TopicPartition, admin.OffsetSpec]) -> dict[TopicPartition, int]:
        return self._patiently(lambda wait_s: self._listed(specs, wait_s)) if specs else {}

    def _listed(
        self, specs: Mapping[TopicPartition, admin.OffsetSpec], wait_s: float
    ) -> dict[TopicPartition, int]:
        asked = self._asked(
            lambda client: client.list_offsets(
                {confluent_kafka.TopicPartition(*place): spec for place, spec in specs.items()},
                isolation_level=self._isolation,
                request_timeout=wait_s,
            ),
            wait_s,
        )
        found = {}
        for asked_place, future in asked.items():
            place = TopicPartition(asked_place.topic, asked_place.partition)
            found[place] = self._answer(future, wait_s, str(place)).offset
            if found[place] == confluent_kafka.OFFSET_INVALID:
                # librdkafka's answer, without an error, for a leader that it could not reach in time.
                unreachable = confluent_kafka.KafkaException(
                    confluent_kafka.KafkaError(confluent_kafka.KafkaError.LEADER_NOT_AVAILABLE)
                )
                raise kafka_error(unreachable, str(place), self._last_error) from unreachable
        return found

    # ---- asking

    def _patiently(self, ask: Callable[[float], Result]) -> Result:
        """Ask until there is an answer or `default.api.timeout.ms` is over, as Java's client does.

        `ask` is given seconds, few at first: librdkafka waits for a broker that has died until they are over, although
        another one may have taken its place.
        """
        deadline_s = time.monotonic() + self._timeout_s
        wait_s = _FIRST_WAIT_S
        while True:
            left_s = deadline_s - time.monotonic()
            try:
                return ask(min(wait_s, max(left_s, _LEAST_WAIT_S)))
            except SparkError as error:
                if not _passes(error) or time.monotonic() >= deadline_s:
                    raise
                _log.info("Asking again: %s", error.message)
            self._heed_stop()
            time.sleep(_LOOK_AGAIN_S)
            wait_s *= 2
            # What the old one believes of the brokers may be what is wrong.
            self.close()

    def _asked(
        self, question: Callable[[admin.AdminClient], Result], wait_s: float, what: str = ""
    ) -> Result:
        try:
            if self._admin is None:
                self._last_error, self._refusal, self._has_answered = "", None, False
                self._admin = admin.AdminClient(
                    {**self._settings, "error_cb": self._remember}, logger=_client_log
                )
            return question(self._admin)
        except confluent_kafka.KafkaException as error:
            raise kafka_error(error, what, self._last_error or self._brokers_if_silent(error)) from error
        except TimeoutError as error:
            raise too_late(
                f"Kafka at {self._servers} has not answered within {wait_s:g} s. {self._last_error}".rstrip()
            ) from error

    def _brokers_if_silent(self, error: confluent_kafka.KafkaException) -> str:
        is_silence = error.args[0].code() == _CODES._TIMED_OUT  # noqa: SLF001 - the client's public codes
        return f"Brokers: {self._servers}" if is_silence else ""

    def _answer(self, future: Any, wait_s: float, what: str) -> Any:  # noqa: ANN401 - confluent-kafka has no types for them
        return self._asked(lambda client: self._wait_for(client, future, wait_s), wait_s, what)

    def _wait_for(self, client: admin.AdminClient, future: Any, wait_s: float) -> Any:  # noqa: ANN401 - as above
        """The result; a refused login does not get better by waiting."""
        deadline_s = time.monotonic() + wait_s + _GRACE_S
        while True:
            try:
                result = future.result(_LOOK_AGAIN_S)
            except TimeoutError:
                client.poll(0)
                self._heed_stop()
                if self._refusal is not None:
                    raise confluent_kafka.KafkaException(self._refusal) from None
                if time.monotonic() > deadline_s:
                    raise
            else:
                self._has_answered = True
                return result

    def _remember(self, error: confluent_kafka.KafkaError) -> None:
        # That all brokers are down comes after what says which, and why.
        if error.code() != _CODES._ALL_BROKERS_DOWN:  # noqa: SLF001 - the client's public codes
            self._last_error = error.str()
        if is_refusal(error) and not (self._has_answered and lacks_token(error.str())):
            self._refusal = error

    def _retried(self, ask: Callable[[], Result]) -> Result:
        for attempt in range(1, self._options.fetch_attempts + 1):
            try:
                return ask()
            except _Unrepeatable as error:
                raise error.cause from None
            except SparkError as error:
                if error.condition == "_LEGACY_ERROR_TEMP_JAVA.KAFKA_CONFIG":
                    raise
                _log.warning("Error in attempt %d getting Kafka offsets: %s", attempt, error.message)
                if attempt == self._options.fetch_attempts:
                    raise
                time.sleep(self._options.fetch_retry_interval_ms / 1000)
                self._heed_stop()
                self.close()
        raise AssertionError

    def _heed_stop(self) -> None:
        if self._is_stopping():
            raise SourceStopped


class _Unrepeatable(Exception):  # noqa: N818 - it carries one
    """Asking again would not help."""

    def __init__(self, cause: SparkError) -> None:
        super().__init__()
        self.cause = cause


def _passes(error: SparkError) -> bool:
    cause = error.__cause__
    if isinstance(cause, confluent_kafka.KafkaException):
        # What a broker says of a certificate has a passing code, but does not pass.
        return cause.args[0].code() in _PASSING and not is_refusal(cause.args[0])
    return isinstance(cause, TimeoutError)


def _assertion(message: str) -> SparkError:
    return SparkError("_LEGACY_ERROR_TEMP_CHECKPOINT.ASSERTION", message=f"assertion failed: {message}")
