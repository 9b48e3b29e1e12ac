"""Plans as requests carry them, plain or compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb
from google.protobuf.message import DecodeError

from potok.connect.decode_relations import PlanDecoder, Surroundings, not_set
from potok.errors import SparkError
from potok.session.kept_frames import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from potok.connect.sessions import ServerSession
    from potok.plan.logical import LogicalPlan

_RELATION, _COMMAND = 1, 2
_ZSTD = 1
# Spark's default of spark.connect.maxPlanSize.
_MAX_PLAN_BYTES = 512 * 1024 * 1024


def decoder(session: ServerSession) -> PlanDecoder:
    """A decoder for one plan of the session."""
    time_zone = session.session.conf.get("spark.sql.session.timeZone")
    inner = session.session

    def rows_of(plan: LogicalPlan) -> pa.Table:
        return inner.rows_of_resolved(plan).to_table()

    def kept(plan_id: int, decode: Callable[[], LogicalPlan]) -> LogicalPlan | None:
        frame = inner.kept.find(plan_id)
        return (
            None
            if frame is None
            else frame.relation(lambda: KeptRows(lambda: inner.analyze(decode()), rows_of))
        )

    return PlanDecoder(Surroundings(session.artifacts.cached_data, time_zone, kept))


def decode_relation(session: ServerSession, relation: pb.Relation) -> LogicalPlan:
    """The unresolved plan of a relation."""
    return decoder(session).relation(relation)


def plan_relation(plan: pb.Plan) -> pb.Relation:
    """The relation of a plan that must not be a command."""
    operation = plan_operation(plan)
    if not isinstance(operation, pb.Relation):
        raise not_set("Plan", "OPTYPE")
    return operation


def plan_operation(plan: pb.Plan) -> pb.Relation | pb.Command:
    """What the plan is, decompressed. Raises CONNECT_INVALID_PLAN conditions."""
    match plan.WhichOneof("op_type"):
        case "root":
            return plan.root
        case "command":
            return plan.command
        case "compressed_operation":
            return _decompressed(plan.compressed_operation)
    raise not_set("Plan", "OPTYPE")


def _decompressed(compressed: pb.Plan.CompressedOperation) -> pb.Relation | pb.Command:
    if compressed.compression_codec != _ZSTD:
        raise _invalid_enum("CompressionCodec", "COMPRESSION_CODEC_UNSPECIFIED", compressed.compression_codec)
    if compressed.op_type not in {_RELATION, _COMMAND}:
        raise _invalid_enum("Plan.CompressedOperation.OpType", "OP_TYPE_UNSPECIFIED", compressed.op_type)
    data = _inflated(compressed.data)
    try:
        return (pb.Relation if compressed.op_type == _RELATION else pb.Command).FromString(data)
    except DecodeError as error:
        raise SparkError("CONNECT_INVALID_PLAN.CANNOT_PARSE", errorMsg=str(error)) from error


def _inflated(data: bytes) -> bytes:
    """At most `_MAX_PLAN_BYTES`, whatever the frame promises."""
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            plain: bytes = reader.read(_MAX_PLAN_BYTES + 1)
    except zstandard.ZstdError as error:
        raise SparkError("CONNECT_INVALID_PLAN.CANNOT_PARSE", errorMsg=str(error)) from error
    if len(plain) > _MAX_PLAN_BYTES:
        raise SparkError(
            "CONNECT_INVALID_PLAN.PLAN_SIZE_LARGER_THAN_MAX",
            planSize="unknown",
            maxPlanSize=_MAX_PLAN_BYTES,
        )
    return plain


def _invalid_enum(name: str, value: str, number: int) -> SparkError:
    return SparkError(
        "CONNECT_INVALID_PLAN.INVALID_ENUM", fullName=f"spark.connect.{name}", name=value, number=number
    )
