# ruff: noqa: PTH122, PTH123 - paths are texts here: a source sees millions of them
"""Compressed files: which codec a name or an option means, and streams over them."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import pyarrow as pa
import zstandard

from potok.errors import SparkError, unsupported

_COPY_BYTES = 1 << 20
_EXTENSION_CODECS = {
    ".gz": "gzip", ".bz2": "bzip2", ".deflate": "deflate", ".zst": "zstd", ".lz4": "lz4", ".snappy": "snappy",
}  # fmt: skip
_CODEC_EXTENSIONS = {
    "none": "", "uncompressed": "", "gzip": ".gz", "bzip2": ".bz2", "deflate": ".deflate",
    "lz4": ".lz4", "snappy": ".snappy",
}  # fmt: skip
# The order in which Spark lists them.
_AVAILABLE = "bzip2, deflate, uncompressed, snappy, none, lz4, gzip"
_BLOCK_BYTES = 256 * 1024


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size_bytes: int = -1, /) -> bytes:
        """Up to `size_bytes` bytes, empty at the end."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def open_for_reading(path: str) -> Readable:
    """The content of a file, decompressed if its extension names a codec.

    OSError or EOFError or ValueError (zlib.error, ZstdError are reported as ValueError) for a damaged one.
    """
    codec = _EXTENSION_CODECS.get(os.path.splitext(path)[1])
    if codec is None:
        return open(path, "rb", buffering=0)
    if codec == "gzip":
        return _Strict(gzip.open(path, "rb"))
    if codec == "bzip2":
        return _Strict(bz2.open(path, "rb"))
    if codec == "deflate":
        return _Strict(_Deflated(open(path, "rb")))
    if codec == "zstd":
        source = open(path, "rb")  # noqa: SIM115 - closed with the reader
        return _Strict(
            zstandard.ZstdDecompressor().stream_reader(source, closefd=True, read_across_frames=True)
        )
    return _Strict(_HadoopBlocks(open(path, "rb"), codec))


def codec_name(option: str | None) -> str:
    """The codec that the option `compression` of a text format asks for, `none` without one.

    Raises CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION. A codec by its Hadoop class is refused.
    """
    if option is None:
        return "none"
    name = option.lower()
    if name in _CODEC_EXTENSIONS:
        return name
    if "." in name:
        raise unsupported(f"the codec class {option}", f"Use one of {_AVAILABLE}.")
    raise SparkError(
        "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", codecName=option, availableCodecs=_AVAILABLE
    )


def codec_extension(codec: str) -> str:
    """What a file name gets behind the format's extension: `.gz`."""
    return _CODEC_EXTENSIONS[codec]


def compressor(codec: str, target: BinaryIO) -> BinaryIO:
    """A stream whose bytes arrive compressed in `target`; closing it leaves the target open."""
    if codec == "gzip":
        return gzip.GzipFile("", "wb", compresslevel=6, fileobj=target, mtime=0)  # type: ignore[return-value]  # file-like
    if codec == "bzip2":
        return bz2.BZ2File(target, "wb")  # type: ignore[return-value]  # file-like
    if codec == "deflate":
        return _Compressed(target, _zlib_compress())  # type: ignore[return-value]  # file-like
    if codec in {"lz4", "snappy"}:
        return _HadoopCompressed(target, codec)  # type: ignore[return-value]  # file-like
    return target


class _Strict:
    """A decompressor whose every failure is OSError, EOFError or ValueError."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size_bytes: int = -1, /) -> bytes:
        try:
            return self._stream.read(size_bytes)
        except (zlib.error, zstandard.ZstdError, pa.ArrowException) as error:
            raise ValueError(str(error)) from error

    def close(self) -> None:
        self._stream.close()


class _Deflated:
    """A zlib stream, as Hadoop's DefaultCodec writes it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._decoder = zlib.decompressobj()
        self._ready = b""

    def read(self, size_bytes: int = -1, /) -> bytes:
        while not self._decoder.eof and (size_bytes < 0 or len(self._ready) < size_bytes):
            piece = self._source.read(_COPY_BYTES)
            if not piece:
                if self._ready or self._source.tell():
                    raise EOFError("the compressed stream ends early")
                break
            self._ready += self._decoder.decompress(piece)
        size = len(self._ready) if size_bytes < 0 else size_bytes
        out, self._ready = self._ready[:size], self._ready[size:]
        return out

    def close(self) -> None:
        self._source.close()


class _HadoopBlocks:
    """Hadoop's block framing of lz4 and snappy.

    A block is the length of its content (4 bytes, big endian), then chunks (length, compressed
    bytes) until the content is complete. Source of fact: BlockDecompressorStream.
    """

    def __init__(self, source: BinaryIO, codec: str) -> None:
        self._source = source
        self._codec = pa.Codec("lz4_raw" if codec == "lz4" else codec)
        self._ready = b""

    def _number(self, *, may_end: bool) -> int | None:
        data = self._source.read(4)
        if not data and may_end:
            return None
        if len(data) < 4:  # noqa: PLR2004 - four bytes
            raise EOFError("the compressed stream ends early")
        return int.from_bytes(data, "big")

    def _block(self) -> bool:
        left = self._number(may_end=True)
        if left is None:
            return False
        while left > 0:
            size = self._number(may_end=False) or 0
            piece = self._source.read(size)
            if len(piece) < size:
                raise EOFError("the compressed stream ends early")
            # The size of one chunk's content is not written; a block of one chunk is the rule.
            content = self._decompress(piece, left)
            left -= len(content)
            self._ready += content
        return True

    def _decompress(self, piece: bytes, left: int) -> bytes:
        for size in (left, min(left, _BLOCK_BYTES), min(left, 64 * 1024)):
            try:
                return bytes(self._codec.decompress(piece, decompressed_size=size, asbytes=True))
            except (pa.ArrowException, OSError):
                continue
        raise ValueError("a damaged compressed block")

    def read(self, size_bytes: int = -1, /) -> bytes:
        while size_bytes < 0 or len(self._ready) < size_bytes:
            if not self._block():
                break
        size = len(self._ready) if size_bytes < 0 else size_bytes
        out, self._ready = self._ready[:size], self._ready[size:]
        return out

    def close(self) -> None:
        self._source.close()


def _zlib_compress() -> Callable[[bytes | None], bytes]:
    encoder = zlib.compressobj()
    return lambda data: encoder.flush() if data is None else encoder.compress(data)


class _Compressed(io.RawIOBase):
    """Bytes through an encoder; None asks it for the rest."""

    def __init__(self, target: BinaryIO, encode: Callable[[bytes | None], bytes]) -> None:
        super().__init__()
        self._target = target
        self._encode = encode

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes-like
        self._target.write(self._encode(bytes(data)))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._target.write(self._encode(None))
        super().close()


class _HadoopCompressed(io.RawIOBase):
    """The writing side of `_HadoopBlocks`: one chunk a block."""

    def __init__(self, target: BinaryIO, codec: str) -> None:
        super().__init__()
        self._target = target
        self._codec = pa.Codec("lz4_raw" if codec == "lz4" else codec)
        self._left = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes-like
        self._left += data
        while len(self._left) >= _BLOCK_BYTES:
            self._emit(self._left[:_BLOCK_BYTES])
            self._left = self._left[_BLOCK_BYTES:]
        return len(data)

    def _emit(self, content: bytes) -> None:
        packed = self._codec.compress(content, asbytes=True)
        self._target.write(len(content).to_bytes(4, "big") + len(packed).to_bytes(4, "big") + packed)

    def close(self) -> None:
        if not self.closed and self._left:
            self._emit(self._left)
            self._left = b""
        super().close()
