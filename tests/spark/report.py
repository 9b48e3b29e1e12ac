"""Runs every case on potok outside pytest and writes what failed, grouped by family and kind.

    python tests/spark/report.py OUTPUT [family ..]

Each family runs in a process of its own; a case is given 30 seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spark.gaps import find_gap
from spark.oracle.compare import difference
from spark.oracle.families import family_names, load_expected, load_family
from spark.oracle.fixtures import make_fixtures
from spark.oracle.run import answer

CASE_TIMEOUT_S = 30


class CaseTimeoutError(BaseException):
    """A case took too long."""


def _raise_timeout(_signal: int, _frame: object) -> None:
    raise CaseTimeoutError


def run_family(family: str) -> None:
    """Runs one family and prints one JSON line a case."""
    signal.signal(signal.SIGALRM, _raise_timeout)
    from potok.sql import SparkSession

    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    for name, error in make_fixtures(spark).items():
        _print({"table": name, "explanation": str(error)[:500]})
    expected = load_expected(family)
    for case in load_family(family):
        if case.name not in expected:
            continue
        signal.alarm(CASE_TIMEOUT_S)
        try:
            actual = answer(spark, case)
            found = difference(case, expected[case.name], actual)
        except CaseTimeoutError:
            actual, found = {}, ("timeout", f"more than {CASE_TIMEOUT_S} s")
        except Exception:  # noqa: BLE001 (a defect of the comparison is a line of the report)
            actual, found = {}, ("broken", traceback.format_exc()[-800:])
        signal.alarm(0)
        gap = find_gap(family, case.name)
        if gap and found and ("error" in actual if gap.kind != "message" else found[0] == "message"):
            found = ("gap", gap.reason)
        kind, explanation = found or ("passed", "")
        _print({"case": case.name, "kind": kind, "explanation": explanation[:700], "sql": case.sql[:300]})


def _print(value: dict[str, Any]) -> None:
    print("@@" + json.dumps(value), flush=True)


def main() -> int:
    """Writes the report; returns 0 where every case passed."""
    if sys.argv[1] == "--family":
        run_family(sys.argv[2])
        sys.stdout.flush()
        os._exit(0)
    output = Path(sys.argv[1])
    summary: list[str] = []
    details: list[str] = []
    total: Counter[str] = Counter()
    for family in sys.argv[2:] or family_names():
        command = [sys.executable, __file__, "--family", family]
        environment = {**os.environ, "TZ": "UTC"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        lines = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
        kinds = Counter(line["kind"] for line in lines if "case" in line)
        missing = len(load_expected(family)) - sum(kinds.values())
        if missing:
            kinds["not run"] = missing
        total += kinds
        failures = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common() if kind != "passed")
        summary.append(f"{family:16} {kinds['passed']:5} of {sum(kinds.values()):5} passed; {failures}")
        details.append(f"\n######## {family}\n")
        details += [
            f"TABLE {line['table']} NOT MADE: {line['explanation']}" for line in lines if "table" in line
        ]
        if missing:
            details.append(f"STOPPED (exit {done.returncode}) after {lines[-1:]}\n{done.stderr[-1500:]}")
        bad = [line for line in lines if "case" in line and line["kind"] not in {"passed", "gap"}]
        for line in sorted(bad, key=lambda item: str(item["kind"])):
            details.append(
                f"[{line['kind']}] {line['case']}\n    {line['sql']!r}\n    "
                + line["explanation"].replace("\n", "\n    ")
            )
        header = f"total {total['passed']} of {sum(total.values())}: {dict(total.most_common())}"
        output.write_text("\n".join([header, *summary, *details]) + "\n", "utf-8")
        print(summary[-1], flush=True)
    print(header)
    return 0 if set(total) <= {"passed", "gap"} else 1


if __name__ == "__main__":
    sys.exit(main())
