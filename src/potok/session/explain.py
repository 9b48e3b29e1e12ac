"""`explain`: plans as Spark prints them, and the SQL that really runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from potok.engine.pipeline import Pipeline, SqlStage
from potok.errors import SparkError
from potok.plan import logical as p
from potok.plan import unresolved as u
from potok.plan.expressions import (
    AggregateCall,
    Call,
    Expression,
    Literal,
)
from potok.plan.tree import Node
from potok.session.plan_lines import (
    attribute_text,
    expression_text,
    expressions_text,
    is_one_row,
    logical_line,
    scan_parts,
    shown_inputs,
    tree_text,
)
from potok.types import NULL

if TYPE_CHECKING:
    from potok.session.session import Session

__all__ = ["explained", "explained_error", "tree_text"]


def explained(session: Session, plan: p.LogicalPlan, mode: str) -> str:
    """What `df.explain(mode)` prints. `mode` is simple, extended, codegen, cost or formatted.

    The physical plan is the analysed one with Spark's names of operators: the engine decides for
    itself how to join and aggregate. In mode extended its SQL follows under `== DuckDB SQL ==`.
    """
    resolved = session.analyze(plan)
    physical = physical_plan(resolved)
    simple = f"== Physical Plan ==\n{tree_text(physical, _physical_line)}\n"
    match mode:
        case "simple":
            return simple + "\n"
        case "extended":
            columns = ", ".join(f"{a.name}: {a.data_type.simple_string}" for a in resolved.output)
            return (
                f"== Parsed Logical Plan ==\n{tree_text(plan, _parsed_line)}\n\n"
                f"== Analyzed Logical Plan ==\n{columns}\n{tree_text(resolved)}\n\n"
                f"== Optimized Logical Plan ==\n{tree_text(physical)}\n\n"
                f"{simple}\n== DuckDB SQL ==\n{_sql_text(session, resolved)}"
            )
        case "codegen":
            return f"Found 0 WholeStageCodegen subtrees.\n\n== DuckDB SQL ==\n{_sql_text(session, resolved)}"
        case "cost":
            return f"== Optimized Logical Plan ==\n{tree_text(physical)}\n\n{simple}\n"
        case "formatted":
            return f"== Physical Plan ==\n{_formatted(physical)}\n"
    raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=f"Unknown explain mode: {mode}.")


def explained_error(plan: p.LogicalPlan, error: SparkError) -> list[str]:
    """The lines that the statement EXPLAIN answers for a query that cannot be analysed."""
    tree = tree_text(_as_far_as_resolved(plan), _parsed_line)
    return f"Error occurred during query planning: \n{error.message};\n{tree}".splitlines()


def _as_far_as_resolved(plan: p.LogicalPlan) -> p.LogicalPlan:
    """What Spark has done with a plan when it gives up: names asked for, ranges made."""

    def change(node: Node) -> Node:
        new = node.map_children(change)
        if isinstance(new, p.Project):
            return replace(new, expressions=tuple(_named(e) for e in new.expressions))
        if isinstance(new, u.UnresolvedTableFunction) and new.name == "range":
            numbers = [a.value for a in new.arguments if isinstance(a, Literal)]
            if len(numbers) == len(new.arguments) == 1:
                return p.Range(0, int(numbers[0]), 1)
        return new

    changed = change(plan)
    assert isinstance(changed, p.LogicalPlan)  # noqa: S101 - relations become relations
    return changed


def _named(item: Expression) -> Expression:
    return Call("unresolvedalias", (item,), NULL) if isinstance(item, Literal) else item


def physical_plan(plan: p.LogicalPlan) -> p.LogicalPlan:
    """The plan without what only names things: aliases, hints."""

    def change(node: Node) -> Node:
        new = node.map_children(change)
        return new.child if isinstance(new, p.SubqueryAlias | p.Hint) else new

    changed = change(plan)
    assert isinstance(changed, p.LogicalPlan)  # noqa: S101 - relations become relations
    return changed


def _sql_text(session: Session, resolved: p.LogicalPlan) -> str:
    if resolved.is_streaming:
        return "Compiled when the query starts.\n"
    pipeline: Pipeline = session.compile(resolved)
    lines = []
    for stage in pipeline.stages:
        body = stage.sql if isinstance(stage, SqlStage) else type(stage.operator).__name__
        lines.append(f"{stage.name}: {body}")
    return "\n".join(lines) + "\n"


def _parsed_line(plan: p.LogicalPlan) -> str:
    line = tree_text_line(plan).replace(", splits=None)", ")")
    return line if line.startswith("'") or not plan.inputs else f"'{line}"


def tree_text_line(plan: p.LogicalPlan) -> str:
    """The node alone, as a logical plan shows it."""
    return logical_line(plan).split("\n", 1)[0]


def _physical_line(plan: p.LogicalPlan) -> str:
    name, arguments = _physical(plan)
    return f"{name}{arguments}"


def _physical(plan: p.LogicalPlan) -> tuple[str, str]:
    """An operator's name and its arguments as the simple mode shows them."""
    match plan:
        case p.Aggregate(grouping=grouping, aggregates=aggregates):
            functions = _functions(aggregates)
            return "HashAggregate", (
                f"(keys={expressions_text(grouping)}, functions=[{', '.join(functions)}])"
            )
        case p.Sort(order=order, is_global=is_global):
            return "Sort", f" {expressions_text(order)}, {'true' if is_global else 'false'}, 0"
        case p.Limit(count=count):
            return "CollectLimit", f" {expression_text(count)}"
        case p.Range() | p.Project() if is_one_row(plan):
            return "Scan OneRowRelation[]", ""
        case p.LocalRelation():
            return "LocalTableScan", f" {expressions_text(plan.output)}"
        case p.ScanRelation() if plan.description.startswith("FileScan "):
            kind, table, paths = scan_parts(plan)
            files = paths.count("file:")
            return f"FileScan {kind}", (
                f" {table}{expressions_text(plan.output, ',')}"
                f" Location: InMemoryFileIndex({files} paths){paths}, ReadSchema: {plan.schema.simple_string}"
            )
        case p.StreamingRelation():
            return "StreamingRelation", f" {plan.format}, {expressions_text(plan.output)}"
        case p.Deduplicate(keys=keys):
            return "HashAggregate", f"(keys={expressions_text(keys)}, functions=[])"
    line = tree_text_line(plan)
    name, _, rest = line.partition(" ")
    return name, f" {rest}" if rest else ""


