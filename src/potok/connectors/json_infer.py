"""The schema of JSON records. Source of fact: JsonInferSchema."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from potok.connectors.csv_options import DROP_MALFORMED, FAIL_FAST
from potok.connectors.json_parser import (
    FractionText,
    IntegerText,
    Leniency,
    LenientParser,
    MalformedJsonError,
    NotANumberText,
    RawStructure,
    parse_plain,
)
from potok.errors import SparkError
from potok.functions.text_values import BAD, TextOptions, converter
from potok.types import (
    BOOLEAN,
    DOUBLE,
    LONG,
    NULL,
    STRING,
    TIMESTAMP,
    ArrayType,
    DataType,
    DecimalType,
    StructField,
    StructType,
)

_MAX_PRECISION = 38
_LONG = DecimalType(20, 0)


class JsonInference:
    """Widens one schema over all records."""

    def __init__(
        self,
        leniency: Leniency,
        values: TextOptions,
        corrupt_record_name: str,
        mode: str,
        *,
        primitives_as_string: bool,
        prefers_decimal: bool,
        infers_timestamps: bool,
        drops_all_null: bool,
        sampling_ratio: float,
    ) -> None:
        self._leniency = leniency
        self._timestamp = converter(TIMESTAMP, values)
        self._decimal_sign = values.decimal_point
        self._corrupt = StructType((StructField(corrupt_record_name, STRING),))
        self._mode = mode
        self._primitives_as_string = primitives_as_string
        self._prefers_decimal = prefers_decimal
        self._infers_timestamps = infers_timestamps
        self._drops_all_null = drops_all_null
        self._ratio = sampling_ratio
        self._sample = random.Random(1)  # noqa: S311 - a sample is no secret
        self._so_far: DataType = StructType()

    def add(self, records: Iterable[str]) -> None:
        """Take records into account. Raises MALFORMED_RECORD_IN_PARSING in mode FAILFAST."""
        for text in records:
            if self._ratio < 1.0 and self._sample.random() >= self._ratio:
                continue
            try:
                try:
                    record = parse_plain(text, self._leniency, unique_names=True)
                except MalformedJsonError:
                    record = LenientParser(text, self._leniency).parse()
                found = self._type(record)
            except EOFError:
                continue
            except MalformedJsonError as error:
                if self._mode == FAIL_FAST:
                    raise SparkError(
                        "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                        badRecord=text,
                        failFastMode=self._mode,
                    ) from error
                if self._mode != DROP_MALFORMED:
                    self._so_far = self._merged(self._so_far, self._corrupt)
                continue
            if isinstance(found, ArrayType) and isinstance(found.element, StructType):
                found = found.element
            if isinstance(found, StructType):
                self._so_far = self._merged(self._so_far, found)
            elif self._mode != DROP_MALFORMED:
                self._so_far = self._merged(self._so_far, self._corrupt)

    def schema(self) -> StructType:
        """The schema of all records so far."""
        found = self._canonical(self._so_far)
        return found if isinstance(found, StructType) else StructType()

    def _type(self, value: Any) -> DataType:  # noqa: ANN401 - a table of cases over JSON
        if isinstance(value, RawStructure):
            value = value.value
        if value is None:
            return NULL
        if isinstance(value, dict):
            fields = [StructField(name, self._type(inner)) for name, inner in value.items()]
            return StructType(tuple(sorted(fields, key=lambda f: f.name)))
        if isinstance(value, list):
            element: DataType = NULL
            for item in value:
                element = self._merged(element, self._type(item))
            return ArrayType(element)
        if self._primitives_as_string:
            return STRING
        if isinstance(value, bool):
            return BOOLEAN
        if isinstance(value, NotANumberText):
            if self._prefers_decimal:
                raise MalformedJsonError("not a decimal")
            return DOUBLE
        if isinstance(value, IntegerText):
            number = int(value)
            if -(2**63) <= number < 2**63:
                return LONG
            digits = len(str(abs(number)))
            return DecimalType(digits, 0) if digits <= _MAX_PRECISION else DOUBLE
        if isinstance(value, FractionText):
            return self._fraction(value)
        if self._infers_timestamps and self._timestamp(value) is not BAD:
            return TIMESTAMP
        return STRING

    def _fraction(self, text: str) -> DataType:
        if not self._prefers_decimal:
            return DOUBLE
        mantissa, _, exponent = text.lower().lstrip("-").partition("e")
        whole, _, fraction = mantissa.partition(".")
        scale = len(fraction) - int(exponent or 0)
        digits = len((whole + fraction).lstrip("0")) or 1
        precision = max(digits, scale)
        if 0 <= scale <= _MAX_PRECISION and precision <= _MAX_PRECISION:
            return DecimalType(precision, scale)
        return DOUBLE

    def _merged(self, left: DataType, right: DataType) -> DataType:
        if right in {left, NULL}:
            return left
        if left == NULL:
            return right
        if isinstance(left, StructType) and isinstance(right, StructType):
            return self._merged_structs(left, right)
        if isinstance(left, ArrayType) and isinstance(right, ArrayType):
            return ArrayType(self._merged(left.element, right.element))
        if _is_number(left) and _is_number(right):
            if DOUBLE in {left, right}:
                return DOUBLE
            decimals = [t if isinstance(t, DecimalType) else _LONG for t in (left, right)]
            scale = max(t.scale for t in decimals)
            whole = max(t.precision - t.scale for t in decimals)
            return DOUBLE if whole + scale > _MAX_PRECISION else DecimalType(whole + scale, scale)
        return STRING

    def _merged_structs(self, left: StructType, right: StructType) -> StructType:
        fields = {f.name: f.data_type for f in left.fields}
        for f in right.fields:
            fields[f.name] = self._merged(fields[f.name], f.data_type) if f.name in fields else f.data_type
        return StructType(tuple(StructField(n, fields[n]) for n in sorted(fields)))

    def _canonical(self, data_type: DataType) -> DataType | None:
        """Without empty structs; STRING where every value was null."""
        if isinstance(data_type, StructType):
            fields = [(f.name, self._canonical(f.data_type)) for f in data_type.fields]
            kept = tuple(StructField(n, t) for n, t in fields if t is not None)
            return StructType(kept) if kept or data_type is self._so_far else None
        if isinstance(data_type, ArrayType):
            element = self._canonical(data_type.element)
            return None if element is None else ArrayType(element)
        if data_type == NULL:
            return None if self._drops_all_null else STRING
        return data_type


def _is_number(data_type: DataType) -> bool:
    return data_type in {LONG, DOUBLE} or isinstance(data_type, DecimalType)
