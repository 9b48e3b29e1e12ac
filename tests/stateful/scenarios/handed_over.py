"""What is handed over from one engine to the other beside the scenarios of other families that are.

Every aggregate function whose buffer moves, many in a query; and operators of other families in three partitions.
"""

from __future__ import annotations

import re
from dataclasses import replace

from stateful.differences import DIFFERENT, REFUSED
from stateful.scenario import Scenario, family
from stateful.scenarios import buffers
from stateful.scenarios.aggregation import sql

# Spark refuses them on streams, or over these types.
_NO_STREAM = frozenset(
    {
        "sum(s)",
        "avg(s)",
        "schema_of_json_agg('1')",
        "grouping(k)",
        "sum(DISTINCT i)",
        "count(DISTINCT i)",
        "collect_list(DISTINCT i)",
        "max(DISTINCT i)",
        "listagg(DISTINCT s, ',')",
        "sum(rand(1)) > 0",
        "sum(k)",
        "max(map(i, s))",
        "hll_union_agg(bin)",
    }
)
MOVING = tuple(
    text
    for text in buffers.FUNCTIONS
    if text not in _NO_STREAM and text not in REFUSED["buffers"] and ("buffers", text) not in DIFFERENT
)
# In this order: an expression belongs to the first query whose pattern it has.
QUERIES = {
    "sketches": r"histogram|bitmap|count_min|sketch|union_agg|intersection_agg|merge_agg|top_k|vector_",
    "unordered_functions": r"collect_set|collect_union|mode|median|percentile\(|percentile_cont|percentile_disc",
    "estimates": r"percentile_approx|approx_",
    "collections": r"collect_list|array_agg|listagg|string_agg",
    "moments": r"stddev|std\(|var|skewness|kurtosis|corr|covar|regr",
    "sums": r"sum|avg|mean",
    "counts_and_bits": r"count|bool_|every|some|any\(|bit_",
    "extremes": r"^(min|max|CAST\((min|max))",
    "firsts": r"first|last|any_value",
}
# These have the buffers of others in the same query.
SHARING = {
    "unordered_functions": ("percentile(d, 0.5)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY d DESC)"),
    "counts_and_bits": ("min(b)", "max(b)"),
    "moments": ("stddev_samp(i)", "std(dec)"),
}


def functions(name: str) -> list[str]:
    """The expressions of a query."""
    patterns = list(QUERIES)[: list(QUERIES).index(name)]
    return [
        text
        for text in MOVING
        if re.search(QUERIES[name], text) and not any(re.search(QUERIES[one], text) for one in patterns)
    ]


def over(name: str, partitions: int) -> Scenario:
    """All expressions of a query at once."""
    texts = (*functions(name), *SHARING.get(name, ()))
    columns = ", ".join(
        f"{part} AS c{number}" for number, part in enumerate(part for text in texts for part in _parts(text))
    )
    return Scenario(
        f"{name}_{partitions}",
        sql(f"SELECT k, {columns} FROM t GROUP BY k"),
        buffers.SCHEMA,
        "update",
        [buffers.FIRST, buffers.SECOND, buffers.FIRST],
        partitions=partitions,
        checkpoint=True,
    )


def _parts(text: str) -> list[str]:
    """The columns of an expression, of which some are several."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def again(name: str, scenario: str, partitions: int) -> Scenario:
    """A scenario of another family in so many partitions."""
    return replace(
        family(name)[scenario],
        name=f"{scenario}_in_{partitions}",
        partitions=partitions,
        checkpoint=True,
    )


# In other partitions than where they are from.
AGAIN = (
    ("aggregation", "no_keys_update", 3),
    ("windows", "sliding_append", 3),
    ("windows", "tumbling_complete", 3),
    ("windows", "two_windows_append", 3),
    ("sessions", "dynamic_append", 3),
    ("sessions", "fixed_complete", 3),
    ("dedup", "within_key_append", 3),
    ("dedup", "no_watermark_all_append", 3),
    ("dedup", "then_window", 3),
    ("limit", "append", 1),
    ("limit", "then_count", 3),
    ("event_time", "dedup_then_two_windows", 3),
    ("pandas_state", "event_time_2", 3),
    *(("joins_more", f"handed_over_{how}", 3) for how in ("inner", "left", "right", "full", "leftsemi")),
    ("joins_more", "handed_over_window", 3),
)
SCENARIOS = [
    *(over(name, partitions) for name in QUERIES for partitions in (1, 3)),
    *(again(*chosen) for chosen in AGAIN),
]
assert sum(len(functions(name)) for name in QUERIES) == len(MOVING)
