"""Resolved plans and expressions in Spark's notation. Source of fact: toString of Catalyst's nodes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from potok.plan import logical as p
from potok.plan import unresolved as u
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GeneratorCall,
    GetStructField,
    LambdaFunction,
    LambdaVariable,
    Literal,
    OuterReference,
    PythonFunction,
    SortOrder,
    Subquery,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedStar,
    WindowCall,
    WindowExpression,
    WindowFrame,
)
from potok.types import LongType

_INFIX = frozenset({"+", "-", "*", "/", "%", "=", "<=>", "<", "<=", ">", ">=", "&", "|", "^", "div", "||"})
_UNARY = {"not": "NOT {0}", "negative": "-{0}", "positive": "+{0}", "~": "~{0}"}
_WORDS = {"and": "AND", "or": "OR", "==": "=", "!=": "!="}
_MATCHES = {"like": "LIKE", "ilike": "ILIKE"}


def attribute_text(attribute: AttributeReference) -> str:
    """`a#1`, with an L behind the number of a BIGINT."""
    return f"{attribute.name}#{attribute.expr_id}{_long(attribute)}"


def _long(expression: Expression) -> str:
    return "L" if isinstance(expression.data_type, LongType) else ""


def expressions_text(expressions: Iterable[Expression], separator: str = ", ") -> str:
    """Several expressions in brackets."""
    return "[" + separator.join(expression_text(e) for e in expressions) + "]"


def expression_text(expression: Expression) -> str:
    """An expression as Spark's plans show it."""
    match expression:
        case AttributeReference():
            return attribute_text(expression)
        case Alias(child=child):
            suffix = f"#{expression.expr_id}{_long(expression)}" if expression.expr_id else ""
            return f"{expression_text(child)} AS {expression.name}{suffix}"
        case Literal(value=value):
            return _literal_text(value)
        case Cast(child=child, type=data_type):
            return f"cast({expression_text(child)} as {data_type.simple_string})"
        case SortOrder(child=child, ascending=ascending, nulls_first=nulls_first):
            direction = "ASC" if ascending else "DESC"
            return f"{expression_text(child)} {direction} NULLS {'FIRST' if nulls_first else 'LAST'}"
        case Call(name=name, arguments=arguments):
            return _call_text(name, arguments)
        case AggregateCall(name=name, arguments=arguments, is_distinct=distinct, filter=condition):
            inner = ", ".join(expression_text(a) for a in arguments)
            text = f"{name}({'distinct ' if distinct else ''}{inner})"
            return f"{text} FILTER (WHERE {expression_text(condition)})" if condition else text
        case WindowExpression():
            return _window_text(expression)
        case GetStructField(child=child, name=name):
            return f"{expression_text(child)}.{name}"
        case OuterReference(attribute=attribute):
            return f"outer({attribute_text(attribute)})"
        case LambdaVariable(name=name, expr_id=expr_id):
            return f"lambda {name}#{expr_id}"
        case LambdaFunction(body=body, parameters=parameters):
            names = ", ".join(expression_text(e) for e in parameters)
            return f"lambdafunction({expression_text(body)}, {names}, false)"
        case Subquery(kind=kind, values=values):
            left = ", ".join(expression_text(v) for v in values)
            return f"{left} IN (list#[])" if kind == "in" else f"{kind}-subquery#[]"
        case UnresolvedAttribute(parts=parts):
            return "'" + ".".join(parts)
        case UnresolvedStar():
            return "*"
        case UnresolvedFunction(name=name, arguments=arguments):
            return "'" + _call_text(name, arguments)
        case WindowCall(name=name, arguments=arguments) | PythonFunction(name=name, arguments=arguments):
            return f"{name}({', '.join(expression_text(a) for a in arguments)})"
        case GeneratorCall(name=name, arguments=arguments):
            return f"{name}({', '.join(expression_text(a) for a in arguments)})"
    inner = ", ".join(
        expression_text(c) for c in expression.children(Expression) if isinstance(c, Expression)
    )
    return f"'{type(expression).__name__}({inner})"


