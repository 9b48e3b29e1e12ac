"""What a client uploads: Python files, files, archives, and local rows too big for a plan."""

from __future__ import annotations

import importlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyspark.sql.connect.proto as pb

from potok.errors import SparkError, unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CACHE, PYTHON_FILES, ARCHIVES, FORWARD, JARS, CLASSES = (
    "cache",
    "pyfiles",
    "archives",
    "forward_to_fs",
    "jars",
    "classes",
)


class Artifacts:
    """The artifacts of one session, below a temporary directory that only this user can read.

    Source of fact: Spark's `ArtifactManager` and `SparkConnectAddArtifactsHandler`.
    """

    def __init__(self) -> None:
        self._directory: Path | None = None

    @property
    def directory(self) -> Path:
        """Where they are; made with the first one."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="potok-artifacts-"))
        return self._directory

    def cached_data(self, content_hash: str) -> pa.Buffer:
        """The artifact `cache/<hash>`. Raises CANNOT_FIND_CACHED_LOCAL_RELATION."""
        path = self._path(f"{CACHE}/{content_hash}")
        if not path.is_file():
            raise SparkError("CONNECT_INVALID_PLAN.CANNOT_FIND_CACHED_LOCAL_RELATION", hash=content_hash)
        with pa.memory_map(str(path)) as file:
            return file.read_buffer()

    def has_cached(self, name: str) -> bool:
        """Whether `cache/<hash>` is there; other artifacts are never reported, as in Spark."""
        return name.startswith(f"{CACHE}/") and self._path(name).is_file()

    def add(self, requests: Iterable[pb.AddArtifactsRequest]) -> Iterator[tuple[str, bool]]:
        """Take uploads; (name, checksum was right) for each. Raises INVALID_ARTIFACT_PATH and others."""
        incoming: _Chunks | None = None
        for request in requests:
            match request.WhichOneof("payload"):
                case "batch":
                    for artifact in request.batch.artifacts:
                        yield self._store(artifact.name, [artifact.data])
                case "begin_chunk":
                    incoming = _Chunks(request.begin_chunk)
                case "chunk":
                    if incoming is None:
                        raise _invalid("A chunk came before the beginning of its artifact.")
                    incoming.chunks.append(request.chunk)
                case _:
                    raise _invalid("The payload of the request is not set.")
            if incoming is not None and incoming.is_complete:
                yield self._store(incoming.name, incoming.checked())
                incoming = None
        if incoming is not None:
            raise _invalid(f"The artifact {incoming.name} ended before its last chunk.")

    def close(self) -> None:
        """Remove everything."""
        if self._directory is not None:
            python_files = str(self._directory / PYTHON_FILES)
            sys.path[:] = [entry for entry in sys.path if not entry.startswith(python_files)]
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def _store(self, name: str, chunks: list[pb.AddArtifactsRequest.ArtifactChunk]) -> tuple[str, bool]:
        self._check_kind(name)
        path = self._path(name)
        if any(zlib.crc32(chunk.data) != chunk.crc for chunk in chunks):
            return name, False
        data = b"".join(chunk.data for chunk in chunks)
        if path.is_file() and not name.startswith(f"{CACHE}/"):
            if path.read_bytes() != data:
                raise SparkError("ARTIFACT_ALREADY_EXISTS", normalizedRemoteRelativePath=name)
            return name, True
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if name.startswith(f"{PYTHON_FILES}/"):
            _make_importable(path)
        elif name.startswith(f"{ARCHIVES}/"):
            self._unpack(path)
        return name, True

    def _check_kind(self, name: str) -> None:
        if name.startswith(f"{FORWARD}/"):
            raise SparkError("_LEGACY_ERROR_TEMP_3161")
        if name.startswith((f"{JARS}/", f"{CLASSES}/")):
            raise unsupported("Adding a jar or a class", "Write the function in Python.")

    def _path(self, name: str) -> Path:
        """The file of a name; no name leads out of the directory. Raises INVALID_ARTIFACT_PATH."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or "\0" in name or "\\" in name or {"..", "."} & {*parts}:
            raise SparkError("INVALID_ARTIFACT_PATH", name=name)
        return self.directory.joinpath(*parts)

    def _unpack(self, path: Path) -> None:
        """Unpack `name#folder` into the folder `archives/folder`, members inside it only."""
        file_name, _, folder = path.name.partition("#")
        target = path.parent / "unpacked" / (folder or file_name)
        try:
            if file_name.endswith((".zip", ".jar")):
                with zipfile.ZipFile(path) as archive:
                    archive.extractall(target)  # noqa: S202 - zipfile drops what would lead outside
            else:
                with tarfile.open(path) as archive:
                    archive.extractall(target, filter="data")
        except (zipfile.BadZipFile, tarfile.TarError, OSError) as error:
            path.unlink(missing_ok=True)
            raise _invalid(f"The archive {file_name} cannot be unpacked: {error}") from error


class _Chunks:
    """An artifact that arrives in pieces."""

    def __init__(self, begin: pb.AddArtifactsRequest.BeginChunkedArtifact) -> None:
        self.name = begin.name
        self.chunks = [begin.initial_chunk]
        self._count = begin.num_chunks
        self._total_bytes = begin.total_bytes

    @property
    def is_complete(self) -> bool:
        """Whether the last piece is there."""
        return bool(len(self.chunks) >= self._count)

    def checked(self) -> list[pb.AddArtifactsRequest.ArtifactChunk]:
        """The pieces, of the length that was announced."""
        size = sum(len(chunk.data) for chunk in self.chunks)
        if size != self._total_bytes:
            raise _invalid(f"The artifact {self.name} has {size} bytes and not {self._total_bytes}.")
        return self.chunks


def _make_importable(path: Path) -> None:
    """User functions run in this process, so its import path is theirs."""
    entry = str(path.parent if path.suffix == ".py" else path)
    if entry not in sys.path:
        sys.path.insert(1, entry)
    importlib.invalidate_caches()


def _invalid(message: str) -> SparkError:
    return SparkError("CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message=message)
