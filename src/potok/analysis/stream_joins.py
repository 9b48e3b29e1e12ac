"""The condition of a join of two streams: its keys, and up to when rows of a side may still find a match.

Sources of fact: Spark's ExtractEquiJoinKeys, StreamingJoinHelper.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from potok.analysis.time import DELAY_KEY
from potok.analysis.trees import references
from potok.plan.expressions import AttributeReference, Call, Cast, Expression, Literal
from potok.plan.logical import Attributes
from potok.types import (
    BOOLEAN,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)

_MICROS_PER_MS = 1000
_MICROS_PER_SECOND = 1_000_000
_MICROS_PER_DAY = 86_400 * _MICROS_PER_SECOND
_ADD = frozenset({"+", "_timestamp_add_interval", "_timestamp_add_calendar"})
_SUBTRACT = frozenset({"-", "_timestamp_add_interval_minus", "_timestamp_add_calendar_minus"})
_LESS = {"<": 0, "<=": -1}
_GREATER = {">": 0, ">=": -1}


@dataclass(frozen=True)
class JoinCondition:
    """`left_keys` equal `right_keys`, position by position; `rest` are the conditions besides, in their order."""

    left_keys: tuple[Expression, ...]
    right_keys: tuple[Expression, ...]
    rest: tuple[Expression, ...]

    def on(self, columns: Attributes) -> tuple[Expression, ...]:
        """The conditions of `rest` that look at these columns only."""
        ids = {a.expr_id for a in columns}
        return tuple(c for c in self.rest if references([c]).keys() <= ids)


def join_condition(condition: Expression | None, left: Attributes, right: Attributes) -> JoinCondition:
    """Split a condition over two sides."""
    left_ids, right_ids = {a.expr_id for a in left}, {a.expr_id for a in right}
    keys: list[tuple[Expression, Expression]] = []
    rest: list[Expression] = []
    for part in conjuncts(condition):
        sides = _sides(part, left_ids, right_ids)
        if sides is None:
            rest.append(part)
        elif isinstance(part, Call) and part.name == "<=>":
            one, other = sides
            keys.append((_without_null(one), _without_null(other)))
            keys.append((_is_null(one), _is_null(other)))
        else:
            keys.append(sides)
    return JoinCondition(tuple(k for k, _ in keys), tuple(k for _, k in keys), tuple(rest))


def conjuncts(condition: Expression | None) -> list[Expression]:
    """The parts of a condition between ANDs."""
    if condition is None:
        return []
    if isinstance(condition, Call) and condition.name == "and":
        return [c for a in condition.arguments for c in conjuncts(a)]
    return [condition]


def _sides(part: Expression, left: set[int], right: set[int]) -> tuple[Expression, Expression] | None:
    """The left and the right side of an equality between both."""
    if not (isinstance(part, Call) and part.name in {"==", "<=>"}):
        return None
    one, other = part.arguments
    a, b = references([one]).keys(), references([other]).keys()
    if not a or not b:
        return None
    if a <= left and b <= right:
        return one, other
    if a <= right and b <= left:
        return other, one
    return None


def _without_null(key: Expression) -> Expression:
    default = Literal(_default(key.data_type), key.data_type)
    return Call("coalesce", (key, default), key.data_type, is_nullable=False)


def _is_null(key: Expression) -> Expression:
    return Call("isnull", (key,), BOOLEAN, is_nullable=False)


def _default(data_type: DataType) -> object:
    """Spark's Literal.default."""
    match data_type:
        case BooleanType():
            return False
        case StringType():
            return ""
        case BinaryType():
            return b""
        case DateType():
            return dt.date(1970, 1, 1)
        case TimestampType():
            return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        case TimestampNTZType():
            return dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock
        case DayTimeIntervalType() | YearMonthIntervalType():
            return 0
        case NumericType():
            if data_type.type_name in {"float", "double"}:
                return 0.0
            return Decimal(0) if data_type.type_name.startswith("decimal") else 0
    msg = f"no default of {data_type.simple_string}"
    raise NotImplementedError(msg)


# ---- bounds -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """The watermark times `factor` (0 where none occurs) plus `offset_us`, cut to ms, minus `ms_before`."""

    factor: int
    offset_us: float
    ms_before: int

    def limit_ms(self, watermark_ms: int) -> int:
        """At a watermark."""
        micros = self.factor * float(watermark_ms) * _MICROS_PER_MS + self.offset_us
        return int(micros / _MICROS_PER_MS) - self.ms_before


