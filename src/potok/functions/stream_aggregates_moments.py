"""Central moments of streams: what n values deviate from their average, kept in pieces that add up.

Source of facts: Catalyst's CentralMomentAgg, Covariance, PearsonCorrelation and the linear regressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from potok.functions.stream_aggregates_base import (
    Expressions,
    Rule,
    StreamAggregate,
    column,
    either,
    over,
    real,
    when,
)
from potok.plan.expressions import AggregateCall, Call, Cast, Expression, Literal
from potok.types import BOOLEAN, DOUBLE, LONG

_NOTHING = Literal(None, DOUBLE)
_MOMENTS = ("n", "avg", "m2", "m3", "m4")
_PAIRS = ("n", "xAvg", "yAvg", "ck", "xMk", "yMk")
Evaluate = Callable[[Expressions], Expression]


def _zeros(values: Expressions) -> list[Expression]:
    return [either(v, Literal(0.0, DOUBLE)) for v in values]


def _is(one: Expression, number: float) -> Expression:
    return Call("=", (one, Literal(number, DOUBLE)), BOOLEAN)


def _square_root(value: Expression) -> Expression:
    return Call("sqrt", (value,), DOUBLE)


def _unless(condition: Expression, value: Expression) -> Expression:
    return when(condition, _NOTHING, value)


def _fewer(n: Expression, number: float) -> Expression:
    return Call("<", (n, Literal(number, DOUBLE)), BOOLEAN)


# ---- one column -------------------------------------------------------------------------------


def _present_argument(call: AggregateCall, position: int) -> Expression:
    """An argument where the other has a value as well."""
    if len(call.arguments) == 1:
        return call.arguments[0]
    other = Call("isnotnull", (call.arguments[1 - position],), BOOLEAN, is_nullable=False)
    return when(other, call.arguments[position], _NOTHING)


def _moment_partials(call: AggregateCall, value: Expression, highest: int) -> tuple[Expression, ...]:
    zero = Literal(0.0, DOUBLE)
    count = Cast(over(call, "count", LONG, (value,)), DOUBLE)
    average = either(over(call, "avg", DOUBLE, (value,)), zero)
    rest = (over(call, f"stream_moment_{k}", DOUBLE, (value,)) for k in range(2, highest + 1))
    return (count, average, *rest)


def _merged_moments(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
    """Moments of two sets of values together."""
    one, two = _zeros(old), _zeros(new)
    n1, n2 = one[0], two[0]
    n = real("+", n1, n2)
    delta = real("-", two[1], one[1])
    delta_n = when(_is(n, 0.0), Literal(0.0, DOUBLE), real("/", delta, n))
    merged = [n, real("+", one[1], real("*", delta_n, n2))]
    both = real("*", n1, n2)
    if len(old) > 2:  # noqa: PLR2004 - the columns
        merged.append(real("+", one[2], two[2], real("*", delta, delta_n, both)))
    if len(old) > 3:  # noqa: PLR2004 - the columns
        skew = real("*", delta_n, delta_n, delta, both, real("-", n1, n2))
        rest = real("-", real("*", n1, two[2]), real("*", n2, one[2]))
        merged.append(real("+", one[3], two[3], skew, real("*", 3.0, delta_n, rest)))
    if len(old) > 4:  # noqa: PLR2004 - the columns
        size = real("+", real("-", real("*", n1, n1), both), real("*", n2, n2))
        tail = real("*", delta_n, delta_n, delta_n, delta, both, size)
        squares = real("+", real("*", n1, n1, two[2]), real("*", n2, n2, one[2]))
        thirds = real("-", real("*", n1, two[3]), real("*", n2, one[3]))
        parts = real("*", delta_n, delta_n, 6.0, squares), real("*", 4.0, delta_n, thirds)
        merged.append(real("+", one[4], two[4], tail, *parts))
    return tuple(merged)


def _moments(highest: int, evaluate: Evaluate, argument: int = 0) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        value = _present_argument(call, argument)
        names = _MOMENTS[: highest + 1]
        return StreamAggregate(
            tuple(column(name, DOUBLE, nullable=False) for name in names),
            _moment_partials(call, value, highest),
            _merged_moments,
            lambda kept: _unless(_is(kept[0], 0.0), evaluate(kept)),
        )

    return rule


def _population(kept: Expressions) -> Expression:
    return real("/", kept[2], kept[0])


def _sample(kept: Expressions) -> Expression:
    return _unless(_is(kept[0], 1.0), real("/", kept[2], real("-", kept[0], 1.0)))


def _skewness(kept: Expressions) -> Expression:
    cubed = real("*", kept[2], kept[2], kept[2])
    ratio = real("/", real("*", _square_root(kept[0]), kept[3]), _square_root(cubed))
    return _unless(_is(kept[2], 0.0), ratio)


def _kurtosis(kept: Expressions) -> Expression:
    ratio = real("/", real("*", kept[0], kept[4]), real("*", kept[2], kept[2]))
    return _unless(_is(kept[2], 0.0), real("-", ratio, 3.0))


# ---- pairs ------------------------------------------------------------------------------------


def _pair_partials(call: AggregateCall, x: int, y: int, *, with_squares: bool) -> tuple[Expression, ...]:
    zero = Literal(0.0, DOUBLE)
    first, second = _present_argument(call, x), _present_argument(call, y)
    count = Cast(over(call, "regr_count", LONG), DOUBLE)
    averages = [either(over(call, "avg", DOUBLE, (v,)), zero) for v in (first, second)]
    together = over(call, "stream_co_moment", DOUBLE)
    squares = [over(call, "stream_moment_2", DOUBLE, (v,)) for v in (first, second)] if with_squares else []
    return (count, *averages, together, *squares)


def _merged_pairs(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
    """Co-moments of two sets of pairs together."""
    one, two = _zeros(old), _zeros(new)
    n1, n2 = one[0], two[0]
    n, both = real("+", n1, n2), real("*", n1, n2)
    zero = Literal(0.0, DOUBLE)
    deltas = [real("-", two[k], one[k]) for k in (1, 2)]
    deltas_n = [when(_is(n, 0.0), zero, real("/", delta, n)) for delta in deltas]
    averages = [real("+", one[k], real("*", deltas_n[k - 1], n2)) for k in (1, 2)]
    merged = [n, *averages, real("+", one[3], two[3], real("*", deltas[0], deltas_n[1], both))]
    for k in (4, 5)[: len(old) - 4]:
        squared = real("*", deltas[k - 4], deltas_n[k - 4], both)
        merged.append(real("+", one[k], two[k], squared))
    return tuple(merged)


def _pairs(evaluate: Evaluate, *, with_squares: bool = False) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        names: Sequence[str] = _PAIRS if with_squares else _PAIRS[:4]
        return StreamAggregate(
            tuple(column(name, DOUBLE, nullable=False) for name in names),
            _pair_partials(call, 0, 1, with_squares=with_squares),
            _merged_pairs,
            lambda kept: _unless(_is(kept[0], 0.0), evaluate(kept)),
        )

    return rule


def _line(evaluate: Evaluate) -> Rule:
    """A regression line of y by x: the co-moment of x and y, and the moments of x."""

    def rule(call: AggregateCall) -> StreamAggregate:
        of_x = _moment_partials(call, _present_argument(call, 1), 2)
        return StreamAggregate(
            tuple(column(name, DOUBLE, nullable=False) for name in (*_PAIRS[:4], *_MOMENTS[:3])),
            (*_pair_partials(call, 1, 0, with_squares=False), *of_x),
            lambda old, new: (*_merged_pairs(old[:4], new[:4]), *_merged_moments(old[4:], new[4:])),
            lambda kept: _unless(_fewer(kept[0], 2.0), evaluate(kept)),
        )

    return rule


def _correlation(kept: Expressions) -> Expression:
    product = real("*", kept[4], kept[5])
    flat = Call("or", (_is(product, 0.0), _is(kept[0], 1.0)), BOOLEAN)
    return _unless(flat, real("/", kept[3], _square_root(product)))


def _determination(kept: Expressions) -> Expression:
    correlation = real("/", kept[3], _square_root(real("*", kept[4], kept[5])))
    squared = when(_is(kept[4], 0.0), Literal(1.0, DOUBLE), real("*", correlation, correlation))
    return _unless(_is(kept[5], 0.0), squared)


def _slope(kept: Expressions) -> Expression:
    return _unless(_is(kept[6], 0.0), real("/", kept[3], kept[6]))


def _intercept(kept: Expressions) -> Expression:
    return real("-", kept[2], real("*", _slope(kept), kept[1]))


def _squares(kept: Expressions) -> Expression:
    return kept[2]


def _together(kept: Expressions) -> Expression:
    return kept[3]


def _covariance(kept: Expressions) -> Expression:
    return real("/", kept[3], kept[0])


def _sample_covariance(kept: Expressions) -> Expression:
    return _unless(_is(kept[0], 1.0), real("/", kept[3], real("-", kept[0], 1.0)))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("stddev", "std", "stddev_samp"), _moments(2, lambda k: _square_root(_sample(k)))),
    "stddev_pop": _moments(2, lambda k: _square_root(_population(k))),
    **dict.fromkeys(("variance", "var_samp"), _moments(2, _sample)),
    "var_pop": _moments(2, _population),
    "skewness": _moments(3, _skewness),
    "kurtosis": _moments(4, _kurtosis),
    "covar_pop": _pairs(_covariance),
    "covar_samp": _pairs(_sample_covariance),
    "corr": _pairs(_correlation, with_squares=True),
    "regr_r2": _pairs(_determination, with_squares=True),
    "regr_sxy": _pairs(_together),
    "regr_sxx": _moments(2, _squares, argument=1),
    "regr_syy": _moments(2, _squares),
    "regr_slope": _line(_slope),
    "regr_intercept": _line(_intercept),
}
