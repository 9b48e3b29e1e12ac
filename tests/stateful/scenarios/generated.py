"""Programs and inputs that chance has made up: late rows, restarts and batches that are repeated among the steps.

The seed of a scenario is in its name; `print(made(seed)[0])` shows the program.
"""

from __future__ import annotations

from random import Random
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from stateful.generated import MORE_SHAPES, SCHEMA, Input, Program, inputs, program
from stateful.scenario import Build, Restart, Scenario, Sources, Uncommit

SEEDS = (*range(160), 1012, 1053, 1096)
FILES = 4
# Lists that Spark's state has in the order of a hash table.
_HASHED = "collect_set"


def made(seed: int) -> tuple[Program, Input, Random]:
    """The program of a seed, its input, and what the steps are chosen by."""
    chance = Random(f"recorded {seed}")
    found = program(chance, MORE_SHAPES)
    return found, inputs(chance, found, late=chance.random() < 0.6, file_count=FILES), chance


def build(found: Program, given: Input) -> Build:
    """The program over the streams of a run. Tables are made by the program."""

    def over(spark: SparkSession, sources: Sources) -> DataFrame:
        class Inputs:
            def __getitem__(self, name: str) -> DataFrame:
                return sources[name] if name in found.streams else _table(spark, given.tables[name])

        return found.frame(Inputs())

    return over


def _table(spark: SparkSession, rows: Any) -> DataFrame:
    import json

    texts = [json.dumps(row) for row in rows]
    return (
        spark.createDataFrame([(text,) for text in texts], "text STRING")
        .selectExpr(f"from_json(text, '{SCHEMA}') AS row")
        .select("row.*")
    )


def steps(found: Program, given: Input, chance: Random) -> list[Any]:
    """The files, and between them restarts, other numbers of partitions, and batches that are taken back."""
    taken: list[Any] = []
    for number in range(FILES + 1):
        content = {name: list(files[number]) for name, files in given.files.items()}
        if not any(content.values()):
            continue
        taken.append(content if len(content) > 1 else content["in"])
        kind = chance.random()
        if kind < 0.15:
            taken.append(Restart())
        elif kind < 0.25:
            taken.append(Restart(conf={"spark.sql.shuffle.partitions": chance.choice("1234")}))
        elif kind < 0.35:
            taken.append(Uncommit(state=chance.random() < 0.3, offsets=chance.random() < 0.3))
    return taken


def scenario(seed: int) -> Scenario:
    """The scenario of a seed."""
    found, given, chance = made(seed)
    prefix = "unordered_" if _HASHED in str(found) else ""
    shape = found.shape.replace(" ", "_")
    streams = dict.fromkeys(found.streams, SCHEMA)
    return Scenario(
        f"{prefix}{shape}_{found.mode}_{seed}",
        build(found, given),
        SCHEMA if len(streams) == 1 else streams,
        found.mode,
        steps(found, given, chance),
        partitions=chance.choice([1, 1, 2, 3]),
    )


SCENARIOS = [scenario(seed) for seed in SEEDS]
