from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pyspark.sql.connect.proto as pb
import pytest

from potok.connect.operations import Operation, OperationState
from potok.errors import SparkError
from support.patience import PATIENCE_S

Produce = Callable[[Operation], Iterator[pb.ExecutePlanResponse]]


def numbered(count: int) -> Produce:
    def produce(_: Operation) -> Iterator[pb.ExecutePlanResponse]:
        for number in range(count):
            yield pb.ExecutePlanResponse(session_id=str(number))

    return produce


def started(produce: Produce, *, inline: bool = False, reattachable: bool = False) -> Operation:
    operation = Operation("id", frozenset(), produce, inline=inline, reattachable=reattachable)
    operation.start()
    return operation


def names(responses: Iterator[pb.ExecutePlanResponse]) -> list[str]:
    return [r.session_id for r in responses]


@pytest.mark.parametrize("inline", [False, True])
def test_responses_come_in_order_with_ids_of_their_own(inline: bool) -> None:
    operation = started(numbered(5), inline=inline)
    responses = list(operation.responses())
    assert names(iter(responses)) == ["0", "1", "2", "3", "4"]
    assert {r.operation_id for r in responses} == {"id"}
    assert len({r.response_id for r in responses}) == 5
    assert operation.state is OperationState.SUCCEEDED


@pytest.mark.parametrize("inline", [False, True])
def test_what_the_producer_raises_comes_after_what_it_made(inline: bool) -> None:
    def produce(_: Operation) -> Iterator[pb.ExecutePlanResponse]:
        yield pb.ExecutePlanResponse(session_id="0")
        raise SparkError("DIVIDE_BY_ZERO", config="c")

    operation = started(produce, inline=inline)
    responses = operation.responses()
    assert next(responses).session_id == "0"
    with pytest.raises(SparkError, match="DIVIDE_BY_ZERO"):
        next(responses)
    assert operation.state is OperationState.FAILED


def test_cancelling_wakes_the_taker_and_tells_the_producer() -> None:
    interrupted, released = threading.Event(), threading.Event()

    def produce(operation: Operation) -> Iterator[pb.ExecutePlanResponse]:
        operation.on_cancel(interrupted.set)
        released.wait(PATIENCE_S)
        yield pb.ExecutePlanResponse()

    operation = started(produce)
    threading.Timer(0.05, operation.cancel).start()
    # The producer is told, and not waited for.
    with pytest.raises(SparkError, match="OPERATION_CANCELED"):
        next(operation.responses())
    assert not released.is_set()
    released.set()
    assert interrupted.is_set()
    assert not operation.cancel()


def test_a_taker_who_leaves_ends_the_operation() -> None:
    operation = started(numbered(3))
    responses = operation.responses()
    next(responses)
    responses.close()  # type: ignore[attr-defined]  # it is a generator
    assert operation.state in {OperationState.CANCELLED, OperationState.SUCCEEDED}


def test_a_fast_producer_waits_for_a_slow_taker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potok.connect.operations.UNSENT_BYTES", 1000)
    made: list[int] = []

    def produce(_: Operation) -> Iterator[pb.ExecutePlanResponse]:
        for number in range(100):
            made.append(number)
            yield pb.ExecutePlanResponse(session_id="x" * 500)

    operation = started(produce)
    responses = operation.responses()
    next(responses)
    time.sleep(0.1)
    assert len(made) < 10
    assert len(list(responses)) == 99


def test_a_reattachable_operation_resumes_behind_the_last_response() -> None:
    operation = started(numbered(4), reattachable=True)
    first = operation.responses()
    seen = [next(first), next(first)]
    assert names(operation.responses_after(seen[1].response_id)) == ["2", "3"]
    assert names(operation.responses_after(None)) == ["0", "1", "2", "3"]
    with pytest.raises(SparkError, match="POSITION_NOT_FOUND"):
        operation.responses_after("unknown")


def test_a_new_taker_sends_the_old_one_away() -> None:
    gate = threading.Event()

    def produce(_: Operation) -> Iterator[pb.ExecutePlanResponse]:
        yield pb.ExecutePlanResponse(session_id="0")
        gate.wait(PATIENCE_S)
        yield pb.ExecutePlanResponse(session_id="1")

    operation = started(produce, reattachable=True)
    old = operation.responses()
    last = next(old).response_id
    new = operation.responses_after(last)
    threading.Timer(0.05, gate.set).start()
    assert next(new).session_id == "1"
    with pytest.raises(SparkError, match="DISCONNECTED"):
        next(old)


def test_released_responses_are_gone() -> None:
    operation = started(numbered(3), reattachable=True)
    responses = list(operation.responses())
    operation.release_until(responses[1].response_id)
    assert names(operation.responses_after(responses[2].response_id)) == []
    with pytest.raises(SparkError, match="POSITION_NOT_AVAILABLE"):
        operation.responses_after(None)
    operation.release_until("unknown")


def test_an_operation_without_reattachment_says_so() -> None:
    with pytest.raises(SparkError, match="NOT_REATTACHABLE"):
        started(numbered(1)).responses_after(None)


def test_a_taker_who_is_gone_without_a_word_is_waited_for_no_longer() -> None:
    left: list[Callable[[], None]] = []
    gate = threading.Event()

    def produce(_: Operation) -> Iterator[pb.ExecutePlanResponse]:
        yield pb.ExecutePlanResponse()
        gate.wait(PATIENCE_S)
        yield pb.ExecutePlanResponse()

    operation = started(produce, reattachable=True)
    responses = operation.responses(left.append)
    last = next(responses).response_id
    threading.Timer(0.05, left[0]).start()
    with pytest.raises(SparkError, match="DISCONNECTED"):
        next(responses)
    assert operation.detached_since_s is not None
    assert operation.state is OperationState.RUNNING
    gate.set()
    assert len(list(operation.responses_after(last))) == 1
