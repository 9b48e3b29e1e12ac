"""Hand-over without Spark: potok goes on from what Spark has left behind, and writes what Spark writes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from handover.scenarios import SCENARIOS, Scenario
from handover.sides import MOMENTS, Logs, Side, take_back

RECORDED = Path(__file__).parent / "recorded"
ROOT = "/tmp/potok-handover"
NAMES = sorted(path.name for path in RECORDED.iterdir())
STAGES = {"spark": 1, "potok_spark": 2}


def restore(name: str, stage: str, root: Path) -> None:
    """Put a recording where its logs say that it is."""
    shutil.copytree(RECORDED / name / stage, root, dirs_exist_ok=True)
    for file in root.rglob("*"):
        if file.is_file() and (file.parent.name == "_spark_metadata" or "sources" in file.parts):
            text = file.read_text(encoding="utf-8")
            assert f"file://{ROOT}/{name}/" in text
            file.write_text(text.replace(f"file://{ROOT}/{name}/", f"{root.as_uri()}/"), encoding="utf-8")


def arguments(scenario: Scenario, root: Path) -> list[str]:
    table = [re.sub(r"\W", "_", f"t_{root.name}")] if scenario.program == "to_table" else []
    return [str(root), *table]


def go_on(name: str, stage: str, root: Path, potok: Side) -> None:
    """More files, a run, and a look at everything."""
    scenario = SCENARIOS[name]
    done = STAGES[stage] * scenario.files
    before = (root / "checkpoint" / "metadata").read_text()
    scenario.put(root, 0, done + scenario.files)
    potok.run(scenario.program, *arguments(scenario, root))
    assert potok.read(scenario, root) == scenario.owed(done + scenario.files)
    Logs.of(root)
    assert (root / "checkpoint" / "metadata").read_text() == before


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", NAMES)
def test_potok_goes_on_from_spark(name: str, stage: str, tmp_path: Path, potok: Side) -> None:
    restore(name, stage, tmp_path)
    go_on(name, stage, tmp_path, potok)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "foreach_batch"])
def test_potok_repeats_what_spark_has_not_finished(
    name: str, moment: str, tmp_path: Path, potok: Side
) -> None:
    restore(name, "spark", tmp_path)
    take_back(tmp_path, moment)
    go_on(name, "spark", tmp_path, potok)


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def logs(root: Path, written_as: str, form: str) -> dict[str, str]:
    """All log files, with names for what differs from run to run."""
    changes = {
        re.escape(written_as): "ROOT",
        UUID: "UUID",
        r'"batchTimestampMs":\d+': '"batchTimestampMs":NOW',
        r'"modificationTime":\d+': '"modificationTime":NOW',
    }
    if form in {"parquet", "orc"}:
        changes[r'"size":\d+'] = '"size":SIZE'
    found = {}
    for file in sorted([*(root / "checkpoint").rglob("*"), *(root / "out" / "_spark_metadata").glob("*")]):
        if file.is_file() and not file.name.startswith("."):
            text = file.read_text(encoding="utf-8")
            for pattern, name in changes.items():
                text = re.sub(pattern, name, text)
            found[str(file.relative_to(root))] = text
    return found


def added_up(found: dict[str, str]) -> dict[str, str]:
    """One file a batch in the sink log: into how many files Spark cuts a batch is its own business."""
    summed = {}
    for name, text in found.items():
        lines = text.split("\n")
        if name.startswith("out/"):
            sizes = [int(re.findall(r'"size":(\d+)', line)[0]) for line in lines[1:]]
            lines = [lines[0], re.sub(r'"size":\d+', f'"size":{sum(sizes)}', lines[1])]
        summed[name] = "\n".join(lines)
    return summed


@pytest.mark.parametrize("name", NAMES)
def test_potok_writes_what_spark_writes(name: str, tmp_path: Path, potok: Side) -> None:
    scenario = SCENARIOS[name]
    scenario.put(tmp_path, 0, scenario.files)
    potok.run(scenario.program, *arguments(scenario, tmp_path))
    expected = logs(RECORDED / name / "spark", f"{ROOT}/{name}", scenario.form)
    assert expected
    written = logs(tmp_path, str(tmp_path), scenario.form)
    if name == "union":
        assert added_up(written) == added_up(expected)
    else:
        assert written == expected


def test_rows_move_the_watermark_as_in_spark(tmp_path: Path, potok: Side) -> None:
    potok.run("watermark_filters", str(tmp_path))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == json.loads((Path(__file__).parent / "recorded_watermarks.json").read_text())
