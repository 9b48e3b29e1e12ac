"""librdkafka's mock cluster, for the tests that need no more than its brokers can: no topics made or deleted by
clients, no retention, no compaction, no logins. It lives in this process, so that it is there without Java."""

from __future__ import annotations

import ctypes
import uuid
from collections.abc import Sequence
from typing import Any

from kafka.conftest import Kafka
from potok.connectors.kafka_library import library_path

_PRODUCER = 0
_CONTROLLER = 1
FETCH = 1
LIST_OFFSETS = 2
_P = ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rd_kafka_conf_new": (_P, ()),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        (_P, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t),
    ),
    "rd_kafka_new": (_P, (ctypes.c_int, _P, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_destroy": (None, (_P,)),
    "rd_kafka_mock_cluster_new": (_P, (_P, ctypes.c_int)),
    "rd_kafka_mock_cluster_destroy": (None, (_P,)),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, (_P,)),
    "rd_kafka_mock_set_controller_id": (ctypes.c_int, (_P, ctypes.c_int32)),
    "rd_kafka_mock_topic_create": (ctypes.c_int, (_P, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)),
    "rd_kafka_mock_partition_set_leader": (
        ctypes.c_int,
        (_P, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32),
    ),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, (_P, ctypes.c_int32)),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, (_P, ctypes.c_int32)),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        (_P, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)),
    ),
    "rd_kafka_mock_clear_request_errors": (None, (_P, ctypes.c_int16)),
}


class MockCluster(Kafka):
    """Some brokers, numbered from 1; what the tests do to them."""

    def __init__(self, brokers: int = 2) -> None:
        self._library = ctypes.CDLL(library_path())
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        text = ctypes.create_string_buffer(512)
        conf = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(conf, b"log_level", b"0", text, 512)
        self._owner = self._library.rd_kafka_new(_PRODUCER, conf, text, 512)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._owner, brokers)
        # Without a controller nobody answers what a topic is.
        self._library.rd_kafka_mock_set_controller_id(self._cluster, _CONTROLLER)
        super().__init__(self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode())

    def topic(self, partitions: int = 1, prefix: str = "t", **config: str) -> str:
        assert not config, "mock topics have no configuration"
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        assert not self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 2)
        return name

    def move_leader(self, topic: str, partition: int, broker: int) -> None:
        assert not self._library.rd_kafka_mock_partition_set_leader(
            self._cluster, topic.encode(), partition, broker
        )

    def set_down(self, broker: int) -> None:
        assert not self._library.rd_kafka_mock_broker_set_down(self._cluster, broker)

    def set_up(self, broker: int) -> None:
        assert not self._library.rd_kafka_mock_broker_set_up(self._cluster, broker)

    def answer_with_errors(self, request: int, errors: Sequence[int]) -> None:
        """The next requests of this kind are answered with these codes of Kafka's protocol."""
        array = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, request, len(errors), array)

    def answer_again(self, request: int) -> None:
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, request)

    def close(self) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._owner)


__all__ = ["FETCH", "LIST_OFFSETS", "MockCluster"]
