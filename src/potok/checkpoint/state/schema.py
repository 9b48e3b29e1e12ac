"""The schemas of a state store: `state/<operator id>/0/[<store name>/]_metadata/schema`.

Source of fact: org.apache.spark.sql.execution.streaming.state.StateSchemaCompatibilityChecker and
SchemaHelper.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, fields

from potok.errors import SparkError
from potok.types import ArrayType, DataType, MapType, ParameterisedType, StructType, data_type_from_json

_WRITTEN_VERSION = 2
_READ_VERSIONS = (2, 3)
_CHUNK_CHARACTERS = 65535
_MAX_UTF_BYTES = 65535
DEFAULT_COLUMN_FAMILY = "default"


@dataclass(frozen=True, slots=True)
class StateSchema:
    """The schemas of the keys and values of one store.

    The rest is of version 3 only, where a store has a schema for each column family: its name, the
    numbers of the schemas, how keys are encoded (Spark's JSON), and the schema of the user's part of a
    composite key (a struct's JSON, or braces around blanks where there is none).
    """

    key: StructType
    value: StructType
    column_family: str = DEFAULT_COLUMN_FAMILY
    key_schema_id: int = 0
    value_schema_id: int = 0
    key_encoder: str = ""
    user_key_schema: str = ""

    def encode(self) -> bytes:
        """The content of the file in version 2, as Spark writes it for operators with one key schema."""
        parts = [_utf(f"v{_WRITTEN_VERSION}")]
        for schema in (self.key, self.value):
            text = schema.json
            chunks = [text[at : at + _CHUNK_CHARACTERS] for at in range(0, len(text), _CHUNK_CHARACTERS)]
            parts += [struct.pack(">i", len(chunks)), *map(_utf, chunks)]
        return b"".join(parts)

    def check(self, stored: StateSchema) -> None:
        """Whether a query with this schema can go on from the stored one.

        Names may differ, and what may be null now must have been nullable then. Raises
        STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE or STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE.
        """
        if not _compatible(self.key, stored.key):
            raise SparkError(
                "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE",
                storedKeySchema=java_text(stored.key),
                newKeySchema=java_text(self.key),
            )
        if not _compatible(self.value, stored.value):
            raise SparkError(
                "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
                storedValueSchema=java_text(stored.value),
                newValueSchema=java_text(self.value),
            )


def decode_schemas(content: bytes) -> list[StateSchema]:
    """The schemas of a file of version 2 (one) or 3 (one for each column family).

    Raises ValueError for a torn or foreign file.
    """
    reader = _Reader(content)
    try:
        version = reader.utf()
        if version == "v2":
            schemas = [StateSchema(reader.schema(), reader.schema())]
        elif version == "v3":
            schemas = [reader.column_family() for _ in range(reader.integer())]
        else:
            raise ValueError(f"schemas of state in version {version!r}; versions 2 and 3 are read")
    except (struct.error, KeyError, TypeError, UnicodeError) as error:
        raise ValueError(f"torn or corrupt schemas of state: {error}") from error
    if not reader.is_at_end:
        raise ValueError("schemas of state with more behind their end")
    return schemas


class _Reader:
    """Java's DataInputStream."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._content)

    def _unpack(self, code: str) -> int:
        value: int
        (value,) = struct.unpack_from(code, self._content, self._at)
        self._at += struct.calcsize(code)
        return value

    def integer(self) -> int:
        return self._unpack(">i")

    def short(self) -> int:
        return self._unpack(">h")

    def utf(self) -> str:
        """Java's modified UTF-8: NUL as two bytes, other planes as two surrogates of three bytes."""
        size = self._unpack(">H")
        encoded = self._content[self._at : self._at + size]
        if len(encoded) < size:
            raise ValueError("schemas of state end inside a text")
        self._at += size
        units = encoded.replace(b"\xc0\x80", b"\0").decode("utf-8", "surrogatepass")
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    def chunks(self) -> str:
        count = self.integer()
        return "".join([self.utf() for _ in range(count)])

    def schema(self) -> StructType:
        found = data_type_from_json(json.loads(self.chunks()))
        if not isinstance(found, StructType):
            raise ValueError(f"{found.simple_string} is no schema of state")  # noqa: TRY004 - bad content
        return found

    def column_family(self) -> StateSchema:
        name = self.utf()
        key_id, key = self.short(), self.schema()
        value_id, value = self.short(), self.schema()
        return StateSchema(
            value=value,
            key=key,
            column_family=name,
            key_schema_id=key_id,
            value_schema_id=value_id,
            key_encoder=self.chunks(),
            user_key_schema=self.chunks(),
        )


def _utf(text: str) -> bytes:
    """Java's DataOutputStream.writeUTF. Raises ValueError for more than 65535 bytes, where Spark fails too."""
    units = text.encode("utf-16-le", "surrogatepass")
    split = "".join(map(chr, struct.unpack(f"<{len(units) // 2}H", units)))
    encoded = split.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")
    if len(encoded) > _MAX_UTF_BYTES:
        raise ValueError(f"a schema of state has a piece of {len(encoded)} bytes; at most {_MAX_UTF_BYTES}")
    return struct.pack(">H", len(encoded)) + encoded


def _compatible(new: DataType, stored: DataType) -> bool:
    """Spark's DataType.equalsIgnoreNameAndCompatibleNullability."""
    match new, stored:
        case ArrayType(), ArrayType():
            return (stored.contains_null or not new.contains_null) and _compatible(
                new.element, stored.element
            )
        case MapType(), MapType():
            return (
                (stored.value_contains_null or not new.value_contains_null)
                and _compatible(new.key, stored.key)
                and _compatible(new.value, stored.value)
            )
        case StructType(), StructType():
            return len(new.fields) == len(stored.fields) and all(
                (was.nullable or not now.nullable) and _compatible(now.data_type, was.data_type)
                for now, was in zip(new.fields, stored.fields, strict=True)
            )
    return new == stored


def java_text(data_type: DataType) -> str:
    """The type as Java's toString writes it: `StructType(StructField(k,StringType,true))`."""
    name = type(data_type).__name__
    match data_type:
        case ArrayType(element=element, contains_null=nulls):
            return f"{name}({java_text(element)},{_java(nulls)})"
        case MapType(key=key, value=value, value_contains_null=nulls):
            return f"{name}({java_text(key)},{java_text(value)},{_java(nulls)})"
        case StructType():
            inner = ",".join(
                f"StructField({f.name},{java_text(f.data_type)},{_java(f.nullable)})"
                for f in data_type.fields
            )
            return f"{name}({inner})"
        case ParameterisedType():
            return f"{name}({','.join(str(getattr(data_type, f.name)) for f in fields(data_type))})"
    return name


def _java(value: bool) -> str:  # noqa: FBT001 - a formatter of booleans
    return "true" if value else "false"
