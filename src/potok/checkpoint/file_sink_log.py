"""The log of a file sink: which files in the output directory count."""

from __future__ import annotations

import re
import sys
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple

from potok.checkpoint.compactible import CompactibleLog, CompactionSettings, decode_json_lines
from potok.checkpoint.layout import file_uri
from potok.checkpoint.log import illegal_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from potok.checkpoint.files import FileSystem
    from potok.errors import SparkError

ADD = "add"
LOCAL_BLOCK_SIZE_BYTES = 33_554_432
FOREVER_MS = sys.maxsize
_LINE = re.compile(
    rb'^\{"path":"([^"\\\n]*)","size":(\d+),"isDir":(true|false),"modificationTime":(\d+),'
    rb'"blockReplication":(\d+),"blockSize":(\d+),"action":"(\w+)"\}(?:\n|\Z)',
    re.MULTILINE,
)


class SinkFileStatus(NamedTuple):
    """A file of the output: its URI as `layout.file_uri` writes it, sizes in bytes, time in ms UTC."""

    path: str
    size: int
    is_dir: bool
    modification_time: int
    block_replication: int = 1
    block_size: int = LOCAL_BLOCK_SIZE_BYTES
    action: str = ADD


def added_file(path: str, size_bytes: int, modification_time_ms: int) -> SinkFileStatus:
    """The status of a new local file at the absolute `path`, as Spark writes it for a local disk."""
    return SinkFileStatus(file_uri(path), size_bytes, is_dir=False, modification_time=modification_time_ms)


class FileSinkLog(CompactibleLog[SinkFileStatus]):
    """`<output>/_spark_metadata/<N>`: the output of batch N is complete and consists of these files.

    A sink skips batch N if `latest_batch_id` is N or above: it has been written before.
    `retention_ms` is the option `retention` of the sink: older files are no longer listed.
    Source of fact: org.apache.spark.sql.execution.streaming.sinks.FileStreamSinkLog.
    """

    def __init__(
        self,
        path: str,
        fs: FileSystem,
        *,
        durable: bool = True,
        settings: CompactionSettings | None = None,
        retention_ms: int = FOREVER_MS,
        clock_ms: Callable[[], int] | None = None,
    ) -> None:
        if clock_ms is None:
            super().__init__(path, fs, durable=durable, settings=settings)
        else:
            super().__init__(path, fs, durable=durable, settings=settings, clock_ms=clock_ms)
        self.retention_ms = retention_ms

    @property
    def retains_all(self) -> bool:
        """See CompactibleLog."""
        return self.retention_ms >= FOREVER_MS

    def retains(self, item: SinkFileStatus, now_ms: int) -> bool:
        """See CompactibleLog."""
        return now_ms - item.modification_time <= self.retention_ms

    def encode_item(self, item: SinkFileStatus) -> str:
        """See CompactibleLog."""
        return (
            f'{{"path":{encode_basestring(item.path)},"size":{item.size},"isDir":{str(item.is_dir).lower()},'
            f'"modificationTime":{item.modification_time},"blockReplication":{item.block_replication},'
            f'"blockSize":{item.block_size},"action":{encode_basestring(item.action)}}}'
        )

    def decode_items(self, body: bytes) -> list[SinkFileStatus]:
        """See CompactibleLog."""
        found = _LINE.findall(body)
        if len(found) == body.count(b"\n") + (not body.endswith(b"\n")):
            return [
                SinkFileStatus(
                    path.decode("utf-8"),
                    int(size),
                    is_dir == b"true",
                    int(time),
                    int(copies),
                    int(block),
                    action.decode("ascii"),
                )
                for path, size, is_dir, time, copies, block, action in found
            ]
        return [_from_json(document) for document in decode_json_lines(body)]

    def concurrent_update(self, batch_id: int) -> SparkError:
        """See MetadataLog."""
        return illegal_state(f"Race while writing batch {batch_id}")


def _from_json(document: dict[str, Any]) -> SinkFileStatus:
    try:
        path, action = document["path"], document["action"]
        if not isinstance(path, str) or not isinstance(action, str):
            raise TypeError  # noqa: TRY301
        return SinkFileStatus(
            path,
            int(document["size"]),
            bool(document["isDir"]),
            int(document["modificationTime"]),
            int(document["blockReplication"]),
            int(document["blockSize"]),
            action,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{document} does not describe a file") from error
