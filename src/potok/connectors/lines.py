"""Files of lines in bounded blocks of whole lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from potok.connectors.compression import Readable

# A block and what is made of it stay in a core's cache.
BLOCK_BYTES = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def line_blocks(
    stream: Readable, separator: bytes | None = None, block_bytes: int = BLOCK_BYTES
) -> Iterator[bytes]:
    r"""Pieces of the stream that end where a line ends, each about `block_bytes` long.

    Without a separator lines end with `\n`, `\r\n` or `\r`, and every line in a block ends with `\n`;
    with one they end with it. The last line of the stream may have no end. A byte order mark is
    left out. A line longer than a block makes a longer block.
    """
    ending = separator or b"\n"
    kept: list[bytes] = []
    carriage_return = b""
    first = True
    while piece := stream.read(block_bytes):
        if first:
            # A short read must not hide half a mark.
            while len(piece) < len(_BYTE_ORDER_MARK) and (more := stream.read(block_bytes)):
                piece += more
            piece = piece.removeprefix(_BYTE_ORDER_MARK)
            first = False
        if separator is None:
            if carriage_return or b"\r" in piece:
                piece = carriage_return + piece
                carriage_return = b"\r" if piece.endswith(b"\r") else b""
                piece = piece.removesuffix(b"\r") if carriage_return else piece
                piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif len(separator) > 1 and kept:
            # The separator may lie across two pieces.
            piece = b"".join([*kept, piece])
            kept = []
        cut = piece.rfind(ending)
        if cut < 0:
            kept.append(piece)
            continue
        cut += len(ending)
        yield b"".join([*kept, memoryview(piece)[:cut]])
        kept = [piece[cut:]] if cut < len(piece) else []
    if carriage_return:
        kept.append(b"\n")
    if kept and (rest := b"".join(kept)):
        yield rest


def split_lines(block: bytes, separator: bytes | None) -> list[bytes]:
    """The lines of a block without their ends."""
    ending = separator or b"\n"
    lines = block.split(ending)
    if not lines[-1]:
        lines.pop()
    return lines


class Transcoded:
    """A stream in another encoding, read as UTF-8. Malformed bytes become U+FFFD, as in Java."""

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ended = False

    def read(self, size_bytes: int = -1, /) -> bytes:
        """About `size_bytes` bytes of UTF-8, empty at the end."""
        while not self._ended:
            piece = self._stream.read(size_bytes)
            self._ended = not piece
            text = self._decoder.decode(piece, final=self._ended)
            if text:
                return text.encode("utf-8", "replace")
        return b""

    def close(self) -> None:
        """See Readable."""
        self._stream.close()
