"""transformWithState over tables gives what Spark has been recorded to give (`user_batch.py`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from support.processes import environment, potok_command

HERE = Path(__file__).parent


def test_tables(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    paths = environment()["PYTHONPATH"] + os.pathsep + str(HERE.parent)
    done = subprocess.run(
        potok_command("run", str(HERE / "user_batch.py"), str(answer)),
        cwd=tmp_path,
        env=environment(PYTHONPATH=paths, TZ="UTC"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    expected = json.loads((HERE / "recorded" / "user_batch.txt").read_text(encoding="utf-8"))
    found = json.loads(answer.read_text(encoding="utf-8"))
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, name
