"""Records what the examples print with real Spark 4.3, into `recorded/` beside this file.

    POTOK_RECORD_SPARK_PYTHON=/path/to/python python tests/examples/record.py [example ..]

The variable names a Python that has `pyspark` 4.3 and `pandas<3`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from walkthrough import RECORDED, SELF_CONTAINED, walked_through

SETTINGS = (
    "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 --master local[1] pyspark-shell"
)


def main(names: list[str]) -> int:
    """Each example in a directory of its own; the exit code."""
    python = os.environ["POTOK_RECORD_SPARK_PYTHON"]
    environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": SETTINGS, "PYSPARK_PYTHON": python}
    RECORDED.mkdir(exist_ok=True)
    for name in names or SELF_CONTAINED:
        with tempfile.TemporaryDirectory() as made:
            directory = Path(made)

            def run(program: Path, directory: Path = directory) -> subprocess.CompletedProcess[str]:
                return subprocess.run(
                    [python, program],
                    cwd=directory,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )

            told = walked_through(name, directory, run, environment)
        (RECORDED / f"{name}.txt").write_text(told)
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
