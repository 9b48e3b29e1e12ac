"""Prints what lies on the disks of some programs at the end: `python fingerprint.py FIRST LAST`, the seeds.

`src` and `tests` are in PYTHONPATH. Two processes print the same, whatever the seed of their hashes.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import tempfile
from pathlib import Path
from random import Random

import pytest

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.state import maintenance
from potok.sql import SparkSession
from potok.streaming.query import StreamingQuery
from property.simulated import AtOnce, Files, Life, Query, new_disk, start_in_this_thread
from stateful.generated import inputs, program

# They hold times and ids.
OTHER_EACH_TIME = ("/metadata", "/sources/", "/offsets/", "/_spark_metadata/")


def main() -> None:
    """One line a program: its seed, and a digest of each file of state and output."""
    logging.disable(logging.CRITICAL)
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create()
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(StreamingQuery, "start", start_in_this_thread)
        patch.setattr(maintenance, "ThreadPoolExecutor", AtOnce)
        for seed in range(int(sys.argv[1]), int(sys.argv[2])):
            chance = Random(seed)
            made = program(chance)
            query = Query(spark, made, Files(spark, inputs(chance, made, late=True), Path(scratch)))
            disk = new_disk()
            query.live(disk, Life(partitions=3))
            files = LocalFileSystem(system=disk)
            found = {
                path: hashlib.sha256(files.read_bytes(path)).hexdigest()[:12]
                for path in disk.paths()
                if not any(part in path for part in OTHER_EACH_TIME)
            }
            print(seed, sorted(found.items()), flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
