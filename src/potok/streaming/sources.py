"""The sources of a query: which relation reads which, and what each has read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from potok.connectors.base import ReadAll, ReadLimit, Scan, Source
from potok.plan.logical import LogicalPlan, StreamingRelation
from potok.streaming.batch import Offsets
from potok.types import StructType, arrow_schema


def streaming_relations(plan: LogicalPlan) -> tuple[StreamingRelation, ...]:
    """All streaming relations of a plan, in plan order: each has one line in the offset log."""
    return tuple(node for node in plan.walk() if isinstance(node, StreamingRelation))


@dataclass
class CountingScan:
    """A scan that counts the rows it has given."""

    scan: Scan
    rows: int = 0

    @property
    def schema(self) -> StructType:
        """See Scan."""
        return self.scan.schema

    def read(self, columns: Sequence[str]) -> pa.Table | pa.RecordBatchReader:
        """See Scan."""
        rows = self.scan.read(columns)
        if isinstance(rows, pa.Table):
            self.rows += rows.num_rows
            return rows
        return pa.RecordBatchReader.from_batches(rows.schema, self._counted(rows))

    def input_files(self) -> list[str]:
        """See Scan."""
        return self.scan.input_files()

    def _counted(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            self.rows += batch.num_rows
            yield batch


@dataclass(frozen=True)
class EmptyScan:
    """No rows."""

    schema: StructType

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        names = set(columns)
        fields = tuple(f for f in self.schema.fields if f.name in names)
        return arrow_schema(StructType(fields)).empty_table().select(list(columns))

    def input_files(self) -> list[str]:
        """See Scan."""
        return []


def _readable(relation: StreamingRelation) -> StructType:
    """All that a scan of the relation can be asked for, `_metadata` included."""
    if relation.metadata is None:
        return relation.source_schema
    return StructType((*relation.source_schema.fields, relation.metadata.to_field()))


@dataclass
class StartedSource:
    """A source of the query, where it stands in the plan, and the scan of the present batch."""

    source: Source
    relation: StreamingRelation
    places: tuple[int, ...]
    initial: str | None
    limit: ReadLimit = field(default_factory=ReadAll)
    scan: CountingScan | None = None

    @property
    def key(self) -> int:
        """The `source_key` of its relations."""
        return self.relation.source_key

    def start_of(self, offsets: Offsets) -> str | None:
        """Where a range that starts at `offsets` starts for this source."""
        committed = offsets[self.places[0]]
        return self.initial if committed is None else committed


class Sources:
    """All sources of a query. One relation may occur several times in the plan; its source starts once."""

    def __init__(
        self,
        plan: LogicalPlan,
        make: Callable[[StreamingRelation, int], Source],
    ) -> None:
        relations = streaming_relations(plan)
        places: dict[int, list[int]] = {}
        first: dict[int, StreamingRelation] = {}
        for place, relation in enumerate(relations):
            places.setdefault(relation.source_key, []).append(place)
            first.setdefault(relation.source_key, relation)
        self.relation_count = len(relations)
        self.started: list[StartedSource] = []
        for index, (key, relation) in enumerate(first.items()):
            try:
                source = make(relation, index)
            except BaseException:
                self.stop()
                raise
            self.started.append(StartedSource(source, relation, tuple(places[key]), None))

    def bind(self, start: Offsets, end: Offsets) -> dict[int, Scan]:
        """The rows of a batch by `source_key`."""
        scans: dict[int, Scan] = {}
        for started in self.started:
            place = started.places[0]
            to = end[place]
            if to is None or to == start[place]:
                rows: Scan = EmptyScan(_readable(started.relation))
            else:
                rows = started.source.scan(started.start_of(start), to)
            started.scan = CountingScan(rows)
            scans[started.key] = started.scan
        return scans

    def rows_read(self) -> list[int]:
        """How many rows each source has given in this batch."""
        return [0 if started.scan is None else started.scan.rows for started in self.started]

    def release(self) -> None:
        """The batch is over: let go of its rows."""
        for started in self.started:
            started.scan = None

    def spread(self, latest: Sequence[str | None]) -> Offsets:
        """One offset for each relation from one for each source."""
        offsets: list[str | None] = [None] * self.relation_count
        for started, offset in zip(self.started, latest, strict=True):
            for place in started.places:
                offsets[place] = offset
        return tuple(offsets)

    def text_of(self, offsets: Offsets) -> str:
        """`{source: offset, ..}` as messages show it; sources without an offset are left out."""
        parts = []
        for started in self.started:
            offset = offsets[started.places[0]] if offsets else None
            if offset is not None:
                parts.append(f"{started.source.description}: {offset}")
        return "{" + ", ".join(parts) + "}"

    def commit(self, offsets: Offsets) -> None:
        """Tell each source that everything up to `offsets` is done."""
        for started in self.started:
            offset = offsets[started.places[0]]
            if offset is not None:
                started.source.commit(offset)

    def descriptors(self) -> list[int]:
        """What wakes the query."""
        found = (started.source.wait_descriptor() for started in self.started)
        return [descriptor for descriptor in found if descriptor is not None]

    def poll_interval_s(self) -> float:
        """The longest time until some source wants to be asked again."""
        return min((started.source.poll_interval_s() for started in self.started), default=1.0)

    def stop(self) -> None:
        """Stop all of them."""
        for started in self.started:
            started.source.stop()
