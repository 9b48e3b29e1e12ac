"""`potok generate`: records of people, written into a directory file by file, for streams to read."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_FIRST = (
    "Anna",
    "Boris",
    "Clara",
    "David",
    "Elena",
    "Fyodor",
    "Galina",
    "Hugo",
    "Irina",
    "Leor",
    "Maria",
    "Oleg",
)
_MIDDLE = ("A.", "B.", "D.", "I.", "K.", "M.", "N.", "P.", "S.", "V.")
_LAST = ("Adams", "Belova", "Clark", "Dyatlov", "Evans", "Finkelberg", "Green", "Ivanov", "Novak", "Petrova")
_AGES = (18, 90)


class Person(NamedTuple):
    """One record, in the order of the columns."""

    fname: str
    mname: str
    lname: str
    age: int
    ssn: str


def people(chance: random.Random) -> Iterator[Person]:
    """Records without end; the same ones for the same seed."""
    while True:
        yield Person(
            chance.choice(_FIRST),
            chance.choice(_MIDDLE),
            chance.choice(_LAST),
            chance.randint(*_AGES),
            f"{chance.randint(1, 899):03d}-{chance.randint(1, 99):02d}-{chance.randint(1, 9999):04d}",
        )


def render(records: Sequence[Person], form: str, *, header: bool = False) -> str:
    """The text of one file: `csv`, or `json` with one object a line."""
    if form == "json":
        return "".join(json.dumps(record._asdict()) + "\n" for record in records)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(Person._fields)
    writer.writerows(records)
    return text.getvalue()


def write_file(directory: Path, name: str, text: str) -> None:
    """Put a whole file under the name: readers see it complete or not at all."""
    hidden = directory / f".{name}.tmp"
    hidden.write_text(text, "utf-8")
    os.replace(hidden, directory / name)  # noqa: PTH105 - the atomic one


def main(arguments: Sequence[str]) -> int:
    """`potok generate`: the exit code."""
    parser = argparse.ArgumentParser(
        prog="potok generate", description="Write records of people into a directory, file by file."
    )
    parser.add_argument("directory", type=Path, help="where the files go; made if need be")
    parser.add_argument("--format", choices=("csv", "json"), default="csv")
    parser.add_argument("--rows", type=int, default=10, help="records a file (default 10)")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between files (default 1)")
    parser.add_argument("--files", type=int, default=0, help="how many files (default 0: until Ctrl-C)")
    parser.add_argument("--header", action="store_true", help="begin each CSV file with the column names")
    parser.add_argument("--seed", type=int, help="make the same records again")
    options = parser.parse_args(arguments)
    if options.rows < 0 or options.files < 0 or options.interval < 0:
        parser.error("--rows, --files and --interval must not be negative")
    try:
        _generate(options)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"potok generate: {error}", file=sys.stderr)  # noqa: T201 - said to the user
        return 1
    return 0


def _generate(options: argparse.Namespace) -> None:
    options.directory.mkdir(parents=True, exist_ok=True)
    records = people(random.Random(options.seed))  # noqa: S311 - made-up people
    run = f"{time.time_ns():x}" if options.seed is None else f"seed{options.seed}"
    number = 0
    next_s = time.monotonic()
    while options.files == 0 or number < options.files:
        batch = [next(records) for _ in range(options.rows)]
        name = f"people-{run}-{number:06d}.{options.format}"
        write_file(options.directory, name, render(batch, options.format, header=options.header))
        number += 1
        if number == options.files:
            return
        next_s += options.interval
        time.sleep(max(0.0, next_s - time.monotonic()))
