"""How Spark writes expressions: automatic column names and the text of errors (toPrettySQL)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest

from potok.analysis.names import nested_update
from potok.analysis.pretty_functions import call_text
from potok.analysis.trees import outer_references
from potok.functions.casts_by_name import FUNCTIONS as CASTS_BY_NAME
from potok.functions.registry import builtin_functions
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    CastMode,
    Expression,
    GeneratorCall,
    GetStructField,
    LambdaFunction,
    LambdaVariable,
    Literal,
    NamedArgument,
    OuterReference,
    PythonFunction,
    SortOrder,
    Subquery,
    UnresolvedAttribute,
    UnresolvedExtractValue,
    UnresolvedFunction,
    UnresolvedLambdaVariable,
    UnresolvedOrdinal,
    UnresolvedRegex,
    UnresolvedStar,
    UnresolvedSubquery,
    UpdateFields,
    WindowCall,
    WindowExpression,
    WindowFrame,
)
from potok.types import (
    FLOAT,
    INTEGER,
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
    quote_if_needed,
)
from potok.zone_names import find_zone

Resolve = Callable[[Expression], Expression | None]
_MICROSECONDS = {"day": 86_400_000_000, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}
_DAY_TIME = ("day", "hour", "minute", "second")
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e7
_RANKS_OF_ROWS = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "ntile"})
_CAST_NAMES = frozenset(function.name for function in CASTS_BY_NAME)
_TIME_OPERATORS = frozenset({"+", "-", "*"})
_EQUALITIES = frozenset({"==", "=", "<=>"})
_SHIFTS = {"lag": -1, "lead": 1}
_DEFAULT_SHIFT_ARGUMENTS = (Literal(1, INTEGER), Literal(None, NullType()))


def pretty_name(expression: Expression, resolve: Resolve | None = None, time_zone: str = "UTC") -> str:
    """The column name that Spark gives an expression without an alias.

    `resolve` gives what an unresolved column resolves to, or None; without it, a dotted name is
    printed as it was written. `time_zone` is the one that TIMESTAMP constants are written in.
    """
    return _Printer(resolve, time_zone).text(expression)


def full_sql(expression: Expression) -> str:
    """The expression as SQL text with qualified columns, quoted strings and every cast (Expression.sql)."""
    return _FullPrinter(None).text(expression)


def sql_expression(expression: Expression, resolve: Resolve | None = None) -> str:
    """The expression in double quotes, as errors show it (toSQLExpr)."""
    return f'"{pretty_name(expression, resolve)}"'


def frame_text(frame: WindowFrame, *, is_sql: bool = False) -> str:
    """The frame of a window as SQL text; bounds before the row as PRECEDING where SQL wrote them."""
    return _Printer(None).frame(frame, is_sql=is_sql)


def definition_text(window: WindowExpression) -> str:
    """What stands behind OVER."""
    return _Printer(None).definition(window)


class _Printer:
    def __init__(self, resolve: Resolve | None, time_zone: str = "UTC") -> None:
        self._resolve = resolve
        self._zone = find_zone(time_zone)

    def text(self, expression: Expression) -> str:
        match expression:
            case AttributeReference(name=name) | GeneratorCall(name=name):
                return name
            case UnresolvedAttribute(parts=parts):
                found = self._resolve(expression) if self._resolve else None
                return ".".join(parts) if found is None else self.text(found)
            case Literal(value=dt.datetime(tzinfo=dt.tzinfo()) as value, type=data_type) if self._zone:
                return pretty_literal(value.astimezone(self._zone), data_type)
            case Literal(value=value, type=data_type):
                return pretty_literal(value, data_type)
            case Alias(child=child):
                return self.text(child)
            case Cast(child=child, type=target, mode=mode, explicit=explicit):
                if not explicit or isinstance(target, (ArrayType, MapType, StructType)):
                    return self.text(child)
                word = "TRY_CAST" if mode is CastMode.TRY else "CAST"
                return f"{word}({self.text(child)} AS {target.sql})"
            case UnresolvedFunction(name=name, arguments=(child,)) if name in _CAST_NAMES:
                return self.text(child)
            case UnresolvedFunction(arguments=arguments) if self._is_ordered(expression):
                found = self._resolve(expression) if self._resolve else None
                return self.text(found) if isinstance(found, (Call, AggregateCall)) else expression.name
            case UnresolvedFunction(name="to_char" | "to_varchar", arguments=(value, _)):
                return self._formatted(expression, value)
            case UnresolvedFunction(name="from_json") if self._gives_map(expression):
                return "entries"
            case UnresolvedFunction(name="struct"):
                return self._struct(expression)
            case UnresolvedFunction(name="negative", arguments=(child,)) if not _is_operator(expression, "-"):
                return f"negative({self.text(child)})"
            case UnresolvedFunction(name=name, arguments=(_, _)) if name in _TIME_OPERATORS:
                found = self._resolve(expression) if self._resolve else None
                if isinstance(found, Cast) and not found.explicit:
                    found = found.child
                return self._call(found if isinstance(found, Call) and found.name != name else expression)
            case UnresolvedFunction(name=name, arguments=(_, _)) if name in _EQUALITIES:
                found = self._resolve(expression) if self._resolve else None
                rewritten = not isinstance(found, Call) or found.name in {"not", "and"}
                return self._call(expression) if found is None or not rewritten else self.text(found)
            case UnresolvedFunction(name=name, arguments=arguments):
                return self._function(
                    self._registered(expression),
                    arguments,
                    is_distinct=expression.is_distinct,
                    condition=expression.filter,
                    within_group=expression.within_group,
                )
            case AggregateCall(name=name, arguments=arguments):
                return self._function(
                    name,
                    arguments,
                    is_distinct=expression.is_distinct,
                    condition=expression.filter,
                    within_group=expression.order_by,
                )
            case Call() | WindowCall():
                return self._call(expression)
            case UnresolvedExtractValue(child=child, extraction=extraction):
                return self._extraction(expression, child, extraction)
            case GetStructField(child=child, name=name):
                return f"{self.text(child)}.{name}"
            case SortOrder(child=child, ascending=ascending, nulls_first=nulls_first):
                direction = "ASC" if ascending else "DESC"
                return f"{self.text(child)} {direction} NULLS {'FIRST' if nulls_first else 'LAST'}"
            case LambdaFunction(body=body, parameters=parameters):
                return f"lambdafunction({', '.join(self.text(e) for e in (body, *parameters))})"
            case LambdaVariable() | UnresolvedLambdaVariable():
                return "namedlambdavariable()"
            case WindowExpression():
                return self._window(expression)
            case PythonFunction(name=name, arguments=arguments, argument_names=keys):
                texts = (
                    self.text(a if key is None else NamedArgument(key, a))
                    for a, key in zip_longest(arguments, keys)
                )
                return f"{name}({', '.join(texts)})"
            case OuterReference(attribute=attribute):
                return f"outer({'.'.join((*attribute.qualifier, attribute.name))})"
            case Subquery() | UnresolvedSubquery():
                return self._subquery(expression)
            case UpdateFields():
                return self._update_fields(expression)
            case NamedArgument(key=key, value=value):
                return f"{key} => {self.text(value)}"
            case UnresolvedStar(target=target):
                return ".".join((*(target or ()), "*"))
            case UnresolvedRegex(pattern=pattern):
                return pattern
            case UnresolvedOrdinal(position=position):
                return str(position)
        return type(expression).__name__.lower()

    def _formatted(self, call: UnresolvedFunction, value: Expression) -> str:
        """`to_char`, which means other functions for times and bytes."""
        found = self._resolve(call) if self._resolve else None
        own = call.name if call.name == "to_varchar" else None
        if isinstance(found, Call) and found.name in {"base64", "hex"}:
            return f"{own or found.name}({self.text(value)})"
        if isinstance(found, Cast):
            return f"{own or 'decode'}({', '.join(self.text(a) for a in call.arguments)})"
        name = found.name if isinstance(found, Call) else "to_char"
        return call_text(name, [self.text(a) for a in call.arguments])

    def _registered(self, call: UnresolvedFunction) -> str:
        """The name of a call; of a user's function as it was registered."""
        if call.name in builtin_functions():
            return call.name
        found = self._resolve(call) if self._resolve else None
        return found.name if isinstance(found, PythonFunction | Call) else call.name

    def _is_ordered(self, expression: UnresolvedFunction) -> bool:
        """Whether a built-in function's named arguments have found their places."""
        if self._resolve is None or not any(isinstance(a, NamedArgument) for a in expression.arguments):
            return False
        return isinstance(self._resolve(expression), (Call, AggregateCall))

    def _gives_map(self, expression: Expression) -> bool:
        found = self._resolve(expression) if self._resolve else None
        return found is not None and isinstance(found.data_type, MapType)

    def _function(
        self,
        name: str,
        arguments: Sequence[Expression],
        *,
        is_distinct: bool,
        condition: Expression | None,
        within_group: Sequence[SortOrder],
    ) -> str:
        if name == "count" and len(arguments) == 1 and _is_bare_star(arguments[0]):
            text = "count(1)"
        else:
            text = call_text(name, [self.text(a) for a in arguments], arguments, is_distinct=is_distinct)
        if within_group and name == "mode":
            # Spark shows the order of the ties the wrong way round.
            shown = "".join(self.text(o.child) + (" DESC" if o.ascending else "") for o in within_group)
            text = f"mode() WITHIN GROUP (ORDER BY {shown})"
        elif within_group:
            brief = name.startswith("percentile_")
            keys = (_brief_order(self, o) if brief else self.text(o) for o in within_group)
            name_shown = "listagg" + text.removeprefix("string_agg") if name == "string_agg" else text
            text = name_shown + f" WITHIN GROUP (ORDER BY {', '.join(keys)})"
        return f"{text} FILTER (WHERE {self.text(condition)})" if condition is not None else text

    def _struct(self, struct: UnresolvedFunction) -> str:
        if _is_operator(struct, "("):
            pairs = (f"{_field_name(a, i)}, {self.text(a)}" for i, a in enumerate(struct.arguments, 1))
            return f"named_struct({', '.join(pairs)})"
        found = self._resolve(struct) if self._resolve else None
        if any(isinstance(a, UnresolvedStar) for a in struct.arguments) and isinstance(found, Call):
            return f"struct({', '.join(self.text(a) for a in found.arguments[1::2])})"
        return f"struct({', '.join(self._member(a) for a in struct.arguments)})"

    def _member(self, value: Expression) -> str:
        if isinstance(value, Alias) and len(value.names) == 1:
            return f"{self.text(value.child)} AS {quote_if_needed(value.names[0])}"
        return self.text(value)

    def _call(self, call: Call | WindowCall | UnresolvedFunction) -> str:
        match call.name, call.arguments:
            case "get_array_item" | "get_map_value", (child, extraction):
                return f"{self.text(child)}[{self.text(extraction)}]"
            case "get_array_struct_fields", (child, Literal(value=int(position))):
                array = child.data_type
                if isinstance(array, ArrayType) and isinstance(array.element, StructType):
                    return f"{self.text(child)}.{array.element.fields[position].name}"
        return call_text(call.name, [self.text(a) for a in call.arguments], call.arguments)

    def _extraction(self, whole: Expression, child: Expression, extraction: Expression) -> str:
        base = self.text(child)
        result = self._resolve(whole) if self._resolve else None
        if isinstance(result, GetStructField):
            return f"{base}.{result.name}"
        found = self._resolve(child) if self._resolve else None
        inner = found.data_type if found is not None else None
        if isinstance(inner, ArrayType) and isinstance(inner.element, StructType):
            inner = inner.element
        if isinstance(inner, StructType) and isinstance(extraction, Literal):
            return f"{base}.{extraction.value}"
        return f"{base}[{self.text(extraction)}]"

    def definition(self, window: WindowExpression) -> str:
        frame = "" if window.frame is None else self.frame(window.frame, is_sql=window.origin is not None)
        return f"({' '.join([*self._keys(window), frame]).rstrip()})"

    def _keys(self, window: WindowExpression) -> list[str]:
        parts = []
        if window.partition_by:
            parts.append("PARTITION BY " + ", ".join(self.text(e) for e in window.partition_by))
        if window.order_by:
            parts.append("ORDER BY " + ", ".join(self.text(e) for e in window.order_by))
        return parts

    def _window(self, window: WindowExpression) -> str:
        parts = self._keys(window)
        name = getattr(window.function, "name", "")
        arguments: Sequence[Expression] = getattr(window.function, "arguments", ())
        if name in _SHIFTS:
            arguments = arguments or (Literal(None, NullType()),)
            arguments = (*arguments, *_DEFAULT_SHIFT_ARGUMENTS[max(0, len(arguments) - 1) :])
            function = f"{name}({', '.join(self.text(a) for a in arguments)})"
            offset = arguments[1].value if isinstance(arguments[1], Literal) else 1
            shift = _SHIFTS[name] * int(offset)
            parts.append(f"ROWS BETWEEN {shift} FOLLOWING AND {shift} FOLLOWING")
        else:
            function = self.text(window.function)
            parts.append(self._frame(window, name))
        return f"{function} OVER ({' '.join(parts)})"

    def _frame(self, window: WindowExpression, name: str) -> str:
        frame = window.frame
        if name in _RANKS_OF_ROWS:
            return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
        if frame is None:
            if window.order_by:
                return "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
            return "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
        origin = window.function.origin if isinstance(window.function, UnresolvedFunction) else None
        return self.frame(frame, is_sql=origin is not None and bool(origin.sql_text))

    def frame(self, frame: WindowFrame, *, is_sql: bool = False) -> str:
        kind = "ROWS" if frame.is_rows else "RANGE"
        lower = self._bound(frame.lower, "PRECEDING", is_sql=is_sql)
        upper = self._bound(frame.upper, "FOLLOWING", is_sql=is_sql)
        return f"{kind} BETWEEN {lower} AND {upper}"

    def _bound(self, bound: Expression | None, side: str, *, is_sql: bool) -> str:
        if bound is None:
            return f"UNBOUNDED {side}"
        if isinstance(bound, Literal) and bound.value == 0:
            return "CURRENT ROW"
        negative = isinstance(bound, Literal) and isinstance(bound.value, int) and bound.value < 0
        if negative and is_sql and isinstance(bound, Literal):
            return f"{self.text(Literal(-bound.value, bound.type))} PRECEDING"
        if isinstance(bound, (Call, UnresolvedFunction)) and bound.name == "negative":
            return f"{self.text(bound.arguments[0])} PRECEDING"
        return f"{self.text(bound)} FOLLOWING"

    def _subquery(self, subquery: Subquery | UnresolvedSubquery) -> str:
        found = (
            self._resolve(subquery)
            if self._resolve and isinstance(subquery, UnresolvedSubquery)
            else subquery
        )
        outer = ""
        if isinstance(found, Subquery):
            columns = {a.expr_id: a for a in outer_references(found.plan)}
            outer = ", ".join(self.text(a) for a in columns.values())
        match subquery.kind:
            case "exists":
                return f"exists({outer})"
            case "in":
                values = ", ".join(self.text(v) for v in subquery.values)
                left = values if len(subquery.values) == 1 else f"(named_struct({values}))"
                return f"({left} IN (listquery({outer})))"
        return f"scalarsubquery({outer})"

    def _update_fields(self, update: UpdateFields) -> str:
        operations = []
        base: Expression = update
        while isinstance(base, UpdateFields):
            written, base = base.name, nested_update(base)
            if written != base.name and isinstance(base.struct, UpdateFields):
                below = nested_update(base.struct)
                base = replace(base, struct=below.struct) if below.name == base.name else base
            if base.value is None:
                operations.append("dropfield()")
            else:
                operations.append(f"WithField({self.text(base.value)})")
            base = base.struct
        return f"update_fields({self.text(base)}, {', '.join(reversed(operations))})"


