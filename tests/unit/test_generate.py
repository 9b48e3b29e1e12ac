from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from potok.generate import Person, main, render, write_file


def test_files_of_people(tmp_path: Path) -> None:
    assert (
        main([str(tmp_path / "people"), "--files", "2", "--rows", "3", "--interval", "0", "--seed", "1"]) == 0
    )
    files = sorted((tmp_path / "people").iterdir())
    assert [f.name for f in files] == ["people-seed1-000000.csv", "people-seed1-000001.csv"]
    rows = [row for f in files for row in csv.reader(f.read_text().splitlines())]
    assert len(rows) == 6
    assert all(len(row) == 5 and 18 <= int(row[3]) <= 90 and len(row[4]) == 11 for row in rows)


def test_the_same_seed_makes_the_same_people(tmp_path: Path) -> None:
    for name in ("a", "b"):
        main([str(tmp_path / name), "--files", "1", "--interval", "0", "--seed", "7", "--format", "json"])
    first, second = ((tmp_path / n / "people-seed7-000000.json").read_text() for n in ("a", "b"))
    assert first == second
    assert len(first.splitlines()) == 10
    assert set(json.loads(first.splitlines()[0])) == {"fname", "mname", "lname", "age", "ssn"}


def test_text_of_both_forms() -> None:
    person = Person("Jean", "Georges", "Perrin, Jr.", 49, "123-45-6789")
    assert render([person], "csv") == 'Jean,Georges,"Perrin, Jr.",49,123-45-6789\n'
    assert render([person], "csv", header=True).startswith("fname,mname,lname,age,ssn\n")
    assert json.loads(render([person], "json")) == {
        "fname": "Jean",
        "mname": "Georges",
        "lname": "Perrin, Jr.",
        "age": 49,
        "ssn": "123-45-6789",
    }


def test_a_file_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = __import__("os").replace

    def replace(source: Path, target: Path) -> None:
        seen.append([f.name for f in tmp_path.iterdir()])
        assert source.read_text() == "text"
        real(source, target)

    monkeypatch.setattr("potok.generate.os.replace", replace)
    write_file(tmp_path, "a.csv", "text")
    assert seen == [[".a.csv.tmp"]]
    assert [f.name for f in tmp_path.iterdir()] == ["a.csv"]


def test_negative_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--rows", "-1"])
