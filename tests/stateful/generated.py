"""Programs with state and their inputs, made up by chance: of the seeds of the recorded scenarios, and of property tests.

A program is data: steps that PySpark's public interface takes one by one, so that any engine runs it, over streams or
over tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as programs name it
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

Row = dict[str, Any]
Step = tuple[Any, ...]
Steps = tuple[Step, ...]
DELAY_S = 10
EPOCH_S = 1_704_067_200  # 2024-01-01
FLUSH_S = 86_400
TRANSFORM = "transform counts"
COLUMNS = {
    "at": "TIMESTAMP",
    "k": "STRING",
    "i": "INT",
    "l": "BIGINT",
    "d": "DOUBLE",
    "m": "DECIMAL(12,3)",
    "w": "DECIMAL(30,5)",
    "day": "DATE",
    "ok": "BOOLEAN",
    "bin": "BINARY",
    "s": "STRUCT<a: INT, b: STRING>",
    "xs": "ARRAY<INT>",
    "n": "BIGINT",
}
SCHEMA = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
VALUES: dict[str, Sequence[Any]] = {
    "k": ["a", "b", None, "", "longer than eight", "ж"],
    "i": [1, 2, None, 0, -1, 3],
    "l": [7, 0, None, 1099511627776, -5],
    "d": [0.5, 1.0, None, -2.25, 1024.0, 0.0],
    "m": [1.5, -2.25, None, 12345678.901, 0.001],
    "w": [1.5, 0.00001, None, 98765432.25, -3],
    "day": ["2024-01-01", "2024-02-29", None, "1969-12-31"],
    "ok": [True, False, None],
    "bin": ["AQI=", "", None, "/w=="],
    "s": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, None, {"a": 1, "b": None}],
    "xs": [[1, 2], [], None, [None]],
}
KEYS = (
    "k",
    "i",
    "m",
    "w",
    "day",
    "ok",
    "bin",
    "s",
    "d",
    "xs",
    "l",
    "upper(k)",
    "i % 2",
    "CAST(m AS DECIMAL(20, 1))",
    "w * 2",
    "struct(k, i)",
    "s.a",
    "coalesce(k, 'none')",
    "CAST(l AS STRING)",
    "length(k)",
    "date_add(day, i)",
    "CASE WHEN i > 1 THEN 'big' ELSE k END",
    "date_trunc('MINUTE', at)",
    "'constant'",
)
AGGREGATES = (
    "count(1)",
    "sum(i)",
    "avg(i)",
    "min(i)",
    "max(k)",
    "count(k)",
    "sum(m)",
    "avg(m)",
    "sum(w)",
    "avg(w)",
    "max(m)",
    "min(w)",
    "sum(d)",
    "avg(d)",
    "min(d)",
    "sum(l)",
    "max(day)",
    "min(bin)",
    "max(at)",
    "max(struct(i, k))",
    "min(s)",
    "max_by(k, n)",
    "min_by(m, n)",
    "stddev(i)",
    "var_pop(d)",
    "corr(i, d)",
    "covar_samp(i, l)",
    "skewness(i)",
    "kurtosis(d)",
    "regr_slope(d, i)",
    "sort_array(collect_set(k))",
    "sort_array(collect_list(i))",
    "size(collect_list(s))",
    "sort_array(collect_set(day))",
    "approx_count_distinct(k)",
    "count_if(ok)",
    "bool_and(ok)",
    "bool_or(i > 1)",
    "bit_xor(i)",
    "bit_or(l)",
    "percentile_approx(i, 0.5)",
    "sum(i) FILTER (WHERE ok)",
    "count(m) FILTER (WHERE i > 0)",
    "avg(m) FILTER (WHERE k = 'a')",
    "sum(i + 1) * 2",
    "max(i) - min(i)",
    "sum(CASE WHEN ok THEN m ELSE 0 END)",
    "try_sum(l)",
)
# What depends on the order of the rows.
ORDERED_AGGREGATES = ("first(k)", "last(i)", "first(m, true)", "any_value(day)", "collect_list(k)", "last(s)")
PREDICATES = (
    "i > 0",
    "k IS NOT NULL",
    "m < 100",
    "length(k) < 4",
    "ok",
    "d >= 0 OR d IS NULL",
    "NOT ok OR i IN (1, 2)",
    "day >= DATE'2000-01-01'",
    "s.a = 1",
)
WINDOWS = (
    "window(at, '10 seconds')",
    "window(at, '7 seconds', '3 seconds')",
    "window(at, '10 seconds', '5 seconds', '2 seconds')",
    "window(at, '4 seconds', '4 seconds', '1 second')",
)
SESSIONS = (
    "session_window(at, '3 seconds')",
    "session_window(at, '5 seconds')",
    "session_window(at, CASE WHEN i > 1 THEN '2 seconds' WHEN i = 1 THEN '9 seconds' ELSE '4 seconds' END)",
)
EQUAL = (
    "k = rk",
    "i = ri",
    "k = rk AND i = ri",
    "m = rm",
    "day = rday",
    "upper(k) = rk",
    "i + 1 = ri",
    "ok = rok",
)
RANGES = (
    "rat BETWEEN at - INTERVAL 3 SECONDS AND at + INTERVAL 5 SECONDS",
    "rat >= at AND rat <= at + INTERVAL 4 SECONDS",
    "at <= rat + INTERVAL 2 SECONDS AND at > rat - INTERVAL 4 SECONDS",
    "rat > at - INTERVAL 6 SECONDS AND rat < at",
)
# Conditions under which a full outer join is a left one.
NARROWING = (("where", "i > 0"), ("where", "k IS NOT NULL"))
EXTRA = ("i < ri", "n <> rn", "length(k) > 0", "ri IS NOT NULL", "m <= rm", "ok")
# It passes all predicates, so that it moves the watermark wherever that stands.
LAST: Row = {
    "k": "z",
    "i": 1,
    "l": 1,
    "d": 1.0,
    "m": 50,
    "w": 1,
    "day": "2024-01-01",
    "ok": True,
    "bin": "AQI=",
    "s": {"a": 1, "b": "z"},
    "xs": [1],
}
SIDE = ("at", "k", "i", "m", "day", "ok", "n")


class Inputs(Protocol):
    """The frames that a program reads, by name."""

    def __getitem__(self, name: str) -> DataFrame: ...


@dataclass(frozen=True)
class Program:
    """`streams` and `static` are the names of what it reads.

    `key_columns`: how many of the first columns tell a row of the output in update mode apart. `holds_back`: rows come
    out only after the watermark has passed them. `timeless`: rows without event time may be among the input.
    """

    shape: str
    steps: Steps
    mode: str
    streams: tuple[str, ...] = ("in",)
    static: tuple[str, ...] = ()
    key_columns: int = 0
    holds_back: bool = False
    timeless: bool = True
    ordered: bool = False

    def __str__(self) -> str:
        return "\n".join([f"{self.shape}, {self.mode}", *_lines(self.steps, "  ")])

    def frame(self, inputs: Inputs, *, is_batch: bool = False) -> DataFrame:
        """What the program makes of its inputs."""
        return framed(self.steps, inputs, is_batch=is_batch)


def _lines(steps: Steps, indent: str) -> Iterator[str]:
    for name, *arguments in steps:
        yield f"{indent}{name} " + ", ".join(repr(one) for one in arguments if not _is_steps(one))
        for one in arguments:
            if _is_steps(one):
                yield from _lines(one, indent + "  ")


def _is_steps(argument: object) -> bool:
    return isinstance(argument, tuple) and bool(argument) and isinstance(argument[0], tuple)


def framed(steps: Steps, inputs: Inputs, *, is_batch: bool) -> DataFrame:
    """The frame that some steps make."""
    frame = inputs[steps[0][1]]
    for name, *arguments in steps[1:]:
        match name:
            case "join":
                other, how, condition = arguments
                if is_batch and how == "full_outer" and not any(step in NARROWING for step in steps):
                    # State is found by the bytes of a key, and NULL has some; other joins leave such rows out before.
                    condition = condition.replace(" = ", " <=> ")
                frame = frame.join(framed(other, inputs, is_batch=is_batch), F.expr(condition), how)
            case "union":
                frame = frame.union(framed(arguments[0], inputs, is_batch=is_batch))
            case "pandas counts" if is_batch:
                frame = frame.groupBy(*arguments).agg(F.expr("count(1) AS rows"), F.expr("sum(i) AS total"))
            case "transform counts" if is_batch:
                counts = (
                    "count(1) AS rows",
                    "sum(i) AS total",
                    "count(i) AS listed",
                    "count(DISTINCT i) AS kinds",
                )
                frame = frame.groupBy(*arguments).agg(*map(F.expr, counts))
            case _:
                frame = FRAMES[name](frame, *arguments)
    return frame


def _grouped(frame: DataFrame, keys: Sequence[str], aggregates: Sequence[str]) -> DataFrame:
    return frame.groupBy(*map(F.expr, keys)).agg(*map(F.expr, aggregates))


def _rolled(frame: DataFrame, keys: Sequence[str], aggregates: Sequence[str]) -> DataFrame:
    return frame.rollup(*keys).agg(*map(F.expr, aggregates), F.expr("grouping_id() AS g"))


def counting(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
    """Rows of a key, and the sum of i."""
    rows, total = state.getOption or (0, None)
    for frame in frames:
        known = frame["i"].dropna()
        rows += len(frame)
        if len(known):
            total = int(known.sum()) + (total or 0)
    state.update((rows, total))
    shown = {f"c{number}": [value] for number, value in enumerate(key)}
    yield pd.DataFrame({**shown, "rows": [rows], "total": pd.array([total], "Int64")})


def _counted(frame: DataFrame, *keys: str) -> DataFrame:
    kinds = ", ".join(f"c{number} {COLUMNS[key]}" for number, key in enumerate(keys))
    return frame.groupBy(*keys).applyInPandasWithState(
        counting,
        f"{kinds}, rows BIGINT, total BIGINT",
        "rows BIGINT, total BIGINT",
        "update",
        GroupStateTimeout.NoTimeout,
    )


class Counting(StatefulProcessor):  # type: ignore[misc]  # pyspark is untyped here
    """Rows of a key and the sum of i, how many i there were, and how many different ones: all kinds of state."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Name the state."""
        self._sums = handle.getValueState("sums", "rows BIGINT, total BIGINT")
        self._listed = handle.getListState("listed", "i INT")
        self._kinds = handle.getMapState("kinds", "i INT", "rows BIGINT")

    def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Iterator[pd.DataFrame]:  # noqa: N802, N803
        """Count a group of a batch."""
        count, total = self._sums.get() if self._sums.exists() else (0, None)
        for frame in rows:
            known = [int(value) for value in frame["i"].dropna()]
            count += len(frame)
            if known:
                total = sum(known) + (total or 0)
                self._listed.appendList([(value,) for value in known])
            for value in known:
                before = self._kinds.getValue((value,))[0] if self._kinds.containsKey((value,)) else 0
                self._kinds.updateValue((value,), (before + 1,))
        self._sums.update((count, total))
        shown = {f"c{number}": [value] for number, value in enumerate(key)}
        listed, kinds = len(list(self._listed.get())), len(list(self._kinds.keys()))
        counts = {"rows": [count], "total": pd.array([total], "Int64"), "listed": [listed], "kinds": [kinds]}
        yield pd.DataFrame({**shown, **counts})

    def close(self) -> None:
        """Nothing is open."""


