"""lz4-java's LZ4BlockOutputStream, the framing of Spark's state files.

A block is a 21-byte header and its payload: "LZ4Block", a token (method and block size), the bytes of the
payload, the bytes it stands for, a checksum of the latter. A block that stands for nothing ends the stream.
Source of fact: net.jpountz.lz4.LZ4BlockInputStream of lz4-java 1.11, and what Spark 4.3 reads and writes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import lz4.block
import xxhash

_MAGIC = b"LZ4Block"
_HEADER = struct.Struct("<8sBiiI")
_RAW, _LZ4 = 0x10, 0x20
_SEED = 0x9747B28C
_CHECKSUM_BITS = 0x0FFFFFFF

_LEVEL_BASE = 10
_SPARK_LEVEL = 5
_LARGE_LEVEL = 8
_RAW_BELOW_BYTES = 4096


def compress(content: bytes | bytearray | memoryview) -> bytes:
    """The stream of blocks for the content.

    Content of less than 4 KiB is stored as it is: it takes one block of the disk either way. The rest is
    compressed, at about 1 GB/s with a quarter of the bytes left for typical state, which is less than it
    costs to write the difference. Up to 32 KiB there is one block of Spark's size; beyond that blocks have
    256 KiB, which Spark reads as well (it reads up to 32 MiB): decompression of a large file takes
    40 % of the time that it takes with 32 KiB, and larger ones gain nothing.
    """
    view = memoryview(content).cast("B")
    level = _SPARK_LEVEL if len(view) <= 1 << (_LEVEL_BASE + _SPARK_LEVEL) else _LARGE_LEVEL
    size = 1 << (_LEVEL_BASE + level)
    parts: list[bytes | memoryview] = []
    for start in range(0, len(view), size):
        block = view[start : start + size]
        packed: bytes | memoryview = block
        method = _RAW
        if len(view) >= _RAW_BELOW_BYTES:
            squeezed = lz4.block.compress(block, store_size=False)
            if len(squeezed) < len(block):
                packed, method = squeezed, _LZ4
        parts += (_HEADER.pack(_MAGIC, method | level, len(packed), len(block), _checksum(block)), packed)
    parts.append(_HEADER.pack(_MAGIC, _RAW | level, 0, 0, 0))
    return b"".join(parts)


def decompress(content: bytes) -> bytes:
    """The content of a stream. Raises ValueError for one that is torn, corrupt or no such stream."""
    blocks = list(_blocks(content))
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _blocks(content: bytes) -> Iterator[bytes]:
    at, ended = 0, False
    while at < len(content):
        if at + _HEADER.size > len(content):
            raise ValueError("LZ4 stream ends inside the header of a block")
        magic, token, packed_size, size, checksum = _HEADER.unpack_from(content, at)
        at += _HEADER.size
        method, level = token & 0xF0, token & 0x0F
        if magic != _MAGIC or method not in (_RAW, _LZ4) or not 0 <= size <= 1 << (_LEVEL_BASE + level):
            raise ValueError(f"no LZ4 block at byte {at - _HEADER.size}")
        if packed_size < 0 or (size == 0) != (packed_size == 0) or (method == _RAW and size != packed_size):
            raise ValueError(f"impossible sizes in the LZ4 block at byte {at - _HEADER.size}")
        ended = size == 0
        if ended:
            if checksum:
                raise ValueError("LZ4 stream has an end with a checksum")
            continue
        packed = content[at : at + packed_size]
        if len(packed) < packed_size:
            raise ValueError("LZ4 stream ends inside a block")
        at += packed_size
        block = packed if method == _RAW else _unpacked(packed, size)
        if len(block) != size or _checksum(block) != checksum:
            raise ValueError(f"wrong checksum of the LZ4 block that ends at byte {at}")
        yield block
    if not ended:
        raise ValueError("LZ4 stream has no end")


def _unpacked(packed: bytes, size: int) -> bytes:
    try:
        content: bytes = lz4.block.decompress(packed, uncompressed_size=size)
    except lz4.block.LZ4BlockError as error:
        raise ValueError(f"corrupt LZ4 block: {error}") from error
    return content


def _checksum(block: bytes | memoryview) -> int:
    return xxhash.xxh32_intdigest(block, _SEED) & _CHECKSUM_BITS
