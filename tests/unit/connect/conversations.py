"""The recorded conversations: pyspark 4.3 with Spark 4.3's Connect server, one file a program.

An interceptor in the client wrote every message as protobuf text; what does not matter here was
left out (execution metrics, stack traces), and long byte strings end in `...TRUNCATED`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyspark.sql.connect.proto as pb
from google.protobuf import text_format
from google.protobuf.message import Message

RECORDED = Path(__file__).parent / "recorded"
_BLOCK = re.compile(
    r"^######## (?P<number>\d+) call=\d+ \w+ (?P<kind>request|response) (?P<type>\w+)[^\n]*\n"
    r"(?P<body>.*?)(?=^########|\Z)",
    re.DOTALL | re.MULTILINE,
)


class Recorded(NamedTuple):
    """One message of one conversation."""

    program: str
    number: int
    kind: str
    message: Message

    def __str__(self) -> str:
        return f"{self.program}-{self.number}"


def conversation(program: str) -> Iterator[Recorded]:
    """The messages of one program, in order."""
    text = (RECORDED / f"{program}.txtpb").read_text("utf-8")
    for block in _BLOCK.finditer(text):
        message = getattr(pb, block["type"])()
        # An older client does not know the newest fields.
        text_format.Parse(block["body"], message, allow_unknown_field=True)
        yield Recorded(program, int(block["number"]), block["kind"], message)


def conversations() -> Iterator[Recorded]:
    """All messages."""
    for path in sorted(RECORDED.glob("*.txtpb")):
        yield from conversation(path.stem)


def relations() -> Iterator[tuple[str, pb.Relation]]:
    """Every relation that a request carries, with a name for it."""
    for recorded in conversations():
        message = recorded.message
        if isinstance(message, pb.ExecutePlanRequest):
            if message.plan.HasField("root"):
                yield str(recorded), message.plan.root
                continue
            command = getattr(message.plan.command, message.plan.command.WhichOneof("command_type"))
            for field in ("input", "relation"):
                if field in command.DESCRIPTOR.fields_by_name and command.HasField(field):
                    yield str(recorded), getattr(command, field)
        elif isinstance(message, pb.AnalyzePlanRequest):
            question = getattr(message, message.WhichOneof("analyze"))
            if "plan" in question.DESCRIPTOR.fields_by_name:
                yield str(recorded), question.plan.root
