"""`df.cache()` and `df.persist()`: frames whose rows are computed once.

Rows are made by the first query that needs them, whole, and kept in memory until `unpersist`, `clearCache` or the end of the session.
A write by the program below a directory that they were read from makes them be computed again, as in Spark; other changes of files do not.
Source of facts: CacheManager.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from potok.checkpoint.layout import path_from_uri
from potok.plan.expressions import Alias, next_expr_id
from potok.plan.logical import LogicalPlan, Project, ScanRelation, schema_attributes
from potok.types import StructType, with_distinct_names


@dataclass(frozen=True)
class StorageLevel:
    """What `df.storageLevel` tells; rows are in memory whatever it says."""

    use_disk: bool
    use_memory: bool
    use_off_heap: bool
    deserialized: bool
    replication: int


class KeptRows:
    """The rows of a frame, made when they are first read (a Scan). Threads wait for the one that makes them.

    `plan_of` analyses the frame's plan anew; `rows_of` runs it.
    """

    def __init__(
        self, plan_of: Callable[[], LogicalPlan], rows_of: Callable[[LogicalPlan], pa.Table]
    ) -> None:
        self._plan_of = plan_of
        self._rows_of = rows_of
        self._plan: LogicalPlan | None = plan_of()
        self.shown_names = tuple(self._plan.schema.names)
        self._schema = with_distinct_names(self._plan.schema)
        self._lock = threading.Lock()
        self._rows: pa.Table | None = None
        self._is_released = False

    @property
    def schema(self) -> StructType:
        """See Scan."""
        return self._schema

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        with self._lock:
            rows = self._rows
            if rows is None:
                rows = self._rows_of(self._current_plan()).rename_columns(self._schema.names)
                self._rows = None if self._is_released else rows
            return rows.select(list(columns))

    def input_files(self) -> list[str]:
        """See Scan."""
        with self._lock:
            scans = [node.scan for node in self._current_plan().walk() if isinstance(node, ScanRelation)]
        return list(dict.fromkeys(file for scan in scans for file in scan.input_files()))

    def forget(self) -> None:
        """Have the rows made again, of what there is then, by the next reader."""
        with self._lock:
            self._rows = self._plan = None

    def release(self) -> None:
        """Make the rows for each reader from now on."""
        with self._lock:
            self._is_released = True
            self._rows = self._plan = None

    def _current_plan(self) -> LogicalPlan:
        if self._plan is None:
            plan = self._plan_of()
            self._plan = None if self._is_released else plan
            return plan
        return self._plan


@dataclass
class KeptFrame:
    """A frame that was asked to be kept.

    `semantics` is equal for frames that are equal; `relation_ids` are what its plan refers to of the session's relations.
    `scan` is made, of the plan as it is then, by the first use.
    """

    level: StorageLevel
    semantics: str
    relation_ids: frozenset[str] = frozenset()
    scan: KeptRows | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def relation(self, make: Callable[[], KeptRows]) -> LogicalPlan:
        """What stands for the frame in plans."""
        with self.lock:
            if self.scan is None:
                self.scan = make()
            scan = self.scan
        columns = schema_attributes(scan.schema)
        relation = ScanRelation(scan, columns, "InMemoryTableScan")
        if scan.shown_names == tuple(scan.schema.names):
            return relation
        shown = zip(columns, scan.shown_names, strict=True)
        return Project(relation, tuple(Alias(c, (name,), expr_id=next_expr_id()) for c, name in shown))


class KeptFrames:
    """The frames of a session that are kept, by the id that its client gave to their plans."""

    def __init__(self, relations: Mapping[str, LogicalPlan]) -> None:
        self._relations = relations
        self._frames: dict[int, KeptFrame] = {}

    def keep(self, plan_id: int, frame: KeptFrame) -> None:
        """Keep a frame. One that is kept already stays as it is, as in Spark.

        Frames whose relations are gone are dropped: those of a batch of `foreachBatch` that nobody has released.
        """
        for other, kept in list(self._frames.items()):
            if not kept.relation_ids <= self._relations.keys():
                self._drop(other)
        if self.like(plan_id, frame.semantics) is None:
            self._frames[plan_id] = frame

    def release(self, plan_id: int, semantics: str) -> None:
        """Keep it, and its equals, no longer."""
        for other, kept in list(self._frames.items()):
            if other == plan_id or kept.semantics == semantics:
                self._drop(other)

    def find(self, plan_id: int) -> KeptFrame | None:
        """The kept frame of a plan."""
        return self._frames.get(plan_id)

    def like(self, plan_id: int, semantics: str) -> KeptFrame | None:
        """The kept frame of a plan, or of one that is equal."""
        equals = (kept for kept in list(self._frames.values()) if kept.semantics == semantics)
        return self._frames.get(plan_id) or next(equals, None)

    def clear(self) -> None:
        """Keep nothing."""
        for plan_id in list(self._frames):
            self._drop(plan_id)

    def written(self, directory: str) -> None:
        """Forget the rows that were read from below a directory, an absolute path."""
        inside = directory.rstrip("/") + "/"
        for frame in list(self._frames.values()):
            scan = frame.scan
            if scan is not None and any(path_from_uri(f).startswith(inside) for f in scan.input_files()):
                scan.forget()

    def _drop(self, plan_id: int) -> None:
        frame = self._frames.pop(plan_id, None)
        if frame is not None and frame.scan is not None:
            frame.scan.release()
