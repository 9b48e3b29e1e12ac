"""librdkafka's consumer, called directly: the library that confluent-kafka's wheel brings along.

confluent-kafka makes an object of each record, which costs several times more than all the rest of reading
it. Here a piece of many records becomes arrays at once, a few small calls a record. Only functions of
librdkafka's public, stable interface (rdkafka.h, version 1.6 and later) are used, and only for consuming: topics,
offsets and producers go through confluent-kafka's own classes.

Functions that never wait are called without letting go of the interpreter (`PyDLL`), others with (`CDLL`).
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from potok.connectors.kafka_offsets import TopicPartition
from potok.errors import unsupported

_CONSUMER = 1
_CONF_OK = 0
_EVENT_LOG = 0x4
_TEXT_BYTES = 512
_MAX_GAP_BYTES = 4096
_MAX_ARRAY_BYTES = 2**31 - 1
_MESSAGE = np.dtype(
    {
        "names": ["error", "topic", "partition", "value", "value_bytes", "key", "key_bytes", "offset"],
        "formats": [np.int32, np.uint64, np.int32, np.uint64, np.uint64, np.uint64, np.uint64, np.int64],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 72,
    }
)
Array = np.ndarray[Any, Any]


class _TopicPartition(ctypes.Structure):
    """rd_kafka_topic_partition_t."""

    _fields_ = (
        ("topic", ctypes.c_char_p),
        ("partition", ctypes.c_int32),
        ("offset", ctypes.c_int64),
        ("metadata", ctypes.c_void_p),
        ("metadata_size", ctypes.c_size_t),
        ("opaque", ctypes.c_void_p),
        ("error", ctypes.c_int),
        ("private", ctypes.c_void_p),
    )


@dataclass(frozen=True)
class Event:
    """Something else than a record: an error code of librdkafka's, about a partition (empty topic: none)."""

    code: int
    text: str
    place: TopicPartition
    offset: int


@lru_cache(maxsize=1)
def library_path() -> str:
    """Where the library of the installed wheel is."""
    found = importlib.util.find_spec("confluent_kafka")
    if found is not None and found.origin is not None and sys.maxsize > 2**32:
        package = Path(found.origin).parent
        for directory in (package.parent / "confluent_kafka.libs", package / ".dylibs"):
            for path in sorted(directory.glob("librdkafka*")):
                return str(path)
    raise unsupported(
        "a confluent-kafka without its own librdkafka",
        "Install the wheel: pip install --only-binary :all: confluent-kafka.",
    )


_POINTER = ctypes.c_void_p
_WAITING: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rd_kafka_conf_new": (_POINTER, ()),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        (_POINTER, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t),
    ),
    "rd_kafka_conf_destroy": (None, (_POINTER,)),
    "rd_kafka_new": (_POINTER, (ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_poll_set_consumer": (ctypes.c_int, (_POINTER,)),
    "rd_kafka_queue_get_consumer": (_POINTER, (_POINTER,)),
    "rd_kafka_queue_new": (_POINTER, (_POINTER,)),
    "rd_kafka_set_log_queue": (ctypes.c_int, (_POINTER, _POINTER)),
    "rd_kafka_queue_poll": (_POINTER, (_POINTER, ctypes.c_int)),
    "rd_kafka_queue_io_event_enable": (
        None,
        (_POINTER, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t),
    ),
    "rd_kafka_queue_destroy": (None, (_POINTER,)),
    "rd_kafka_consume_batch_queue": (ctypes.c_ssize_t, (_POINTER, ctypes.c_int, _POINTER, ctypes.c_size_t)),
    "rd_kafka_assign": (ctypes.c_int, (_POINTER, _POINTER)),
    "rd_kafka_consumer_close": (ctypes.c_int, (_POINTER,)),
    "rd_kafka_destroy": (None, (_POINTER,)),
}
_QUICK: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rd_kafka_topic_partition_list_new": (_POINTER, (ctypes.c_int,)),
    "rd_kafka_topic_partition_list_add": (
        ctypes.POINTER(_TopicPartition),
        (_POINTER, ctypes.c_char_p, ctypes.c_int32),
    ),
    "rd_kafka_topic_partition_list_destroy": (None, (_POINTER,)),
    "rd_kafka_message_timestamp": (ctypes.c_int64, (_POINTER, _POINTER)),
    "rd_kafka_message_headers": (ctypes.c_int, (_POINTER, _POINTER)),
    "rd_kafka_message_errstr": (ctypes.c_char_p, (_POINTER,)),
    "rd_kafka_message_destroy": (None, (_POINTER,)),
    "rd_kafka_header_get_all": (ctypes.c_int, (_POINTER, ctypes.c_size_t, _POINTER, _POINTER, _POINTER)),
    "rd_kafka_topic_name": (ctypes.c_char_p, (_POINTER,)),
    "rd_kafka_err2str": (ctypes.c_char_p, (ctypes.c_int,)),
    "rd_kafka_event_type": (ctypes.c_int, (_POINTER,)),
    "rd_kafka_event_log": (ctypes.c_int, (_POINTER, _POINTER, _POINTER, _POINTER)),
    "rd_kafka_event_destroy": (None, (_POINTER,)),
}


