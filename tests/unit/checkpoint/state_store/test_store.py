"""What a store has committed can be loaded at each version, from deltas and from snapshots."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.maintenance import Retention, maintain
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.store import StateStore
from potok.errors import SparkError
from unit.checkpoint.state_store.test_table import MakeRows, content, fixed, variable


def store_in(path: Path, rows: MakeRows = fixed, partitions: int = 1) -> StateStore:
    width = rows([]).width
    files = StoreFiles(
        LocalFileSystem(), str(path / "state"), 0, "default", partitions, durable=False,
        key_width=width, value_width=width,
    )  # fmt: skip

    def partition_of(keys: UnsafeRows) -> Longs:
        return keys.words[keys.offsets[:-1] + 1] % partitions

    return StateStore(files, partition_of)


@pytest.mark.parametrize("rows", [fixed, variable])
@pytest.mark.parametrize("partitions", [1, 3])
def test_each_version_can_be_loaded(tmp_path: Path, rows: MakeRows, partitions: int) -> None:
    chance = random.Random(5)
    store = store_in(tmp_path, rows, partitions)
    store.load(0)
    versions: list[dict[bytes, bytes]] = [{}]
    for version in range(1, 30):
        numbers = sorted(chance.sample(range(60), chance.randrange(20)))
        store.put(rows(numbers), rows([n + version for n in numbers]))
        gone = store.find(rows(sorted(chance.sample(range(60), chance.randrange(10)))))
        store.remove(gone[gone >= 0])
        again = sorted(chance.sample(range(60), 3))
        store.put(rows(again), rows([n + 2 * version for n in again]))
        store.commit(version)
        versions.append(content(store.table))
        if version % 7 == 0:
            for partition in range(partitions):
                maintain(store.files, partition, version, Retention(min_deltas=3, batches=100))
    for version, expected in enumerate(versions):
        loaded = store_in(tmp_path, rows, partitions)
        loaded.load(version)
        assert content(loaded.table) == expected


def test_an_empty_batch_has_a_delta_of_46_bytes_in_every_partition(tmp_path: Path) -> None:
    store = store_in(tmp_path, partitions=3)
    store.load(0)
    store.commit(1)
    sizes = [(tmp_path / f"state/0/{p}/1.delta").stat().st_size for p in range(3)]
    assert sizes == [46, 46, 46]


def test_a_missing_delta_is_named(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.load(0)
    for version in (1, 2, 3):
        store.put(fixed([version]), fixed([1]))
        store.commit(version)
    (tmp_path / "state/0/0/2.delta").unlink()
    with pytest.raises(SparkError, match=r"CANNOT_READ_DELTA_FILE_NOT_EXISTS.*state/0/0/2\.delta"):
        store_in(tmp_path).load(3)
    store_in(tmp_path).load(1)


@pytest.mark.parametrize("kept", [0, 10, 45, -1])
def test_a_torn_delta_is_named(tmp_path: Path, kept: int) -> None:
    store = store_in(tmp_path)
    store.load(0)
    store.put(fixed([1, 2]), fixed([1, 2]))
    store.commit(1)
    path = tmp_path / "state/0/0/1.delta"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SparkError, match=r"1\.delta is damaged.*Restore it from a backup"):
        store_in(tmp_path).load(1)


def test_old_files_go_when_a_snapshot_makes_them_needless(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.load(0)
    for version in range(1, 31):
        store.put(fixed([version % 5]), fixed([version]))
        store.commit(version)
        maintain(store.files, 0, version, Retention(min_deltas=4, batches=10))
    names = sorted(p.name for p in (tmp_path / "state/0/0").iterdir())
    assert [n for n in names if n.endswith("snapshot")] == ["20.snapshot", "24.snapshot", "28.snapshot"]
    assert min(int(n.split(".")[0]) for n in names if n.endswith("delta")) == 21
    for version in range(20, 31):
        store_in(tmp_path).load(version)


def test_snapshots_of_batches_that_run_again_go(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.load(0)
    for version in range(1, 6):
        store.put(fixed([version]), fixed([1]))
        store.commit(version)
    maintain(store.files, 0, 5, Retention(min_deltas=1, batches=100))
    again = store_in(tmp_path)
    again.load(4)
    again.put(fixed([99]), fixed([1]))
    again.commit(5)
    loaded = store_in(tmp_path)
    loaded.load(5)
    assert content(loaded.table) == content(again.table)


def test_snapshots_of_a_first_batch_that_runs_again_go(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.load(0)
    store.put(fixed([1]), fixed([1]))
    store.commit(1)
    maintain(store.files, 0, 1, Retention(min_deltas=1, batches=100))
    again = store_in(tmp_path)
    again.load(0)
    again.put(fixed([99]), fixed([1]))
    again.commit(1)
    loaded = store_in(tmp_path)
    loaded.load(1)
    assert content(loaded.table) == content(again.table)