def _functions(aggregates: tuple[Expression, ...]) -> list[str]:
    found: list[str] = []
    for expression in aggregates:
        for node in expression.walk():
            if isinstance(node, AggregateCall) and expression_text(node) not in found:
                found.append(expression_text(node))
    return found


def _formatted(root: p.LogicalPlan) -> str:
    """The tree with numbers, then each operator with its input and arguments."""
    order: list[p.LogicalPlan] = []

    def number(plan: p.LogicalPlan) -> None:
        for child in shown_inputs(plan):
            number(child)
        order.append(plan)

    number(root)
    numbers = {id(plan): position for position, plan in enumerate(order, 1)}

    def line(plan: p.LogicalPlan) -> str:
        return f"{_scan_name(plan)} ({numbers[id(plan)]})"

    blocks = [tree_text(root, line), ""]
    for plan in order:
        _, arguments = _physical(plan)
        lines = [f"({numbers[id(plan)]}) {_scan_name(plan)}"]
        if shown_inputs(plan):
            for index, child in enumerate(plan.inputs):
                label = (
                    "Input" if len(plan.inputs) == 1 else ("Left output" if index == 0 else "Right output")
                )
                lines.append(f"{label} {_columns(child)}")
        else:
            lines.append(f"Output {_columns(plan)}")
        if arguments.strip():
            lines.append(f"Arguments: {arguments.strip()}")
        blocks.append("\n" + "\n".join(lines))
    return "\n".join(blocks) + "\n"


def _scan_name(plan: p.LogicalPlan) -> str:
    name, _ = _physical(plan)
    return name.replace("FileScan ", "Scan ")


def _columns(plan: p.LogicalPlan) -> str:
    return f"[{len(plan.output)}]: [{', '.join(attribute_text(a) for a in plan.output)}]"