def _is_operator(call: UnresolvedFunction, sign: str) -> bool:
    """Whether the call was written in SQL as an operator that starts with this sign."""
    return call.origin is not None and call.origin.fragment.startswith(sign)


def _brief_order(printer: _Printer, order: SortOrder) -> str:
    return printer.text(order.child) + ("" if order.ascending else " DESC")


class _FullPrinter(_Printer):
    """Prints what `Expression.sql` gives: nothing left out."""

    def text(self, expression: Expression) -> str:
        match expression:
            case AttributeReference(name=name, qualifier=qualifier):
                return ".".join(quote_if_needed(part) for part in (*qualifier, name))
            case Literal(value=value, type=data_type):
                return literal_sql_text(value, data_type)
            case Alias(child=child, names=(name,)):
                return f"{self.text(child)} AS {quote_if_needed(name)}"
            case Cast(child=child, type=target) if not isinstance(target, (ArrayType, MapType, StructType)):
                return f"CAST({self.text(child)} AS {target.sql})"
        return super().text(expression)


def _field_name(value: Expression, position: int) -> str:
    if isinstance(value, (UnresolvedAttribute, UnresolvedLambdaVariable)):
        return value.parts[-1]
    return value.name if isinstance(value, Alias) else f"col{position}"


def _is_bare_star(expression: Expression) -> bool:
    return isinstance(expression, UnresolvedStar) and expression.target is None


