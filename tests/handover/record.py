"""Record what Spark 4.3 leaves behind at several stages into `recorded/` beside this file.

Run with the Python of the tests, and Spark's in POTOK_SPARK_PYTHON:
`PYTHONPATH=src:tests python tests/handover/record.py`.
Names of scenarios as arguments: those alone. For each scenario: `spark` (Spark alone), and `potok_spark` (Spark has
gone on from potok's). Everything
runs below `ROOT`, whose path the tests replace. Checksum files are left out: they would not fit any more.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from handover.scenarios import SCENARIOS
from handover.sides import Side
from support.processes import environment, potok_command

ROOT = Path("/tmp/potok-handover")
TARGET = Path(__file__).parent / "recorded"
RECORDED = (
    "csv_to_csv",
    "json_to_json",
    "text_to_parquet",
    "orc_to_orc",
    "union",
    "watermark",
    "to_table",
    "foreach_batch",
)


def main() -> None:
    """Record all."""
    python = os.environ["POTOK_SPARK_PYTHON"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as directory:
        spark = Side("spark", [python], Path(directory, "s"), {**clean, "PYSPARK_PYTHON": python})
        potok = Side("potok", potok_command("run"), Path(directory, "p"), environment())
        for name in sys.argv[1:] or RECORDED:
            scenario = SCENARIOS[name]
            for sides in ((spark,), (potok, spark)):
                stage = "_".join(side.name for side in sides)
                root = ROOT / name
                shutil.rmtree(root, ignore_errors=True)
                for number, side in enumerate(sides):
                    scenario.put(root, number * scenario.files, scenario.files)
                    table = f"t_{len(sides)}" if name == "to_table" else ""
                    side.run(scenario.program, str(root), *filter(None, [table]))
                target = TARGET / name / stage
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(root, target, ignore=shutil.ignore_patterns("in", "in2", "*.crc"))
        root = Path(directory, "watermarks")
        spark.run("watermark_filters", str(root))
        shutil.copy(root / "found.json", TARGET.with_name("recorded_watermarks.json"))
        spark.close()
        potok.close()


if __name__ == "__main__":
    main()
