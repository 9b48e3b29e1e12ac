"""Our unresolved trees in the words of Spark's `toString`, so that recorded trees can be compared.

`normalized` takes out of a text what the two sides write differently without meaning a difference:
quotes (Spark's mark of the unresolved), `unresolvedalias(..)`, the case of function names.
"""

from __future__ import annotations

import re

from potok.plan import expressions as e
from potok.plan import logical as p
from potok.plan import unresolved as u
from potok.plan.tree import Node
from potok.types import DecimalType, DoubleType, FloatType, StringType

_OPERATORS = {
    "==": "=", "<=>": "<=>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "and": "AND", "or": "OR", "+": "+", "-": "-",
    "*": "*", "/": "/", "%": "%", "div": "div", "<<": "<<", ">>": ">>", ">>>": ">>>", "&": "&", "|": "|", "^": "^",
}  # fmt: skip
_PREFIXES = {"not": "NOT ", "negative": "-", "~": "~"}
_CALL = re.compile(r"[\w.]+(?=\()")
_JOINS = {
    "inner": "Inner", "cross": "Cross", "left_outer": "LeftOuter", "right_outer": "RightOuter",
    "full_outer": "FullOuter", "left_semi": "LeftSemi", "left_anti": "LeftAnti",
}  # fmt: skip


def normalized(text: str) -> str:
    """Without quotes, `unresolvedalias` and Spark's mark on names inside lambdas; calls in lower case; one struct."""
    text = (
        text.replace("'", "")
        .replace("lambda ", "")
        .replace("named_struct(", "struct(")
        .replace("unresolvedalias(", "(alias:")
    )
    while "(alias:" in text:
        start = text.rindex("(alias:")
        depth, position = 1, start + len("(alias:")
        while depth:
            depth += (text[position] == "(") - (text[position] == ")")
            position += 1
        text = text[:start] + text[start + len("(alias:") : position - 1] + text[position:]
    return _CALL.sub(lambda found: found[0].lower(), text).rstrip()


def expression(node: e.Expression | None) -> str:
    """One expression."""
    match node:
        case e.Literal(value=value, type=data_type):
            return _literal(value, data_type)
        case e.UnresolvedAttribute(parts=parts):
            return ".".join(p if "." not in p else f"`{p}`" for p in parts)
        case e.UnresolvedLambdaVariable(parts=parts):
            return f"lambda {'.'.join(parts)}"
        case e.UnresolvedStar(target=target):
            return ".".join([*(target or ()), "*"])
        case e.UnresolvedFunction():
            return _call(node)
        case e.UnresolvedExtractValue(child=child, extraction=extraction):
            return f"{expression(child)}[{expression(extraction)}]"
        case e.Cast(child=child, type=data_type, mode=mode):
            return f"{'try_' if mode is e.CastMode.TRY else ''}cast({expression(child)} as {data_type.simple_string})"
        case e.Alias(child=child, names=names):
            return f"{expression(child)} AS {names[0] if len(names) == 1 else '(' + ', '.join(names) + ')'}"
        case e.SortOrder(child=child, ascending=ascending, nulls_first=nulls_first):
            return f"{expression(child)} {'ASC' if ascending else 'DESC'} NULLS {'FIRST' if nulls_first else 'LAST'}"
        case e.UnresolvedOrdinal(position=position):
            return f"unresolvedordinal({position})"
        case e.LambdaFunction(body=body, parameters=parameters):
            return f"lambdafunction({', '.join(expression(x) for x in (body, *parameters))}, false)"
        case e.NamedArgument(key=key, value=value):
            return f"{key} => {expression(value)}"
        case e.WindowExpression():
            return _window(node)
        case e.UnresolvedSubquery(kind=kind, values=values):
            if kind == "in":
                left = [expression(v) for v in values]
                shown = left[0] if len(left) == 1 else _call(e.UnresolvedFunction("struct", values))
                return f"{shown} IN (list [])"
            return {"scalar": "scalar-subquery []", "exists": "exists []"}[kind]
    msg = f"no rendering for {node!r}"
    raise TypeError(msg)


