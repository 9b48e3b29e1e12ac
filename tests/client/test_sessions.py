"""Sessions: apart from one another, cloned, released; and what runs in them, interrupted."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import grpc
import pyspark.sql.connect.proto as pb
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import Row
from pyspark.sql.connect.proto import base_pb2_grpc

from support.patience import until

BILLIONS = 10**11


def collect(frame: Any) -> Any:
    return frame.collect()


def write(frame: Any) -> None:
    frame.write.format("noop").mode("overwrite").save()


def interrupted(
    spark: Any,
    interrupt: Callable[[], list[str]],
    what: str = "id",
    action: Callable[[Any], Any] = collect,
) -> PySparkException:
    """What a long query fails with that was interrupted from another thread."""
    found: list[list[str]] = []

    def soon() -> None:
        while not any(found):
            time.sleep(0.1)
            found.append(interrupt())

    thread = threading.Thread(target=soon)
    thread.start()
    with pytest.raises(PySparkException) as caught:
        action(spark.range(BILLIONS).selectExpr(what))
    thread.join()
    assert len(found[-1]) == 1
    return caught.value


def test_interrupting_all(spark: Any) -> None:
    assert interrupted(spark, spark.interruptAll).getCondition() == "OPERATION_CANCELED"
    assert spark.range(2).count() == 2


@pytest.mark.parametrize("what", ["id", "count_if(id % 7 = 3)"], ids=["rows", "one row"])
@pytest.mark.parametrize("action", [collect, write])
def test_what_is_interrupted_ends(spark: Any, what: str, action: Callable[[Any], Any]) -> None:
    """It goes on as little as it is waited for."""
    before = operations()
    assert interrupted(spark, spark.interruptAll, what, action).getCondition() == "OPERATION_CANCELED"
    until(lambda: operations() <= before)


def operations() -> set[int | None]:
    """The threads that run operations, in this process."""
    return {thread.ident for thread in threading.enumerate() if thread.name.startswith("operation ")}


def test_interrupting_by_tag(spark: Any) -> None:
    spark.addTag("long")
    assert spark.interruptTag("other") == []
    assert interrupted(spark, lambda: spark.interruptTag("long")).getCondition() == "OPERATION_CANCELED"


def test_interrupting_nothing(spark: Any) -> None:
    assert spark.interruptAll() == []
    assert spark.interruptOperation(str(uuid.uuid4())) == []
    assert spark.interruptOperation("") == []


def test_a_clone_has_what_the_session_has(spark: Any) -> None:
    spark.conf.set("foo", "1")
    spark.range(2).createTempView("v")
    clone = spark.cloneSession()
    assert clone.conf.get("foo") == "1"
    assert clone.table("v").count() == 2
    clone.conf.set("foo", "2")
    assert spark.conf.get("foo") == "1"
    clone.client.release_session()
    assert spark.range(1).collect() == [Row(id=0)]


def test_a_released_session_is_closed(spark: Any) -> None:
    spark.client.release_session()
    with pytest.raises(PySparkException) as caught:
        spark.range(1).collect()
    assert caught.value.getCondition() == "INVALID_HANDLE.SESSION_CLOSED"


def test_python_files_are_importable(spark: Any, tmp_path: Any) -> None:
    name = f"module_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text("VALUE = 7\n")
    spark.addArtifacts(str(tmp_path / f"{name}.py"), pyfile=True)
    assert __import__(name).VALUE == 7


# ---- what the client never sends, over a port ----


def context(session_id: str) -> dict[str, Any]:
    return {"session_id": session_id, "user_context": pb.UserContext(user_id="u")}


def numbers(count: int) -> pb.Plan:
    return pb.Plan(root=pb.Relation(range=pb.Range(end=count, step=1)))


def message_of(call: Callable[[], Any]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return str(caught.value.details())


@pytest.fixture
def stub(channel: grpc.Channel) -> base_pb2_grpc.SparkConnectServiceStub:
    return base_pb2_grpc.SparkConnectServiceStub(channel)


REATTACHABLE = [pb.ExecutePlanRequest.RequestOption(reattach_options=pb.ReattachOptions(reattachable=True))]


def test_responses_are_resumed_where_they_broke_off(stub: Any) -> None:
    session_id, operation_id = str(uuid.uuid4()), str(uuid.uuid4())
    request = pb.ExecutePlanRequest(
        **context(session_id), plan=numbers(3), operation_id=operation_id, request_options=REATTACHABLE
    )
    whole = list(stub.ExecutePlan(request))
    assert whole[-1].HasField("result_complete")
    again = pb.ReattachExecuteRequest(
        **context(session_id), operation_id=operation_id, last_response_id=whole[0].response_id
    )
    assert list(stub.ReattachExecute(again)) == whole[1:]
    assert "OPERATION_ALREADY_EXISTS" in message_of(lambda: list(stub.ExecutePlan(request)))
    release = pb.ReleaseExecuteRequest(
        **context(session_id), operation_id=operation_id, release_all=pb.ReleaseExecuteRequest.ReleaseAll()
    )
    assert stub.ReleaseExecute(release).operation_id == operation_id
    assert not stub.ReleaseExecute(release).HasField("operation_id")
    assert "INVALID_HANDLE.OPERATION_NOT_FOUND" in message_of(lambda: list(stub.ReattachExecute(again)))
    assert "OPERATION_ABANDONED" in message_of(lambda: list(stub.ExecutePlan(request)))


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"session_id": "abc"}, "[INVALID_HANDLE.FORMAT] The handle abc is invalid."),
        ({"operation_id": "abc"}, "[INVALID_HANDLE.FORMAT] The handle abc is invalid."),
        ({"client_observed_server_side_session_id": "x"}, "[INVALID_HANDLE.SESSION_CHANGED]"),
        ({"tags": ["a,b"]}, "Spark Connect tag cannot contain ','."),
        ({"plan": pb.Plan()}, "[CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET]"),
        ({"plan": pb.Plan(root=pb.Relation())}, "This oneOf field in spark.connect.Relation is not set"),
        (
            {
                "plan": pb.Plan(
                    compressed_operation=pb.Plan.CompressedOperation(
                        data=b"xx", op_type=1, compression_codec=1
                    )
                )
            },
            "[CONNECT_INVALID_PLAN.CANNOT_PARSE]",
        ),
    ],
)
def test_requests_that_make_no_sense(stub: Any, changes: dict[str, Any], condition: str) -> None:
    fields = {**context(str(uuid.uuid4())), "plan": numbers(1), **changes}
    assert condition in message_of(lambda: list(stub.ExecutePlan(pb.ExecutePlanRequest(**fields))))


def test_a_compressed_plan_is_understood(spark: Any) -> None:
    spark.conf.set("spark.connect.session.planCompression.threshold", "100")
    spark.client._plan_compression_threshold = None
    literal = "x" * 5000
    frame = spark.range(1).selectExpr(f"'{literal}' as a")
    assert frame._plan.to_proto(spark.client).HasField("compressed_operation")
    assert frame.collect() == [Row(a=literal)]


def test_states_of_operations(stub: Any) -> None:
    if not hasattr(pb, "GetStatusRequest"):
        pytest.skip("the client does not know the call")
    session_id, operation_id = str(uuid.uuid4()), str(uuid.uuid4())
    request = pb.ExecutePlanRequest(**context(session_id), plan=numbers(3), operation_id=operation_id)
    list(stub.ExecutePlan(request))
    ask = pb.GetStatusRequest(**context(session_id))
    ask.operation_status.operation_ids.extend([operation_id, "unknown"])
    states = [o.state for o in stub.GetStatus(ask).operation_statuses]
    assert states == [4, 1]


def test_an_interrupt_without_a_tag(stub: Any) -> None:
    request = pb.InterruptRequest(**context(str(uuid.uuid4())), interrupt_type=2)
    assert "INTERRUPT_TYPE_TAG_REQUIRES_TAG" in message_of(lambda: stub.Interrupt(request))