def _transformed(frame: DataFrame, *keys: str) -> DataFrame:
    kinds = ", ".join(f"c{number} {COLUMNS[key]}" for number, key in enumerate(keys))
    output = f"{kinds}, rows BIGINT, total BIGINT, listed BIGINT, kinds BIGINT"
    return frame.groupBy(*keys).transformWithStateInPandas(Counting(), output, "update", "None")


FRAMES: Mapping[str, Callable[..., DataFrame]] = {
    "watermark": lambda frame, column, delay: frame.withWatermark(column, delay),
    "where": lambda frame, text: frame.where(text),
    "select": lambda frame, *texts: frame.selectExpr(*texts),
    "group": _grouped,
    "rollup": _rolled,
    "distinct": lambda frame: frame.distinct(),
    "dedup": lambda frame, *columns: frame.dropDuplicates(list(columns)),
    "within": lambda frame, *columns: frame.dropDuplicatesWithinWatermark(list(columns)),
    "limit": lambda frame, count: frame.limit(count),
    "sort": lambda frame, *columns: frame.orderBy(*columns),
    "pandas counts": _counted,
    TRANSFORM: _transformed,
}


# ---- programs ---------------------------------------------------------------------------------------------


def program(chance: Random, shapes: Sequence[Callable[[Random], Program]] | None = None) -> Program:
    """Any program of some shapes; of those that tell what a batch tells by default."""
    return chance.choice(shapes or LAWFUL_SHAPES)(chance)