class _Library:
    """The functions, under their own names."""

    def __init__(self) -> None:
        for library, functions in (
            (ctypes.CDLL(library_path()), _WAITING),
            (ctypes.PyDLL(library_path()), _QUICK),
        ):
            for name, (result, arguments) in functions.items():
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
                setattr(self, name, function)
        prototype = ctypes.PYFUNCTYPE(ctypes.py_object, _POINTER, ctypes.c_ssize_t)
        self.bytes_at = prototype(("PyBytes_FromStringAndSize", ctypes.pythonapi))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a C function; only for the type checker
        raise AttributeError(name)


@lru_cache(maxsize=1)
def _library() -> _Library:
    return _Library()


class Piece:
    """Records that came together, as arrays; to be released when everything needed has been taken out."""

    def __init__(self, pointers: Sequence[int]) -> None:
        self._library = _library()
        self._pointers = pointers
        structures = b"".join(map(self._library.bytes_at, pointers, [_MESSAGE.itemsize] * len(pointers)))
        self._messages = np.frombuffer(structures, _MESSAGE)

    def release(self) -> None:
        """Give the memory back. Arrays taken out stay."""
        for _ in map(self._library.rd_kafka_message_destroy, self._pointers):
            pass
        self._pointers = []

    def events(self) -> list[Event]:
        """What is no record."""
        return [
            Event(
                int(self._messages["error"][i]),
                (self._library.rd_kafka_message_errstr(self._pointers[i]) or b"").decode(),
                TopicPartition(
                    self._topic(int(self._messages["topic"][i])), int(self._messages["partition"][i])
                ),
                int(self._messages["offset"][i]),
            )
            for i in np.flatnonzero(self._messages["error"]).tolist()
        ]

    def runs(self) -> dict[TopicPartition, Array]:
        """The positions of the records of each partition, in the order of their offsets."""
        messages = self._messages
        good = np.flatnonzero(messages["error"] == 0)
        if not len(good):
            return {}
        topics, partitions = messages["topic"][good], messages["partition"][good]
        if (topics == topics[0]).all() and (partitions == partitions[0]).all():
            return {TopicPartition(self._topic(int(topics[0])), int(partitions[0])): good}
        order = np.lexsort((partitions, topics))
        changes = np.flatnonzero((np.diff(topics[order]) != 0) | (np.diff(partitions[order]) != 0)) + 1
        runs = {}
        for run in np.split(order, changes):
            place = TopicPartition(self._topic(int(topics[run[0]])), int(partitions[run[0]]))
            runs[place] = good[run]
        return runs

    def _topic(self, pointer: int) -> str:
        return "" if pointer == 0 else self._library.rd_kafka_topic_name(pointer).decode()

    def offsets(self, run: Array) -> Array:
        """Offsets of the records at these positions."""
        return self._messages["offset"][run]

    def bytes_of(self, field: str, run: Array) -> pa.Array:
        """`key` or `value`, binary; null where there is none."""
        pointers, sizes = self._messages[field][run], self._messages[f"{field}_bytes"][run]
        missing = pointers == 0
        if missing.all():
            return pa.nulls(len(run), pa.binary())
        if not missing.any():
            return self._gathered(pointers, sizes)
        there = np.flatnonzero(~missing)
        places = np.cumsum(~missing) - 1
        taken = pa.array(places, pa.int32(), mask=missing)
        return self._gathered(pointers[there], sizes[there]).take(taken)

    def _gathered(self, pointers: Array, sizes: Array) -> pa.Array:
        """The values at these places. Neighbours in memory are copied together with what lies between them.

        Records of one fetch follow each other in one buffer. What lies between two values is read but dropped; it
        is less than a page, so that it belongs to pages in which the values lie as well.
        """
        ends = pointers + sizes
        gaps = pointers[1:].astype(np.int64) - ends[:-1].astype(np.int64)
        firsts = np.concatenate(([0], np.flatnonzero((gaps < 0) | (gaps >= _MAX_GAP_BYTES)) + 1))
        lasts = np.concatenate((firsts[1:] - 1, [len(pointers) - 1]))
        starts, lengths = pointers[firsts], ends[lasts] - pointers[firsts]
        data = b"".join(map(self._library.bytes_at, starts.tolist(), lengths.tolist()))
        if len(data) > _MAX_ARRAY_BYTES:
            return pa.array(list(map(self._library.bytes_at, pointers.tolist(), sizes.tolist())), pa.binary())
        shifts = np.repeat(np.cumsum(lengths) - lengths - starts, lasts - firsts + 1)
        # Values and what lies between them take turns.
        bounds = np.empty(2 * len(pointers) + 1, np.int32)
        bounds[0:-1:2] = pointers + shifts
        bounds[1::2] = ends + shifts
        bounds[-1] = bounds[-2]
        both = pa.Array.from_buffers(
            pa.binary(), 2 * len(pointers), [None, pa.py_buffer(bounds), pa.py_buffer(data)]
        )
        return both.take(pa.array(np.arange(0, 2 * len(pointers), 2, dtype=np.int32)))

    def timestamps(self, run: Array) -> tuple[Array, Array]:
        """Milliseconds since 1970 UTC (-1 for none), and what they mean (0 nothing, 1 created, 2 appended)."""
        kinds = np.zeros(len(run), np.int32)
        places = range(kinds.ctypes.data, kinds.ctypes.data + kinds.nbytes, kinds.itemsize)
        pointers = self._taken(run)
        times = np.fromiter(
            map(self._library.rd_kafka_message_timestamp, pointers, places), np.int64, len(run)
        )
        return times, kinds

    def headers(self, run: Array) -> list[list[tuple[str, bytes | None]] | None]:
        """Names and values; None for a record without headers."""
        return [self._headers_of(pointer) for pointer in self._taken(run)]

    def _taken(self, run: Array) -> list[int]:
        pointers = self._pointers
        return [pointers[i] for i in run.tolist()]

    def _headers_of(self, pointer: int) -> list[tuple[str, bytes | None]] | None:
        library = self._library
        headers = _POINTER()
        if library.rd_kafka_message_headers(pointer, ctypes.byref(headers)):
            return None
        found: list[tuple[str, bytes | None]] = []
        name, value, size = ctypes.c_char_p(), _POINTER(), ctypes.c_size_t()
        out = ctypes.byref(name), ctypes.byref(value), ctypes.byref(size)
        while not library.rd_kafka_header_get_all(headers, len(found), *out):
            text = (name.value or b"").decode("utf-8", "replace")
            found.append((text, None if not value.value else library.bytes_at(value, size.value)))
        return found


