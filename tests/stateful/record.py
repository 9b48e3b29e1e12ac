"""Record what Spark 4.3 does in each scenario into `recorded/` beside this file.

Run with the Python of the tests, and Spark's in POTOK_SPARK_PYTHON:
`PYTHONPATH=src:tests python tests/stateful/record.py [family [name ...]]`, and with
`checkpoints [family[/name] ...]` for what lies in the directories of some after the first half of their steps, and what is read back from there;
with `readers` for the latter alone, and with `variables [name ...]` for what is read back of state variables. Everything runs below `ROOT`; a test that uses a recorded checkpoint replaces this path in it. Checksum files are left
out: they would not fit any more.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stateful import variable_readers
from stateful.readers import CHECKPOINTS
from stateful.scenario import FAMILIES, family, half
from stateful.sides import Side, spark_side
from stateful.state_files import unsafe_row

ROOT = Path("/tmp/potok-stateful")
TARGET = Path(__file__).parent / "recorded"


def dumped(found: dict[str, Any]) -> str:
    """One scenario a paragraph, one step a line."""
    lines = []
    for name, told in found.items():
        steps = ",\n   ".join(json.dumps(step, ensure_ascii=False) for step in told["steps"])
        state = ",\n   ".join(json.dumps(store, ensure_ascii=False) for store in told["state"])
        schema = json.dumps(told["schema"], ensure_ascii=False)
        lines.append(
            f' {json.dumps(name)}: {{\n  "schema": {schema},\n  "steps": [\n   {steps}\n  ],'
            f'\n  "state": [\n   {state}\n  ]\n }}'
        )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def readable(store: dict[str, Any]) -> list[list[Any]]:
    """Keys and values of a store with names, for people."""
    one = store["schemas"][0]
    return [
        [unsafe_row(bytes.fromhex(key), one["key"]), unsafe_row(bytes.fromhex(value), one["value"])]
        for held in store["rows"].values()
        for key, value in held.items()
    ]


def checkpoints(spark: Side, families: Sequence[str]) -> None:
    """Record the directories of the scenarios of some families that are handed over, and what is read back from them."""
    target = TARGET / "readers.json"
    reads: dict[str, Any] = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    for one in families:
        name, _, only = one.partition("/")
        for scenario in family(name).values():
            if scenario.checkpoint and only in {"", scenario.name}:
                root = ROOT / "checkpoints" / name / scenario.name
                spark.run(name, scenario.name, root, last=half(scenario))
                kept = TARGET / "checkpoints" / name / scenario.name
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(root, kept, ignore=shutil.ignore_patterns("*.crc", "out"))
                if f"{name}/{scenario.name}" in CHECKPOINTS:
                    reads[f"{name}/{scenario.name}"] = spark.read(root)
                print("checkpoint", name, scenario.name, flush=True)
        texts = [_reads(one, reads[one]) for one in sorted(reads)]
        target.write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")


def readers(spark: Side) -> None:
    """Record what is read back from the checkpoints that have been recorded before."""
    reads = {}
    for one in CHECKPOINTS:
        root = ROOT / "readers" / one
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(TARGET / "checkpoints" / one, root)
        reads[one] = spark.read(root)
        print("read", one, flush=True)
    texts = [_reads(one, reads[one]) for one in sorted(reads)]
    (TARGET / "readers.json").write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")


def variables(spark: Side, only: set[str]) -> None:
    """Record what is read back of the state variables of the family that is made for it."""
    target = TARGET / "variable_readers.json"
    reads: dict[str, Any] = json.loads(target.read_text(encoding="utf-8")) if only and target.exists() else {}
    for name in family(variable_readers.FAMILY):
        if not only or name in only:
            root = ROOT / "variables" / name
            spark.run(variable_readers.FAMILY, name, root)
            reads[name] = spark.read_variables(root)
            print("read", name, flush=True)
            target.write_text(variable_readers.dumped(reads), encoding="utf-8")


def _reads(name: str, told: dict[str, Any]) -> str:
    """One checkpoint a paragraph, one read a line."""
    lines = (f"  {json.dumps(one)}: {json.dumps(told[one], ensure_ascii=False)}" for one in told)
    return f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }"


def record(spark: Side, name: str, only: set[str]) -> None:
    """Record a family, or some of it."""
    target = TARGET / f"{name}.json"
    known = json.loads(target.read_text(encoding="utf-8")) if only and target.exists() else {}
    found: dict[str, Any] = {}
    TARGET.mkdir(exist_ok=True)
    for scenario in family(name).values():
        if only and scenario.name not in only:
            if scenario.name in known:
                found[scenario.name] = known[scenario.name]
            continue
        directory = "".join(letter if letter.isalnum() or letter == "_" else "-" for letter in scenario.name)
        found[scenario.name] = told = spark.run(name, scenario.name, ROOT / name / directory)
        if name == "buffers":
            for store in told["state"]:
                store["decoded"] = readable(store)
        errors = [one["error"]["message"][:110] for step in told["steps"] for one in step if "error" in one]
        print(name, scenario.name, *errors, flush=True)
        target.write_text(dumped({**known, **found}), encoding="utf-8")
    target.write_text(dumped(found), encoding="utf-8")


def main() -> None:
    """Record the families that are named, or all; of a family the scenarios that are named, or all."""
    with tempfile.TemporaryDirectory() as directory:
        spark = spark_side(os.environ["POTOK_SPARK_PYTHON"], Path(directory))
        try:
            if sys.argv[1:] == ["readers"]:
                readers(spark)
            elif sys.argv[1:2] == ["variables"]:
                variables(spark, set(sys.argv[2:]))
            elif sys.argv[1:2] == ["checkpoints"]:
                checkpoints(spark, sys.argv[2:] or FAMILIES)
            else:
                for name in sys.argv[1:2] or FAMILIES:
                    record(spark, name, set(sys.argv[2:]))
        finally:
            spark.close()


if __name__ == "__main__":
    main()
