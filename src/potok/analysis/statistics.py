"""df.stat, describe, summary, transpose, and reading rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from potok.analysis.expressions import Resolver, strip
from potok.analysis.names import quote, unresolved_column
from potok.analysis.pretty import pretty_literal
from potok.analysis.select import select
from potok.analysis.trees import named
from potok.errors import SparkError, unsupported
from potok.functions.type_rules import cast_to, common_type
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Cast,
    CastMode,
    Expression,
    Literal,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedStar,
    next_expr_id,
)
from potok.plan.logical import Expand, Filter, Limit, LogicalPlan, Project, Sort
from potok.plan.unresolved import (
    NaFill,
    Statistics,
    Transpose,
    UnresolvedAggregate,
    UnresolvedInlineTable,
    UnresolvedParse,
)
from potok.types import (
    DOUBLE,
    INTEGER,
    LONG,
    STRING,
    NumericType,
    StringType,
    StructType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_DESCRIBE = ("count", "mean", "stddev", "min", "max")
_SUMMARY = ("count", "mean", "stddev", "min", "25%", "50%", "75%", "max")
_DEFAULT_SUPPORT, _LEAST_SUPPORT = 0.01, 1e-4
_DEFAULT_ACCURACY = 10_000
_DEFAULT_MOST_TRANSPOSED = 500


def statistics(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """The plan of a method of df.stat, or of describe and summary."""
    match plan.function:
        case "describe":
            return _described(analyzer, plan, _DESCRIBE)
        case "summary":
            return _described(analyzer, plan, plan.arguments or _SUMMARY)
        case "cov" | "corr":
            return _related(analyzer, plan)
        case "crosstab":
            return _crosstab(analyzer, plan)
        case "approx_quantile":
            return _quantiles(analyzer, plan)
        case "sample_by":
            return _sampled(analyzer, plan)
        case "freq_items":
            return _frequent_items(analyzer, plan)
    raise unsupported(f"df.stat.{plan.function}", "Count the values with groupBy.")


def _column(resolver: Resolver, name: str) -> AttributeReference:
    found = resolver.columns.resolve((name,))
    if not isinstance(found, AttributeReference):
        raise unresolved_column((name,), resolver.columns.attributes)
    return found


def _call(name: str, *arguments: Expression) -> UnresolvedFunction:
    return UnresolvedFunction(name, arguments)


def _java_text(number: float) -> str:
    """A number as Java writes it, small ones with an exponent."""
    text = repr(float(number))
    return text.replace("e-0", ".0E-").replace("e-", ".0E-") if "e" in text else text


def _frequent_items(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """One row: an array of the frequent items of each column."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    (support,) = plan.arguments or (_DEFAULT_SUPPORT,)
    if not _LEAST_SUPPORT <= support <= 1:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: Support must be in [1e-4, 1], but got {_java_text(support)}.",
        )
    if not plan.names:
        return Project(child, ())
    size = Literal(int(1 / support), INTEGER)
    aggregates = [
        named(
            strip(resolver.resolve(_call("collect_frequent_items", _column(resolver, n), size))),
            f"{n}_freqItems",
        )
        for n in plan.names
    ]
    return select(child, aggregates, ())


# ---- describe, summary --------------------------------------------------------------------------


