"""LZ4 block streams: Spark's are read, ours come back, damage is noticed."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potok.checkpoint.state.lz4_block import compress, decompress

RECORDED = Path(__file__).parent / "recorded"


def content_of(size: int) -> bytes:
    return (b"%d;" % size * (size + 1))[:size]


def test_an_empty_delta_is_that_of_spark() -> None:
    written = (RECORDED / "aggregation" / "0" / "0" / "3.delta").read_bytes()
    assert len(written) == 46
    assert compress(b"\xff\xff\xff\xff") == written


@given(st.binary(max_size=200))
def test_what_is_compressed_comes_back(content: bytes) -> None:
    assert decompress(compress(content)) == content


@pytest.mark.parametrize("size", [0, 4095, 4096, 32_768, 32_769, 262_144, 262_145, 1_000_000])
def test_sizes_around_blocks(size: int) -> None:
    repeated = content_of(size)
    assert decompress(compress(repeated)) == repeated
    noise = random.Random(size).randbytes(size)
    assert decompress(compress(noise)) == noise
    assert len(compress(noise)) <= size + 21 * (2 + size // 262_144)
    assert decompress(compress(memoryview(noise))) == noise


def test_concatenated_streams_are_one() -> None:
    assert decompress(compress(b"one") + compress(b"two")) == b"onetwo"


@pytest.mark.parametrize("size", [4, 5000, 300_000])
def test_torn_streams(size: int) -> None:
    whole = compress(content_of(size))
    for length in {*range(1, 60), len(whole) // 2, len(whole) - 22, len(whole) - 21, len(whole) - 1}:
        if length < len(whole):
            with pytest.raises(ValueError, match="LZ4 stream"):
                decompress(whole[:length])
    with pytest.raises(ValueError, match="no end"):
        decompress(b"")


@pytest.mark.parametrize("size", [4, 5000])
def test_a_changed_byte_is_noticed(size: int) -> None:
    whole = compress(content_of(size))
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x41
        with pytest.raises(ValueError, match="LZ4"):
            decompress(bytes(changed))


def test_a_checksum_is_checked() -> None:
    whole = bytearray(compress(b"abcd"))
    struct.pack_into("<I", whole, 17, 1)
    with pytest.raises(ValueError, match="checksum"):
        decompress(bytes(whole))
