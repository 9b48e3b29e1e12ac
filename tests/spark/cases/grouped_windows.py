"""Time windows as columns of grouping sets, each one whatever its slide; and as keys of functions over groups."""

from __future__ import annotations

from collections.abc import Callable
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


def _seen(key: Any, group: Any) -> Any:
    """The key as text, and the columns and number of rows of a group."""
    import pandas as pd

    return pd.DataFrame({"key": [str(key)], "columns": [",".join(group.columns)], "n": [len(group)]})


SEEN = "key STRING, columns STRING, n BIGINT"


def _by_windows(keys: Callable[[Any], list[Any]]) -> Callable[[Any, Any], Any]:
    def frames(spark: Any, F: Any) -> Any:
        return _times(spark).groupBy(*keys(F)).applyInPandas(_seen, SEEN).sort("key")

    return frames


for kind, keys in {
    "an hour": lambda F: [F.window("ts", "1 hour"), "k"],
    "sliding": lambda F: ["k", F.window("ts", "10 minutes", "5 minutes").alias("w")],
    "end": lambda F: [F.window("ts", "10 minutes").end],
    "session": lambda F: [F.session_window("ts", "10 minutes"), "k"],
    "two": lambda F: [F.window("ts", "1 hour"), F.window("ts", "2 hours")],
}.items():
    CASES.program(f"frames by window: {kind}", _by_windows(keys))


@CASES.case()
def arrow_tables_by_window(spark: Any, F: Any) -> Any:
    def seen(table: Any) -> Any:
        return table.slice(0, 1)

    return _times(spark).groupBy(F.window("ts", "1 hour")).applyInArrow(seen, "ts TIMESTAMP, k STRING")


@CASES.case()
def cogroups_by_window(spark: Any, F: Any) -> Any:
    def both(key: Any, one: Any, other: Any) -> Any:
        import pandas as pd

        columns = ",".join([*one.columns, *other.columns])
        return pd.DataFrame({"key": [str(key)], "columns": [columns], "n": [len(one) + len(other)]})

    frame = _times(spark)
    left = frame.groupBy(F.window("ts", "10 minutes"))
    right = frame.select("ts").groupBy(F.window("ts", "10 minutes", "5 minutes"))
    return left.cogroup(right).applyInPandas(both, SEEN).sort("key")