def _described(analyzer: Analyzer, plan: Statistics, wanted: Sequence[str]) -> LogicalPlan:
    """One row per statistic, everything as text. Raises for a statistic or percentage unknown."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    columns = [_column(resolver, n) for n in plan.names] if plan.names else list(child.output)
    columns = [c for c in columns if isinstance(c.type, (NumericType, StringType))]
    aggregates: list[Expression] = []
    rows: list[list[AttributeReference]] = []
    for statistic in wanted:
        row = []
        for column in columns:
            value = strip(resolver.resolve(Cast(_statistic(statistic, column), STRING, CastMode.LEGACY)))
            alias = named(value, column.name)
            aggregates.append(alias)
            row.append(AttributeReference(column.name, STRING, alias.nullable, alias.expr_id))
        rows.append(row)
    below = select(
        child, aggregates or [named(strip(resolver.resolve(_call("count", Literal(1, INTEGER)))), "n")], ()
    )
    projections = tuple((Literal(s, STRING), *row) for s, row in zip(wanted, rows, strict=True))
    result = tuple(
        AttributeReference(n, STRING, True, next_expr_id())  # noqa: FBT003 - nullable
        for n in ("summary", *(c.name for c in columns))
    )
    return Expand(below, projections, result)


def _statistic(name: str, column: AttributeReference) -> Expression:
    number: Expression = column
    if not isinstance(column.type, NumericType):
        number = Cast(column, DOUBLE, CastMode.TRY)
    match name.lower():
        case "count" | "min" | "max" as function:
            return _call(function, column)
        case "mean":
            return _call("avg", number)
        case "stddev":
            return _call("stddev_samp", number)
        case "count_distinct":
            return UnresolvedFunction("count", (column,), is_distinct=True)
        case "approx_count_distinct":
            return _call("approx_count_distinct", column)
    if name.endswith("%"):
        try:
            fraction = float(name[:-1]) / 100
        except ValueError as error:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message=f"Unable to parse {name} as a percentile",
            ) from error
        if not 0 <= fraction <= 1:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message="requirement failed: Percentiles must be in the range [0, 1]",
            )
        return _call("percentile_approx", number, Literal(fraction, DOUBLE))
    raise SparkError("UNRECOGNIZED_STATISTIC", stats=f"'{name}'")


# ---- two columns --------------------------------------------------------------------------------


def _related(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """Covariance and Pearson's correlation of two columns, NULL counting as 0."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    word = "covariance" if plan.function == "cov" else "correlation"
    if plan.function == "corr" and plan.arguments and plan.arguments[0] != "pearson":
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message="requirement failed: Currently only the calculation of the Pearson Correlation coefficient"
            " is supported.",
        )
    values = []
    for name in plan.names:
        column = _column(resolver, name)
        if not isinstance(column.type, NumericType):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message=f"requirement failed: Currently {word} calculation for columns with dataType"
                f" {column.type.simple_string} not supported.",
            )
        values.append(_call("coalesce", Cast(column, DOUBLE), Literal(0.0, DOUBLE)))
    function = "covar_samp" if plan.function == "cov" else "corr"
    result = strip(resolver.resolve(_call(function, *values)))
    return select(child, [named(result, plan.function)], ())