def _before(chance: Random, *, projects: bool = True) -> Steps:
    steps: list[Step] = []
    for _ in range(chance.choice([0, 0, 1, 2])):
        if projects and chance.random() < 0.4:
            kept = [name for name in COLUMNS if name not in {"i", "k"}]
            steps.append(
                ("select", *kept, chance.choice(["i", "i * 2 AS i", "abs(i) AS i"]), "concat(k, '') AS k")
            )
        else:
            steps.append(("where", chance.choice(PREDICATES)))
    return tuple(steps)


def _read(chance: Random, name: str = "in", *, watermark: bool) -> Steps:
    steps: Steps = (("read", name),)
    before = _before(chance)
    if not watermark:
        return steps + before
    marked: Step = ("watermark", "at", f"{DELAY_S} seconds")
    return (*steps, *before, marked) if chance.random() < 0.3 else (*steps, marked, *before)


def _keys(chance: Random, least: int, most: int) -> list[str]:
    return chance.sample(KEYS, chance.randint(least, most))


def _aggregates(chance: Random, *, ordered: bool = False, most: int = 4) -> list[str]:
    texts = chance.sample(AGGREGATES, chance.randint(1, most))
    if ordered:
        texts.append(chance.choice(ORDERED_AGGREGATES))
    return [f"{text} AS a{number}" for number, text in enumerate(texts)]


