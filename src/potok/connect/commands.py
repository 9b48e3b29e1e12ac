"""Commands of the protocol to calls of the session.

Source of fact: Spark's `SparkConnectPlanner.process`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.connect.decode_plan import decode_relation, decoder
from potok.connect.encode import ipc_stream, wire_batch, wire_schema
from potok.connect.observed import observed_metrics
from potok.connect.query_commands import (
    listener_bus_responses,
    manager_responses,
    query_responses,
    start_responses,
)
from potok.ddl import parse_name
from potok.errors import SparkError, unsupported
from potok.plan.commands import CreateView, WriteBatch
from potok.plan.logical import LocalRelation, LogicalPlan, Options, schema_attributes
from potok.plan.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from potok.connect.operations import Operation
    from potok.connect.sessions import ServerSession
    from potok.engine.rows import Rows

    Responses = Iterator[pb.ExecutePlanResponse]

_MODES = {0: "error", 1: "append", 2: "overwrite", 3: "error", 4: "ignore"}
_TABLE_METHODS = {1: "save_as_table", 2: "insert_into"}
_CREATE, _CREATE_OR_REPLACE = 1, 6
_UNSUPPORTED = {
    "register_table_function": "Use mapInPandas instead.",
    "register_data_source": "Use a built-in format instead.",
    "create_resource_profile_command": "Leave the resource profile out.",
    "merge_into_table_command": "Merge in foreachBatch with joins and overwrite.",
    "execute_external_command": "Run the command outside.",
    "pipeline_command": "Start the queries with writeStream.",
    "extension": "Use a built-in command.",
}


def command_responses(session: ServerSession, operation: Operation, command: pb.Command) -> Responses:
    """Run one command. Raises SparkError."""
    kind = command.WhichOneof("command_type")
    run = _COMMANDS.get(kind)
    if run is None:
        if kind is None:
            raise SparkError(
                "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET",
                fullName="spark.connect.Command",
                name="COMMANDTYPE_NOT_SET",
            )
        raise unsupported(f"The command {kind}", _UNSUPPORTED.get(kind, "Use another command."))
    yield from run(session, operation, getattr(command, kind))


def _register_function(
    session: ServerSession, operation: Operation, command: pb.CommonInlineUserDefinedFunction
) -> Responses:
    del operation
    function = decoder(session).expressions.python_function(command)
    session.session.register_function(command.function_name, function)
    yield from ()


def _register_table_function(
    session: ServerSession, operation: Operation, command: pb.CommonInlineUserDefinedTableFunction
) -> Responses:
    del operation
    function = decoder(session).expressions.table_function(command)
    session.session.register_table_function(command.function_name, function)
    yield from ()


def _create_view(
    session: ServerSession, operation: Operation, command: pb.CreateDataFrameViewCommand
) -> Responses:
    del operation
    plan = decode_relation(session, command.input)
    name = parse_name(command.name)
    session.session.create_view(CreateView(plan, name, command.is_global, command.replace))
    yield from ()


def _sql(session: ServerSession, operation: Operation, command: pb.SqlCommand) -> Responses:
    statement, relation = _statement(session, command)
    if isinstance(statement, LogicalPlan):
        session.session.analyze(statement)
    elif isinstance(statement, Statement):
        answer = session.session.execute_statement(statement)
        rows = session.session.rows_of_resolved(answer, operation.on_cancel)
        relation = pb.Relation(common=relation.common, local_relation=_local_relation(session, rows))
    result = pb.ExecutePlanResponse.SqlCommandResult(relation=relation)
    yield pb.ExecutePlanResponse(sql_command_result=result)


def _statement(session: ServerSession, command: pb.SqlCommand) -> tuple[LogicalPlan | Statement, pb.Relation]:
    """What the text says, and the relation that stands for its result when it is a query."""
    plans = decoder(session)
    if not command.HasField("input"):
        sql = pb.SQL(query=command.sql, pos_args=command.pos_args, pos_arguments=command.pos_arguments)
        for name, literal in command.args.items():
            sql.args[name].CopyFrom(literal)
        for name, expression in command.named_arguments.items():
            sql.named_arguments[name].CopyFrom(expression)
        return plans.statement(sql), pb.Relation(sql=sql)
    match command.input.WhichOneof("rel_type"):
        case "sql":
            return plans.statement(command.input.sql), command.input
        case "with_relations":
            return plans.with_relations_statement(command.input.with_relations), command.input
    raise SparkError(
        "CONNECT_INVALID_PLAN.SQL_COMMAND_EXPECTS_SQL_OR_WITH_RELATIONS",
        other=str(command.input.WhichOneof("rel_type")),
    )


def _local_relation(session: ServerSession, rows: Rows) -> pb.LocalRelation:
    schema = wire_schema(rows.schema, session.session.conf.get("spark.sql.session.timeZone"))
    batches = [wire_batch(batch, schema) for batch in rows.to_reader()]
    return pb.LocalRelation(data=ipc_stream(schema, *batches), schema=rows.schema.json)


def _write(session: ServerSession, operation: Operation, command: pb.WriteOperation) -> Responses:
    if command.clustering_columns:
        raise unsupported("clusterBy of a write", "Use partitionBy.")
    if getattr(command, "with_schema_evolution", False):
        raise unsupported("Schema evolution of a write", "Change the table first.")
    to_table = command.WhichOneof("save_type") == "table"
    write = WriteBatch(
        decode_relation(session, command.input),
        command.source or None,
        path=command.path if command.WhichOneof("save_type") == "path" else None,
        table=parse_name(command.table.table_name) if to_table else (),
        table_method=_TABLE_METHODS.get(command.table.save_method, "save_as_table"),
        mode=_MODES[command.mode],
        options=Options(command.options),
        partition_by=tuple(command.partitioning_columns),
        sort_by=tuple(command.sort_column_names),
        bucket_by=tuple(command.bucket_by.bucket_column_names),
        num_buckets=command.bucket_by.num_buckets,
    )
    operation.check_cancelled()
    yield from _written(session, write)


def _written(session: ServerSession, write: WriteBatch) -> Responses:
    """Write, and tell what the rows were observed to be."""
    metrics: list[pb.ExecutePlanResponse.ObservedMetrics] = []
    session.session.catalog.write(write, lambda plan, rows: metrics.extend(observed_metrics(plan, rows)))
    if metrics:
        yield pb.ExecutePlanResponse(observed_metrics=metrics)


def _write_v2(session: ServerSession, operation: Operation, command: pb.WriteOperationV2) -> Responses:
    if command.mode not in {_CREATE, _CREATE_OR_REPLACE}:
        raise unsupported("writeTo except create and createOrReplace", "Use df.write.")
    if command.partitioning_columns or command.clustering_columns or command.table_properties:
        raise unsupported("writeTo with partitioning or table properties", "Use df.write.partitionBy.")
    plan = session.session.analyze(decode_relation(session, command.input))
    if plan.is_streaming:
        raise SparkError("CALL_ON_STREAMING_DATASET_UNSUPPORTED", methodName="`writeTo`")
    write = WriteBatch(
        plan,
        command.provider or None,
        table=parse_name(command.table_name),
        mode="error" if command.mode == _CREATE else "overwrite",
        options=Options(command.options),
    )
    operation.check_cancelled()
    yield from _written(session, write)


def _resources(session: ServerSession, operation: Operation, command: pb.GetResourcesCommand) -> Responses:
    del session, operation, command
    yield pb.ExecutePlanResponse(get_resources_command_result=pb.GetResourcesCommandResult())


def _checkpoint(session: ServerSession, operation: Operation, command: pb.CheckpointCommand) -> Responses:
    """Keeps the rows of an eager checkpoint in memory, the plan of a lazy one."""
    if not command.local and session.session.conf.find("spark.checkpoint.dir") is None:
        raise SparkError("_LEGACY_ERROR_TEMP_3016")
    plan = session.session.analyze(decode_relation(session, command.relation))
    if command.eager:
        rows = session.session.rows_of_resolved(plan, operation.on_cancel)
        plan = LocalRelation(rows.to_table(), schema_attributes(rows.schema))
    relation_id = str(uuid.uuid4())
    session.session.relations[relation_id] = plan
    result = pb.CheckpointCommandResult(relation=pb.CachedRemoteRelation(relation_id=relation_id))
    yield pb.ExecutePlanResponse(checkpoint_command_result=result)


def _remove_relation(
    session: ServerSession, operation: Operation, command: pb.RemoveCachedRemoteRelationCommand
) -> Responses:
    del operation
    session.session.relations.pop(command.relation.relation_id, None)
    yield from ()


def _machine_learning(session: ServerSession, operation: Operation, command: pb.MlCommand) -> Responses:
    """Nothing is ever in the cache of models that clients ask to clean when they leave."""
    del session, operation
    result = pb.MlCommandResult()
    match command.WhichOneof("command"):
        case "clean_cache":
            result.param.integer = 0
        case "delete":
            result.operator_info.obj_ref.id = ""
        case "get_cache_info":
            result.param.array.element_type.string.SetInParent()
        case _:
            raise unsupported("pyspark.ml", "Use a library for machine learning in foreachBatch.")
    yield pb.ExecutePlanResponse(ml_command_result=result)


_COMMANDS: dict[str, Callable[[ServerSession, Operation, pb.Command], Responses]] = {
    "register_function": _register_function,
    "register_table_function": _register_table_function,
    "create_dataframe_view": _create_view,
    "sql_command": _sql,
    "write_operation": _write,
    "write_operation_v2": _write_v2,
    "write_stream_operation_start": start_responses,
    "streaming_query_command": query_responses,
    "streaming_query_manager_command": manager_responses,
    "streaming_query_listener_bus_command": listener_bus_responses,
    "get_resources_command": _resources,
    "checkpoint_command": _checkpoint,
    "remove_cached_remote_relation_command": _remove_relation,
    "ml_command": _machine_learning,
}
