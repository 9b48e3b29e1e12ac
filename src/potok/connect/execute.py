"""The ExecutePlan call: the responses of one plan, without ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.connect.commands import command_responses
from potok.connect.decode_plan import decode_relation, plan_operation
from potok.connect.encode import arrow_batches, encode_type, wire_schema
from potok.connect.observed import observed_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from potok.connect.operations import Operation
    from potok.connect.sessions import ServerSession
    from potok.engine.rows import Rows

_DEFAULT_BATCH_BYTES = 4 * 1024 * 1024
_MINIMUM_CHUNK_BYTES = 1024


def is_quick(plan: pb.Plan) -> bool:
    """Whether the plan runs no query of its own, so that it may run in the caller's thread."""
    if plan.WhichOneof("op_type") != "command":
        return False
    command = plan.command
    match command.WhichOneof("command_type"):
        case "streaming_query_command":
            return not command.streaming_query_command.process_all_available
        case (
            "create_dataframe_view"
            | "get_resources_command"
            | "ml_command"
            | "register_function"
            | "register_table_function"
            | "remove_cached_remote_relation_command"
            | "streaming_query_listener_bus_command"
            | "streaming_query_manager_command"
            | "write_stream_operation_start"
        ):
            return True
    return False


def responses(
    session: ServerSession, operation: Operation, request: pb.ExecutePlanRequest
) -> Iterator[pb.ExecutePlanResponse]:
    """Run the request's plan. Raises SparkError."""
    plan = plan_operation(request.plan)
    if isinstance(plan, pb.Command):
        with session.session.telling_on_start(operation.on_cancel):
            yield from command_responses(session, operation, plan)
        return
    resolved = session.session.analyze(decode_relation(session, plan))
    rows = session.session.rows_of_resolved(resolved, operation.on_cancel)
    yield pb.ExecutePlanResponse(schema=encode_type(rows.schema))
    yield from _row_responses(session, rows, _chunk_bytes(request))
    metrics = observed_metrics(resolved, rows)
    if metrics:
        yield pb.ExecutePlanResponse(observed_metrics=metrics)


def _row_responses(
    session: ServerSession, rows: Rows, chunk_bytes: int | None
) -> Iterator[pb.ExecutePlanResponse]:
    conf = session.session.conf
    schema = wire_schema(rows.schema, conf.get("spark.sql.session.timeZone"))
    batches = arrow_batches(
        rows.to_reader(),
        schema,
        max_rows=conf.integer("spark.sql.execution.arrow.maxRecordsPerBatch"),
        max_bytes=_DEFAULT_BATCH_BYTES,
    )
    for start, count, data in batches:
        step = chunk_bytes or len(data)
        starts = range(0, len(data), step)
        for index, at in enumerate(starts):
            batch = pb.ExecutePlanResponse.ArrowBatch(
                row_count=count, start_offset=start, data=data[at : at + step]
            )
            if chunk_bytes is not None:
                batch.chunk_index = index
                batch.num_chunks_in_batch = len(starts)
            yield pb.ExecutePlanResponse(arrow_batch=batch)


def _chunk_bytes(request: pb.ExecutePlanRequest) -> int | None:
    """How long a piece of a batch may be; None where the client takes whole batches only."""
    for option in request.request_options:
        if option.WhichOneof("request_option") == "result_chunking_options":
            chunking = option.result_chunking_options
            if not chunking.allow_arrow_batch_chunking:
                return None
            if chunking.HasField("preferred_arrow_chunk_size"):
                wanted = chunking.preferred_arrow_chunk_size
                return int(min(max(wanted, _MINIMUM_CHUNK_BYTES), _DEFAULT_BATCH_BYTES))
            return _DEFAULT_BATCH_BYTES
    return None
