"""A stream tells what the batch query over the same rows gives: however its files come, whatever interrupts it.

For programs and inputs that chance makes up (`stateful.generated`), split into batches in any way, restarted, with other
settings, killed or without power at any call of the file system. No row is late and the last file of each stream is
long after all others, so that all is told in the end: in append mode each row once, in update and complete mode the
last value of each key. It is for the last run, whose end nothing interrupts: as in Spark a run begins with no batch
without data. `POTOK_PROPERTY_EXAMPLES=20` runs 20 times as many examples.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from potok.checkpoint.state import maintenance
from potok.sql import SparkSession
from potok.streaming.query import StreamingQuery
from property.late_rows import LATE_PROGRAMS, told_by_the_law
from property.simulated import (
    AtOnce,
    Beside,
    Files,
    Life,
    Query,
    SharedDisk,
    new_disk,
    sorted_rows,
    start_in_this_thread,
)
from stateful.generated import inputs, program
from support.faulty_files import Killed
from support.processes import environment

PATHS = os.pathsep.join([environment()["PYTHONPATH"], str(Path(__file__).resolve().parents[1])])
MORE = int(os.environ.get("POTOK_PROPERTY_EXAMPLES", "1"))
SETTINGS = settings(
    deadline=None,
    derandomize=MORE == 1,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
CHANCE = st.randoms(use_true_random=False, note_method_calls=False)
# Small numbers, so that snapshots and removals happen.
MAINTENANCE = {
    "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
    "spark.sql.streaming.minBatchesToRetain": "2",
}
ENDS = ("stopped", "killed", "killed", "power", "power", "full")


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    session = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StreamingQuery, "start", start_in_this_thread)
        patch.setattr(maintenance, "ThreadPoolExecutor", AtOnce)
        yield session
    session.stop()


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as directory:
        yield Path(directory)


def life(chance: Random, *, files: int | None) -> Life:
    """A start that reads up to some file, with settings of its own."""
    return Life(files, chance.choice([1, 2, 4]), chance.choice([1, 2, 3]), MAINTENANCE)


@settings(SETTINGS, max_examples=110 * MORE)
@given(CHANCE)
def test_any_split_gives_what_the_batch_gives(spark: SparkSession, scratch: Path, chance: Random) -> None:
    made = program(chance)
    query = Query(spark, made, Files(spark, inputs(chance, made, late=False), scratch))
    disk = new_disk()
    for files in sorted(chance.sample(range(1, 7), chance.randint(0, 3))):
        query.live(disk, life(chance, files=files))
    query.live(disk, life(chance, files=None))
    assert sorted_rows(query.told(query.output(disk))) == sorted_rows(query.batch()), str(made)


@settings(SETTINGS, max_examples=70 * MORE)
@given(CHANCE)
def test_no_crash_is_to_be_seen(spark: SparkSession, scratch: Path, chance: Random) -> None:
    made = program(chance)
    query = Query(spark, made, Files(spark, inputs(chance, made, late=False, file_count=4), scratch))
    disk = new_disk()
    for _ in range(chance.randint(1, 3)):
        end = chance.choice(ENDS)
        fault = disk.steps + chance.randrange(20 * len(made.streams) * 6)
        if end == "full":
            disk.no_space_at = fault
        elif end != "stopped":
            disk.kill_at = fault
        # A full disk fails the query, and what fails says so; what it was is not what is asked here.
        with contextlib.suppress(Killed, *([Exception] if end == "full" else [])):
            query.live(disk, life(chance, files=chance.choice([2, 4])))
        if end == "power":
            disk.power_cut(Random(fault))
        else:
            disk.restart()
    query.live(disk, life(chance, files=None))
    assert sorted_rows(query.told(query.output(disk))) == sorted_rows(query.batch()), str(made)


@settings(SETTINGS, max_examples=30 * MORE)
@given(CHANCE)
def test_no_crash_is_to_be_seen_while_snapshots_are_made(
    spark: SparkSession, scratch: Path, chance: Random
) -> None:
    made = program(chance)
    query = Query(spark, made, Files(spark, inputs(chance, made, late=False), scratch))
    disk = new_disk()
    shared = SharedDisk(disk, Random(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maintenance, "ThreadPoolExecutor", Beside)
        for number in range(3):
            if number < 2:
                disk.kill_at = disk.steps + chance.randrange(40, 400)
            with contextlib.suppress(Killed):
                query.live(disk, life(chance, files=6 if number < 2 else None), shared)
            Beside.end()
            if number < 2 and chance.random() < 0.5:
                disk.power_cut(Random(number))
            else:
                disk.restart()
    assert sorted_rows(query.told(query.output(disk))) == sorted_rows(query.batch()), str(made)


@settings(SETTINGS, max_examples=50 * MORE)
@given(CHANCE)
def test_late_rows_are_those_of_the_law(spark: SparkSession, scratch: Path, chance: Random) -> None:
    made = chance.choice(LATE_PROGRAMS)
    given_rows = inputs(chance, made, late=True)
    files_per_batch = chance.choice([1, 1, 2, 3])
    query = Query(spark, made, Files(spark, given_rows, scratch))
    disk = new_disk()
    query.live(disk, Life(None, files_per_batch, chance.choice([1, 2]), MAINTENANCE))
    expected = told_by_the_law(made, given_rows.files["in"], files_per_batch)
    assert sorted_rows(query.told(query.output(disk))) == sorted_rows(expected), str(made)


def test_nothing_depends_on_the_seed_of_hashes() -> None:
    """Two processes write the same state and the same output, byte by byte."""
    found = [
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("fingerprint.py")), "0", str(12 * MORE)],
            env=environment(PYTHONHASHSEED=seed, PYTHONPATH=PATHS, TZ="UTC"),
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    assert len(found[0]) == 12 * MORE
    assert found[0] == found[1]
