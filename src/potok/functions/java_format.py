"""Java's `String.format` for format_string and printf."""

from __future__ import annotations

import decimal
import re

from potok.errors import SparkError, unsupported

_SPEC = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")
_LEAST_PLAIN_EXPONENT = -4
_INTEGRAL, _FLOATING, _DECIMAL, _BOOLEAN = "i", "f", "d", "b"


def format_text(template: str, kinds: str, values: list[str | None]) -> str:
    """The template with its arguments.

    `kinds` has a letter per argument: `i` whole number, `f` double, `d` decimal, `b` boolean, `s`
    text; `values` are their texts. Raises as Java's formatter for what does not fit.
    """
    out: list[str] = []
    position, following = 0, 0
    for match in _SPEC.finditer(template):
        out.append(template[position : match.start()])
        _no_stray_percent(out[-1], template)
        position = match.end()
        number, flags, width, precision, letter = match.groups()
        if letter == "%":
            out.append(_padded("%", flags, width))
            continue
        if letter == "n":
            out.append("\n")
            continue
        index = int(number) - 1 if number else following
        following += number is None
        if index >= len(values):
            raise _illegal(f"Format specifier '{match[0]}'")
        value = values[index]
        out.append(
            _padded(_formatted(value, kinds[index], flags, width, precision, letter, match[0]), flags, width)
        )
    out.append(template[position:])
    _no_stray_percent(out[-1], template)
    return "".join(out)


def _illegal(message: str) -> SparkError:
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message)


def _no_stray_percent(piece: str, template: str) -> None:
    if "%" in piece:
        raise _illegal(f"Conversion = '%' in '{template}'")


def _padded(text: str, flags: str, width: str | None) -> str:
    if width is None:
        return text
    return text.ljust(int(width)) if "-" in flags else text.rjust(int(width))


def _formatted(
    value: str | None,
    kind: str,
    flags: str,
    width: str | None,
    precision: str | None,
    letter: str,
    whole: str,
) -> str:
    lower = letter.lower()
    if lower == "t":
        raise _illegal("Conversion = '%'")
    if value is None:
        text = "false" if lower == "b" else "null"
    elif lower == "s":
        text = value
    elif lower == "b":
        text = value if kind == _BOOLEAN else "true"
    elif lower == "c" and kind == _INTEGRAL:
        text = chr(int(value))
    elif lower in "dxo" and kind == _INTEGRAL:
        text = _whole(int(value), flags, width, lower)
    elif lower in "feg" and kind == _FLOATING:
        text = _fraction(value, flags, width, precision, lower)
    elif lower in "dxofegc":
        raise _illegal(
            f"{letter} != {({'i': 'java.lang.Integer', 'f': 'java.lang.Double', 'b': 'java.lang.Boolean', 'd': 'org.apache.spark.sql.types.Decimal'}).get(kind, 'org.apache.spark.unsafe.types.UTF8String')}"
        )
    else:
        raise unsupported(f"The format {whole}", "Use date_format for dates and times.")
    if precision is not None and lower in "sb":
        text = text[: int(precision)]
    return text.upper() if letter.isupper() else text


def _whole(value: int, flags: str, width: str | None, letter: str) -> str:
    if letter == "d":
        digits, sign = (f"{abs(value):,}" if "," in flags else str(abs(value))), value < 0
    else:
        bits = 64 if abs(value) > (1 << 31) else 32
        digits, sign = format(value % (1 << bits), letter), False
        if "#" in flags:
            digits = {"x": "0x", "o": "0"}[letter] + digits
    return _signed(digits, flags, width, negative=sign)


def _signed(digits: str, flags: str, width: str | None, *, negative: bool) -> str:
    before, after = "", ""
    if negative:
        before, after = ("(", ")") if "(" in flags else ("-", "")
    elif "+" in flags:
        before = "+"
    elif " " in flags:
        before = " "
    if "0" in flags and width is not None:
        digits = digits.rjust(int(width) - len(before) - len(after), "0")
    return before + digits + after


def _fraction(value: str, flags: str, width: str | None, precision: str | None, letter: str) -> str:
    number = decimal.Decimal(value)
    if not number.is_finite():
        return (
            "NaN"
            if number.is_nan()
            else _signed("Infinity", flags.replace("0", ""), None, negative=number < 0)
        )
    digits = 6 if precision is None else int(precision)
    size = abs(number)
    if letter == "g":
        digits = digits or 1
        exponent = size.adjusted() if size else 0
        letter, digits = (
            ("f", max(digits - exponent - 1, 0))
            if _LEAST_PLAIN_EXPONENT <= exponent < digits
            else ("e", digits - 1)
        )
    with decimal.localcontext() as context:
        context.prec = 400
        if letter == "e":
            exponent = size.adjusted() if size else 0
            mantissa = size.scaleb(-exponent).quantize(
                decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP
            )
            if mantissa >= 10:  # noqa: PLR2004 - one digit before the point
                mantissa, exponent = mantissa / 10, exponent + 1
                mantissa = mantissa.quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP)
            text = f"{mantissa:f}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
        else:
            rounded = size.quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP)
            text = f"{rounded:,f}" if "," in flags else f"{rounded:f}"
    return _signed(text, flags, width, negative=number < 0)
