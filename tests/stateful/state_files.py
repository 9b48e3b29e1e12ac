"""Reads the state of a checkpoint: what the files mean, with nothing but the standard library.

Formats: a `.delta` or `.snapshot` is a chain of LZ4 frames ("LZ4Block") around records of length, key, length, value;
`_metadata/schema` is Java's writeUTF in version 2 or 3; keys and values are UnsafeRows.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RAW, EPOCH = 0x10, dt.datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock of UTC, as collected values are


def lz4_frames(data: bytes) -> bytes:
    """The bytes within a chain of frames, up to the empty one that ends it."""
    found, at = bytearray(), 0
    while True:
        assert data[at : at + 8] == b"LZ4Block", "not a frame"
        token, packed, size = struct.unpack_from("<BII", data, at + 8)
        body = data[at + 21 : at + 21 + packed]
        if size == 0:
            return bytes(found)
        found += body if token & 0xF0 == RAW else _lz4_block(body)
        at += 21 + packed


def _lz4_block(data: bytes) -> bytes:
    found, at = bytearray(), 0
    while at < len(data):
        token = data[at]
        at += 1
        count = token >> 4
        if count == 15:
            more, at = _more(data, at)
            count += more
        found += data[at : at + count]
        at += count
        if at >= len(data):
            break
        back = data[at] | data[at + 1] << 8
        at += 2
        count = token & 15
        if count == 15:
            more, at = _more(data, at)
            count += more
        for _ in range(count + 4):
            found.append(found[-back])
    return bytes(found)


def _more(data: bytes, at: int) -> tuple[int, int]:
    count = 0
    while data[at] == 255:
        count, at = count + 255, at + 1
    return count + data[at], at + 1


def records(file: Path) -> list[tuple[bytes, bytes | None]]:
    """Keys and values of a state file in order; None is a removal."""
    data, at = lz4_frames(file.read_bytes()), 0
    found: list[tuple[bytes, bytes | None]] = []
    while True:
        (size,) = struct.unpack_from(">i", data, at)
        if size < 0:
            return found
        key = data[at + 4 : at + 4 + size]
        at += 4 + size
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        found.append((key, data[at : at + size] if size >= 0 else None))
        at += max(size, 0)


def contents(directory: Path) -> dict[bytes, bytes]:
    """What a store of one partition holds after its newest version."""
    versions = sorted(int(path.stem) for path in directory.glob("*.delta") if path.stem.isdigit())
    snapshots = sorted(int(path.stem) for path in directory.glob("*.snapshot") if path.stem.isdigit())
    newest = snapshots[-1] if snapshots else 0
    held = {k: v for k, v in records(directory / f"{newest}.snapshot") if v is not None} if newest else {}
    for version in versions:
        if version > newest:
            for key, value in records(directory / f"{version}.delta"):
                if value is None:
                    held.pop(key, None)
                else:
                    held[key] = value
    return held


# ---- schemas ------------------------------------------------------------------------------------------------


@dataclass
class _Reader:
    data: bytes
    at: int = 0

    def integer(self) -> int:
        (found,) = struct.unpack_from(">i", self.data, self.at)
        self.at += 4
        return int(found)

    def short(self) -> int:
        (found,) = struct.unpack_from(">h", self.data, self.at)
        self.at += 2
        return int(found)

    def text(self) -> str:
        (size,) = struct.unpack_from(">H", self.data, self.at)
        self.at += 2 + size
        return self.data[self.at - size : self.at].decode()

    def chunks(self) -> Any:
        text = "".join(self.text() for _ in range(self.integer()))
        return json.loads(text) if text else None


def schema_file(file: Path) -> list[dict[str, Any]]:
    """Key and value schema of each column family in a schema file."""
    reader = _Reader(file.read_bytes())
    version = reader.text()
    if version in {"v1", "v2"}:
        return [{"version": version, "key": reader.chunks(), "value": reader.chunks()}]
    found = []
    for _ in range(reader.integer()):
        name = reader.text()
        key_id, key, value_id, value = reader.short(), reader.chunks(), reader.short(), reader.chunks()
        encoder, options = reader.chunks(), reader.chunks()
        ids = {"key_id": key_id, "value_id": value_id}
        found.append(
            {"version": version, "family": name, "key": key, "value": value, **ids}
            | {"encoder": encoder, "options": options}
        )
    return found


def described(checkpoint: Path, *, with_rows: bool) -> list[dict[str, Any]]:
    """The stores of a checkpoint: operator, schemas, and per partition the rows after the last batch in hex."""
    found: list[dict[str, Any]] = []
    state = checkpoint / "state"
    for operator in sorted(state.glob("[0-9]*"), key=lambda path: int(path.name)):
        metadata: Any = None
        if (operator / "_metadata" / "metadata").exists():
            metadata = json.loads((operator / "_metadata" / "metadata").read_text().split("\n", 1)[1])
        elif (operator / "_metadata" / "v2").exists():
            files = sorted((operator / "_metadata" / "v2").glob("[0-9]*"), key=lambda path: int(path.name))
            metadata = json.loads(files[-1].read_text().split("\n", 1)[1])
        for info in (metadata or {}).get("stateStoreInfo", []):
            name = info["storeName"]
            below = "" if name == "default" else name
            schemas = [operator / "0" / below / "_metadata" / "schema"]
            schemas = [file for file in schemas if file.exists()]
            schemas += sorted(f for f in (operator / "_stateSchema" / name).glob("[0-9]*") if f.is_file())
            store = {
                "operator": metadata["operatorInfo"],
                "store": info,
                "properties": metadata.get("operatorPropertiesJson"),
                "schemas": [one for file in schemas for one in schema_file(file)],
            }
            if with_rows:
                parts = sorted(
                    (d for d in operator.glob("[0-9]*") if d.is_dir()), key=lambda path: int(path.name)
                )
                store["rows"] = {
                    part.name: {k.hex(): v.hex() for k, v in sorted(contents(part / below).items())}
                    for part in parts
                }
            found.append(store)
    return found


# ---- rows ---------------------------------------------------------------------------------------------------

_FIXED = {
    "boolean": "?",
    "byte": "b",
    "short": "h",
    "integer": "i",
    "date": "i",
    "long": "q",
    "timestamp": "q",
    "timestamp_ntz": "q",
    "float": "f",
    "double": "d",
}


def unsafe_row(data: bytes, schema: dict[str, Any]) -> dict[str, Any]:
    """The values of an UnsafeRow by name, for people: dates and times in text."""
    fields = schema["fields"]
    words = (len(fields) + 63) // 64
    return {
        f"{number}:{field['name']}": None
        if data[number // 8] >> (number % 8) & 1
        else _slot(data, words * 8 + number * 8, field["type"])
        for number, field in enumerate(fields)
    }


def _slot(data: bytes, at: int, kind: Any) -> Any:
    if isinstance(kind, str):
        if kind in _FIXED:
            (found,) = struct.unpack_from("<" + _FIXED[kind], data, at)
            return _shown(found, kind)
        if kind.startswith("interval"):
            year = kind.removeprefix("interval ").startswith(("year", "month"))
            return struct.unpack_from("<i" if year else "<q", data, at)[0]
        if kind.startswith("decimal"):
            precision, scale = (int(part) for part in kind[8:-1].split(","))
            if precision <= 18:
                return str(decimal.Decimal(struct.unpack_from("<q", data, at)[0]).scaleb(-scale))
            digits = int.from_bytes(_variable(data, at), "big", signed=True)
            return str(decimal.Decimal(digits).scaleb(-scale, decimal.Context(prec=60)))
    body = _variable(data, at)
    if isinstance(kind, str):
        return body.decode() if kind.startswith(("string", "varchar", "char")) else body.hex()
    if kind["type"] == "struct":
        return unsafe_row(body, kind)
    if kind["type"] == "array":
        return _array(body, kind["elementType"])
    if kind["type"] == "map":
        (size,) = struct.unpack_from("<q", body, 0)
        keys, values = body[8 : 8 + size], body[8 + size :]
        return {
            "map": list(zip(_array(keys, kind["keyType"]), _array(values, kind["valueType"]), strict=True))
        }
    if kind["type"] == "udt":
        return _slot(data, at, kind["sqlType"])
    return body.hex()


def _shown(value: Any, kind: str) -> Any:
    if kind == "date":
        return str((EPOCH + dt.timedelta(days=value)).date())
    if kind in {"timestamp", "timestamp_ntz"}:
        return str(EPOCH + dt.timedelta(microseconds=value))
    return value


def _variable(data: bytes, at: int) -> bytes:
    size, offset = struct.unpack_from("<II", data, at)
    return data[offset : offset + size]


def _array(data: bytes, kind: Any) -> list[Any]:
    (count,) = struct.unpack_from("<q", data, 0)
    start = 8 + (count + 63) // 64 * 8
    width = 8
    if isinstance(kind, str) and kind in _FIXED:
        width = struct.calcsize("<" + _FIXED[kind])
    elif isinstance(kind, str) and kind.startswith("interval") and ("year" in kind or "month" in kind):
        width = 4
    return [
        None if data[8 + number // 8] >> (number % 8) & 1 else _slot(data, start + number * width, kind)
        for number in range(count)
    ]
