"""`window(..)`, `session_window(..)` and `window_time(..)` in GROUP BY and output lists.

A tumbling window is computed for each row; with sliding windows each row is copied into every
window that holds it (Spark's TimeWindowing). The resolved plan has, under the grouping or
projecting node, a Project or an Expand that gives the window as a column, and a Filter that
leaves out rows without an event time. The column carries the metadata `spark.timeWindow` or
`spark.sessionWindow` and that of its event time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from potok.analysis.functions import DOCUMENTATION
from potok.analysis.names import quote, quote_type
from potok.analysis.pretty import sql_expression
from potok.analysis.time import parse_interval
from potok.analysis.trees import named, strip_alias, transform_down, walk
from potok.errors import Origin, SparkError
from potok.functions.base import FunctionContext
from potok.functions.type_rules import implicit_cast
from potok.interval_text import parse_interval as calendar_interval
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Expression,
    GetStructField,
    Literal,
    SortOrder,
    WindowExpression,
    WindowFrame,
    next_expr_id,
)
from potok.plan.logical import Expand, Filter, LogicalPlan, Project, Window, to_attribute
from potok.types import (
    BOOLEAN,
    CALENDAR_INTERVAL,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    StringType,
    StructField,
    StructType,
)

TIME_WINDOW = "window"
SESSION_WINDOW = "session_window"
WINDOW_TIME = "window_time"
WINDOW_CALLS = frozenset({TIME_WINDOW, SESSION_WINDOW, WINDOW_TIME})
TIME_WINDOW_KEY = "spark.timeWindow"
SESSION_WINDOW_KEY = "spark.sessionWindow"
_DAY_US = 86_400_000_000


def window_type(time_type: DataType) -> StructType:
    """The struct of a window: start inclusive, end exclusive."""
    return StructType((StructField("start", time_type), StructField("end", time_type)))


def is_window_call(expression: Expression) -> bool:
    """Whether the node is one of the calls that this module expands."""
    return isinstance(expression, Call) and expression.name in WINDOW_CALLS


class TimeWindows:
    """The window calls of one node, each as a column of the plan below it.

    Only an aggregation in a batch merges sessions here: elsewhere each row has its own.
    """

    def __init__(self, *, merges_sessions: bool = True) -> None:
        self._merges_sessions = merges_sessions
        self._columns: dict[Expression, AttributeReference] = {}

    def add(self, child: LogicalPlan, keys: Sequence[Expression], items: Sequence[Expression]) -> LogicalPlan:
        """The child with a column per window call in keys and items.

        Raises _LEGACY_ERROR_TEMP_1039 for several different time windows.
        """
        calls: list[Call] = []
        for expression in (*keys, *items):
            for node in walk(expression):
                known = node in calls or node in self._columns if is_window_call(node) else True
                if not known and isinstance(node, Call):
                    calls.append(node)
        windows = {c for c in (*calls, *self._columns) if c.name != WINDOW_TIME}  # type: ignore[attr-defined]
        if len(windows) > 1:
            raise SparkError("_LEGACY_ERROR_TEMP_1039")
        others = [k for k in keys if not any(is_window_call(n) for n in walk(k))]
        # A window over window_time needs its column first, and so does window_time over a window.
        for call in sorted(calls, key=lambda c: sum(is_window_call(n) for n in walk(c))):
            arguments = tuple(self.over(a) for a in call.arguments)
            child, self._columns[call] = _add(
                child, replace(call, arguments=arguments), others if self._merges_sessions else None
            )
        return child

    def over(self, expression: Expression) -> Expression:
        """The expression in terms of the columns added so far."""
        return transform_down(expression, self._columns.get) if self._columns else expression


def add_time_windows(child: LogicalPlan, items: Sequence[Expression]) -> tuple[LogicalPlan, list[Expression]]:
    """The child with a column per window call in an output list, and the list in terms of these columns."""
    windows = TimeWindows(merges_sessions=False)
    child = windows.add(child, (), items)
    return child, [windows.over(i) for i in items]


def _add(
    child: LogicalPlan, call: Call, others: Sequence[Expression] | None
) -> tuple[LogicalPlan, AttributeReference]:
    if call.name == WINDOW_TIME:
        return _add_window_time(child, call)
    time = call.arguments[0]
    if isinstance(time.data_type, StructType):
        child, time = _time_of_window(child, time)
    metadata = _metadata(time, TIME_WINDOW_KEY if call.name == TIME_WINDOW else SESSION_WINDOW_KEY)
    if call.name == SESSION_WINDOW:
        return _add_session(child, call, time, metadata, others)
    size, slide, start = (int(a.value) for a in call.arguments[1:4] if isinstance(a, Literal))
    return _add_window(child, time, (size, slide, start), metadata)


def _metadata(time: Expression, key: str) -> str:
    own = json.loads(time.metadata) if isinstance(time, AttributeReference) else {}
    return json.dumps({key: True, **own}, separators=(",", ":"))


def _add_window(
    child: LogicalPlan, time: Expression, sizes: tuple[int, int, int], metadata: str
) -> tuple[LogicalPlan, AttributeReference]:
    size, slide, start = sizes
    copies = -(-size // slide)
    windows = [_window(time, size, slide, start, copy) for copy in range(copies)]
    data_type = windows[0].data_type
    present = Call("isnotnull", (time,), BOOLEAN, False)  # noqa: FBT003 - nullable
    if copies == 1:
        alias = Alias(windows[0], ("window",), metadata, next_expr_id())
        filtered = Filter(child, present) if time.nullable else child
        return Project(filtered, (alias, *child.output)), to_attribute(alias)
    column = AttributeReference("window", data_type, True, next_expr_id(), metadata)  # noqa: FBT003 - nullable
    expanded = Expand(child, tuple((w, *child.output) for w in windows), (column, *child.output))
    if size % slide == 0:
        return (Filter(expanded, present) if time.nullable else expanded), column
    inside = Call("time_window_holds", (column, time), BOOLEAN, time.nullable)
    return Filter(expanded, inside), column


def _window(time: Expression, size: int, slide: int, start: int, copy: int) -> Call:
    """The window that started `copy` slides before the latest one that holds the time."""
    numbers = tuple(Literal(n, LONG) for n in (size, slide, start, copy))
    return Call("time_window", (time, *numbers), window_type(time.data_type), False)  # noqa: FBT003 - nullable


def _add_session(
    child: LogicalPlan, call: Call, time: Expression, metadata: str, others: Sequence[Expression] | None
) -> tuple[LogicalPlan, AttributeReference]:
    """A session per row on a stream, where the stateful aggregate merges them; in a batch merged ones by others, if any are given."""
    data_type = window_type(time.data_type)
    gap = call.arguments[1]
    if gap.data_type == LONG:
        session = Call("session_window_of_row", (time, gap), data_type, False)  # noqa: FBT003 - nullable
    else:
        end = Call("_timestamp_add_calendar", (time, gap), time.data_type)
        session = Call("session_window_until", (time, end), data_type, False)  # noqa: FBT003 - nullable
    alias = Alias(session, ("session_window",), metadata, next_expr_id())
    filtered = Filter(child, Call("isnotnull", (time,), BOOLEAN, False)) if time.nullable else child  # noqa: FBT003
    plan: LogicalPlan = Project(filtered, (alias, *child.output))
    if not (isinstance(gap, Literal) and gap.data_type == LONG and gap.value > 0):
        plan = Filter(plan, _lasts(to_attribute(alias)))
    if child.is_streaming or others is None:
        return plan, to_attribute(alias)
    return _merged_sessions(plan, to_attribute(alias), others)


def _lasts(session: AttributeReference) -> Expression:
    """Rows without a gap make no session."""
    start, end = (GetStructField(session, i, f.name, f.data_type) for i, f in enumerate(session.type.fields))  # type: ignore[attr-defined]
    return Call(">", (end, start), BOOLEAN)


def _merged_sessions(
    plan: LogicalPlan, session: AttributeReference, others: Sequence[Expression]
) -> tuple[LogicalPlan, AttributeReference]:
    """Sessions that touch, merged: each row gets the start of the first and the end of the last."""
    time_type = session.type.fields[0].data_type  # type: ignore[attr-defined]
    start = GetStructField(session, 0, "start", time_type)
    end = GetStructField(session, 1, "end", time_type)
    order = (SortOrder(start),)
    before = WindowFrame(True, None, Literal(-1, INTEGER))  # noqa: FBT003 - ROWS
    until = WindowFrame(True, None, Literal(0, INTEGER))  # noqa: FBT003
    whole = WindowFrame(True, None, None)  # noqa: FBT003
    kept = plan.output
    # Each once: an expression may be one that the engine does not partition by.
    plain = [strip_alias(o) for o in others]
    computed = tuple(named(o, "key") for o in plain if not isinstance(o, AttributeReference | Literal))
    plan = Project(plan, (*plan.output, *computed)) if computed else plan
    keys = (*(o for o in plain if isinstance(o, AttributeReference)), *map(to_attribute, computed))
    reached = named(WindowExpression(_extreme("max", end), keys, order, before), "reached")
    plan = Window(plan, (reached,))
    touches = Call("<=", (start, to_attribute(reached)), BOOLEAN, True)  # noqa: FBT003 - nullable
    is_first = Call("if", (touches, Literal(0, INTEGER), Literal(1, INTEGER)), INTEGER, False)  # noqa: FBT003
    total = AggregateCall("sum", (is_first,), LONG)
    number = named(WindowExpression(total, keys, order, until), "number")
    plan = Window(plan, (number,))
    inside = (*keys, to_attribute(number))
    first = named(WindowExpression(_extreme("min", start), inside, (), whole), "start")
    last = named(WindowExpression(_extreme("max", end), inside, (), whole), "end")
    plan = Window(plan, (first, last))
    cells = (Literal("start", STRING), to_attribute(first), Literal("end", STRING), to_attribute(last))
    merged = Alias(
        Call("named_struct", cells, session.type, False),  # noqa: FBT003 - nullable
        ("session_window",),
        session.metadata,
        next_expr_id(),
    )
    others_kept = (a for a in kept if a.expr_id != session.expr_id)
    return Project(plan, (merged, *others_kept)), to_attribute(merged)


def _extreme(name: str, value: Expression) -> AggregateCall:
    return AggregateCall(name, (value,), value.data_type)


def _time_of_window(child: LogicalPlan, window: Expression) -> tuple[LogicalPlan, Expression]:
    return _add_window_time(child, Call(WINDOW_TIME, (window,), window.data_type.fields[0].data_type))  # type: ignore[attr-defined]


def _add_window_time(child: LogicalPlan, call: Call) -> tuple[LogicalPlan, AttributeReference]:
    """The last instant of a window: its end less a microsecond."""
    column = call.arguments[0]
    struct = column.data_type
    marked = isinstance(column, AttributeReference) and (
        TIME_WINDOW_KEY in column.metadata or SESSION_WINDOW_KEY in column.metadata
    )
    if not isinstance(struct, StructType) or not marked:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_3101"
            if isinstance(struct, StructType)
            else "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            sqlExpr=sql_expression(call),
            paramIndex="first",
            requiredType='"STRUCT<start: TIMESTAMP, end: TIMESTAMP>"',
            inputSql=sql_expression(column),
            inputType=quote_type(struct),
            windowTime=sql_expression(call),
        )
    is_nullable = column.nullable or struct.fields[1].nullable
    value = Call("time_window_last", (column,), struct.fields[1].data_type, is_nullable)
    own = json.loads(column.metadata) if isinstance(column, AttributeReference) else {}
    own.pop(TIME_WINDOW_KEY, None)
    own.pop(SESSION_WINDOW_KEY, None)
    alias = Alias(value, ("window_time",), json.dumps(own, separators=(",", ":")), next_expr_id())
    return Project(child, (*child.output, alias)), to_attribute(alias)


# ---- the calls ----------------------------------------------------------------------------------


def resolve_window_call(
    name: str, arguments: Sequence[Expression], context: FunctionContext, origin: Origin | None
) -> Call:
    """The call with durations in microseconds. Raises WRONG_NUM_ARGS, DATATYPE_MISMATCH, CANNOT_PARSE_INTERVAL."""
    least, most = (1, 1) if name == WINDOW_TIME else (2, 2) if name == SESSION_WINDOW else (2, 4)
    if not least <= len(arguments) <= most:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            origin=origin,
            functionName=quote(name),
            expectedNum=str(most) if least == most else "[2, 3, 4]",
            actualNum=len(arguments),
            docroot=DOCUMENTATION,
        )
    if name == WINDOW_TIME:
        struct = arguments[0].data_type
        result = struct.fields[1].data_type if isinstance(struct, StructType) and struct.fields else struct
        return Call(name, tuple(arguments), result, origin=origin)
    time = _event_time(name, arguments, context, origin)
    result = window_type(_time_type(time))
    if name == SESSION_WINDOW:
        gap = _gap(arguments[1])
        return Call(name, (time, gap), result, False, origin=origin)  # noqa: FBT003 - nullable
    sizes = [_duration(a, origin) for a in arguments[1:]]
    size = sizes[0]
    slide = sizes[1] if len(sizes) > 1 else size
    start = sizes[2] if len(sizes) > 2 else 0  # noqa: PLR2004 - the third duration
    _check_sizes(arguments, (size, slide, start), origin)
    numbers = tuple(Literal(n, LONG) for n in (size, slide, start))
    return Call(name, (time, *numbers), result, False, origin=origin)  # noqa: FBT003 - nullable


def _time_type(time: Expression) -> DataType:
    struct = time.data_type
    return struct.fields[1].data_type if isinstance(struct, StructType) else struct


def _event_time(
    name: str, arguments: Sequence[Expression], context: FunctionContext, origin: Origin | None
) -> Expression:
    time = arguments[0]
    if isinstance(time.data_type, StructType):
        times = [f.data_type for f in time.data_type.fields]
        if times in ([TIMESTAMP, TIMESTAMP], [TIMESTAMP_NTZ, TIMESTAMP_NTZ]):
            return time
    elif time.data_type == TIMESTAMP_NTZ:
        return time
    converted = implicit_cast(time, TIMESTAMP, context)
    if converted is None:
        required = (
            '("(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)" or "STRUCT<start: TIMESTAMP, end: TIMESTAMP>"'
            ' or "STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>")'
        )
        raise SparkError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            origin=origin,
            sqlExpr=_call_text(name, arguments),
            paramIndex="first",
            requiredType=required,
            inputSql=sql_expression(time),
            inputType=quote_type(time.data_type),
        )
    return converted


def _call_text(name: str, arguments: Sequence[Expression]) -> str:
    cells = [sql_expression(arguments[0])[1:-1]]
    if name == TIME_WINDOW:
        sizes = [_duration(a, None) for a in arguments[1:]]
        cells += [str(sizes[0]), str((sizes * 2)[1]), str(sizes[2] if len(sizes) > 2 else 0)]  # noqa: PLR2004
    else:
        cells += [sql_expression(a)[1:-1] for a in arguments[1:]]
    return f'"{name}({", ".join(cells)})"'


def _duration(argument: Expression, origin: Origin | None) -> int:
    if isinstance(argument, Literal):
        if isinstance(argument.value, str):
            months, microseconds = parse_interval(argument.value)
            if months:
                raise SparkError("_LEGACY_ERROR_TEMP_3231", origin=origin, interval=argument.value)
            return microseconds
        if isinstance(argument.value, int):
            return argument.value
        if isinstance(argument.value, tuple):
            _, days, microseconds = argument.value
            return int(days * 86_400_000_000 + microseconds)
    raise SparkError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", origin=origin, sqlExpr=sql_expression(argument),
                     inputName="`duration`", inputType='"STRING"', inputExpr=sql_expression(argument))  # fmt: skip


def _gap(argument: Expression) -> Expression:
    """Constants without months as microseconds, all others as intervals. Raises _LEGACY_ERROR_TEMP_1040."""
    if isinstance(argument.data_type, StringType):
        if isinstance(argument, Literal) and argument.value is not None:
            months, days, microseconds = calendar_interval(argument.value)
            if not months:
                return Literal(days * _DAY_US + microseconds, LONG)
        return Call("session_gap", (argument,), CALENDAR_INTERVAL)
    if argument.data_type != CALENDAR_INTERVAL:
        raise SparkError("_LEGACY_ERROR_TEMP_1040", dt=argument.data_type.simple_string)
    return argument


def _check_sizes(arguments: Sequence[Expression], sizes: tuple[int, int, int], origin: Origin | None) -> None:
    size, slide, start = sizes
    text = f'"window({", ".join(sql_expression(a)[1:-1] for a in arguments[:1])}, {size}, {slide}, {start})"'
    for name, value in (("window_duration", size), ("slide_duration", slide)):
        if value <= 0:
            raise SparkError(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                origin=origin,
                sqlExpr=text,
                exprName=quote(name),
                valueRange="(0, 9223372036854775807]",
                currentValue=f"{value}L",
            )
    for left, left_value, right, right_value, constraint, holds in (
        ("slide_duration", slide, "window_duration", size, "<=", slide <= size),
        ("abs(start_time)", abs(start), "slide_duration", slide, "<", abs(start) < slide),
    ):
        if not holds:
            raise SparkError(
                "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION",
                origin=origin,
                sqlExpr=text,
                leftExprName=quote(left),
                leftExprValue=f"{left_value}L",
                constraint=constraint,
                rightExprName=quote(right),
                rightExprValue=f"{right_value}L",
            )