def _literal_text(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case bytes():
            return "0x" + value.hex().upper()
        case tuple():
            return "[" + ",".join("null" if v is None else str(v) for v in value) + "]"
        case dt.datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _call_text(name: str, arguments: tuple[Expression, ...]) -> str:
    texts = [expression_text(a) for a in arguments]
    match name, texts:
        case _, [left, right] if name in _INFIX:
            return f"({left} {name} {right})"
        case _, [left, right] if name in _WORDS:
            return f"({left} {_WORDS[name]} {right})"
        case _, [only] if name in _UNARY:
            return _UNARY[name].format(only)
        case _, [left, right] if name in _MATCHES:
            return f"{left} {_MATCHES[name]} {right}"
        case "in", [left, *rest]:
            return f"{left} IN ({','.join(rest)})"
        case "when", _:
            pairs = zip(texts[::2], texts[1::2], strict=False)
            otherwise = f" ELSE {texts[-1]}" if len(texts) % 2 else ""
            return "CASE " + " ".join(f"WHEN {c} THEN {v}" for c, v in pairs) + f"{otherwise} END"
    return f"{name}({', '.join(texts)})"


def _window_text(window: WindowExpression) -> str:
    parts = [expression_text(e) for e in (*window.partition_by, *window.order_by)]
    parts.append(_frame_text(window.frame))
    return f"{expression_text(window.function)} windowspecdefinition({', '.join(parts)})"


def _frame_text(frame: WindowFrame | None) -> str:
    if frame is None:
        return "unspecifiedframe$()"
    kind = "RowFrame" if frame.is_rows else "RangeFrame"
    lower = _bound_text(frame.lower, "unboundedpreceding$()")
    upper = _bound_text(frame.upper, "unboundedfollowing$()")
    return f"specifiedwindowframe({kind}, {lower}, {upper})"


def _bound_text(bound: Expression | None, unbounded: str) -> str:
    if bound is None:
        return unbounded
    if isinstance(bound, Literal) and bound.value == 0:
        return "currentrow$()"
    return expression_text(bound)


def tree_text(root: p.LogicalPlan, line: Callable[[p.LogicalPlan], str] | None = None) -> str:
    """One line a node, children below their parent, without a final newline.

    `line` writes a node; `logical_line` when it is None.
    """
    write = line or logical_line
    lines: list[str] = []

    def visit(plan: p.LogicalPlan, first: str, rest: str) -> None:
        own, *chained = write(plan).split("\n")
        lines.append(first + own)
        for text in chained:
            lines.append(f"{rest}+- {text}")
            rest += "   "
        for position, child in enumerate(shown_inputs(plan)):
            last = position == len(shown_inputs(plan)) - 1
            visit(child, rest + ("+- " if last else ":- "), rest + ("   " if last else ":  "))

    visit(root, "", "")
    return "\n".join(lines)


def logical_line(plan: p.LogicalPlan) -> str:
    """A node of a logical plan, two lines for a limit; `~` marks what streams, as Spark does."""
    mark = "~" if plan.is_streaming else ""
    return "\n".join(mark + line for line in _logical(plan).split("\n"))


def _logical(plan: p.LogicalPlan) -> str:
    match plan:
        case p.Range() | p.Project() if is_one_row(plan):
            return "OneRowRelation"
        case p.Project(expressions=expressions):
            return f"Project {expressions_text(expressions)}"
        case p.Filter(condition=condition):
            return f"Filter {expression_text(condition)}"
        case p.Aggregate(grouping=grouping, aggregates=aggregates):
            keys = f"{expressions_text(grouping)}, " if grouping else ""
            return f"Aggregate {keys}{expressions_text(aggregates)}"
        case p.Sort(order=order, is_global=is_global):
            return f"Sort {expressions_text(order)}, {'true' if is_global else 'false'}"
        case p.Limit(count=count):
            return f"GlobalLimit {expression_text(count)}\nLocalLimit {expression_text(count)}"
        case p.Offset(count=count) | p.Tail(count=count):
            return f"{type(plan).__name__} {expression_text(count)}"
        case p.SubqueryAlias(name=name, qualifier=qualifier):
            return f"SubqueryAlias {'.'.join((*qualifier, name))}"
        case p.Join(join_type=kind, condition=condition):
            name = "".join(word.capitalize() for word in kind.split("_"))
            return f"Join {name}" + (f", {expression_text(condition)}" if condition is not None else "")
        case p.Window(expressions=expressions):
            return f"Window {expressions_text(expressions)}"
        case p.Generate(generator=generator, outer=outer, result=result):
            flag = "true" if outer else "false"
            return f"Generate {expression_text(generator)}, {flag}, {expressions_text(result)}"
        case p.SetOperation(operation=operation, is_all=is_all):
            if operation == "union":
                return "Union" if is_all else "Distinct Union"
            return f"{operation.capitalize()} {'All true' if is_all else 'All false'}"
        case p.Deduplicate(keys=keys, within_watermark=within):
            return f"{'DeduplicateWithinWatermark' if within else 'Deduplicate'} {expressions_text(keys)}"
        case p.EventTimeWatermark(event_time=event_time, delay_ms=delay_ms):
            return f"EventTimeWatermark {attribute_text(event_time)}, {_delay_text(delay_ms)}"
        case u.UnresolvedInlineTable(rows=((),)):
            return "OneRowRelation"
        case p.Range(start=start, end=end, step=step, num_partitions=splits):
            return f"Range ({start}, {end}, step={step}, splits={splits})"
        case p.LocalRelation():
            return f"LocalRelation {expressions_text(plan.output)}"
        case p.ScanRelation():
            kind, table, _ = scan_parts(plan)
            return f"Relation {table}{expressions_text(plan.output, ',')} {kind}"
        case p.StreamingRelation():
            return f"StreamingExecutionRelation {source_text(plan)}, {expressions_text(plan.output)}, name=<Unassigned>"
        case u.UnresolvedRelation(parts=parts, streaming=streaming):
            return f"'UnresolvedRelation [{', '.join(parts)}], [], {'true' if streaming else 'false'}"
        case p.MapPartitions(function=function) | p.GroupMap(function=function):
            return f"{type(plan).__name__} {function.name}, {expressions_text(plan.output)}"
        case p.CollectMetrics(name=name, metrics=metrics):
            return f"CollectMetrics {name}, {expressions_text(metrics)}"
    return type(plan).__name__


def scan_parts(relation: p.ScanRelation) -> tuple[str, str, str]:
    """The format, the table's name (may be empty) and the paths in brackets, from the description of a scan."""
    if not relation.description.startswith("FileScan "):
        return relation.description, "", ""
    head, _, paths = relation.description.partition(" [")
    _, kind, *table = head.split(" ", 2)
    return kind, "".join(table), f"[{paths}"


def is_one_row(plan: p.LogicalPlan) -> bool:
    """Whether this is what SELECT without FROM reads: one row without columns."""
    if isinstance(plan, p.Range):
        return (plan.start, plan.end, plan.num_partitions) == (0, 1, 1)
    return isinstance(plan, p.Project) and not plan.expressions and isinstance(plan.child, p.LocalRelation)


def shown_inputs(plan: p.LogicalPlan) -> tuple[p.LogicalPlan, ...]:
    """The children that a tree shows."""
    return () if is_one_row(plan) else plan.inputs


def source_text(relation: p.StreamingRelation) -> str:
    """A streaming source as progress names it."""
    if relation.paths:
        return f"FileStreamSource[file:{relation.paths[0].removeprefix('file:')}]"
    return relation.format


def _delay_text(delay_ms: int) -> str:
    seconds, rest_ms = divmod(delay_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hours"), (minutes, "minutes")]
    texts = [f"{n} {unit}" for n, unit in parts if n]
    if seconds or rest_ms or not texts:
        texts.append(f"{seconds}{f'.{rest_ms:03d}'.rstrip('0') if rest_ms else ''} seconds")
    return " ".join(texts)
