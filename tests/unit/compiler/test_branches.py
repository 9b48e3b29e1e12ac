"""The order of rows over the branches of a union: theirs, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from potok.parser import parse_query
from potok.plan.logical import LogicalPlan
from potok.session.runtime import Runtime
from potok.session.session import Session

BRANCHES = "VALUES (0, 1), (0, 2), (0, NULL), (0, 4), (0, 5), (0, NULL) AS t(k, n)"
TABLES = (
    "(SELECT 0 AS k, id AS n FROM range(3) UNION ALL SELECT 0, id + 10 FROM range(2)) UNION ALL SELECT 0, 20"
)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    runtime = Runtime()
    yield Session(runtime)
    runtime.stop()


def value(session: Session, text: str) -> object:
    plan = parse_query(text)
    assert isinstance(plan, LogicalPlan)
    (column,) = session.rows(plan).to_table().columns
    return column.to_pylist()[0]


@pytest.mark.parametrize(
    ("aggregate", "found"),
    [
        ("collect_list(n)", [1, 2, 4, 5]),
        ("first(n)", 1),
        ("last(n)", None),
        ("last(n, true)", 5),
        ("last(n) FILTER (WHERE n < 5)", 4),
        ("last(n + 1, true) - first(n)", 5),
    ],
)
def test_of_values(session: Session, aggregate: str, found: object) -> None:
    assert value(session, f"SELECT {aggregate} FROM {BRANCHES} GROUP BY k") == found


def test_of_unions_in_unions(session: Session) -> None:
    text = f"FROM ({TABLES}) GROUP BY k"
    assert value(session, f"SELECT collect_list(n) {text}") == [0, 1, 2, 10, 11, 20]
    assert value(session, f"SELECT last(n) {text}") == 20


def test_of_more_branches_than_are_nested(session: Session) -> None:
    values = ", ".join(f"(0, {n})" for n in range(1500))
    assert value(session, f"SELECT sum(n) FROM VALUES {values} AS t(k, n) GROUP BY k") == 1500 * 1499 // 2