def _named(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{key} AS c{number}" for number, key in enumerate(keys))


def _after(chance: Random, mode: str, key_count: int, aggregate_count: int) -> Steps:
    """Filters that a row passes for ever once it has passed them, and projections that keep the keys."""
    columns = [*(f"c{n}" for n in range(key_count)), *(f"a{n}" for n in range(aggregate_count))]
    steps: list[Step] = []
    if chance.random() < 0.3:
        known = "hits > 1" if mode == "update" else chance.choice(["hits > 1", "a0 IS NOT NULL", "hits < 3"])
        steps.append(("where", known))
    if chance.random() < 0.3:
        steps.append(("select", *columns, "hits + 1 AS more"))
    return tuple(steps)


def aggregation(chance: Random) -> Program:
    """Groups without event time among the keys, or with."""
    ordered = chance.random() < 0.2
    marked = chance.random() < 0.3
    keys = _keys(chance, 0, 3)
    aggregates = [*_aggregates(chance, ordered=ordered), "count(1) AS hits"]
    mode = chance.choice(["update", "complete"])
    steps = (*_read(chance, watermark=marked), ("group", _named(keys), tuple(aggregates)))
    steps += _after(chance, mode, len(keys), len(aggregates) - 1)
    return Program("aggregation", steps, mode, key_columns=len(keys), ordered=ordered, timeless=not marked)


def grouping_sets(chance: Random) -> Program:
    """rollup."""
    keys = tuple(chance.sample(["k", "i", "m", "day", "ok"], 2))
    steps = (*_read(chance, watermark=False), ("rollup", keys, tuple(_aggregates(chance))))
    return Program(
        "rollup", (*steps, ("select", *keys, "g", "a0")), chance.choice(["update", "complete"]), key_columns=3
    )


def windows(chance: Random) -> Program:
    """Groups by windows of time, or by the time itself."""
    keys = _keys(chance, 0, 2)
    time = chance.choice([*WINDOWS, *WINDOWS, "at"])
    keys.insert(chance.randint(0, len(keys)), time)
    ordered = chance.random() < 0.2
    aggregates = [*_aggregates(chance, ordered=ordered, most=3), "count(1) AS hits"]
    mode = chance.choice(["append", "append", "update", "complete"])
    steps = (*_read(chance, watermark=True), ("group", _named(keys), tuple(aggregates)))
    steps += _after(chance, mode, len(keys), len(aggregates) - 1)
    return Program(
        "windows",
        steps,
        mode,
        key_columns=len(keys),
        holds_back=mode == "append",
        timeless=time != "at",
        ordered=ordered,
    )


def windows_of_windows(chance: Random) -> Program:
    """Two aggregations in a row."""
    keys = _keys(chance, 0, 2)
    first = (
        "group",
        _named(["window(at, '5 seconds')", *keys]),
        (*_aggregates(chance, most=2), "count(1) AS hits"),
    )
    time = chance.choice(["window(c0, '20 seconds')", "window(window_time(c0), '15 seconds')"])
    more = ["c1"] if keys and chance.random() < 0.5 else []
    second = (
        "group",
        (f"{time} AS b0", *more),
        ("sum(hits) AS hits", "count(1) AS groups", "max(hits) AS most"),
    )
    return Program(
        "windows of windows", (*_read(chance, watermark=True), first, second), "append", holds_back=True
    )


def sessions(chance: Random) -> Program:
    """Session windows."""
    keys = _keys(chance, 1, 2)
    keys.insert(chance.randint(0, len(keys)), chance.choice(SESSIONS))
    aggregates = _aggregates(chance, most=3)
    mode = chance.choice(["append", "append", "complete"])
    steps = (*_read(chance, watermark=True), ("group", _named(keys), (*aggregates, "count(1) AS hits")))
    steps += _after(chance, mode, len(keys), len(aggregates))
    return Program("sessions", steps, mode, holds_back=mode == "append")


def duplicates(chance: Random) -> Program:
    """distinct and dropDuplicates."""
    columns = chance.sample(["k", "i", "m", "w", "day", "ok", "bin", "s", "d", "l"], chance.randint(1, 3))
    kind = chance.choice(["distinct", "dedup", "dedup with time", "dedup of all"])
    marked = kind == "dedup with time" or chance.random() < 0.3
    read = _read(chance, watermark=marked)
    if kind == "distinct":
        steps: Steps = (*read, ("select", *columns), ("distinct",))
    elif kind == "dedup with time":
        steps = (*read, ("dedup", "at", *columns), ("select", "at", *columns))
    elif kind == "dedup of all":
        steps = (*read, ("select", "at", *columns), ("dedup", "at", *columns))
    else:
        steps = (*read, ("dedup", *columns), ("select", *columns))
    if chance.random() < 0.3:
        steps = (*steps, ("where", f"{columns[0]} IS NOT NULL"))
    return Program("duplicates", steps, chance.choice(["append", "update"]), timeless=not marked)


def duplicates_then_windows(chance: Random) -> Program:
    """Windows over rows that are different."""
    columns = chance.sample(["k", "i", "m", "day", "s"], 2)
    steps = (
        *_read(chance, watermark=True),
        ("dedup", "at", *columns),
        (
            "group",
            _named([chance.choice(WINDOWS), columns[0]]),
            ("count(1) AS hits", f"min({columns[1]}) AS least"),
        ),
    )
    return Program("duplicates then windows", steps, "append", holds_back=True, timeless=False)


def _side(name: str, prefix: str, marked: bool, where: Sequence[str] = ()) -> Steps:
    steps: list[Step] = [("read", name)]
    if marked:
        steps.append(("watermark", "at", f"{DELAY_S} seconds"))
    steps += (("where", text) for text in where)
    steps.append(("select", *(f"{column} AS {prefix}{column}" if prefix else column for column in SIDE)))
    return tuple(steps)


def _sides(chance: Random, *, marked: bool) -> tuple[Steps, Steps]:
    filters = [[chance.choice(PREDICATES[:5])] if chance.random() < 0.2 else [] for _ in range(2)]
    return _side("in", "", marked, filters[0]), _side("other", "r", marked, filters[1])


def joins(chance: Random) -> Program:
    """Two streams."""
    how = chance.choice(["inner", "inner", "left_outer", "right_outer", "full_outer", "left_semi"])
    condition = chance.choice(EQUAL)
    ranged = how != "inner" or chance.random() < 0.6
    marked = ranged or chance.random() < 0.3
    if ranged:
        condition += f" AND {chance.choice(RANGES)}"
    if chance.random() < 0.4:
        condition += f" AND {chance.choice(EXTRA)}"
    left, right = _sides(chance, marked=marked)
    steps: Steps = (*left, ("join", right, how, condition))
    if chance.random() < 0.3:
        steps = (*steps, ("where", chance.choice(["i > 0", "k IS NOT NULL", "ok OR ok IS NULL"])))
    if chance.random() < 0.3:
        steps = (*steps, ("select", "at", "k", "n", "i + 1 AS more"))
    outer = how.endswith("outer")
    return Program(f"join {how}", steps, "append", ("in", "other"), holds_back=outer, timeless=not marked)


def joins_by_window(chance: Random) -> Program:
    """Two streams whose rows meet in a window."""
    how = chance.choice(["inner", "left_outer", "right_outer", "full_outer", "left_semi"])
    left, right = _sides(chance, marked=True)
    left = (*left, ("select", *SIDE[1:], "window(at, '6 seconds') AS win"))
    right = (*right, ("select", *(f"r{c}" for c in SIDE[1:]), "window(rat, '6 seconds') AS rwin"))
    steps: Steps = (*left, ("join", right, how, f"win = rwin AND {chance.choice(EQUAL)}"))
    return Program(
        f"join by window {how}", steps, "append", ("in", "other"), holds_back="outer" in how, timeless=False
    )


def join_then_windows(chance: Random) -> Program:
    """An aggregation over a join of streams."""
    how = chance.choice(["inner", "left_outer"])
    left, right = _sides(chance, marked=True)
    steps: Steps = (
        *left,
        ("join", right, how, f"{chance.choice(EQUAL)} AND {chance.choice(RANGES)}"),
        ("group", _named([chance.choice(WINDOWS), chance.choice(["k", "i", "day"])]), ("count(1) AS hits", "count(rn) AS met", "sum(rm) AS total")),
    )  # fmt: skip
    return Program(
        f"join {how} then windows", steps, "append", ("in", "other"), holds_back=True, timeless=False
    )


def static_join(chance: Random) -> Program:
    """A stream and a table, and perhaps groups of what they make."""
    how = chance.choice(["inner", "left_outer", "left_semi", "left_anti"])
    right = _side("static", "r", marked=False)
    grouped = chance.random() < 0.7
    steps: Steps = (*_read(chance, watermark=False), ("join", right, how, chance.choice(EQUAL)))
    keys = _keys(chance, 1, 2)
    mode = "append"
    if grouped:
        mode = chance.choice(["update", "complete"])
        steps = (*steps, ("group", _named(keys), (*_aggregates(chance), "count(1) AS hits")))
    else:
        columns = ["k", "n"] if how in {"left_semi", "left_anti"} else ["k", "n", "rk", "rn"]
        steps = (*steps, ("select", *columns), ("distinct",))
    return Program(f"static {how}", steps, mode, static=("static",), key_columns=len(keys), timeless=True)


def unions(chance: Random) -> Program:
    """Groups of two streams together."""
    left, right = _side("in", "", marked=True), _side("other", "", marked=True)
    mode = chance.choice(["append", "update", "complete"])
    keys = ["window(at, '10 seconds')", chance.choice(["k", "i", "day", "m"])]
    steps = (
        *left,
        ("union", right),
        ("group", _named(keys), ("count(1) AS hits", "sum(m) AS total", "max(n) AS last")),
    )
    return Program("union", steps, mode, ("in", "other"), key_columns=2, holds_back=mode == "append")


def user_counts(chance: Random) -> Program:
    """A function of the user that keeps counts."""
    keys = chance.sample(["k", "i", "ok"], chance.randint(1, 2))
    steps = (*_read(chance, watermark=False), ("pandas counts", *keys))
    return Program("pandas counts", steps, "update", key_columns=len(keys))


def user_transforms(chance: Random) -> Program:
    """A processor of the user that keeps values, lists and maps."""
    keys = chance.sample(["k", "i", "ok"], chance.randint(1, 2))
    return Program(
        TRANSFORM, (*_read(chance, watermark=False), (TRANSFORM, *keys)), "update", key_columns=len(keys)
    )


def groups_of_different_rows(chance: Random) -> Program:
    """Groups of what is left of rows that are alike."""
    columns = chance.sample(["k", "i", "m", "day", "ok"], 3)
    mode = chance.choice(["update", "complete"])
    steps: Steps = _read(chance, watermark=False)
    steps += (("select", *columns), ("distinct",)) if chance.random() < 0.5 else (("dedup", *columns[:2]),)
    group = ("group", _named(columns[:1]), ("count(1) AS hits", f"max({columns[1]}) AS most"))
    return Program("groups of different rows", (*steps, group), mode, key_columns=1)


def join_with_itself(chance: Random) -> Program:
    """A stream read twice."""
    marked = chance.random() < 0.7
    condition = chance.choice(EQUAL) + (f" AND {chance.choice(RANGES)}" if marked else "")
    steps = (*_side("in", "", marked), ("join", _side("in", "r", marked), "inner", condition))
    return Program("join with itself", steps, "append", timeless=not marked)


def within(chance: Random) -> Program:
    """dropDuplicatesWithinWatermark, which a batch has not."""
    columns = chance.sample(["k", "i", "m", "w", "day", "ok", "bin", "s"], chance.randint(1, 2))
    steps = (*_read(chance, watermark=True), ("within", *columns), ("select", "at", "n", *columns))
    return Program("within", steps, chance.choice(["append", "update"]))


def limits(chance: Random) -> Program:
    """The first rows of all."""
    steps = (*_read(chance, watermark=False), ("select", "k", "n"), ("limit", chance.randint(1, 12)))
    return Program("limit", steps, "append")


def sorted_groups(chance: Random) -> Program:
    """The greatest groups."""
    keys = [f"{key} AS c{n}" for n, key in enumerate(chance.sample(["k", "i", "m", "day"], 2))]
    group = ("group", tuple(keys), ("count(1) AS hits", "max(n) AS newest"))
    sort = ("sort", *chance.choice([("hits", "newest"), ("c0", "c1"), ("newest",)]))
    steps: Steps = (*_read(chance, watermark=False), group, sort)
    if chance.random() < 0.5:
        steps = (*steps, ("limit", chance.randint(1, 4)))
    return Program("sorted groups", steps, "complete", key_columns=2)


def null_safe_join(chance: Random) -> Program:
    """Two streams, where NULL is a key as well."""
    how = chance.choice(["inner", "left_outer", "full_outer", "left_semi"])
    left, right = _sides(chance, marked=True)
    condition = (
        f"{chance.choice(['k <=> rk', 'i <=> ri AND k = rk', 'day <=> rday'])} AND {chance.choice(RANGES)}"
    )
    return Program(
        f"null safe {how}",
        (*left, ("join", right, how, condition)),
        "append",
        ("in", "other"),
        holds_back="outer" in how,
        timeless=False,
    )


SHAPES: Sequence[Callable[[Random], Program]] = (
    aggregation,
    aggregation,
    windows,
    windows,
    sessions,
    duplicates,
    joins,
    joins,
    joins_by_window,
    windows_of_windows,
    duplicates_then_windows,
    join_then_windows,
    static_join,
    unions,
    grouping_sets,
    user_counts,
    groups_of_different_rows,
    join_with_itself,
    null_safe_join,
)
# Those of which nothing is recorded too: Spark keeps the state of some in a form of its own.
LAWFUL_SHAPES: Sequence[Callable[[Random], Program]] = (*SHAPES, user_transforms)
# What is not the same however its rows are split, or is nothing in a batch.
MORE_SHAPES: Sequence[Callable[[Random], Program]] = (*SHAPES, within, within, limits, sorted_groups)


# ---- inputs -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """The files of each stream in the order in which they come, and the tables.

    The last file of each stream has a time long after all others, and nothing to meet.
    """

    files: Mapping[str, Sequence[Sequence[Row]]]
    tables: Mapping[str, Sequence[Row]]


def instant(micros: int) -> str:
    """A time after EPOCH_S as JSON has it."""
    seconds, rest = divmod(micros, 1_000_000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    day, hours = divmod(hours, 24)
    return f"2024-01-{day + 1:02d} {hours:02d}:{minutes:02d}:{seconds:02d}.{rest:06d}"


def _time(chance: Random, low: int, high: int) -> int:
    """Microseconds in (low, high], often at a border."""
    kind = chance.randrange(4)
    if kind == 0:
        whole = chance.randint(low // 1_000_000 + 1, max(high // 1_000_000, low // 1_000_000 + 1))
        return min(whole * 1_000_000, high)
    if kind == 1:
        return high
    return chance.randint(low + 1, high)


def row(chance: Random, at: int | None, number: int) -> Row:
    """One row with a time in microseconds after EPOCH_S."""
    found: Row = {"at": None if at is None else instant(at)}
    found |= {name: chance.choice(values) for name, values in VALUES.items()}
    return {**found, "n": number}


def inputs(chance: Random, made: Program, *, late: bool, file_count: int = 6) -> Input:
    """Files for the streams of a program: no row is late, or some are."""
    files: dict[str, list[list[Row]]] = {name: [] for name in made.streams}
    reached = 3_600_000_000
    number = 0
    for _ in range(file_count):
        low = max(reached - DELAY_S * 1_000_000, 0)
        step = chance.choice([0, 2, 6, 20]) * 1_000_000
        newest = reached
        for name in made.streams:
            content = []
            for _ in range(chance.choice([3, 1, 0, 5, 8])):
                number += 1
                start = max(low - 25_000_000, 0) if late and chance.random() < 0.3 else low
                at: int | None = _time(chance, start, reached + step)
                if made.timeless and chance.random() < 0.05:
                    at = None
                newest = max(newest, at or 0)
                content.append(row(chance, at, number))
            files[name].append(content)
        reached = newest
    for position, name in enumerate(made.streams):
        at = reached + (FLUSH_S + 3600 * position) * 1_000_000
        files[name].append([{**LAST, "at": instant(at), "n": -1 - position}])
    tables = {name: [row(chance, None, n) for n in range(chance.randint(0, 6))] for name in made.static}
    return Input(files, tables)
