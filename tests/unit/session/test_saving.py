"""A table is there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .play import Player

FAILING = "SELECT id AS a, 1 / (id - 5) AS b FROM range(10)"


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A session."""
    found = Player(tmp_path)
    yield found
    found.close()


def run(player: Player, text: str) -> list[object]:
    """A text for spark.sql, which must succeed."""
    answer = player.answer(("sql", text, {}))
    assert answer[0] == "ok", answer
    return list(answer[2])


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_a_failed_save_leaves_nothing(player: Player, tmp_path: Path, file_format: str) -> None:
    """Neither a table nor a directory that would keep the next try from making it."""
    failed = player.answer(("save_as_table", FAILING, {"table": "t", "format": file_format}))
    assert failed[:2] == ["error", "DIVIDE_BY_ZERO"]
    assert run(player, "SHOW TABLES") == []
    assert not (tmp_path / "warehouse" / "t").exists()
    saved = player.answer(("save_as_table", "SELECT 1 AS a", {"table": "t", "format": file_format}))
    assert saved[0] == "ok", saved
    assert run(player, "SELECT * FROM t") == [[1]]


def test_a_failed_create_as_leaves_nothing(player: Player, tmp_path: Path) -> None:
    """The same for SQL."""
    failed = player.answer(("sql", f"CREATE TABLE t USING csv AS {FAILING}", {}))
    assert failed[:2] == ["error", "DIVIDE_BY_ZERO"]
    assert run(player, "SHOW TABLES") == []
    assert not (tmp_path / "warehouse" / "t").exists()


def test_a_failed_overwrite_keeps_the_old_table(player: Player) -> None:
    """Spark drops the table first; here the old rows stay until the new ones are whole."""
    assert player.answer(("save_as_table", "SELECT 1 AS a", {"table": "t"}))[0] == "ok"
    failed = player.answer(("save_as_table", FAILING, {"table": "t", "mode": "overwrite"}))
    assert failed[:2] == ["error", "DIVIDE_BY_ZERO"]
    assert run(player, "SELECT * FROM t") == [[1]]
    failed = player.answer(("sql", "INSERT OVERWRITE t SELECT 1 / (id - 5) FROM range(10)", {}))
    assert failed[0] == "error"
    assert run(player, "SELECT * FROM t") == [[1]]


def test_a_failed_insert_adds_nothing(player: Player) -> None:
    """No row of a failed INSERT is seen."""
    run(player, "CREATE TABLE t (a BIGINT, b DOUBLE) USING csv")
    failed = player.answer(("sql", f"INSERT INTO t {FAILING}", {}))
    assert failed[:2] == ["error", "DIVIDE_BY_ZERO"]
    assert run(player, "SELECT * FROM t") == []


def test_sessions_share_tables(player: Player) -> None:
    """Tables belong to the process, temporary views and the current database to a session."""
    run(player, "CREATE TABLE t AS SELECT 1 AS a")
    run(player, "CREATE TEMPORARY VIEW v AS SELECT 2 AS a")
    run(player, "CREATE DATABASE other")
    other = player.another()
    run(other, "USE other")
    assert run(other, "SHOW TABLES IN default") == [["default", "t", False]]
    assert run(other, "SELECT * FROM default.t") == [[1]]
    assert run(player, "SHOW CURRENT DATABASE") == [["spark_catalog", "default"]]
