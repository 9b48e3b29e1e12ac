"""input_file_name() and its like: which file a row was read from, where Spark still knows it.

Spark knows it in the stage that reads the file: above filters, projections and generators, not above what brings rows
of several files together, where it answers with an empty text. Source of facts: InputFileBlockHolder, PreReadCheck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from potok.analysis.hidden import hidden_output
from potok.errors import Origin, SparkError, unsupported
from potok.plan.expressions import AttributeReference, Call, Expression, GetStructField, Literal
from potok.plan.logical import (
    EventTimeWatermark,
    Filter,
    Generate,
    Hint,
    Join,
    LogicalPlan,
    Project,
    Sample,
    ScanRelation,
    SetOperation,
    Sort,
    StreamingRelation,
    SubqueryAlias,
)
from potok.types import LONG, STRING, DataType, StructType

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver

METADATA = "_metadata"
# Name of the function -> field of `_metadata`, type, the answer where no file is known.
_FIELDS: dict[str, tuple[str, DataType, object]] = {
    "input_file_name": ("file_path", STRING, ""),
    "input_file_block_start": ("file_block_start", LONG, -1),
    "input_file_block_length": ("file_block_length", LONG, -1),
}
_SAME_STAGE = (Filter, Project, SubqueryAlias, Hint, EventTimeWatermark, Generate, Sample)


def is_input_file_call(name: str) -> bool:
    """Whether a function asks for the file of a row."""
    return name in _FIELDS


def resolve_input_file(resolver: Resolver, name: str, origin: Origin | None) -> Expression:
    """The value of the call. Raises MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION above two sources."""
    field_name, data_type, unknown = _FIELDS[name]
    for plan in resolver.plans:
        _count_sources(plan, name, origin)
    found = next((a for p in resolver.plans if (a := _metadata_of(p)) is not None), None)
    if found is None:
        return Call(name, (Literal(unknown, data_type),), data_type, is_nullable=False, origin=origin)
    resolver.use_hidden(found)
    assert isinstance(found.type, StructType)  # noqa: S101 - what file scans call so
    ordinal = found.type.names.index(field_name)
    value = GetStructField(found, ordinal, field_name, data_type, is_nullable=False)
    return Call(name, (value,), data_type, is_nullable=False, origin=origin)


def _metadata_of(plan: LogicalPlan) -> AttributeReference | None:
    """The column `_metadata` of the only file scan of the stage; None where the stage reads no file."""
    below = plan
    while isinstance(below, _SAME_STAGE) or (isinstance(below, Sort) and not below.is_global):
        below = below.child
    if isinstance(below, SetOperation | Join) and any(_is_source(leaf) for leaf in below.walk()):
        raise unsupported(
            "input_file_name() above a join or a union",
            "Add it as a column to the frame that reads the files.",
        )
    if not _is_source(below):
        return None
    every = (*plan.output, *hidden_output(plan))
    assert isinstance(below, ScanRelation | StreamingRelation)  # noqa: S101 - what a source is
    return next((a for a in every if below.metadata and a.expr_id == below.metadata.expr_id), None)


def _is_source(plan: object) -> bool:
    return isinstance(plan, ScanRelation | StreamingRelation) and plan.metadata is not None


def _count_sources(plan: LogicalPlan, name: str, origin: Origin | None) -> int:
    if _is_source(plan):
        return 1
    count = sum(_count_sources(child, name, origin) for child in plan.inputs)
    if isinstance(plan, SetOperation) and plan.operation == "union":
        return min(count, 1)
    if count > 1:
        raise SparkError("MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION", origin=origin, expr=f'"{name}()"')
    return count
