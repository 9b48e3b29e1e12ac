"""Where a checkpoint keeps what, and how Spark writes a path."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote_to_bytes

from potok.errors import unsupported

METADATA = "metadata"
OFFSETS = "offsets"
COMMITS = "commits"
SOURCES = "sources"
STATE = "state"
SINK_LOG = "_spark_metadata"

# java.net.URI leaves these ASCII characters of a path alone, and all others outside ASCII but spaces
# and controls; recorded in tests/checkpoints/recorded/names.
_PLAIN = re.compile(r"[A-Za-z0-9_\-!.~'()*,;:$&+=@/]*")
_QUOTED_ASCII = re.compile(r"[^A-Za-z0-9_\-!.~'()*,;:$&+=@/\x80-\U0010ffff]")
_NOT_ASCII = re.compile(r"[\x80-\U0010ffff]")


@dataclass(frozen=True)
class CheckpointLayout:
    """The paths below one checkpoint; `root` is absolute, without a final slash."""

    root: str

    @cached_property
    def metadata(self) -> str:
        """The file with the query's id."""
        return posixpath.join(self.root, METADATA)

    @cached_property
    def offsets(self) -> str:
        """The directory of the offset log."""
        return posixpath.join(self.root, OFFSETS)

    @cached_property
    def commits(self) -> str:
        """The directory of the commit log."""
        return posixpath.join(self.root, COMMITS)

    @cached_property
    def sources(self) -> str:
        """The directory above the logs of the sources."""
        return posixpath.join(self.root, SOURCES)

    @cached_property
    def state(self) -> str:
        """The directory of the state stores."""
        return posixpath.join(self.root, STATE)

    def source(self, source_id: int | str) -> str:
        """The directory of one source: its place in the plan from 0, or the name the user gave it."""
        return posixpath.join(self.sources, str(source_id))


def sink_log_path(output: str) -> str:
    """The directory of the sink log, inside the output directory."""
    return posixpath.join(output, SINK_LOG)


def file_uri(path: str) -> str:
    """How Spark's logs write the absolute local `path`: `file:///a/b%20c`.

    Raises UNSUPPORTED_FEATURE.POTOK for a name that is not UTF-8: Java cannot open such a file.
    """
    if not path.startswith("/"):
        raise ValueError(f"a path in a log is absolute, not {path!r}")
    if _PLAIN.fullmatch(path):
        return f"file://{path}"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        name = ascii(path)
        raise unsupported(f"the file name {name}, which is not UTF-8,", "Rename the file.") from error
    quoted = _QUOTED_ASCII.sub(lambda match: f"%{ord(match[0]):02X}", path)
    return "file://" + _NOT_ASCII.sub(lambda match: _quote_letter(match[0]), quoted)


def path_from_uri(uri: str) -> str:
    """The local path of a `file:` URI or of a bare absolute path, the inverse of `file_uri`.

    Raises UNSUPPORTED_FEATURE.POTOK for every other scheme.
    """
    if uri.startswith("file://"):
        path = uri[len("file://") :]
    elif uri.startswith("file:/"):
        path = uri[len("file:") :]
    else:
        path = uri
    if not path.startswith("/"):
        raise unsupported(f"the path {uri}", "Use a path of the local file system.")
    return os.fsdecode(unquote_to_bytes(path)) if "%" in path else path


def display_path(path: str) -> str:
    """How Spark's messages write a path: `file:/a/b c`, not encoded."""
    return f"file:{path}"


def _quote_letter(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp", "Cc"}:
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8"))
    return character
