"""Every case on potok, through the unmodified client, against what Spark 4.3 answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from potok.conf import Conf
from spark.gaps import find_gap, refuses
from spark.oracle.compare import difference
from spark.oracle.families import family_names, load_expected, load_family
from spark.oracle.fixtures import make_fixtures
from spark.oracle.run import answer
from spark.oracle.table import Case

# The cases whose names begin so are one program: each is answered in the session of those before it.
PROGRAMS = {"routines": "", "queries": "statement "}
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


@pytest.fixture(scope="module")
def programs(
    spark: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, dict[str, Any]]]]:
    """A function that gives the answers of a family's program.

    It runs as a whole, once, whichever of its cases come to this process, and with tables of its own: another process
    may run it at the same time.
    """
    from potok.connect import local

    sessions: list[Any] = []
    answers: dict[str, dict[str, dict[str, Any]]] = {}

    def of(family: str) -> dict[str, dict[str, Any]]:
        if family not in answers:
            session = spark.newSession()
            sessions.append(session)
            assert session.range(1).count() == 1
            service = local.local_service({})
            [server] = [s for s in service.sessions.all() if s.session_id == session.session_id]
            runtime = server.session.runtime
            warehouse = {"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
            server.session.conf = Conf({**runtime.static_conf, **warehouse}, "UTC")
            make_fixtures(session)
            of_program = [c for c in load_family(family) if c.name.startswith(PROGRAMS[family])]
            answers[family] = {case.name: answer(session, case) for case in of_program}
        return answers[family]

    yield of
    for session in sessions:
        session.client.release_session()


@pytest.mark.filterwarnings("ignore::UserWarning")  # the client's own advice is no answer
@pytest.mark.parametrize(("family", "case"), PARAMETERS)
def test_case(
    spark: Any,
    programs: Callable[[str], dict[str, dict[str, Any]]],
    family: str,
    case: Case,
    request: pytest.FixtureRequest,
) -> None:
    """The answer is Spark's, or the gap is declared and potok says so itself, or a defect is declared."""
    expected = EXPECTED[family].get(case.name)
    assert expected is not None, f"not recorded: python tests/spark/record.py {family}"
    is_of_program = family in PROGRAMS and case.name.startswith(PROGRAMS[family])
    actual = programs(family)[case.name] if is_of_program else answer(spark, case)
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
