"""Every example runs as it is, and writes what it says."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from examples.walkthrough import EXAMPLES, RECORDED, SELF_CONTAINED, walked_through
from support.patience import PATIENCE_S
from support.processes import environment, run_potok

FILES = 5
ROWS = 10
NAMES = ("fname", "mname", "lname", "age", "ssn")


def generate(directory: Path, *options: str) -> None:
    options = ("--files", str(FILES), "--rows", str(ROWS), "--interval", "0", "--seed", "1", *options)
    made = run_potok("generate", str(directory), *options)
    assert made.returncode == 0, made.stderr


def run(name: str, directory: Path) -> str:
    """What the example prints. It must not warn or fail."""
    done = run_potok("run", str(EXAMPLES / f"{name}.py"), directory=directory)
    assert done.returncode == 0, done.stderr
    assert "UserWarning" not in done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture
def people(tmp_path: Path) -> list[dict[str, str]]:
    """The records that lie in `people`."""
    generate(tmp_path / "people", "--header")
    files = sorted((tmp_path / "people").iterdir())
    return [row for file in files for row in csv.DictReader(file.read_text().splitlines())]


def test_csv_to_parquet(tmp_path: Path, people: list[dict[str, str]]) -> None:
    shown = run("csv_to_parquet", tmp_path)
    found = sorted(
        (row["name"], row["age"], int(file.parent.name.removeprefix("decade=")))
        for file in (tmp_path / "people-by-decade").glob("decade=*/*.parquet")
        for row in pq.ParquetFile(file).read().to_pylist()
    )
    expected = sorted(
        (f"{p['fname']} {p['mname']} {p['lname']}", int(p["age"]), int(p["age"]) // 10 * 10) for p in people
    )
    assert found == expected
    decades = {decade for _, _, decade in expected}
    counts = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines() if "|" in line]
    assert counts == [
        ["decade", "count"],
        *([str(d), str(sum(decade == d for *_, decade in expected))] for d in sorted(decades)),
    ]
    # Everything is read by now: a second run adds nothing.
    assert run("csv_to_parquet", tmp_path) == shown


def test_json_lines_to_console(tmp_path: Path) -> None:
    generate(tmp_path / "people.json", "--format", "json")
    shown = run("json_lines_to_console", tmp_path)
    people = [
        json.loads(line)
        for file in (tmp_path / "people.json").iterdir()
        for line in file.read_text().splitlines()
    ]
    adults = [
        [p["fname"], p["lname"], str(p["age"]), p["fname"][0] + p["lname"][0]]
        for p in people
        if p["age"] >= 18
    ]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines() if "|" in line]
    assert lines[0] == ["fname", "lname", "age", "initials"]
    assert all(line in adults for line in lines[1:])
    assert len(lines) == 6
    assert "only showing top 5 rows" in shown


def test_foreach_batch_upsert(tmp_path: Path, people: list[dict[str, str]]) -> None:
    shown = run("foreach_batch_upsert", tmp_path)
    assert shown.splitlines() == ["batch 0: 20 rows", "batch 1: 20 rows", "batch 2: 10 rows"]
    newest = {p["ssn"]: int(p["age"]) for p in people}

    def stored() -> dict[str, int]:
        with closing(sqlite3.connect(tmp_path / "people.sqlite")) as connection:
            return dict(connection.execute("SELECT ssn, age FROM person"))

    assert stored() == newest
    someone = people[0]
    older = ",".join({**someone, "age": "111"}[name] for name in NAMES)
    (tmp_path / "people" / "later.csv").write_text(",".join(NAMES) + "\n" + older + "\n")
    assert run("foreach_batch_upsert", tmp_path) == "batch 3: 1 rows\n"
    assert stored() == {**newest, someone["ssn"]: 111}


def test_two_queries_with_listener(tmp_path: Path, people: list[dict[str, str]]) -> None:
    told = sorted(run("two_queries_with_listener", tmp_path).splitlines())
    assert told == sorted(
        line
        for name in ("young", "old")
        for line in (f"{name} started", f"{name} batch 0: 30 rows", f"{name} batch 1: 20 rows", "ended")
    )

    def written(name: str) -> list[dict[str, str]]:
        parts = sorted((tmp_path / f"{name}-people").glob("*.csv"))
        return sorted(
            (row for part in parts for row in csv.DictReader(part.read_text().splitlines(), NAMES)), key=str
        )

    is_young: Callable[[dict[str, str]], bool] = lambda p: int(p["age"]) < 40  # noqa: E731 - used twice
    assert written("young") == sorted(filter(is_young, people), key=str)
    assert written("old") == sorted((p for p in people if not is_young(p)), key=str)


def test_dead_letter(tmp_path: Path) -> None:
    orders = tmp_path / "orders"
    orders.mkdir()
    bad = ['{"id": "two", "amount": 1}', "not json"]
    (orders / "a.json").write_text('{"id": 1, "amount": 9.5}\n' + "\n".join(bad) + "\n")
    assert run("dead_letter", tmp_path) == "good: 1 bad: 2\n"
    (part,) = (tmp_path / "dead-letters" / "batch=0").glob("*.txt")
    assert part.read_text().splitlines() == bad
    (good,) = (tmp_path / "good" / "batch=0").glob("*.parquet")
    assert pq.ParquetFile(good).read().to_pylist() == [{"id": 1, "amount": 9.5}]


def test_demo(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py"), str(tmp_path / "demo")],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Batch: ") == 4
    for number in range(4):
        assert f"Batch: {number}\n" in done.stdout
    assert "|result" in done.stdout


@pytest.mark.parametrize("name", SELF_CONTAINED)
def test_it_prints_what_it_prints_with_spark(name: str, tmp_path: Path) -> None:
    """As its docstring says to run it."""

    def run_it(program: Path) -> subprocess.CompletedProcess[str]:
        done = run_potok("run", str(program), directory=tmp_path)
        assert "UserWarning" not in done.stderr
        return done

    told = walked_through(name, tmp_path, run_it, environment())
    assert told == (RECORDED / f"{name}.txt").read_text()


def test_tested_stream(tmp_path: Path) -> None:
    """Warnings are errors, as in careful projects."""
    options = ("-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(EXAMPLES / "tested_stream.py")],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_every_example_is_tried() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    tried = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert names == (tried & names) | set(SELF_CONTAINED)
