"""Runs benchmarks: `python -m benchmarks [name ...] [--spark PYTHON] [--rounds N]`.

Each program is an ordinary PySpark program; it runs under `potok run` and, where `--spark` names a
Python that has pyspark, unchanged on real Spark, in turn. Times are of the whole process (wall
and CPU of all its threads and children), or what the program measured itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.measure import Engine, machine, run


def main() -> int:
    """Run what was asked for, print a table each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(CASES)}; default all")
    parser.add_argument("--spark", metavar="PYTHON", help="a Python with pyspark, to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn; medians are printed")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the large inputs")
    options = parser.parse_args()
    engines = [Engine("potok", [sys.executable, "-m", "potok", "run"])]
    if options.spark:
        engines.append(Engine("spark", [options.spark]))
    print(machine())
    for name in options.names or CASES:
        case = CASES[name]
        with tempfile.TemporaryDirectory(prefix="potok-benchmark-") as directory:
            print(f"\n## {name}: {case.title}\n")
            print(run(case, engines, Path(directory), rounds=options.rounds, rows=options.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