# ---- literals -----------------------------------------------------------------------------------


def pretty_literal(value: object, data_type: DataType) -> str:
    """A constant in a column name: text without quotes, numbers without a type."""
    if value is None:
        return "NULL"
    if isinstance(data_type, StringType):
        return str(value)
    if isinstance(data_type, NumericType):
        return number_text(value, data_type)
    return literal_sql_text(value, data_type)


def number_text(value: object, data_type: DataType) -> str:
    """A number as Java's toString writes it."""
    if isinstance(data_type, (DoubleType, FloatType)):
        return java_floating_text(float(value), is_float=data_type == FLOAT)  # type: ignore[arg-type]
    if isinstance(data_type, DecimalType):
        number = Decimal(str(value))
        return f"{number or number.copy_abs():f}"
    return str(value)


def java_floating_text(value: float, *, is_float: bool) -> str:
    """A floating point number as Java's Double.toString writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    size = abs(value)
    if size == 0:
        return sign + "0.0"
    shortest = _shortest_float(size) if is_float else repr(size)
    digits, exponent = Decimal(shortest).as_tuple()[1:]
    text = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + int(exponent)
    if _SMALLEST_PLAIN <= size < _LARGEST_PLAIN:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{text}"
        whole, fraction = text[:point].ljust(point, "0"), text[point:]
        return f"{sign}{whole}.{fraction or '0'}"
    return f"{sign}{text[0]}.{text[1:] or '0'}E{point - 1}"


def _shortest_float(value: float) -> str:
    import numpy as np

    return str(np.float32(value))


def literal_sql_text(value: object, data_type: DataType) -> str:
    """A constant as SQL text (Literal.sql)."""
    if value is None:
        return "NULL"
    match data_type:
        case StringType():
            escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        case BooleanType():
            return "true" if value else "false"
        case BinaryType():
            return f"X'{bytes(value).hex().upper()}'"  # type: ignore[call-overload]
        case DateType():
            return f"DATE '{value}'"
        case TimestampType() | TimestampNTZType():
            word = "TIMESTAMP" if isinstance(data_type, TimestampType) else "TIMESTAMP_NTZ"
            return f"{word} '{timestamp_text(value)}'"
        case DayTimeIntervalType():
            return day_time_interval_sql(int(value), data_type)  # type: ignore[call-overload]
        case YearMonthIntervalType():
            return year_month_interval_sql(int(value), data_type)  # type: ignore[call-overload]
        case CalendarIntervalType():
            return f"INTERVAL '{calendar_interval_text(*value)}'"  # type: ignore[misc]
        case ArrayType(element=element):
            return f"ARRAY({', '.join(literal_sql_text(v, element) for v in value)})"  # type: ignore[attr-defined]
        case MapType(key=key, value=item):
            keys = ", ".join(literal_sql_text(k, key) for k, _ in value)  # type: ignore[attr-defined]
            items = ", ".join(literal_sql_text(v, item) for _, v in value)  # type: ignore[attr-defined]
            return f"MAP_FROM_ARRAYS(ARRAY({keys}), ARRAY({items}))"
        case StructType(fields=fields):
            pairs = ", ".join(
                f"'{f.name}', {literal_sql_text(v, f.data_type)}"
                for f, v in zip(fields, value, strict=True)  # type: ignore[call-overload]
            )
            return f"NAMED_STRUCT({pairs})"
    return number_text(value, data_type)


def timestamp_text(value: object) -> str:
    """A point in time with as many digits of the second as it has."""
    if not isinstance(value, dt.datetime):
        return str(value)
    text = value.replace(microsecond=0, tzinfo=None).isoformat(" ")
    return f"{text}.{value.microsecond:06d}".rstrip("0") if value.microsecond else text


def day_time_interval_sql(microseconds: int, data_type: DayTimeIntervalType) -> str:
    """A day-time interval as SQL text: `INTERVAL '1 02:03:04.5' DAY TO SECOND`."""
    sign, left = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    parts = []
    for position in range(data_type.start, data_type.end + 1):
        unit = _MICROSECONDS[_DAY_TIME[position]]
        amount, left = divmod(left, unit)
        text = f"{amount:02d}" if position else str(amount)
        if position == len(_DAY_TIME) - 1 and left:
            text += f".{left:06d}".rstrip("0")
        parts.append((position, text))
    body = parts[0][1]
    for position, text in parts[1:]:
        body += (" " if position == 1 else ":") + text
    start, end = _DAY_TIME[data_type.start].upper(), _DAY_TIME[data_type.end].upper()
    return f"INTERVAL '{sign}{body}' {start if start == end else f'{start} TO {end}'}"


def year_month_interval_sql(months: int, data_type: YearMonthIntervalType) -> str:
    """A year-month interval as SQL text: `INTERVAL '1-2' YEAR TO MONTH`."""
    sign, size = ("-", -months) if months < 0 else ("", months)
    if data_type.start != data_type.end:
        return f"INTERVAL '{sign}{size // 12}-{size % 12}' YEAR TO MONTH"
    return f"INTERVAL '{sign}{size // 12 if data_type.start == 0 else size}' {'YEAR' if data_type.start == 0 else 'MONTH'}"


def calendar_interval_text(months: int, days: int, microseconds: int) -> str:
    """An INTERVAL in words: `1 years 2 days 3 hours`; `0 seconds` for nothing."""
    parts = []
    years, rest = int(months / 12), int(math.fmod(months, 12))
    hours, left = int(microseconds / 3_600_000_000), int(math.fmod(microseconds, 3_600_000_000))
    minutes, left = int(left / 60_000_000), int(math.fmod(left, 60_000_000))
    for amount, word in (
        (years, "years"),
        (rest, "months"),
        (days, "days"),
        (hours, "hours"),
        (minutes, "minutes"),
    ):
        if amount:
            parts.append(f"{amount} {word}")
    if left:
        seconds = f"{Decimal(left) / 1_000_000:f}"
        parts.append(f"{seconds.rstrip('0').rstrip('.') if '.' in seconds else seconds} seconds")
    return " ".join(parts) or "0 seconds"