def _literal(value: object, data_type: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(data_type, DoubleType | FloatType | DecimalType | StringType):
        return str(value)
    return str(value)


def _call(node: e.UnresolvedFunction) -> str:
    arguments = [expression(a) for a in node.arguments]
    name = node.name
    if name in _OPERATORS:
        return f"({arguments[0]} {_OPERATORS[name]} {arguments[1]})"
    if name in _PREFIXES:
        return f"{_PREFIXES[name]}{arguments[0]}"
    if name == "in":
        return f"{arguments[0]} IN ({','.join(arguments[1:])})"
    if name == "like":
        escape = f" ESCAPE {arguments[2]}" if len(arguments) > 2 else ""
        return f"{arguments[0]} LIKE {arguments[1]}{escape}"
    if name == "ilike":
        return f"ilike({', '.join(arguments if len(arguments) > 2 else [*arguments, chr(92)])})"
    if name == "when":
        return _case(arguments)
    if name == "struct":
        return f"struct({', '.join(_struct_items(node.arguments))})"
    if name in {"timestampadd", "timestampdiff"}:
        arguments.append("None")
    if name in {"first", "last", "any_value"} and node.ignore_nulls:
        arguments.append("true")
    arguments += [expression(x) for x in ([node.filter] if node.filter else [])]
    arguments += [expression(x) for x in node.within_group]
    distinct = "distinct " if node.is_distinct else ""
    return f"{name}({distinct}{', '.join(arguments)})"


def _case(arguments: list[str]) -> str:
    pairs = zip(arguments[0::2], arguments[1::2], strict=False)
    branches = " ".join(f"WHEN {condition} THEN {value}" for condition, value in pairs)
    otherwise = f" ELSE {arguments[-1]}" if len(arguments) % 2 else ""
    return f"CASE {branches}{otherwise} END"


def _struct_items(items: tuple[e.Expression, ...]) -> list[str]:
    shown: list[str] = []
    for position, item in enumerate(items, 1):
        name = f"col{position}"
        if isinstance(item, e.Alias):
            name = item.name
        elif isinstance(item, e.UnresolvedAttribute):
            name = item.parts[-1]
        shown += [name, expression(item)]
    return shown


def _window(node: e.WindowExpression) -> str:
    function = expression(node.function)
    if node.name is not None:
        return f"unresolvedwindowexpression({function}, WindowSpecReference({node.name}))"
    frame = "unspecifiedframe$()"
    if node.frame is not None:
        lower = _bound(node.frame.lower, "unboundedpreceding$()")
        upper = _bound(node.frame.upper, "unboundedfollowing$()")
        frame = (
            f"specifiedwindowframe({'RowFrame' if node.frame.is_rows else 'RangeFrame'}, {lower}, {upper})"
        )
    parts = [expression(x) for x in (*node.partition_by, *node.order_by)]
    return f"{function} windowspecdefinition({', '.join([*parts, frame])})"


def _bound(bound: e.Expression | None, unbounded: str) -> str:
    if bound is None:
        return unbounded
    return "currentrow$()" if isinstance(bound, e.Literal) and bound.value == 0 else expression(bound)


def _list(items: tuple[e.Expression, ...]) -> str:
    return "[" + ", ".join(expression(i) for i in items) + "]"


def _own_expressions(node: p.LogicalPlan) -> list[Node]:
    if isinstance(node, u.UnresolvedAggregate) and node.having is not None:
        return [node.having]
    return list(node.children(e.Expression))


def plan(node: p.LogicalPlan) -> list[str]:
    """One line per node, two spaces per level; the plans of subqueries come first, then the inputs."""
    line, children = _node(node)
    subqueries = [
        found.plan
        for own in _own_expressions(node)
        for found in own.walk()
        if isinstance(found, e.UnresolvedSubquery)
    ]
    lines = [line]
    for child in (*subqueries, *children):
        lines += ["  " + below for below in plan(child)]
    return lines


def _node(node: p.LogicalPlan) -> tuple[str, list[p.LogicalPlan]]:
    match node:
        case u.UnresolvedInlineTable(rows=((),)):
            return "OneRowRelation", []
        case u.UnresolvedInlineTable(rows=rows, names=names):
            names = names or tuple(f"col{i}" for i in range(1, len(rows[0]) + 1))
            return f"LocalRelation [{', '.join(names)}]", []
        case u.UnresolvedRelation(parts=parts, streaming=streaming):
            return f"UnresolvedRelation [{', '.join(parts)}], [], {str(streaming).lower()}", []
        case u.UnresolvedTableFunction(name=name, arguments=arguments):
            return f"UnresolvedTableValuedFunction [{name}], {_list(arguments)}, false", []
        case p.Project(child=child, expressions=expressions):
            return f"Project {_list(expressions)}", [child]
        case p.Filter(child=child, condition=condition):
            return f"Filter {expression(condition)}", [child]
        case u.UnresolvedAggregate(having=having) if having is not None:
            inner = u.UnresolvedAggregate(node.child, node.grouping, node.aggregates)
            return f"UnresolvedHaving {expression(having)}", [inner]
        case u.UnresolvedAggregate(child=child, grouping=grouping, aggregates=aggregates):
            return f"Aggregate {_list(grouping) + ', ' if grouping else ''}{_list(aggregates)}", [child]
        case p.Sort(child=child, order=order, is_global=is_global):
            return f"Sort {_list(order)}, {str(is_global).lower()}", [child]
        case p.Limit(child=child, count=count):
            return f"Limit {expression(count)}", [child]
        case p.Offset(child=child, count=count):
            return f"Offset {expression(count)}", [child]
        case u.UnresolvedDeduplicate(child=child):
            return "Distinct", [child]
        case u.UnresolvedSetOperation(operation="union", is_all=False):
            both = u.UnresolvedSetOperation(node.left, node.right, "union")
            return "Distinct", [both]
        case u.UnresolvedSetOperation(left=left, right=right, operation=operation, is_all=is_all):
            head = {"union": "Union false, false", "except": "Except", "intersect": "Intersect"}[operation]
            suffix = {"union": "", "except": f"{' All' if is_all else ''} {str(is_all).lower()}",
                      "intersect": f"{' All' if is_all else ''} {str(is_all).lower()}"}[operation]  # fmt: skip
            return head + suffix, [left, right]
        case p.SubqueryAlias(child=child, name=name, column_names=names):
            if isinstance(child, u.UnresolvedTableFunction) and names:
                return f"SubqueryAlias {name}", [child]
            if names:
                return f"SubqueryAlias {name}", [u.ToDataFrame(child, names)]
            return f"SubqueryAlias {name}", [child]
        case u.ToDataFrame(child=child, names=names):
            return f"UnresolvedSubqueryColumnAliases [{', '.join(names)}]", [child]
        case u.UnresolvedJoin(left=left, right=right, join_type=join_type, condition=condition, using=using):
            name = _JOINS[join_type]
            if node.lateral:
                on = f", {expression(condition)}" if condition else ""
                return f"LateralJoin lateral-subquery [], {name}{on}", [right, left]
            if node.natural:
                return f"Join NaturalJoin({name})", [left, right]
            if using:
                return f"Join UsingJoin({name}, [{', '.join(using)}])", [left, right]
            return f"Join {name}" + (f", {expression(condition)}" if condition else ""), [left, right]
        case u.With(child=child, relations=relations):
            named = [
                r if isinstance(r, p.SubqueryAlias) and r.column_names else p.SubqueryAlias(r, n)
                for n, r in relations
            ]
            return f"CTE [{', '.join(n for n, _ in relations)}]", [*named, child]
        case p.Hint(child=child, name=name, parameters=parameters):
            return f"UnresolvedHint {name}, {_list(parameters)}", [child]
        case p.Repartition(child=child, expressions=expressions):
            return f"RepartitionByExpression {_list(expressions)}", [child]
    msg = f"no rendering for {node!r}"
    raise TypeError(msg)


_INLINE = re.compile(r"UnresolvedInlineTable (\[[^\]]*\]).*")
_SKIPPED = ("LocalLimit", "LimitAll", "NamedStreamingRelation", "UnresolvedTVFAliases")


def recorded_plan(text: str) -> list[str]:
    """Spark's tree in the form of `plan`; nodes that only double another are left out."""
    lines: list[str] = []
    depths: list[int] = []
    for line in text.rstrip("\n").split("\n"):
        body = line.lstrip(" :+-")
        column = len(line) - len(body)
        while depths and depths[-1] >= column:
            depths.pop()
        body = body.removeprefix("'")
        if not body.startswith(_SKIPPED):
            lines.append(
                "  " * len(depths) + _INLINE.sub(r"LocalRelation \1", body.replace("GlobalLimit", "Limit"))
            )
            depths.append(column)
    return lines