class NativeConsumer:
    """A consumer that is assigned partitions by hand. Used by one thread at a time."""

    def __init__(self, settings: Mapping[str, str], wake_descriptor: int | None) -> None:
        """Raises ValueError with librdkafka's text for wrong settings.

        A byte is written to `wake_descriptor` (which must not block) when something has come into an empty queue.
        """
        self._library = _library()
        self._handle = self._made({**settings, "log.queue": "true"})
        self._library.rd_kafka_poll_set_consumer(self._handle)
        self._logs = self._library.rd_kafka_queue_new(self._handle)
        self._library.rd_kafka_set_log_queue(self._handle, self._logs)
        self._queue = self._library.rd_kafka_queue_get_consumer(self._handle)
        if wake_descriptor is not None:
            self._library.rd_kafka_queue_io_event_enable(self._queue, wake_descriptor, b"\0", 1)

    def _made(self, settings: Mapping[str, str]) -> int:
        library = self._library
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        conf = library.rd_kafka_conf_new()
        for name, value in settings.items():
            if library.rd_kafka_conf_set(conf, name.encode(), value.encode(), text, _TEXT_BYTES) != _CONF_OK:
                library.rd_kafka_conf_destroy(conf)
                raise ValueError(text.value.decode())
        handle = library.rd_kafka_new(_CONSUMER, conf, text, _TEXT_BYTES)
        if not handle:
            library.rd_kafka_conf_destroy(conf)
            raise ValueError(text.value.decode())
        return int(handle)

    def assign(self, positions: Iterable[tuple[TopicPartition, int]]) -> None:
        """Read these partitions from these offsets on, and no others; what was fetched before is dropped."""
        library = self._library
        partitions = library.rd_kafka_topic_partition_list_new(8)
        try:
            for place, offset in positions:
                entry = library.rd_kafka_topic_partition_list_add(
                    partitions, place.topic.encode(), place.partition
                )
                entry.contents.offset = offset
            error = library.rd_kafka_assign(self._handle, partitions)
        finally:
            library.rd_kafka_topic_partition_list_destroy(partitions)
        if error:
            raise ValueError(library.rd_kafka_err2str(error).decode())

    def take(self, most: int, timeout_s: float) -> Piece | None:
        """Up to `most` records and events that are there; waits for the first one only. None for nothing."""
        pointers: Any = (_POINTER * most)()
        count = self._library.rd_kafka_consume_batch_queue(self._queue, 0, pointers, most)
        if count <= 0 and timeout_s > 0:
            count = self._library.rd_kafka_consume_batch_queue(
                self._queue, int(timeout_s * 1000), pointers, 1
            )
        return Piece(pointers[:count]) if count > 0 else None

    def log_lines(self) -> list[tuple[int, str]]:
        """What the client has to say since the last call: syslog levels and texts."""
        library = self._library
        lines = []
        while event := library.rd_kafka_queue_poll(self._logs, 0):
            if library.rd_kafka_event_type(event) == _EVENT_LOG:
                facility, text, level = ctypes.c_char_p(), ctypes.c_char_p(), ctypes.c_int()
                out = ctypes.byref(facility), ctypes.byref(text), ctypes.byref(level)
                if not library.rd_kafka_event_log(event, *out):
                    shown = f"{(facility.value or b'').decode()} {(text.value or b'').decode()}"
                    lines.append((level.value, shown))
            library.rd_kafka_event_destroy(event)
        return lines

    def close(self) -> None:
        """Let go of everything. May be called more than once."""
        if not self._handle:
            return
        library = self._library
        library.rd_kafka_queue_io_event_enable(self._queue, -1, None, 0)
        library.rd_kafka_queue_destroy(self._queue)
        library.rd_kafka_set_log_queue(self._handle, None)
        library.rd_kafka_queue_destroy(self._logs)
        library.rd_kafka_consumer_close(self._handle)
        library.rd_kafka_destroy(self._handle)
        self._handle = 0
