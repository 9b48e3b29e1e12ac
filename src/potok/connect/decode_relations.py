"""Relations of the protocol to unresolved plans.

Source of fact: Spark's `SparkConnectPlanner.transformRelation`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from potok import types as t
from potok.connect.decode_expressions import ExpressionDecoder, invalid_plan
from potok.connect.decode_literals import decode_literal
from potok.connect.decode_local import local_relation, relation_of_table
from potok.connect.decode_types import decode_type
from potok.ddl import parse_name, parse_schema
from potok.errors import SparkError, unsupported
from potok.plan import expressions as e
from potok.plan import logical as p
from potok.plan import unresolved as u
from potok.plan.statements import Statement
from potok.plan.table_functions import UnresolvedPythonTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyspark.sql.connect.proto as pb

_JOIN_TYPES = {
    1: "inner",
    2: "full_outer",
    3: "left_outer",
    4: "right_outer",
    5: "left_anti",
    6: "left_semi",
    7: "cross",
}
_SET_OPERATIONS = {1: "intersect", 2: "union", 3: "except"}
_GROUP_TYPES = {1: "groupby", 2: "rollup", 3: "cube", 4: "pivot", 5: "grouping_sets"}
_PARSE_FORMATS = {1: "csv", 2: "json"}
_SEED_BITS = 63
_ID = t.StructType((t.StructField("id", t.LONG, nullable=False),))
_UNSUPPORTED = {
    "zip": "Join on a column instead.",
    "common_inline_user_defined_table_function": "Use mapInPandas instead.",
    "common_inline_user_defined_data_source": "Use a built-in format instead.",
    "relation_changes": "Read the table instead.",
    "ml_relation": "Use a library for machine learning in foreachBatch.",
    "extension": "Use a built-in relation.",
}


def not_set(message_name: str, field: str) -> SparkError:
    """A message without the one field that says what it is."""
    return SparkError(
        "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET",
        fullName=f"spark.connect.{message_name}",
        name=f"{field}_NOT_SET",
    )


@dataclass(frozen=True)
class Surroundings:
    """What a plan refers to beside itself.

    `cached_data` gives the content of an artifact `cache/<hash>`; it raises SparkError when there
    is none. `time_zone` reads TIMESTAMP literals without a zone in SQL text. `kept` gives what stands for a
    frame whose rows are kept, by its plan's id and what decodes the plan; None for all others.
    """

    cached_data: Callable[[str], pa.Buffer]
    time_zone: str = "UTC"
    kept: Callable[[int, Callable[[], p.LogicalPlan]], p.LogicalPlan | None] = lambda _id, _decode: None


class PlanDecoder:
    """Decodes one plan. Every method raises SparkError for what the engine has no node for."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._references: dict[int, p.LogicalPlan] = {}
        self.expressions = ExpressionDecoder(self._referenced, surroundings.time_zone)

    def relation(self, message: pb.Relation) -> p.LogicalPlan:
        """Any relation, with the client's plan id."""
        if not message.common.HasField("plan_id"):
            return self._decoded(message)
        plan_id = message.common.plan_id
        plan = self._surroundings.kept(plan_id, lambda: self._decoded(message)) or self._decoded(message)
        return replace(plan, plan_id=plan_id)

    def _decoded(self, message: pb.Relation) -> p.LogicalPlan:
        kind = message.WhichOneof("rel_type")
        method = _METHODS.get(kind)
        if method is None:
            if kind is None:
                raise not_set("Relation", "RELTYPE")
            raise unsupported(f"The relation {kind}", _UNSUPPORTED.get(kind, "Use another relation."))
        plan: p.LogicalPlan = method(self, getattr(message, kind))
        return plan

    def _referenced(self, plan_id: int) -> p.LogicalPlan:
        plan = self._references.get(plan_id)
        if plan is None:
            raise invalid_plan(f"No plan with the id {plan_id} goes with this one.")
        return plan

    # ---- sources ----------------------------------------------------------------------------

    def _read(self, read: pb.Read) -> p.LogicalPlan:
        match read.WhichOneof("read_type"):
            case "named_table":
                table = read.named_table
                parts = parse_name(table.unparsed_identifier)
                return u.UnresolvedRelation(parts, p.Options(table.options), read.is_streaming)
            case "data_source":
                return self._data_source(read.data_source, streaming=read.is_streaming)
        raise not_set("Read", "READTYPE")

    def _data_source(self, source: pb.Read.DataSource, *, streaming: bool) -> p.LogicalPlan:
        if source.predicates:
            raise unsupported("Reading over JDBC with predicates", "Read files or a table.")
        return u.UnresolvedDataSource(
            source.format or None,
            parse_schema(source.schema) if source.schema else None,
            p.Options(source.options),
            tuple(source.paths),
            streaming=streaming,
            source_name=getattr(source, "source_name", ""),
        )

    def _local(self, local: pb.LocalRelation) -> p.LogicalPlan:
        return local_relation(local.data, parse_schema(local.schema) if local.schema else None)

    def _cached_local(self, cached: pb.CachedLocalRelation) -> p.LogicalPlan:
        import pyspark.sql.connect.proto as pb

        return self._local(
            pb.LocalRelation.FromString(self._surroundings.cached_data(cached.hash).to_pybytes())
        )

    def _chunked_cached_local(self, cached: pb.ChunkedCachedLocalRelation) -> p.LogicalPlan:
        schema = None
        if cached.schemaHash:
            schema = parse_schema(self._surroundings.cached_data(cached.schemaHash).to_pybytes().decode())
        tables = []
        for data_hash in cached.dataHashes:
            with pa.ipc.open_stream(self._surroundings.cached_data(data_hash)) as reader:
                tables.append(reader.read_all())
        if not tables:
            return local_relation(b"", schema)
        return relation_of_table(pa.concat_tables(tables), schema)

    def _cached_remote(self, cached: pb.CachedRemoteRelation) -> p.LogicalPlan:
        return u.CachedRemoteRelation(cached.relation_id)

    def _range(self, message: pb.Range) -> p.LogicalPlan:
        partitions = message.num_partitions if message.HasField("num_partitions") else None
        result = p.schema_attributes(_ID)
        return p.Range(message.start, message.end, message.step, partitions, result)

    def _sql(self, sql: pb.SQL) -> p.LogicalPlan:
        parsed = self.statement(sql)
        if not isinstance(parsed, p.LogicalPlan):
            raise unsupported("A SQL command inside a query", "Run it with spark.sql first.")
        return parsed

    def statement(self, sql: pb.SQL) -> p.LogicalPlan | Statement:
        """SQL text as a plan, or as one of `plan.statements` where it is no query."""
        from potok.parser import ParserOptions, parse_query

        return parse_query(
            sql.query,
            options=ParserOptions(self._surroundings.time_zone),
            named_arguments={
                **{name: decode_literal(value) for name, value in sql.args.items()},
                **{name: self.expressions.expression(v) for name, v in sql.named_arguments.items()},
            },
            positional_arguments=(
                *(decode_literal(value) for value in sql.pos_args),
                *self.expressions.expressions(sql.pos_arguments),
            ),
        )

    def with_relations_statement(self, message: pb.WithRelations) -> p.LogicalPlan | Statement:
        """SQL text over data frames that it names: they become common table expressions."""
        named = [self.relation(reference) for reference in message.references]
        relations = tuple((plan.name, plan.child) for plan in named if isinstance(plan, p.SubqueryAlias))
        return _with_common_tables(self.statement(message.root.sql), relations)

    def _with_relations(self, message: pb.WithRelations) -> p.LogicalPlan:
        if message.root.WhichOneof("rel_type") == "sql":
            parsed = self.with_relations_statement(message)
            if not isinstance(parsed, p.LogicalPlan):
                raise unsupported("A SQL command inside a query", "Run it with spark.sql first.")
            return parsed
        references = tuple(self.relation(reference) for reference in message.references)
        self._references.update({r.plan_id: r for r in references if r.plan_id is not None})
        return u.WithRelations(self.relation(message.root), references)

    def _table_function(self, message: pb.UnresolvedTableValuedFunction) -> p.LogicalPlan:
        arguments = self.expressions.expressions(message.arguments)
        return u.UnresolvedTableFunction(message.function_name, arguments)

    def _catalog(self, catalog: pb.Catalog) -> p.LogicalPlan:
        method = catalog.WhichOneof("cat_type")
        if method is None:
            raise not_set("Catalog", "CATTYPE")
        call = getattr(catalog, method)
        return u.CatalogQuery(method, _catalog_arguments(call))

    # ---- columns and rows -------------------------------------------------------------------

    def _project(self, message: pb.Project) -> p.LogicalPlan:
        if not message.HasField("input"):
            one_row = p.Range(0, 1, 1, 1, p.schema_attributes(_ID))
            return p.Project(one_row, self.expressions.expressions(message.expressions))
        child = self.relation(message.input)
        return p.Project(child, self.expressions.expressions(message.expressions))

    def _filter(self, message: pb.Filter) -> p.LogicalPlan:
        return p.Filter(self.relation(message.input), self.expressions.expression(message.condition))

    def _with_columns(self, message: pb.WithColumns) -> p.LogicalPlan:
        child = self.relation(message.input)
        for alias in message.aliases:
            if len(alias.name) != 1:
                got = ", ".join(alias.name)
                raise SparkError("CONNECT_INVALID_PLAN.WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART", got=got)
        return u.WithColumns(child, tuple(self.expressions.alias(alias) for alias in message.aliases))

    def _with_columns_renamed(self, message: pb.WithColumnsRenamed) -> p.LogicalPlan:
        renames = tuple((r.col_name, r.new_col_name) for r in message.renames)
        if not renames:
            renames = tuple(message.rename_columns_map.items())
        return u.WithColumnsRenamed(self.relation(message.input), renames)

    def _drop(self, message: pb.Drop) -> p.LogicalPlan:
        child = self.relation(message.input)
        return u.Drop(child, self.expressions.expressions(message.columns), tuple(message.column_names))

    def _to_df(self, message: pb.ToDF) -> p.LogicalPlan:
        return u.ToDataFrame(self.relation(message.input), tuple(message.column_names))

    def _to_schema(self, message: pb.ToSchema) -> p.LogicalPlan:
        return u.ToSchema(self.relation(message.input), _struct(decode_type(message.schema)))

    def _subquery_alias(self, message: pb.SubqueryAlias) -> p.LogicalPlan:
        return p.SubqueryAlias(self.relation(message.input), message.alias, tuple(message.qualifier))

    def _sort(self, message: pb.Sort) -> p.LogicalPlan:
        child = self.relation(message.input)
        return p.Sort(child, self.expressions.sort_orders(message.order), message.is_global)

    def _limit(self, message: pb.Limit) -> p.LogicalPlan:
        return p.Limit(self.relation(message.input), e.Literal(message.limit, t.INTEGER))

    def _offset(self, message: pb.Offset) -> p.LogicalPlan:
        return p.Offset(self.relation(message.input), e.Literal(message.offset, t.INTEGER))

    def _tail(self, message: pb.Tail) -> p.LogicalPlan:
        return p.Tail(self.relation(message.input), e.Literal(message.limit, t.INTEGER))

    def _sample(self, message: pb.Sample) -> p.LogicalPlan:
        return p.Sample(
            self.relation(message.input),
            message.lower_bound,
            message.upper_bound,
            message.with_replacement,
            _seed(message),
        )

    def _deduplicate(self, message: pb.Deduplicate) -> p.LogicalPlan:
        names = tuple(message.column_names)
        if message.all_columns_as_keys and names:
            raise SparkError("CONNECT_INVALID_PLAN.DEDUPLICATE_ALL_COLUMNS_AND_SUBSET")
        if not message.all_columns_as_keys and not names:
            raise SparkError("CONNECT_INVALID_PLAN.DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL")
        return u.UnresolvedDeduplicate(
            self.relation(message.input), names, message.within_watermark, as_groups=False
        )

    def _repartition(self, message: pb.Repartition) -> p.LogicalPlan:
        shuffle = message.shuffle if message.HasField("shuffle") else True
        return p.Repartition(self.relation(message.input), message.num_partitions, shuffle=shuffle)

    def _repartition_by_expression(self, message: pb.RepartitionByExpression) -> p.LogicalPlan:
        child = self.relation(message.input)
        keys = []
        for key in message.partition_exprs:
            direct = key.WhichOneof("expr_type") == "direct_shuffle_partition_id"
            keys.append(self.expressions.expression(key.direct_shuffle_partition_id.child if direct else key))
        partitions = message.num_partitions if message.HasField("num_partitions") else None
        return p.Repartition(child, partitions, tuple(keys))

    def _hint(self, message: pb.Hint) -> p.LogicalPlan:
        child = self.relation(message.input)
        return p.Hint(child, message.name, self.expressions.expressions(message.parameters))

    def _unpivot(self, message: pb.Unpivot) -> p.LogicalPlan:
        child = self.relation(message.input)
        values = None
        if message.HasField("values"):
            values = self.expressions.expressions(message.values.values)
        return u.UnresolvedUnpivot(
            child,
            self.expressions.expressions(message.ids),
            values,
            message.variable_column_name,
            message.value_column_name,
        )

    def _transpose(self, message: pb.Transpose) -> p.LogicalPlan:
        child = self.relation(message.input)
        return u.Transpose(child, self.expressions.expressions(message.index_columns))

    def _parse(self, message: pb.Parse) -> p.LogicalPlan:
        name = _PARSE_FORMATS.get(message.format)
        if name is None:
            raise unsupported("Parsing XML", "Parse the text with a user-defined function.")
        schema = _struct(decode_type(message.schema)) if message.HasField("schema") else None
        return u.UnresolvedParse(self.relation(message.input), name, schema, p.Options(message.options))

    def _collect_metrics(self, message: pb.CollectMetrics) -> p.LogicalPlan:
        child = self.relation(message.input)
        return p.CollectMetrics(child, message.name, self.expressions.expressions(message.metrics))

    def _with_watermark(self, message: pb.WithWatermark) -> p.LogicalPlan:
        child = self.relation(message.input)
        return u.UnresolvedWatermark(child, message.event_time, message.delay_threshold)

    def _show_string(self, message: pb.ShowString) -> p.LogicalPlan:
        child = self.relation(message.input)
        return u.ShowString(child, message.num_rows, message.truncate, message.vertical)

    def _html_string(self, message: pb.HtmlString) -> p.LogicalPlan:
        child = self.relation(message.input)
        return u.ShowString(child, message.num_rows, message.truncate, vertical=False, html=True)

    # ---- several inputs ---------------------------------------------------------------------

    def _join(self, message: pb.Join) -> p.LogicalPlan:
        if message.HasField("join_data_type"):
            raise unsupported("joinWith", "Use join.")
        return self._joined(message, tuple(message.using_columns))

    def _python_table(self, message: pb.CommonInlineUserDefinedTableFunction) -> p.LogicalPlan:
        return UnresolvedPythonTable(self.expressions.table_function(message))

    def _lateral_join(self, message: pb.LateralJoin) -> p.LogicalPlan:
        return replace(self._joined(message, ()), lateral=True)

    def _joined(self, message: pb.Join, using: tuple[str, ...]) -> u.UnresolvedJoin:
        join_type = _JOIN_TYPES.get(message.join_type)
        if join_type is None:
            raise invalid_plan(f"The join type {message.join_type} is not supported")
        left, right = self.relation(message.left), self.relation(message.right)
        condition = self.expressions.optional(message, "join_condition")
        return u.UnresolvedJoin(left, right, join_type, condition, using)

    def _as_of_join(self, message: pb.AsOfJoin) -> p.LogicalPlan:
        return u.UnresolvedAsOfJoin(
            self.relation(message.left),
            self.relation(message.right),
            self.expressions.expression(message.left_as_of),
            self.expressions.expression(message.right_as_of),
            message.join_type,
            message.direction,
            self.expressions.optional(message, "join_expr"),
            tuple(message.using_columns),
            self.expressions.optional(message, "tolerance"),
            message.allow_exact_matches,
        )

    def _nearest_by_join(self, message: pb.NearestByJoin) -> p.LogicalPlan:
        return u.UnresolvedNearestByJoin(
            self.relation(message.left),
            self.relation(message.right),
            self.expressions.expression(message.ranking_expression),
            message.num_results,
            message.join_type,
            message.mode,
            message.direction,
        )

    def _set_operation(self, message: pb.SetOperation) -> p.LogicalPlan:
        operation = _SET_OPERATIONS.get(message.set_op_type)
        if operation is None:
            raise invalid_plan(f"The set operation {message.set_op_type} is not supported")
        return u.UnresolvedSetOperation(
            self.relation(message.left_input),
            self.relation(message.right_input),
            operation,
            message.is_all,
            message.by_name,
            message.allow_missing_columns,
        )

    # ---- aggregation ------------------------------------------------------------------------

    def _aggregate(self, message: pb.Aggregate) -> p.LogicalPlan:
        group_type = _GROUP_TYPES.get(message.group_type)
        if group_type is None:
            raise invalid_plan(f"The group type {message.group_type} is not supported")
        child = self.relation(message.input)
        pivot = message.HasField("pivot")
        return u.UnresolvedAggregate(
            child,
            self.expressions.expressions(message.grouping_expressions),
            self.expressions.expressions(message.aggregate_expressions),
            group_type,
            self.expressions.expression(message.pivot.col) if pivot else None,
            tuple(decode_literal(value) for value in message.pivot.values) if pivot else (),
            tuple(self.expressions.expressions(s.grouping_set) for s in message.grouping_sets),
        )

    # ---- user functions ---------------------------------------------------------------------

    def _map_partitions(self, message: pb.MapPartitions) -> p.LogicalPlan:
        child = self.relation(message.input)
        return p.MapPartitions(child, self.expressions.python_function(message.func), message.is_barrier)

    def _group_map(self, message: pb.GroupMap) -> p.LogicalPlan:
        child = self.relation(message.input)
        grouping = self.expressions.expressions(message.grouping_expressions)
        function = self.expressions.python_function(message.func)
        if not message.HasField("transform_with_state_info"):
            sorting = tuple(
                _as_sort_order(s) for s in self.expressions.expressions(message.sorting_expressions)
            )
            return p.GroupMap(child, grouping, function, sorting)
        info = message.transform_with_state_info
        settings: list[tuple[str, Any]] = [
            ("output_mode", message.output_mode),
            ("time_mode", info.time_mode),
        ]
        if info.HasField("event_time_column_name"):
            settings.append(("event_time_column_name", info.event_time_column_name))
        if info.HasField("output_schema"):
            settings.append(("output_schema", _struct(decode_type(info.output_schema))))
        initial = None
        if message.HasField("initial_input"):
            initial = self.relation(message.initial_input)
            keys = self.expressions.expressions(message.initial_grouping_expressions)
            settings.append(("initial_grouping", keys))
        return p.StatefulMap(child, grouping, function, tuple(settings), initial)

    def _co_group_map(self, message: pb.CoGroupMap) -> p.LogicalPlan:
        return p.CoGroupMap(
            self.relation(message.input),
            self.relation(message.other),
            self.expressions.expressions(message.input_grouping_expressions),
            self.expressions.expressions(message.other_grouping_expressions),
            self.expressions.python_function(message.func),
        )

    def _apply_in_pandas_with_state(self, message: pb.ApplyInPandasWithState) -> p.LogicalPlan:
        return p.StatefulMap(
            self.relation(message.input),
            self.expressions.expressions(message.grouping_expressions),
            self.expressions.python_function(message.func),
            (
                ("output_schema", parse_schema(message.output_schema)),
                ("state_schema", parse_schema(message.state_schema)),
                ("output_mode", message.output_mode),
                ("timeout_conf", message.timeout_conf),
            ),
        )

    # ---- nulls and statistics ---------------------------------------------------------------

    def _fill_na(self, message: pb.NAFill) -> p.LogicalPlan:
        values = tuple(decode_literal(value) for value in message.values)
        return u.NaFill(self.relation(message.input), tuple(message.cols), values)

    def _drop_na(self, message: pb.NADrop) -> p.LogicalPlan:
        minimum = message.min_non_nulls if message.HasField("min_non_nulls") else None
        return u.NaDrop(self.relation(message.input), tuple(message.cols), minimum)

    def _replace(self, message: pb.NAReplace) -> p.LogicalPlan:
        pairs = tuple(
            (decode_literal(r.old_value), decode_literal(r.new_value)) for r in message.replacements
        )
        return u.NaReplace(self.relation(message.input), tuple(message.cols), pairs)

    def _summary(self, message: pb.StatSummary) -> p.LogicalPlan:
        return u.Statistics(self.relation(message.input), "summary", (), tuple(message.statistics))

    def _describe(self, message: pb.StatDescribe) -> p.LogicalPlan:
        return u.Statistics(self.relation(message.input), "describe", tuple(message.cols))

    def _crosstab(self, message: pb.StatCrosstab) -> p.LogicalPlan:
        return u.Statistics(self.relation(message.input), "crosstab", (message.col1, message.col2))

    def _cov(self, message: pb.StatCov) -> p.LogicalPlan:
        return u.Statistics(self.relation(message.input), "cov", (message.col1, message.col2))

    def _corr(self, message: pb.StatCorr) -> p.LogicalPlan:
        method = message.method or "pearson"
        return u.Statistics(self.relation(message.input), "corr", (message.col1, message.col2), (method,))

    def _approx_quantile(self, message: pb.StatApproxQuantile) -> p.LogicalPlan:
        arguments = (tuple(message.probabilities), message.relative_error)
        return u.Statistics(self.relation(message.input), "approx_quantile", tuple(message.cols), arguments)

    def _freq_items(self, message: pb.StatFreqItems) -> p.LogicalPlan:
        support = message.support if message.HasField("support") else 0.01
        return u.Statistics(self.relation(message.input), "freq_items", tuple(message.cols), (support,))

    def _sample_by(self, message: pb.StatSampleBy) -> p.LogicalPlan:
        fractions = tuple((decode_literal(f.stratum), f.fraction) for f in message.fractions)
        column = self.expressions.expression(message.col)
        arguments = (column, fractions, _seed(message))
        return u.Statistics(self.relation(message.input), "sample_by", (), arguments)


