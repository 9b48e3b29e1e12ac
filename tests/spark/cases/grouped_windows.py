"""Time windows as columns of grouping sets: each window is one, whatever its slide."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()
TIMES = "(SELECT timestamp(at) AS ts, k FROM VALUES ('2024-01-01 00:00:30', 'a'), ('2024-01-01 00:07:30', 'b'), ('2024-01-01 00:58:00', 'a') AS t(at, k))"
WINDOWS = {"an hour": "window(ts, '1 hour')", "sliding": "window(ts, '10 minutes', '5 minutes')"}
for kind, window in WINDOWS.items():
    CASES.queries(
        kind,
        "\n\n".join(
            f"SELECT {items}, count(*) AS n FROM {TIMES} GROUP BY {groups}"
            for items, groups in (
                (f"k, {window} AS w", f"rollup({window}, k)"),
                (f"{window}.end AS e, k", f"{window}, cube(k)"),
                (f"{window} AS w, k", f"GROUPING SETS (({window}, k), ({window}), ())"),
                ("window.start AS s, k, grouping(k), grouping_id()", f"cube({window}, k)"),
                (f"{window} AS w, grouping({window})", f"cube({window}, k)"),
            )
        ),
    )


def _times(spark: Any) -> Any:
    return spark.sql(f"SELECT * FROM {TIMES}")


@CASES.case()
def rollup_of_a_frame(spark: Any, F: Any) -> Any:
    return _times(spark).rollup(F.window("ts", "10 minutes", "5 minutes"), "k").count()


@CASES.case()
def cube_of_a_frame_with_a_renamed_window(spark: Any, F: Any) -> Any:
    return _times(spark).cube("k", F.window("ts", "1 hour").alias("h")).agg(F.grouping("k"), F.grouping_id())


@CASES.case()
def cube_of_two_windows(spark: Any, F: Any) -> Any:
    return _times(spark).cube(F.window("ts", "1 hour"), F.window("ts", "2 hours")).count()
