"""Which rule resolves which node."""

from __future__ import annotations

from typing import Any

from potok.analysis import (
    aggregates,
    joins,
    missing_values,
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
from potok.plan.table_functions import UnresolvedPythonTable

_RULES: dict[type[p.LogicalPlan], Any] = {
    p.Aggregate: relations.leaf,
    p.CachedRemoteRelation: relations.cached,
    p.CatalogQuery: relations.catalog_query,
    p.CoGroupMap: user_functions.cogroup_map,
    p.CollectMetrics: relations.collect_metrics,
    p.Deduplicate: relations.through,
    p.Drop: relations.drop,
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
    p.NaDrop: missing_values.na_drop,
    p.NaFill: missing_values.na_fill,
    p.NaReplace: missing_values.na_replace,
    p.Offset: relations.limit,
    p.Project: relations.project,
    p.Range: relations.range_,
    p.Repartition: relations.repartition,
    p.Sample: relations.sample,
    p.ScanRelation: relations.leaf,
    p.SetOperation: sets.resolved_set_operation,
    p.ShowString: relations.show_string,
    p.Sort: relations.sort,
    p.StatefulMap: user_functions.stateful_map,
    p.Statistics: statistics.statistics,
    p.StreamingRelation: relations.leaf,
    p.SubqueryAlias: relations.subquery_alias,
    p.Tail: relations.limit,
    p.ToDataFrame: relations.to_data_frame,
    p.ToSchema: schemas.to_schema,
    p.Transpose: statistics.transpose,
    p.UnresolvedAggregate: aggregates.aggregate,
    p.UnresolvedDataSource: relations.data_source,
    p.UnresolvedDeduplicate: sets.deduplicate,
    p.UnresolvedInlineTable: tables.inline_table,
    p.UnresolvedJoin: joins.join,
    p.UnresolvedParse: statistics.parse,
    p.UnresolvedRelation: relations.relation,
    p.UnresolvedSetOperation: sets.set_operation,
    p.UnresolvedTableFunction: tables.table_function,
    UnresolvedPythonTable: tables.python_table,
    p.UnresolvedUnpivot: sets.unpivot,
    p.UnresolvedWatermark: time.watermark,
    p.Window: relations.leaf,
    p.With: relations.with_,
    p.WithColumns: relations.with_columns,
    p.WithColumnsRenamed: relations.with_columns_renamed,
    p.WithRelations: relations.with_relations,
}
RULES: dict[type[p.LogicalPlan], Rule] = _RULES
