"""`potok checkpoint show DIR` and `potok checkpoint repartition DIR --partitions N`."""

from __future__ import annotations

import argparse
import os
import posixpath
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from potok.checkpoint.exchange import BEFORE_REPARTITION, REPARTITIONED, exchange
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.metadata import read_metadata
from potok.checkpoint.offset_log import (
    FOREIGN_PROVIDER,
    SHUFFLE_PARTITIONS,
    STATE_STORE_PROVIDER,
    OffsetSeq,
)
from potok.checkpoint.recover import read_tails
from potok.checkpoint.state.delta import encode_snapshot
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.operator_metadata import StateStoreInfo
from potok.checkpoint.state.reader import CheckpointState, StoredStore, check_provider
from potok.checkpoint.state.rows import UnsafeRows
from potok.errors import SparkError
from potok.functions.hashing import murmur3
from potok.streaming.lock import CheckpointLock

_FAILED, _MISUSED = 1, 2


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, 1 where the checkpoint cannot be read or changed, 2 for bad arguments."""
    parser = argparse.ArgumentParser(
        prog="potok checkpoint", description="Look into a checkpoint, or prepare it for a cluster."
    )
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="batches, offsets, watermark, operators, keys and sizes")
    show.add_argument("directory")
    change = actions.add_parser(
        "repartition", help="change the number of state partitions of a stopped query"
    )
    change.add_argument("directory")
    change.add_argument("--partitions", type=int, required=True, metavar="N")
    given = parser.parse_args(list(arguments))
    root = str(Path(given.directory).resolve())
    try:
        if given.action == "show":
            for line in shown(root):
                print(line)  # noqa: T201 - asked for
            return 0
        if given.partitions < 1:
            parser.error("--partitions must be at least 1")
        print(repartition(root, given.partitions))  # noqa: T201 - asked for
    except (SparkError, OSError, ValueError) as error:
        print(f"potok checkpoint: {error}", file=sys.stderr)  # noqa: T201 - said to the user
        return _FAILED
    return 0


# ---- show


def shown(root: str) -> Iterator[str]:
    """What is in a checkpoint, line by line. Raises SparkError, FileNotFoundError where it is none."""
    state = _opened(root)
    metadata = read_metadata(state.layout.metadata, LocalFileSystem())
    yield f"Checkpoint {display_path(root)}"
    yield f"  query id    {metadata.id if metadata else 'missing'}"
    offsets, commits = read_tails(state.offsets, state.commits)
    if not offsets:
        yield "  batches     none"
        return
    batch_id, entry = offsets[-1]
    committed = commits[-1][0] if commits else -1
    ids = state.offsets.list_batch_ids()
    yield f"  batches     {ids[0]} to {batch_id} kept, {committed} committed last" + (
        f"; batch {batch_id} was begun and will be repeated" if committed < batch_id else ""
    )
    yield f"  time        {_time(entry.metadata.batch_timestamp_ms)}"
    watermark_ms = commits[-1][1].next_batch_watermark_ms if commits else entry.metadata.batch_watermark_ms
    yield f"  watermark   {_time(watermark_ms) if watermark_ms else 'none'}"
    for number, offset in enumerate(entry.offsets):
        yield f"  source {number}    {offset if offset is not None else 'nothing yet'}"
    yield from _shown_state(state, committed, entry)


def _shown_state(state: CheckpointState, committed: int, entry: OffsetSeq) -> Iterator[str]:
    partitions = int(entry.metadata.conf.get(SHUFFLE_PARTITIONS, "0"))
    check_provider(entry)
    operators = state.operators()
    if not operators or not partitions:
        return
    yield f"  partitions  {partitions}"
    for operator in operators:
        yield f"  operator {operator.operator_id}  {operator.operator_name}"
        for info in operator.stores:
            store = state.store(operator, info, partitions)
            rows = state_bytes = 0
            for partition in range(store.files.partitions):
                keys, values = store.rows(partition, committed + 1)
                rows, state_bytes = rows + len(keys), state_bytes + keys.nbytes + values.nbytes
            files = [store.files.versions(partition) for partition in range(store.files.partitions)]
            disk = sum(sum(sizes.values()) for found in files for sizes in found.values())
            deltas, snapshots = (sum(len(found[kind]) for found in files) for kind in ("delta", "snapshot"))
            yield f"    store {info.store_name}: {rows} keys, {state_bytes} bytes"
            yield f"      key    {store.schema.key.simple_string}"
            yield f"      value  {store.schema.value.simple_string}"
            yield f"      files  {deltas} deltas, {snapshots} snapshots, {disk} bytes"


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def _opened(root: str) -> CheckpointState:
    state = CheckpointState(root, LocalFileSystem())
    if not Path(state.layout.offsets).is_dir():
        raise FileNotFoundError(f"{display_path(root)} is no checkpoint: it has no directory offsets")
    return state


# ---- repartition


def repartition(root: str, partitions: int) -> str:
    """Give the state of a stopped query another number of partitions; what was done, for the user.

    The changed checkpoint is made beside the old one, complete, before it takes its name. The old one stays
    as `<name>.before-repartition`. Raises CONCURRENT_STREAM_LOG_UPDATE while the query runs, SparkError and
    OSError for damage, and ValueError where it cannot be done.
    """
    state = _opened(root)
    lock = CheckpointLock(root, 0)
    try:
        return _repartitioned(state, root, partitions)
    finally:
        lock.release()


def _repartitioned(state: CheckpointState, root: str, partitions: int) -> str:
    offsets, commits = read_tails(state.offsets, state.commits)
    if not offsets or not commits:
        raise ValueError(
            f"{display_path(root)} has no committed batch: start the query with the number you want"
        )
    committed = commits[-1][0]
    check_provider(offsets[-1][1])
    conf = offsets[-1][1].metadata.conf
    if conf.get(STATE_STORE_PROVIDER) == FOREIGN_PROVIDER:
        raise ValueError(
            f"{display_path(root)} has state of transformWithState, which potok alone reads, whatever the number of"
            " partitions: Spark could not go on with it"
        )
    old = int(conf.get(SHUFFLE_PARTITIONS, "0"))
    stores = list(state.stores(old)) if old else []
    if not stores:
        raise ValueError(f"{display_path(root)} has no state")
    made, kept = f"{root}{REPARTITIONED}", f"{root}{BEFORE_REPARTITION}"
    if Path(kept).exists():
        raise ValueError(f"{kept} is there already: remove it, or put it back under its name")
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(root, made, ignore=lambda path, _names: ["state"] if path == root else [])
    for store in stores:
        _write(store, made, committed + 1, partitions)
    _describe(stores, made, partitions)
    _set_partitions(made, committed, partitions)
    _take_its_name(made, root, kept)
    return (
        f"{display_path(root)} has {partitions} state partitions instead of {old}."
        f" The old checkpoint is {display_path(kept)}; remove it when the query runs."
    )


def _take_its_name(made: str, root: str, kept: str) -> None:
    """Let the new checkpoint take the place of the old one, in one step where the system can: no moment without one."""
    os.sync()
    if exchange(made, root):
        Path(made).rename(kept)
    else:
        # `start` refuses to begin anew where the process dies between the two.
        Path(root).rename(kept)
        Path(made).rename(root)
    os.sync()


def _write(store: StoredStore, made: str, version: int, partitions: int) -> None:
    """All rows of a store as the snapshots of its new partitions."""
    pieces = [store.rows(partition, version) for partition in range(store.files.partitions)]
    keys = UnsafeRows.concat([piece[0] for piece in pieces])
    values = UnsafeRows.concat([piece[1] for piece in pieces])
    partitions = store.partitions_of(partitions)
    places = _partitions(store, keys, partitions)
    files = replace(
        store.files, state_root=posixpath.join(made, "state"), partitions=partitions, durable=False
    )
    files.make_directories()
    for partition in range(partitions):
        mine = np.flatnonzero(places == partition)
        files.write_snapshot(partition, version, encode_snapshot(keys.take(mine), values.take(mine)))


def _partitions(store: StoredStore, keys: UnsafeRows, partitions: int) -> Longs:
    columns = list(store.partition_columns)
    if not columns or not len(keys):
        return np.zeros(len(keys), np.int64)
    decoded = store.codecs[0].decode(keys)
    types = [store.schema.key.fields[i].data_type for i in columns]
    return murmur3([decoded[i] for i in columns], types).astype(np.int64) % partitions


def _describe(stores: Sequence[StoredStore], made: str, partitions: int) -> None:
    fs = LocalFileSystem()
    for operator in dict.fromkeys(store.operator for store in stores):
        infos = tuple(
            StateStoreInfo(s.store_name, s.num_cols_prefix_key, partitions) for s in operator.stores
        )
        path = posixpath.join(made, "state", str(operator.operator_id), "_metadata")
        fs.make_directories(path, durable=False)
        content = replace(operator, stores=infos).encode()
        fs.write_replacing(posixpath.join(path, "metadata"), content, durable=False)
    for store in stores:
        files = replace(store.files, state_root=posixpath.join(made, "state"))
        path = posixpath.join(files.directory(0), "_metadata")
        fs.make_directories(path, durable=False)
        fs.write_replacing(posixpath.join(path, "schema"), store.schema.encode(), durable=False)


def _set_partitions(made: str, committed: int, partitions: int) -> None:
    """In the offsets that a restart reads."""
    log = CheckpointState(made, LocalFileSystem()).offsets
    for batch_id in log.list_batch_ids():
        entry = log.get(batch_id)
        if entry is None or batch_id < committed - 1:
            continue
        conf = {**entry.metadata.conf, SHUFFLE_PARTITIONS: str(partitions)}
        changed = replace(entry, metadata=replace(entry.metadata, conf=conf))
        LocalFileSystem().write_replacing(log.file_path(batch_id), log.encode(changed), durable=False)