def _struct(data_type: t.DataType) -> t.StructType:
    if not isinstance(data_type, t.StructType):
        raise invalid_plan(f"The schema must be a struct, not {data_type.simple_string}")
    return data_type


def _seed(message: pb.Sample) -> int:
    return message.seed if message.HasField("seed") else secrets.randbits(_SEED_BITS)


def _as_sort_order(expression: e.Expression) -> e.SortOrder:
    return expression if isinstance(expression, e.SortOrder) else e.SortOrder(expression)


def _catalog_arguments(call: pb.GetTable) -> tuple[tuple[str, Any], ...]:
    """The parameters of a catalog method by name; those not set are left out."""
    found: list[tuple[str, Any]] = []
    for field in call.DESCRIPTOR.fields:
        if field.has_presence and not call.HasField(field.name):
            continue
        value = getattr(call, field.name)
        if field.name == "schema":
            value = decode_type(value)
        elif field.name == "storage_level":
            continue
        elif field.message_type is not None:
            value = p.Options(value)
        found.append((field.name, value))
    return tuple(found)


def _with_common_tables(
    parsed: p.LogicalPlan | Statement, relations: tuple[tuple[str, p.LogicalPlan], ...]
) -> p.LogicalPlan | Statement:
    """The query, or the query inside a statement, over the named plans."""
    if not relations:
        return parsed
    if isinstance(parsed, p.LogicalPlan):
        return u.With(parsed, relations)
    changes: dict[str, Any] = {
        f.name: u.With(value, relations)
        for f in fields(parsed)
        if isinstance(value := getattr(parsed, f.name), p.LogicalPlan)
    }
    return replace(parsed, **changes)


