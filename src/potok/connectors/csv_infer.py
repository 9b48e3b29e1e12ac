"""The types of the columns of CSV files. Source of fact: CSVInferSchema."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from potok.connectors.csv_options import CsvOptions
from potok.connectors.file_format import FormatContext
from potok.functions.text_values import BAD, cast_timestamp, converter
from potok.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    LONG,
    NULL,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
)

_MAX_PRECISION = 38


def infer_types(
    batches: Iterable[pa.RecordBatch], columns: int, options: CsvOptions, context: FormatContext
) -> list[DataType]:
    """The narrowest type of each column that all its texts have; STRING where there is no text."""
    types: list[DataType] = [NULL] * columns
    sample = random.Random(1)  # noqa: S311 - a sample is no secret
    infer = _Inference(options, context)
    for batch in batches:
        rows = batch
        if options.sampling_ratio < 1.0:
            rows = batch.filter(
                pa.array([sample.random() < options.sampling_ratio for _ in range(len(batch))])
            )
        types = [infer.column(rows.column(i), t) for i, t in enumerate(types)]
    return [STRING if t == NULL else t for t in types]


class _Inference:
    def __init__(self, options: CsvOptions, context: FormatContext) -> None:
        self._options = options
        values = options.values
        self._integer = converter(INTEGER, values)
        self._long = converter(LONG, values)
        self._double = converter(DOUBLE, values)
        self._date = converter(DATE, values)
        self._timestamp = converter(TIMESTAMP, values)
        self._local = converter(TIMESTAMP_NTZ, values)
        ntz = (context.conf("spark.sql.timestampType") or "").upper() == "TIMESTAMP_NTZ"
        self._prefers_local = ntz

    def column(self, texts: pa.Array, so_far: DataType) -> DataType:
        """The type of the column when these texts are added."""
        if so_far == STRING or texts.null_count == len(texts):
            return so_far
        if so_far in {NULL, INTEGER}:
            try:
                pc.cast(texts, pa.int32())
            except pa.ArrowInvalid:
                pass
            else:
                # Arrow reads hexadecimal numbers as well; their first characters give them away.
                if not pc.any(pc.match_substring(texts, "x", ignore_case=True)).as_py():
                    return INTEGER
        result = so_far
        for text in pc.unique(texts).to_pylist():
            if text is not None:
                result = wider(result, self.text(text))
                if result == STRING:
                    break
        return result

    def text(self, text: str) -> DataType:
        """The narrowest type of one text."""
        if self._integer(text) is not BAD:
            return INTEGER
        if self._long(text) is not BAD:
            return LONG
        digits = text.lstrip("+-")
        if digits.isdigit() and len(text) - len(digits) <= 1 and len(digits.lstrip("0")) <= _MAX_PRECISION:
            return DecimalType(len(digits.lstrip("0")), 0)
        if self._double(text) is not BAD:
            return DOUBLE
        if self._options.prefer_date and self._is_date(text):
            return DATE
        moment = self._moment(text)
        if moment is not None:
            return moment
        return BOOLEAN if text.lower() in {"true", "false"} else STRING

    def _is_date(self, text: str) -> bool:
        if self._options.values.date_pattern is None:
            # Without a pattern inference is stricter than reading: a whole day, and nothing behind it.
            return len(text) == 10 and self._date(text) is not BAD  # noqa: PLR2004 - yyyy-MM-dd
        return self._date(text) is not BAD

    def _moment(self, text: str) -> DataType | None:
        if self._prefers_local and self._local(text) is not BAD:
            return TIMESTAMP_NTZ
        if self._options.values.timestamp_pattern is None:
            values = self._options.values
            return None if cast_timestamp(text, values.time_zone, values.today_days) is None else TIMESTAMP
        return TIMESTAMP if self._timestamp(text) is not BAD else None


def wider(left: DataType, right: DataType) -> DataType:
    """The least type that both fit, STRING at last."""
    if right in {left, NULL}:
        return left
    if left == NULL:
        return right
    pair = {left, right}
    if pair == {INTEGER, LONG}:
        return LONG
    if pair == {DATE, TIMESTAMP}:
        return TIMESTAMP
    if pair == {DATE, TIMESTAMP_NTZ}:
        return TIMESTAMP_NTZ
    if pair == {TIMESTAMP, TIMESTAMP_NTZ}:
        return TIMESTAMP
    numbers = all(t in {INTEGER, LONG, DOUBLE} or isinstance(t, DecimalType) for t in pair)
    if not numbers:
        return STRING
    if DOUBLE in pair:
        return DOUBLE
    decimals = [t if isinstance(t, DecimalType) else DecimalType(10 if t == INTEGER else 20, 0) for t in pair]
    scale = max(t.scale for t in decimals)
    whole = max(t.precision - t.scale for t in decimals)
    return DOUBLE if whole + scale > _MAX_PRECISION else DecimalType(whole + scale, scale)
