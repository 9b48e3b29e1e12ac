"""Which rule resolves which node."""

from __future__ import annotations

from typing import Any

from potok.analysis import (
    aggregates,
    joins,
    missing_values,
    nearest,
    relations,
    schemas,
    sets,
    statistics,
    tables,
    time,
    user_functions,
)
from potok.analysis.analyzer import Rule
from potok.plan import logical as p
from potok.plan import unresolved as u
from potok.plan.table_functions import UnresolvedPythonTable

_RULES: dict[type[p.LogicalPlan], Any] = {
    p.Aggregate: relations.leaf,
    u.CachedRemoteRelation: relations.cached,
    u.CatalogQuery: relations.catalog_query,
    p.CoGroupMap: user_functions.cogroup_map,
    p.CollectMetrics: relations.collect_metrics,
    p.Deduplicate: relations.through,
    u.Drop: relations.drop,
    p.EventTimeWatermark: relations.leaf,
    p.Expand: relations.leaf,
    p.Filter: relations.filter_,
    p.Generate: tables.generate,
    p.GroupMap: user_functions.group_map,
    p.Hint: relations.hint,
    p.Join: joins.resolved_join,
    p.Limit: relations.limit,
    p.LocalRelation: relations.local_relation,
    p.MapPartitions: user_functions.map_partitions,
    u.NaDrop: missing_values.na_drop,
    u.NaFill: missing_values.na_fill,
    u.NaReplace: missing_values.na_replace,
    p.Offset: relations.limit,
    p.Project: relations.project,
    p.Range: relations.range_,
    p.Repartition: relations.repartition,
    p.Sample: relations.sample,
    p.ScanRelation: relations.leaf,
    p.SetOperation: sets.resolved_set_operation,
    u.ShowString: relations.show_string,
    p.Sort: relations.sort,
    p.StatefulMap: user_functions.stateful_map,
    u.Statistics: statistics.statistics,
    p.StreamingRelation: relations.leaf,
    p.SubqueryAlias: relations.subquery_alias,
    p.Tail: relations.limit,
    u.ToDataFrame: relations.to_data_frame,
    u.ToSchema: schemas.to_schema,
    u.Transpose: statistics.transpose,
    u.UnresolvedAggregate: aggregates.aggregate,
    u.UnresolvedAsOfJoin: nearest.as_of_join,
    u.UnresolvedDataSource: relations.data_source,
    u.UnresolvedDeduplicate: sets.deduplicate,
    u.UnresolvedInlineTable: tables.inline_table,
    u.UnresolvedJoin: joins.join,
    u.UnresolvedNearestByJoin: nearest.nearest_by_join,
    u.UnresolvedParse: statistics.parse,
    u.UnresolvedRelation: relations.relation,
    u.UnresolvedSetOperation: sets.set_operation,
    u.UnresolvedTableFunction: tables.table_function,
    UnresolvedPythonTable: tables.python_table,
    u.UnresolvedUnpivot: sets.unpivot,
    u.UnresolvedWatermark: time.watermark,
    p.Window: relations.leaf,
    u.With: relations.with_,
    u.WithColumns: relations.with_columns,
    u.WithColumnsRenamed: relations.with_columns_renamed,
    u.RecursionLimit: relations.through,
    u.WithRelations: relations.with_relations,
}
RULES: dict[type[p.LogicalPlan], Rule] = _RULES
