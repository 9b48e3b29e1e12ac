"""The AnalyzePlan call: everything that is asked of a plan without running it.

Source of fact: Spark's `SparkConnectAnalyzeHandler`.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from dataclasses import fields
from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok import types as t
from potok.analysis import check_batch
from potok.connect.decode_plan import decode_relation, plan_relation
from potok.connect.encode import encode_type, ipc_stream
from potok.ddl import parse_client_schema
from potok.errors import SparkError
from potok.plan.expressions import Alias, AttributeReference
from potok.plan.logical import LocalRelation, LogicalPlan, ScanRelation
from potok.plan.tree import Node
from potok.session.kept_frames import KeptFrame, StorageLevel

if TYPE_CHECKING:
    from collections.abc import Callable

    from potok.connect.sessions import ServerSession

SPARK_VERSION = "4.3.0"
_EXPLAIN_MODES = {1: "simple", 2: "extended", 3: "codegen", 4: "cost", 5: "formatted"}
_NO_STORAGE = StorageLevel(
    use_disk=False, use_memory=False, use_off_heap=False, deserialized=False, replication=1
)
_DEFAULT_STORAGE = StorageLevel(
    use_disk=True, use_memory=True, use_off_heap=False, deserialized=True, replication=1
)
_RELATION_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def analyze(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    """Answer one question. Raises SparkError."""
    kind = request.WhichOneof("analyze")
    answer = _ANSWERS.get(kind)
    if answer is None:
        raise SparkError("CONNECT_INVALID_PLAN.UNKNOWN_ANALYZE_METHOD", other=kind or "ANALYZE_NOT_SET")
    return answer(session, request)


def _resolved(session: ServerSession, plan: pb.Plan) -> LogicalPlan:
    return session.session.analyze(decode_relation(session, plan_relation(plan)))


def _schema(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    response = pb.AnalyzePlanResponse()
    response.schema.schema.CopyFrom(encode_type(_resolved(session, request.schema.plan).schema))
    return response


def _explain(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    mode = _EXPLAIN_MODES.get(request.explain.explain_mode)
    if mode is None:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.UNSUPPORTED_OPERATION",
            message="Unknown Explain Mode EXPLAIN_MODE_UNSPECIFIED!",
        )
    plan = decode_relation(session, plan_relation(request.explain.plan))
    response = pb.AnalyzePlanResponse()
    response.explain.explain_string = session.session.explain(plan, mode)
    return response


def _tree_string(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    level = request.tree_string.level if request.tree_string.HasField("level") else None
    response = pb.AnalyzePlanResponse()
    response.tree_string.tree_string = t.tree_string(
        _resolved(session, request.tree_string.plan).schema, level
    )
    return response


def _is_local(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    response = pb.AnalyzePlanResponse()
    response.is_local.is_local = isinstance(_resolved(session, request.is_local.plan), LocalRelation)
    return response


def _is_streaming(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    response = pb.AnalyzePlanResponse()
    response.is_streaming.is_streaming = _resolved(session, request.is_streaming.plan).is_streaming
    return response


def _input_files(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    resolved = _resolved(session, request.input_files.plan)
    check_batch(resolved)
    response = pb.AnalyzePlanResponse()
    response.input_files.SetInParent()
    files = [f for node in resolved.walk() if isinstance(node, ScanRelation) for f in node.scan.input_files()]
    response.input_files.files.extend(dict.fromkeys(files))
    return response


def _spark_version(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    del session, request
    return pb.AnalyzePlanResponse(spark_version=pb.AnalyzePlanResponse.SparkVersion(version=SPARK_VERSION))


def _ddl_parse(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    del session
    parsed = encode_type(parse_client_schema(request.ddl_parse.ddl_string))
    return pb.AnalyzePlanResponse(ddl_parse=pb.AnalyzePlanResponse.DDLParse(parsed=parsed))


def _json_to_ddl(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    del session
    text = request.json_to_ddl.json_string
    try:
        schema = t.data_type_from_json(json.loads(text))
    except (ValueError, KeyError) as error:
        raise SparkError("INVALID_JSON_DATA_TYPE", invalidType=text) from error
    if not isinstance(schema, t.StructType):
        raise SparkError(
            "CONNECT_INVALID_PLAN.INVALID_SCHEMA_NON_STRUCT_TYPE",
            inputSchema=f'"{text}"',
            dataType=f'"{schema.sql}"',
        )
    ddl = ",".join(_field_ddl(f) for f in schema.fields)
    return pb.AnalyzePlanResponse(json_to_ddl=pb.AnalyzePlanResponse.JsonToDDL(ddl_string=ddl))


def _field_ddl(field: t.StructField) -> str:
    comment = json.loads(field.metadata).get("comment")
    text = f"{t.quote_if_needed(field.name)} {field.data_type.sql}{'' if field.nullable else ' NOT NULL'}"
    if comment is None:
        return text
    escaped = str(comment).replace("\\", "\\\\").replace("'", "\\'")
    return f"{text} COMMENT '{escaped}'"


def _same_semantics(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    target = canonical_text(_resolved(session, request.same_semantics.target_plan))
    other = canonical_text(_resolved(session, request.same_semantics.other_plan))
    return pb.AnalyzePlanResponse(same_semantics=pb.AnalyzePlanResponse.SameSemantics(result=target == other))


def _semantic_hash(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    text = canonical_text(_resolved(session, request.semantic_hash.plan))
    number = zlib.crc32(text.encode())
    result = number - (1 << 32) if number >= 1 << 31 else number
    return pb.AnalyzePlanResponse(semantic_hash=pb.AnalyzePlanResponse.SemanticHash(result=result))


def canonical_text(plan: LogicalPlan) -> str:
    """A text that two resolved plans share when they differ in names of results and numbers only."""
    numbers: dict[int, int] = {}

    def number(expr_id: int) -> int:
        return numbers.setdefault(expr_id, len(numbers))

    def canonical(node: Node) -> Node:
        node = node.map_children(canonical)
        match node:
            case AttributeReference():
                return AttributeReference("", node.type, node.is_nullable, number(node.expr_id))
            case Alias():
                return Alias(node.child, ("",), None, number(node.expr_id))
        return node

    rows = [
        hashlib.sha256(ipc_stream(node.table.schema, *node.table.to_batches())).hexdigest()
        for node in plan.walk()
        if isinstance(node, LocalRelation)
    ]
    return f"{_text_of(canonical(plan))} {rows}"


def _text_of(value: object) -> str:
    """What two nodes share that are equal: fields that comparison leaves out are left out."""
    if isinstance(value, Node):
        inner = (_text_of(getattr(value, f.name)) for f in fields(value) if f.compare)
        return f"{type(value).__name__}({', '.join(inner)})"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text_of, value))})"
    return repr(value)


def _persist(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    level = _DEFAULT_STORAGE
    if request.persist.HasField("storage_level"):
        given = request.persist.storage_level
        level = StorageLevel(
            given.use_disk, given.use_memory, given.use_off_heap, given.deserialized, given.replication
        )
    relation = request.persist.relation
    plan = session.session.analyze(decode_relation(session, relation))
    check_batch(plan)
    ids = {found.decode() for found in _RELATION_ID.findall(relation.SerializeToString())}
    frame = KeptFrame(level, canonical_text(plan), frozenset(ids & session.session.relations.keys()))
    session.session.kept.keep(relation.common.plan_id, frame)
    return pb.AnalyzePlanResponse(persist=pb.AnalyzePlanResponse.Persist())


def _semantics(session: ServerSession, relation: pb.Relation) -> str:
    return canonical_text(session.session.analyze(decode_relation(session, relation)))


def _unpersist(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    relation = request.unpersist.relation
    kept = session.session.kept
    frame = kept.find(relation.common.plan_id)
    semantics = frame.semantics if frame is not None else _semantics(session, relation)
    kept.release(relation.common.plan_id, semantics)
    return pb.AnalyzePlanResponse(unpersist=pb.AnalyzePlanResponse.Unpersist())


def _storage_level(session: ServerSession, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
    relation = request.get_storage_level.relation
    kept = session.session.kept
    frame = kept.find(relation.common.plan_id)
    if frame is None:
        frame = kept.like(relation.common.plan_id, _semantics(session, relation))
    found = _NO_STORAGE if frame is None else frame.level
    level = pb.StorageLevel(
        use_disk=found.use_disk,
        use_memory=found.use_memory,
        use_off_heap=found.use_off_heap,
        deserialized=found.deserialized,
        replication=found.replication,
    )
    return pb.AnalyzePlanResponse(
        get_storage_level=pb.AnalyzePlanResponse.GetStorageLevel(storage_level=level)
    )


_ANSWERS: dict[str, Callable[[ServerSession, pb.AnalyzePlanRequest], pb.AnalyzePlanResponse]] = {
    "schema": _schema,
    "explain": _explain,
    "tree_string": _tree_string,
    "is_local": _is_local,
    "is_streaming": _is_streaming,
    "input_files": _input_files,
    "spark_version": _spark_version,
    "ddl_parse": _ddl_parse,
    "json_to_ddl": _json_to_ddl,
    "same_semantics": _same_semantics,
    "semantic_hash": _semantic_hash,
    "persist": _persist,
    "unpersist": _unpersist,
    "get_storage_level": _storage_level,
}
