"""What casts share: the mode, and how a cast fails."""

from __future__ import annotations

from dataclasses import dataclass

from potok.errors import Origin
from potok.functions.cast_to_text import to_text
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import sql_type
from potok.plan.expressions import CastMode
from potok.types import (
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
)  # fmt: skip

_SUFFIXES: dict[DataType, str] = {BYTE: "Y", SHORT: "S", LONG: "L"}


def escaped_text(sql: str) -> str:
    """A text as Spark writes its literal: in single quotes, with backslashes before quotes and backslashes."""
    return f"concat('''', replace(replace({sql}, '\\', '\\\\'), '''', '\\'''), '''')"


def value_text(sql: str, data_type: DataType) -> str:
    """SQL of a value as an error message quotes it (Spark's `toSQLValue`)."""
    if data_type == STRING:
        return escaped_text(sql)
    text = to_text(sql, data_type, plain_decimals=True)
    if data_type in {DATE, TIMESTAMP, TIMESTAMP_NTZ}:
        return f"concat('{data_type.sql} ''', {text}, '''')"
    if data_type == DOUBLE:
        return f"CASE WHEN isfinite({sql}) THEN concat({text}, 'D') ELSE {text} END"
    if data_type == FLOAT:
        return f"CASE WHEN isfinite({sql}) THEN concat('CAST(', {text}, ' AS FLOAT)') ELSE {text} END"
    suffix = _SUFFIXES.get(data_type)
    if isinstance(data_type, DecimalType):
        suffix = "BD"
    return f"concat({text}, '{suffix}')" if suffix else text


def type_text(data_type: DataType) -> str:
    """A type as an error message quotes it."""
    return f'"{data_type.sql}"'


# The origin of a cast that an INSERT adds has this fragment, and the column as its call site.
TABLE_INSERT = "table insert"


@dataclass(frozen=True)
class Conversion:
    """One cast: what to do with impossible values, and where it was written."""

    source: DataType
    target: DataType
    mode: CastMode
    origin: Origin | None = None

    @property
    def is_ansi(self) -> bool:
        """Whether impossible values raise."""
        return self.mode is CastMode.ANSI

    @property
    def is_legacy(self) -> bool:
        """Whether numbers wrap and saturate as in Java."""
        return self.mode is CastMode.LEGACY

    @property
    def null(self) -> str:
        """NULL of the target type."""
        return f"CAST(NULL AS {sql_type(self.target)})"

    def malformed(self, sql: str) -> str:
        """What a malformed value becomes."""
        return self.fail(
            "CAST_INVALID_INPUT",
            expression=value_text(sql, self.source),
            sourceType=quote_text(type_text(self.source)),
            targetType=quote_text(type_text(self.target)),
        )

    def overflow(self, sql: str) -> str:
        """What a number outside the range of an integral type becomes."""
        if not self.is_ansi:
            return self.null
        # Spark does not say where such a cast was written; an insertion finds its column by the mark.
        inserted = self.origin is not None and self.origin.fragment == TABLE_INSERT
        return raise_sql(
            "CAST_OVERFLOW",
            self.origin if inserted else None,
            value=value_text(sql, self.source),
            sourceType=quote_text(type_text(self.source)),
            targetType=quote_text(type_text(self.target)),
        )

    def out_of_decimal(self, text: str) -> str:
        """What a number outside the target's decimal digits becomes; `text` is SQL of its plain digits."""
        return decimal_overflow(text, self.target, self.origin) if self.is_ansi else self.null

    def fail(self, condition: str, **parameters: str) -> str:
        """The error in ANSI mode, NULL otherwise."""
        if not self.is_ansi:
            return self.null
        return raise_sql(condition, self.origin, **parameters)


def decimal_overflow(text: str, target: DataType, origin: Origin | None) -> str:
    """The error of a number that does not fit a decimal type; `text` is SQL of its plain digits."""
    assert isinstance(target, DecimalType)  # noqa: S101 - callers check
    return raise_sql(
        "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
        origin,
        value=text,
        precision=quote_text(str(target.precision)),
        scale=quote_text(str(target.scale)),
        config=quote_text('"spark.sql.ansi.enabled"'),
    )
