"""Every case on potok, through the unmodified client, against what Spark 4.3 answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spark.gaps import find_gap, refuses
from spark.oracle.compare import difference
from spark.oracle.families import family_names, load_expected, load_family
from spark.oracle.fixtures import make_fixtures
from spark.oracle.run import answer
from spark.oracle.table import Case

EXPECTED = {family: load_expected(family) for family in family_names()}
PARAMETERS = [
    pytest.param(family, case, id=f"{family}::{case.name}")
    for family in family_names()
    for case in load_family(family)
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """One potok session with the shared tables."""
    from potok.sql import SparkSession

    session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    make_fixtures(session)
    yield session
    session.stop()


@pytest.mark.filterwarnings("ignore::UserWarning")  # the client's own advice is no answer
@pytest.mark.parametrize(("family", "case"), PARAMETERS)
def test_case(spark: Any, family: str, case: Case, request: pytest.FixtureRequest) -> None:
    """The answer is Spark's, or the gap is declared and potok says so itself, or a defect is declared."""
    expected = EXPECTED[family].get(case.name)
    assert expected is not None, f"not recorded: python tests/spark/record.py {family}"
    actual = answer(spark, case)
    found = difference(case, expected, actual)
    gap = find_gap(family, case.name)
    if gap is None:
        assert found is None, f"{found[0]}\n{found[1]}"
        return
    if gap.kind == "message":
        assert found is None or found[0] == "message", f"{found[0]}\n{found[1]}"
    elif gap.kind == "notimpl":
        assert refuses(actual), f"a gap must raise an error that says so: {actual}"
    request.applymarker(
        pytest.mark.xfail(reason=f"{gap.kind}: {gap.reason}", strict=True, raises=GapRemainsError)
    )
    if found is not None:
        raise GapRemainsError(gap.reason)


class GapRemainsError(Exception):
    """A declared gap is still there."""