def _crosstab(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """Counts of the pairs of two columns: a pivot with 0 where there is no pair."""
    first, second = plan.names
    name = f"{first}_{second}"
    pivoted = UnresolvedAggregate(
        plan.child,
        (Alias(_or_null(first), (name,)),),
        (_call("count", Literal(1, INTEGER)),),
        "pivot",
        pivot_column=_or_null(second),
    )
    return analyzer.resolve(NaFill(pivoted, (), (Literal(0, LONG),)))


def _or_null(name: str) -> Expression:
    column = UnresolvedAttribute((name,))
    return _call("when", _call("isnull", column), Literal("null", STRING), Cast(column, STRING))


# ---- quantiles, samples -------------------------------------------------------------------------


def _quantiles(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """One row, one array of quantiles per column."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    probabilities, error = plan.arguments
    accuracy = _DEFAULT_ACCURACY if error == 0 else max(1, min(2**31 - 1, round(1 / error)))
    fractions = _call("array", *(Literal(float(p), DOUBLE) for p in probabilities))
    arrays = []
    for name in plan.names:
        column = _column(resolver, name)
        if not isinstance(column.type, NumericType):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message=f"requirement failed: Quantile calculation for column {name} with data type"
                f" {column.type.simple_string} is not supported.",
            )
        arrays.append(_call("percentile_approx", Cast(column, DOUBLE), fractions, Literal(accuracy, INTEGER)))
    result = strip(resolver.resolve(_call("array", *arrays)))
    return select(child, [named(result, "approx_quantile")], ())


def _sampled(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """Rows kept by chance, with the chance of their value of a column; 0 for values not named."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    column, fractions, seed = plan.arguments
    branches: list[Expression] = []
    for stratum, fraction in fractions:
        branches += [_call("<=>", column, stratum), Literal(float(fraction), DOUBLE)]
    chance: Expression = Literal(0.0, DOUBLE)
    if branches:
        chance = _call("when", *branches, chance)
    condition = _call("<", _call("rand", Literal(seed, LONG)), chance)
    return Filter(child, strip(resolver.resolve(condition)))


# ---- transpose ----------------------------------------------------------------------------------


def _may_be_null(value: Literal) -> Expression:
    return Cast(value, value.type, CastMode.TRY, explicit=False)


def transpose(analyzer: Analyzer, plan: Transpose) -> LogicalPlan:
    """Columns become rows: `key` holds their names, each value of the index column is a column.

    Needs the rows. Raises TRANSPOSE_EXCEED_ROW_LIMIT, TRANSPOSE_NO_LEAST_COMMON_TYPE.
    """
    child = analyzer.resolve(plan.child)
    if child.is_streaming:
        raise unsupported("transpose of a stream", "Use unpivot and an aggregate.")
    resolver = analyzer.resolver(child)
    index = strip(resolver.resolve(plan.index[0])) if plan.index else child.output[0]
    index_id = index.expr_id if isinstance(index, AttributeReference) else -1
    columns = [a for a in child.output if a.expr_id != index_id]
    context = analyzer.context.function_context
    target = common_type([c.type for c in columns], ansi=context.ansi) if columns else STRING
    if target is None:
        raise SparkError(
            "TRANSPOSE_NO_LEAST_COMMON_TYPE",
            dt1=columns[0].type.sql,
            dt2=columns[-1].type.sql,
        )
    most = int(analyzer.context.conf("spark.sql.transposeMaxValues") or _DEFAULT_MOST_TRANSPOSED)
    cells = [named(cast_to(index, STRING, context), "key")]
    cells += [named(cast_to(c, target, context), c.name) for c in columns]
    projected = Project(Sort(child, (SortOrder(index),)), tuple(cells))
    rows = [
        r
        for r in analyzer.context.collect(Limit(projected, Literal(most + 1, INTEGER)))
        if r[0].value is not None
    ]
    if len(rows) > most:
        raise SparkError("TRANSPOSE_EXCEED_ROW_LIMIT", maxValues=most, config="spark.sql.transposeMaxValues")
    names = ("key", *(pretty_literal(r[0].value, STRING) for r in rows))
    table = tuple(
        (Literal(c.name, STRING), *(_may_be_null(r[i + 1]) for r in rows)) for i, c in enumerate(columns)
    )
    if not table:
        return analyzer.resolve(
            Limit(
                UnresolvedInlineTable((tuple(Literal("", STRING) for _ in names),), names),
                Literal(0, INTEGER),
            )
        )
    return analyzer.resolve(UnresolvedInlineTable(table, names))


# ---- rows of text -------------------------------------------------------------------------------


def parse(analyzer: Analyzer, plan: UnresolvedParse) -> LogicalPlan:
    """`spark.read.json(df)` and `.csv(df)`: the one STRING column parsed with the schema given."""
    child = analyzer.resolve(plan.child)
    if len(child.output) != 1 or child.output[0].type != STRING:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: Input must have one STRING column, not {child.schema.simple_string}",
        )
    given = plan.schema_given
    if given is None and plan.format == "json":
        texts = analyzer.context.table(child).column(0).to_pylist()
        given = analyzer.context.catalog.infer_json([t for t in texts if t is not None], plan.options)
    if given is None:
        raise unsupported(
            f"Inferring the schema of rows of {plan.format}",
            f"Give it: spark.read.schema(..).{plan.format}(df).",
        )
    if plan.format not in {"json", "csv"}:
        raise unsupported(f"Parsing rows of {plan.format}", "Parse the text with functions.")
    text = child.output[0]
    schema = Literal(_ddl(given), STRING)
    options = [Literal(v, STRING) for pair in plan.options.spelled().items() for v in pair]
    arguments: list[Expression] = [text, schema]
    if options:
        arguments.append(_call("map", *options))
    resolver = analyzer.resolver(child)
    not_empty = _call(">", _call("length", _call("trim", text)), Literal(0, INTEGER))
    filtered = Filter(child, strip(resolver.resolve(not_empty)))
    value = strip(resolver.resolve(_call(f"from_{plan.format}", *arguments)))
    parsed = Project(filtered, (named(value, "value"),))
    star = UnresolvedStar(("value",))
    return Project(parsed, tuple(analyzer.resolver(parsed).named((star,))))


def _ddl(schema: StructType) -> str:
    return ", ".join(f"{quote(f.name)} {f.data_type.simple_string}" for f in schema.fields)