def time_key(condition: JoinCondition, left: Attributes, right: Attributes) -> int | None:
    """The position of the key that is an event time on one side or the other."""
    marked = _marked(left) | _marked(right)
    for keys in (condition.left_keys, condition.right_keys):
        for position, key in enumerate(keys):
            if isinstance(key, AttributeReference) and key.expr_id in marked:
                return position
    return None


def value_bounds(conditions: Iterable[Expression], own: Attributes, other: Attributes) -> tuple[Bound, ...]:
    """What the watermark of `other` says about a column of `own`: no more rows match those at or below a bound."""
    if not _marked(other):
        return ()
    bounds = []
    for condition in conditions:
        if not isinstance(condition, Call) or len(condition.arguments) != 2:  # noqa: PLR2004 - a comparison
            continue
        one, two = condition.arguments
        if condition.name in _LESS:
            bound = _bound(one, two, own, other, -_LESS[condition.name])
        elif condition.name in _GREATER:
            bound = _bound(two, one, own, other, -_GREATER[condition.name])
        else:
            continue
        if bound is not None:
            bounds.append(bound)
    return tuple(bounds)


def _marked(columns: Attributes) -> set[int]:
    return {a.expr_id for a in columns if DELAY_KEY in a.metadata}


@dataclass(frozen=True)
class _Term:
    """A column or a number of microseconds, added or subtracted."""

    sign: int
    value: AttributeReference | float


def _bound(
    smaller: Expression, larger: Expression, own: Attributes, other: Attributes, ms_before: int
) -> Bound | None:
    """What `smaller < larger` says about the column of `own` in it, given the watermark of `other`."""
    terms = _terms(smaller, 1), _terms(larger, -1)
    if terms[0] is None or terms[1] is None:
        return None
    distinct = set(terms[0]) | set(terms[1])
    own_ids, other_ids = {a.expr_id for a in own}, {a.expr_id for a in other}
    columns = [t for t in distinct if isinstance(t.value, AttributeReference)]
    own_terms = [t for t in columns if _id(t) in own_ids]
    other_terms = [t for t in columns if _id(t) in other_ids]
    if len(own_terms) != 1 or own_terms[0].sign != -1 or len({_id(t) for t in other_terms}) > 1:
        return None
    marked = _marked(other)
    if any(_id(t) not in marked for t in other_terms) or len(columns) != 1 + len(other_terms):
        return None
    if len(distinct) == 1:
        return None
    factor = sum(t.sign for t in other_terms)
    offset = sum(t.sign * t.value for t in distinct if isinstance(t.value, float))
    return Bound(factor, offset, ms_before)


def _id(term: _Term) -> int:
    return term.value.expr_id if isinstance(term.value, AttributeReference) else 0


def _terms(expression: Expression, sign: int) -> list[_Term] | None:
    """The sum that an expression is, or None."""
    match expression:
        case Call(arguments=(one, other)) if expression.name in _ADD:
            return _joined(_terms(one, sign), _terms(other, sign))
        case Call(arguments=(one, other)) if expression.name in _SUBTRACT:
            return _joined(_terms(one, sign), _terms(other, -sign))
        case Call(name="negative", arguments=(child,)):
            return _terms(child, -sign)
        case Cast(child=child, type=data_type):
            return _terms(child, sign) if isinstance(data_type, NumericType | TimestampType) else None
        case AttributeReference():
            return [_Term(sign, expression)]
        case Literal():
            micros = _micros(expression)
            return None if micros is None else [_Term(sign, micros)]
    return None


def _joined(one: list[_Term] | None, other: list[_Term] | None) -> list[_Term] | None:
    return None if one is None or other is None else [*one, *other]


def _micros(literal: Literal) -> float | None:
    """A constant as microseconds: numbers count seconds."""
    value, data_type = literal.value, literal.type
    if value is None:
        return None
    match data_type:
        case DayTimeIntervalType():
            return float(value)
        case CalendarIntervalType():
            months, days, micros = value
            return None if months > 0 else float(days * _MICROS_PER_DAY + micros)
        case NumericType():
            return float(value) * _MICROS_PER_SECOND
    return None


def all_of(conditions: Iterable[Expression]) -> Expression | None:
    """The conditions with AND between; None for none."""
    result: Expression | None = None
    for condition in conditions:
        nullable = condition.nullable or (result is not None and result.nullable)
        result = condition if result is None else Call("and", (result, condition), BOOLEAN, nullable)
    return result
