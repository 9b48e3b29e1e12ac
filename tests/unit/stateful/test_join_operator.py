"""A join of two streams gives what the join of all their rows gives, whatever batches they come in."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from potok.analysis.stream_joins import join_condition
from potok.checkpoint.files import LocalFileSystem
from potok.plan.expressions import AttributeReference, Call, next_expr_id
from potok.stateful.base import StateBatch, StateContext
from potok.stateful.join import JoinOperator
from potok.types import BOOLEAN, INTEGER, STRING

TYPES = ("inner", "left_outer", "right_outer", "full_outer", "left_semi")


def attribute(name: str, data_type: Any) -> AttributeReference:
    return AttributeReference(name, data_type, is_nullable=True, expr_id=next_expr_id())


LEFT = attribute("k", STRING), attribute("a", INTEGER)
RIGHT = attribute("k", STRING), attribute("b", INTEGER)
EQUAL = Call("==", (LEFT[0], RIGHT[0]), BOOLEAN)
LESS = Call("<", (LEFT[1], RIGHT[1]), BOOLEAN)


def operator(path: Path, version: int, join_type: str, condition: Call) -> JoinOperator:
    context = StateContext(
        LocalFileSystem(), str(path / "state"), durable=False, partitions=2, output_mode="append",
        version=version, conf={},
    )  # fmt: skip
    made = JoinOperator(0, context, join_type, join_condition(condition, LEFT, RIGHT), LEFT, RIGHT)
    made.look_at([LEFT[1].expr_id, RIGHT[1].expr_id])
    for typed in made.stores:
        typed.store.load(version)
    made.loaded()
    return made


def table(rows: list[tuple[str, int]]) -> pa.Table:
    keys = pa.array([k for k, _ in rows], pa.string())
    return pa.table([keys, pa.array([v for _, v in rows], pa.int32()), keys], names=["0", "1", "2"])


def rows_of(found: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True)) if found.num_rows else []


@pytest.mark.parametrize("join_type", TYPES)
@pytest.mark.parametrize("with_condition", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_any_split_into_batches(tmp_path: Path, join_type: str, seed: int, *, with_condition: bool) -> None:
    chance = random.Random(seed)
    condition = Call("and", (EQUAL, LESS), BOOLEAN) if with_condition else EQUAL
    made = operator(tmp_path, 0, join_type, condition)
    all_left: list[tuple[str, int]] = []
    all_right: list[tuple[str, int]] = []
    given: list[tuple[Any, ...]] = []
    for version in range(1, 12):
        sides = [
            [("abcdef"[chance.randrange(6)], chance.randrange(20)) for _ in range(chance.randrange(8))]
            for _ in "lr"
        ]
        all_left += sides[0]
        all_right += sides[1]
        made.begin(StateBatch(version - 1))
        if with_condition:
            pairs = made.meet(table(sides[0]), table(sides[1]))
            numbers, a, b = (column.to_pylist() for column in pairs.columns)
            passing = [n for n, x, y in zip(numbers, a, b, strict=True) if x < y]
            chance.shuffle(passing)
            found = made.settle(pa.table([pa.array(passing, pa.int64())], names=["0"]))
        else:
            found = made.whole(table(sides[0]), table(sides[1]))
        given += rows_of(found)
        for typed in made.stores:
            typed.store.commit(version)
        if version % 4 == 0:
            made = operator(tmp_path, version, join_type, condition)

    def meet(one: tuple[str, int], other: tuple[str, int]) -> bool:
        return one[0] == other[0] and (not with_condition or one[1] < other[1])

    expected: list[tuple[Any, ...]]
    if join_type == "left_semi":
        expected = [one for one in all_left if any(meet(one, other) for other in all_right)]
    else:
        # Without a watermark nothing is given up, so that rows without a partner never come.
        expected = [(*one, *other) for one in all_left for other in all_right if meet(one, other)]
    assert Counter(given) == Counter(expected)
    waiting = len(all_left) - len(expected) if join_type == "left_semi" else len(all_left)
    assert made.rows_total == waiting + len(all_right)
