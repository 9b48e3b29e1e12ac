"""Texts become floating point numbers as Java reads them, on the quick way and on the exact one."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from potok.engine.engine import Engine
from potok.functions.cast_to_number import to_floating
from potok.functions.conversion import Conversion
from potok.functions.parse_text import PARSE_DOUBLE, parse_double
from potok.plan.expressions import CastMode
from potok.types import DOUBLE, FLOAT, STRING, DataType

# Spark 4.3: CAST(text AS DOUBLE), CAST(text AS FLOAT), ANSI off.
SPARK = {
    "-NaN": "nan", "+NaN": "nan", "-nan": None, "+nan": None, "NaN": "nan", "nAn": "nan", "nan(1)": None, "+Infinity": "inf",
    "-inf": "-inf", "+-1": None, "1_0": None, "1d": "1.0", "1e400": "inf", "-1e400": "-inf", "+1": "1.0", "0x1p3": "8.0",
    "NaNd": None, "Infinityd": None, "1.": "1.0", ".5f": "0.5", "-.5": "-0.5", ". ": None, "9/": None, "-:1": None, "1e5 ": "100000.0",
}  # fmt: skip
PIECES = [*"0123456789"] * 3 + [*".eE+-_ \t\x7f\0dDfFxXpP/:~é"] + ["nan", "NaN", "inf", "Infinity", "-", "1", "0.5", "(1)"]  # fmt: skip


def _cast(texts: list[str | None], target: DataType) -> list[str | None]:
    engine = Engine(threads=1)
    try:
        cursor = engine.cursor(small=True, time_zone="UTC")
        engine.register_kernels([PARSE_DOUBLE], small=True)
        cursor.register("texts", pa.table({"t": pa.array(texts, pa.string())}))
        sql = to_floating("t", Conversion(STRING, target, CastMode.TRY))
        column = cursor.sql(f"SELECT {sql} AS r FROM texts").to_arrow_table().column(0)
        return [None if v is None else repr(v) for v in column.to_pylist()]
    finally:
        engine.close()


@pytest.mark.parametrize("target", [DOUBLE, FLOAT])
def test_numbers_are_sparks(target: DataType) -> None:
    assert dict(zip(SPARK, _cast([*SPARK], target), strict=True)) == SPARK


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_agree(seed: int) -> None:
    source = random.Random(seed)
    texts = ["".join(source.choices(PIECES, k=source.randint(1, 6))) for _ in range(20_000)]
    values = [parse_double(t) for t in texts]
    doubles, floats = _cast([*texts, None], DOUBLE), _cast([*texts, None], FLOAT)
    assert doubles[-1] is floats[-1] is None
    wrong = [
        (text, found, value)
        for text, found, value in zip(texts, doubles, values, strict=False)
        if found != (None if value is None else repr(value))
    ]
    assert not wrong
    with np.errstate(over="ignore"):
        singles = [None if v is None else repr(float(np.float32(v))) for v in values]
    assert floats[:-1] == singles
    assert sum(v is not None for v in values) > len(texts) // 10