_METHODS: dict[str, Callable[[PlanDecoder, Any], p.LogicalPlan]] = {
    name: getattr(PlanDecoder, method)
    for name, method in {
        "read": "_read",
        "local_relation": "_local",
        "cached_local_relation": "_cached_local",
        "chunked_cached_local_relation": "_chunked_cached_local",
        "cached_remote_relation": "_cached_remote",
        "range": "_range",
        "sql": "_sql",
        "with_relations": "_with_relations",
        "unresolved_table_valued_function": "_table_function",
        "catalog": "_catalog",
        "project": "_project",
        "filter": "_filter",
        "with_columns": "_with_columns",
        "with_columns_renamed": "_with_columns_renamed",
        "drop": "_drop",
        "to_df": "_to_df",
        "to_schema": "_to_schema",
        "subquery_alias": "_subquery_alias",
        "sort": "_sort",
        "limit": "_limit",
        "offset": "_offset",
        "tail": "_tail",
        "sample": "_sample",
        "deduplicate": "_deduplicate",
        "repartition": "_repartition",
        "repartition_by_expression": "_repartition_by_expression",
        "hint": "_hint",
        "unpivot": "_unpivot",
        "transpose": "_transpose",
        "parse": "_parse",
        "collect_metrics": "_collect_metrics",
        "with_watermark": "_with_watermark",
        "show_string": "_show_string",
        "html_string": "_html_string",
        "join": "_join",
        "as_of_join": "_as_of_join",
        "nearest_by_join": "_nearest_by_join",
        "lateral_join": "_lateral_join",
        "set_op": "_set_operation",
        "aggregate": "_aggregate",
        "map_partitions": "_map_partitions",
        "group_map": "_group_map",
        "co_group_map": "_co_group_map",
        "common_inline_user_defined_table_function": "_python_table",
        "apply_in_pandas_with_state": "_apply_in_pandas_with_state",
        "fill_na": "_fill_na",
        "drop_na": "_drop_na",
        "replace": "_replace",
        "summary": "_summary",
        "describe": "_describe",
        "crosstab": "_crosstab",
        "cov": "_cov",
        "corr": "_corr",
        "approx_quantile": "_approx_quantile",
        "freq_items": "_freq_items",
        "sample_by": "_sample_by",
    }.items()
}
