"""What must hold with every client from 4.1 to 4.3 and every Python from 3.11 to 3.13.

Run the tests of this folder in an environment for each; here is what one environment can show.
"""

from __future__ import annotations

import json
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import functions as F  # noqa: N812 - as programs name it

from support.patience import PATIENCE_S
from support.processes import environment, run_potok

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
CLIENT = tuple(int(part) for part in pyspark.__version__.split(".")[:2])


def test_the_client_is_one_that_is_promised() -> None:
    assert "pyspark-client>=4.1,<4.4" in PROJECT["dependencies"]
    assert (4, 1) <= CLIENT < (4, 4)


def test_the_python_is_one_that_is_promised() -> None:
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert (3, 11) <= sys.version_info[:2] < (3, 14)


def test_one_distribution_has_pyspark() -> None:
    """The client and the full PySpark write into the same directory: together they break each other."""
    found = []
    for name in ("pyspark", "pyspark-client"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    assert len(found) == 1


def test_the_version_that_is_told_is_sparks(spark: Any) -> None:
    assert spark.version == "4.3.0"


def test_a_program_without_a_file(tmp_path: Path) -> None:
    """`python -c`, which the client of 4.2 takes for a test of its own."""
    import subprocess

    program = "from potok.sql import SparkSession; print(SparkSession.builder.getOrCreate().range(3).count())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


PROGRAM = """
import json
from pyspark.sql import SparkSession, functions as F, Row
from pyspark.sql.streaming import StreamingQueryListener

heard = []

class Listener(StreamingQueryListener):
    def onQueryStarted(self, event):
        heard.append("started")
    def onQueryProgress(self, event):
        heard.append(event.progress.numInputRows)
    def onQueryIdle(self, event):
        pass
    def onQueryTerminated(self, event):
        heard.append("terminated")

spark = SparkSession.builder.master("local[*]").appName("every version").getOrCreate()
spark.streams.addListener(Listener())
kept = []
twice = F.udf(lambda n: n * 2, "int")
rows = spark.readStream.schema("id INT, name STRING").csv("in").withColumn("twice", twice("id"))
query = (
    rows.writeStream.foreachBatch(lambda batch, number: kept.extend(tuple(r) for r in batch.collect()))
    .option("checkpointLocation", "checkpoint").trigger(availableNow=True).start()
)
query.awaitTermination()
progress = query.lastProgress
table = rows.writeStream.option("checkpointLocation", "checkpoint2").trigger(availableNow=True)
table.toTable("copied", path="copied").awaitTermination()
try:
    spark.table("missing").collect()
except Exception as error:
    condition = error.getCondition()
found = {
    "kept": kept,
    "rows": progress["numInputRows"],
    "table": [tuple(r) for r in spark.table("copied").orderBy("id").collect()],
    "frame": spark.createDataFrame([Row(a=1, b="x")]).toPandas().to_dict("records"),
    "sql": spark.sql("SELECT sum(id) AS s FROM range(:n)", args={"n": 5}).first().s,
    "condition": condition,
}
spark.stop()
print(json.dumps({**found, "heard": heard}))
"""


def test_a_program_that_uses_much(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("1,x\n2,\n", encoding="utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = run_potok("run", "program.py", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "UserWarning" not in done.stderr
    rows = [[1, "x", 2], [2, None, 4]]
    found = json.loads(done.stdout)
    heard = found.pop("heard")
    assert found == {
        "kept": rows,
        "rows": 2,
        "table": rows,
        "frame": [{"a": 1, "b": "x"}],
        "sql": 10,
        "condition": "TABLE_OR_VIEW_NOT_FOUND",
    }
    assert heard.count("started") == heard.count("terminated") == 2
    assert [n for n in heard if isinstance(n, int) and n > 0] == [2, 2]


@pytest.mark.parametrize("name", ["col", "expr", "window", "to_json", "try_to_number"])
def test_functions_are_the_clients(spark: Any, name: str) -> None:
    assert type(spark.range(1)).__module__ == "pyspark.sql.connect.dataframe"
    assert callable(getattr(F, name))
