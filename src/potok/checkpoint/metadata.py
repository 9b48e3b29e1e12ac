"""The file `metadata`: which query a checkpoint belongs to."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from potok.checkpoint.log import damaged

if TYPE_CHECKING:
    from potok.checkpoint.files import FileSystem


@dataclass(frozen=True, slots=True)
class StreamMetadata:
    """The id of a query (a UUID in lower case), the same for every run from one checkpoint.

    Source of fact: org.apache.spark.sql.execution.streaming.runtime.StreamMetadata.
    """

    id: str

    def encode(self) -> bytes:
        """The content of the file, without a final newline."""
        return f'{{"id":"{self.id}"}}'.encode()

    @classmethod
    def decode(cls, content: bytes) -> StreamMetadata:
        """Raises ValueError with the reason when the content is torn or not Spark's."""
        document = json.loads(content.decode("utf-8"))
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise ValueError("there is no id in it")  # noqa: TRY004
        try:
            return cls(str(uuid.UUID(document["id"])))
        except ValueError as error:
            raise ValueError(f"Invalid UUID string: {document['id']}") from error


def read_metadata(path: str, fs: FileSystem) -> StreamMetadata | None:
    """The metadata of a checkpoint, None if it has none. Raises SparkError for a damaged file."""
    try:
        content = fs.read_bytes(path)
    except FileNotFoundError:
        return None
    try:
        return StreamMetadata.decode(content)
    except ValueError as error:
        raise damaged(path, str(error)) from error


def create_metadata(path: str, fs: FileSystem, metadata: StreamMetadata, *, durable: bool) -> StreamMetadata:
    """Write the metadata of a new checkpoint, or return what another writer has written meanwhile."""
    try:
        fs.write_new(path, metadata.encode(), durable=durable)
    except FileExistsError:
        existing = read_metadata(path, fs)
        if existing is None:
            raise
        return existing
    return metadata
