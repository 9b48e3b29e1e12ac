"""Runs every case on potok outside pytest and writes what failed, grouped by family and kind.

    python tests/spark/report.py OUTPUT [family ..]

Each family runs in a process of its own, and goes on in another where that dies; a case is given 30 seconds.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spark.gaps import Gap, find_gap, refuses
from spark.oracle.compare import difference
from spark.oracle.families import family_names, load_expected, load_family
from spark.oracle.fixtures import make_fixtures
from spark.oracle.run import answer

CASE_TIMEOUT_S = 30
SEVERITY = (
    "crash",
    "broken",
    "timeout",
    "rows",
    "value",
    "text",
    "order",
    "types",
    "answer",
    "error",
    "nullability",
    "names",
    "message",
)
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]{4,})\]")


class CaseTimeoutError(BaseException):
    """A case took too long."""


def _raise_timeout(_signal: int, _frame: object) -> None:
    raise CaseTimeoutError


def run_family(family: str, start: int) -> None:
    """Runs the cases of one family from number `start` on and prints one JSON line a case."""
    faulthandler.enable()
    signal.signal(signal.SIGALRM, _raise_timeout)
    from potok.sql import SparkSession

    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    for name, error in make_fixtures(spark).items():
        _print({"table": name, "explanation": str(error)[:500]})
    expected = load_expected(family)
    for number, case in enumerate(load_family(family)):
        if number < start or case.name not in expected:
            continue
        _print({"number": number, "started": case.name})
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
        if gap and found and is_declared(gap, found[0], actual):
            found = ("gap", gap.reason)
        kind, explanation = found or ("passed", "")
        _print({"case": case.name, "kind": kind, "explanation": explanation[:700], "sql": case.sql[:300]})


def is_declared(gap: Gap, kind: str, actual: dict[str, Any]) -> bool:
    """Whether a failure of this kind is the one that the gap speaks of."""
    match gap.kind:
        case "message":
            return kind == "message"
        case "defect" | "never":
            return True
    return refuses(actual)


def _print(value: dict[str, Any]) -> None:
    print("@@" + json.dumps(value), flush=True)


def _run(family: str) -> list[dict[str, Any]]:
    """All lines of a family; where the process dies, the case at fault is a line, and the next one goes on."""
    lines: list[dict[str, Any]] = []
    start = 0
    while True:
        command = [sys.executable, __file__, "--family", family, str(start)]
        environment = {**os.environ, "TZ": "UTC"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        found = [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]
        lines += [line for line in found if "number" not in line]
        if done.returncode == 0:
            return lines
        begun = [line for line in found if "number" in line]
        explanation = f"exit {done.returncode}\n{_last_words(done.stderr)}"
        name = begun[-1]["started"] if begun else "session"
        lines.append({"case": name, "kind": "crash", "explanation": explanation, "sql": ""})
        if not begun:
            return lines
        start = begun[-1]["number"] + 1


def _cluster(line: dict[str, Any]) -> str:
    """Failures of one kind with the same conditions on both sides are likely to have one cause."""
    sides = line["explanation"].split("\npotok: ")
    found = [_CONDITION.search(side) for side in sides]
    return f"{line['kind']:12} " + " | ".join(match[1] if match else "a result" for match in found)


def _last_words(text: str) -> str:
    fault = text.find("Fatal Python error")
    return text[fault : fault + 1500] if fault >= 0 else text[-800:]


def main() -> int:
    """Writes the report; returns 0 where every case passed."""
    if sys.argv[1] == "--family":
        run_family(sys.argv[2], int(sys.argv[3]))
        sys.stdout.flush()
        os._exit(0)
    output = Path(sys.argv[1])
    summary: list[str] = []
    details: list[str] = []
    clusters: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for family in sys.argv[2:] or family_names():
        lines = _run(family)
        kinds = Counter(line["kind"] for line in lines if "case" in line)
        total += kinds
        failures = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common() if kind != "passed")
        summary.append(f"{family:16} {kinds['passed']:5} of {sum(kinds.values()):5} passed; {failures}")
        details.append(f"\n######## {family}\n")
        details += [
            f"TABLE {line['table']} NOT MADE: {line['explanation']}" for line in lines if "table" in line
        ]
        bad = [line for line in lines if "case" in line and line["kind"] not in {"passed", "gap"}]
        clusters.update(_cluster(line) for line in bad)
        for line in sorted(bad, key=lambda item: SEVERITY.index(item["kind"])):
            details.append(
                f"[{line['kind']}] {line['case']}\n    {line['sql']!r}\n    "
                + line["explanation"].replace("\n", "\n    ")
            )
        header = f"total {total['passed']} of {sum(total.values())}: {dict(total.most_common())}"
        common = [f"{count:5} {name}" for name, count in clusters.most_common(80)]
        parts = [header, *summary, "", "kind, Spark's condition | potok's:", *common, *details]
        output.write_text("\n".join(parts) + "\n", "utf-8")
        print(summary[-1], flush=True)
    print(header)
    return 0 if set(total) <= {"passed", "gap"} else 1


if __name__ == "__main__":
    sys.exit(main())
