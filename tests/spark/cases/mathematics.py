"""Functions of numbers."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()
NEARLY: dict[str, Any] = {"tolerance": 1e-14}

CASES.expressions(
    "rounding",
    """
round(2.5)
round(3.5)
round(-2.5)
round(2.5D)
round(-2.5D)
round(0.125D, 2)
round(1.005D, 2)
round(2.675, 2)
round(1234, -2)
round(1250, -2)
round(1250L, -2)
round(1.2345F, 2)
round(null, 1)
round(double('NaN'))
round(double('Infinity'), 2)
round(5)
round(2147483647, -1)
round('2.5')
round(2.5, 1 + 1)
bround(2.5)
bround(3.5)
bround(2.5D)
bround(25, -1)
bround(0.125D, 2)
ceil(2.1)
ceil(-2.1D)
ceil(5)
ceil(2.155, 2)
ceil(-0.1D)
ceil(1e20)
ceiling(2.1)
floor(2.9)
floor(-2.1D)
floor(5L)
floor(2.155, 2)
floor(double('NaN'))
rint(2.5D)
rint(3.5D)
rint(-0.2D)
trunc(1, 'x')
""",
    ansi_off=True,
)
CASES.expressions(
    "exact",
    """
abs(-5)
abs(5.5)
abs(-1.5D)
abs(-0.0D)
abs('-5')
abs(null)
sign(-5)
signum(2.5)
signum(0.0D)
negative(5)
positive(5)
sqrt(4)
sqrt(-1)
sqrt(2)
pow(2, 10)
power(2, -1)
pow(0, 0)
pow(-8, 1D/3)
factorial(5)
factorial(0)
factorial(21)
factorial(-1)
hypot(3, 4)
greatest(1, 2)
width_bucket(5.3, 0.2, 10.6, 5)
bit_count(7)
bit_get(5, 0)
getbit(5, 2)
isnan(1)
e()
pi()
ln(1)
ln(0)
ln(-1)
log(10, 100)
log(2, 8)
log(0)
log10(1000)
log2(8)
log1p(0)
exp(0)
expm1(0)
sin(0)
cos(0)
tan(0)
asin(2)
acos(1)
atan(0)
atan2(0, -1)
degrees(3.141592653589793)
radians(180)
cbrt(27)
unhex('1')
rand(5) BETWEEN 0 AND 1
try_add(9223372036854775807L, 1L)
uniform(1, 1, 0)
""",
)
CASES.expressions(
    "transcendental",
    """
exp(1)
exp(710)
exp(-1.5)
ln(10)
log(3)
log(3, 10)
log10(3)
log2(10)
log1p(0.5)
expm1(1e-10)
sin(1)
cos(1)
tan(1)
cot(1)
sec(1)
csc(1)
asin(0.5)
acos(0.5)
atan(1)
atan2(1, 2)
sinh(1)
cosh(1)
tanh(1)
asinh(1)
acosh(2)
atanh(0.5)
cbrt(2)
sqrt(3)
pow(2, 0.5)
pow(1.1D, 10)
degrees(1)
radians(1)
sin(1e10)
tan(1.5707963267948966D)
""",
    **NEARLY,
)
C = CASES.columns
C(
    "over rows",
    "numbers",
    {
        "abs": lambda F: F.abs("d"),
        "abs decimal": lambda F: F.abs("m"),
        "sqrt": lambda F: F.sqrt("d"),
        "pow": lambda F: F.pow("d", 2),
        "pow columns": lambda F: F.pow(F.col("f"), F.col("d")),
        "round": lambda F: F.round("d"),
        "round decimal": lambda F: F.round("m", 1),
        "bround": lambda F: F.bround("d", 0),
        "ceil double": lambda F: F.ceil("d"),
        "ceil decimal": lambda F: F.ceil("m"),
        "ceil int": lambda F: F.ceil("i"),
        "floor double": lambda F: F.floor("d"),
        "floor decimal": lambda F: F.floor("m"),
        "rint": lambda F: F.rint("d"),
        "signum": lambda F: F.signum("d"),
        "sign int": lambda F: F.sign("i"),
        "isnan": lambda F: F.isnan("d"),
        "isnull": lambda F: F.isnull("d"),
        "nanvl": lambda F: F.nanvl("d", F.lit(0.0)),
        "greatest": lambda F: F.greatest("d", "f", F.lit(1.0)),
        "least": lambda F: F.least("d", "i"),
        "hex": lambda F: F.hex("i"),
        "hex long": lambda F: F.hex("l"),
        "bin": lambda F: F.bin("i"),
        "conv": lambda F: F.conv(F.col("i").cast("string"), 10, 16),
        "factorial": lambda F: F.factorial("id"),
        "shiftleft": lambda F: F.shiftleft("id", 2),
        "shiftright": lambda F: F.shiftright("i", 2),
        "shiftrightunsigned": lambda F: F.shiftrightunsigned("i", 2),
        "bit_count": lambda F: F.bit_count("i"),
        "format_number": lambda F: F.format_number("m", 1),
        "format_number double": lambda F: F.format_number("d", 2),
        "pmod": lambda F: F.pmod("id", F.lit(4)),
        "try_divide": lambda F: F.try_divide("l", "i"),
        "try_add": lambda F: F.try_add("l", "l"),
        "try_multiply": lambda F: F.try_multiply("i", "i"),
        "negative": lambda F: F.negative("d"),
        "width_bucket": lambda F: F.width_bucket("d", F.lit(0.0), F.lit(2.0), F.lit(4)),
    },
)
C(
    "over rows nearly",
    "numbers",
    {
        "exp": lambda F: F.exp("f"),
        "log": lambda F: F.log("d"),
        "log base": lambda F: F.log(3.0, "d"),
        "log10": lambda F: F.log10("d"),
        "log2": lambda F: F.log2("d"),
        "log1p": lambda F: F.log1p("d"),
        "sin": lambda F: F.sin("id"),
        "cos": lambda F: F.cos("id"),
        "tan": lambda F: F.tan("id"),
        "atan2": lambda F: F.atan2("d", "id"),
        "cbrt": lambda F: F.cbrt("d"),
        "hypot": lambda F: F.hypot("d", "f"),
        "degrees": lambda F: F.degrees("id"),
        "toRadians": lambda F: F.radians("id"),
        "sinh": lambda F: F.sinh("id"),
    },
    **NEARLY,
)
