"""User state by windows is that by a column that has been made of them before, which the function does not see."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from stateful.windowed_keys import TIMES, WINDOWS
from support.processes import environment, potok_command

HERE = Path(__file__).parent


def test_windows_are_keys(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    paths = environment()["PYTHONPATH"] + os.pathsep + str(HERE.parent)
    done = subprocess.run(
        potok_command("run", str(HERE / "windowed_keys.py"), str(answer)),
        cwd=tmp_path,
        env=environment(PYTHONPATH=paths, TZ="UTC"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(answer.read_text(encoding="utf-8"))
    assert len(found) == len(WINDOWS) * sum(map(len, TIMES.values()))
    for name, (keys, column) in found.items():
        assert keys == column, name
        assert not [batch["error"] for step in keys for batch in step if "error" in batch], name
        rows = [row for step in keys for batch in step for row in batch["rows"]]
        assert ["2024-01-01 00:00:10", "a", "at,k,v", 2] in rows, name
        assert ["2024-01-01 00:00:10", "a", "at,k,v", 3] in rows, name
