from __future__ import annotations

import io
import logging
import os
import threading
import time

import pytest

from potok.streaming.clock import SystemClock, Waiter
from potok.streaming.log_format import SparkLogFormatter
from potok.streaming.steps import StepTimer


def test_a_wake_up_is_remembered() -> None:
    waiter = Waiter()
    waiter.wake()
    waiter.wake()
    waiter.wait((), None)
    started = time.monotonic()
    waiter.wait((), 0.05)
    assert time.monotonic() - started >= 0.05
    waiter.close()
    waiter.wake()
    waiter.close()


def test_a_readable_descriptor_ends_the_wait_and_stays_readable() -> None:
    waiter = Waiter()
    read, write = os.pipe()
    timer = threading.Timer(0.02, os.write, (write, b"x"))
    timer.start()
    waiter.wait([read], None)
    timer.join()
    assert os.read(read, 1) == b"x"
    os.close(read)
    os.close(write)
    waiter.close()


def test_the_system_clock() -> None:
    clock = SystemClock()
    before_s, now_ms, after_s = time.time(), clock.now_ms(), time.time()
    assert int(before_s * 1000) <= now_ms <= after_s * 1000
    assert clock.seconds_until(now_ms - 1000) == 0.0
    later_s = clock.seconds_until(now_ms + 3_600_000)
    assert later_s is not None
    assert 3_600 - (time.time() - before_s) - 1 < later_s <= 3_600
    assert clock.monotonic_ns() <= clock.monotonic_ns()


def test_steps_add_up_and_a_failed_one_has_no_end() -> None:
    told: list[tuple[str, bool, int]] = []
    timer = StepTimer(SystemClock(), lambda name, begins, batch_id: told.append((name, begins, batch_id)))
    timer.batch_id = 3
    for _ in range(2):
        with timer("latestOffset"):
            time.sleep(0.002)
    with pytest.raises(ValueError, match="broken"), timer("addBatch"):
        raise ValueError("broken")
    assert timer.elapsed_ns["latestOffset"] >= 4_000_000
    assert told == [("latestOffset", True, 3), ("latestOffset", False, 3)] * 2 + [("addBatch", True, 3)]
    timer.start_trigger()
    assert timer.elapsed_ns == {}


def test_log_lines_look_like_sparks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SparkLogFormatter())
    record = logging.LogRecord("potok.ResolveWriteToStream", logging.WARNING, "", 0, "a %s", ("b",), None)
    record.created = 1_795_369_344
    handler.emit(record)
    day = time.strftime("%y/%m/%d %H:%M:%S", time.localtime(1_795_369_344))
    assert stream.getvalue() == f"{day} WARN ResolveWriteToStream: a b\n"
