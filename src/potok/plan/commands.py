"""What a program asks for besides rows: writing, starting, managing. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from potok.plan.expressions import PythonFunction
from potok.plan.logical import LogicalPlan, Options


@dataclass(frozen=True)
class WriteBatch:
    """`df.write`. Exactly one of `path` and `table`; `mode` append, overwrite, error or ignore.

    `table_method` is save_as_table or insert_into where `table` is set.
    """

    plan: LogicalPlan
    format: str | None
    path: str | None = None
    table: tuple[str, ...] = ()
    table_method: str = "save_as_table"
    mode: str = "error"
    options: Options = field(default_factory=Options)
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    bucket_by: tuple[str, ...] = ()
    num_buckets: int = 0


@dataclass(frozen=True)
class Trigger:
    """When batches run: `kind` is default, processing_time, once, available_now or continuous.

    `interval` is the user's text for processing_time and continuous.
    """

    kind: str = "default"
    interval: str = ""


@dataclass(frozen=True)
class WriteStream:
    """`df.writeStream...start()`. `output_mode` as the user wrote it, lower case, may be empty.

    At most one of `foreach_writer` and `foreach_batch`: the client's pickled Python function.
    """

    plan: LogicalPlan
    format: str = ""
    output_mode: str = ""
    options: Options = field(default_factory=Options)
    partition_by: tuple[str, ...] = ()
    trigger: Trigger = field(default_factory=Trigger)
    query_name: str | None = None
    path: str | None = None
    table: tuple[str, ...] = ()
    foreach_writer: PythonFunction | None = None
    foreach_batch: PythonFunction | None = None
    job_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreateView:
    """`createOrReplaceTempView` and its sisters."""

    plan: LogicalPlan
    name: tuple[str, ...]
    is_global: bool = False
    replace: bool = True
