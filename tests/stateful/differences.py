"""Where potok differs from what Spark has been recorded to do, and why."""

from __future__ import annotations

import re

# Potok says so by name when the query is built or starts.
REFUSED = {
    "buffers": (
        "tuple_sketch_agg_double(i, d)",
        "tuple_sketch_agg_integer(i, i)",
        "schema_of_variant_agg(parse_json('1'))",
        "max(parse_json(s))",
        "shape: collated key",
    ),
}
REFUSALS = frozenset({"UNSUPPORTED_FEATURE.POTOK", "UNRESOLVED_ROUTINE", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"})

_TIES = "of values that are equally frequent Spark takes the first of its hash table"
_TWICE = "Spark runs the plan below a sort twice to find the ranges of its partitions, and counts twice"
_MEAN = "Spark's mean of event times is a running one, whose last bits fall below a whole millisecond"
_CONSTANT = "Spark leaves constants out of the keys of an aggregation, but not here"
_TIME = "Spark refuses the time of the batch in an aggregate by accident: it is the same for all rows"
_HASHED = "the first rows of an unsorted aggregate are those of Spark's hash table"
_NOTHING = "Spark plans a limit of 0 as no rows at all, without source and state; potok reads the rows and drops them"
_BEFORE = "Spark's first task fails before the second has made the directory of its partition"
_CLASSIC = (
    "the classic client knows the timeouts and fails of an assertion without a message; Connect's does not"
)
_NOW = "the state has the moment of the timeout, which is counted from the time of the run"
_HUNG_UP = (
    "Spark's server of state variables hangs up after this error, so that a function that catches it meets EOFError in"
    " its next call; potok raises the error alone"
)

_PUT = "each put of a list makes Spark forget what its task has counted as updated before"
_NULLABLE = (
    "the legacy setting reaches the state, not the schema of the frame: the column is said to be nullable"
)

# By family and scenario: the questions that are answered otherwise. Each has to go on failing.
DIFFERENT = {
    ("legality", "limit of count, complete"): ({"rows"}, _HASHED),
    ("legality", "limit 0, append"): ({"progress", "state schemas", "bytes"}, _NOTHING),
    ("joins", "three"): ({"bytes"}, _BEFORE),
    ("pandas_state", "unknown_timeout"): ({"rows", "progress"}, _CLASSIC),
    ("pandas_state", "call_timeout_duration_processing_time"): ({"bytes"}, _NOW),
    **{
        ("transform", f"call_{name}_{kind}"): ({"rows", "progress"}, _HUNG_UP)
        for name in ("register_timer", "update_wrong_length")
        for kind in ("pandas", "rows")
    },
    **{
        ("user_programs", name): ({"progress"}, _PUT)
        for name in ("top_row", "top_pandas", "nulls_row", "nulls_pandas", "within_row")
    },
    ("buffers", "mode(s)"): ({"rows"}, _TIES),
    ("buffers", "complete: mode(s)"): ({"rows"}, _TIES),
    ("buffers", "max(current_timestamp()) > '2020-01-01'"): (
        {"rows", "progress", "state schemas", "bytes"},
        _TIME,
    ),
    ("changes", "begun with columns without NULL"): ({"schema"}, _NULLABLE),
    ("aggregation", "order_complete"): ({"progress"}, _TWICE),
    ("generated", "sorted_groups_complete_22"): ({"progress"}, _TWICE),
    ("generated", "sorted_groups_complete_123"): ({"progress"}, _TWICE),
    ("generated", "join_inner_then_windows_append_40"): ({"progress"}, _MEAN),
    ("generated", "join_left_outer_append_129"): ({"progress"}, _MEAN),
    ("generated", "windows_append_1012"): ({"state schemas", "bytes"}, _CONSTANT),
}
# Buffers in the order of a hash table. Their values show in the rows, and again when they are read back.
UNORDERED = re.compile(
    r"handed_over_values|\b(mode|median|percentile|percentile_cont|percentile_disc|collect_set|collect_union)\(|^unordered_"
)
