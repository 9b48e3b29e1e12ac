"""Numbers written and read by patterns of digits: to_char, to_varchar, to_number, try_to_number.

Source of fact: Spark's ToNumberParser, as observed. A pattern is
`[MI|S] [$] [0|9|G|,]* [.|D] [0|9]* [PR|MI|S]` in any case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, partial
from typing import NamedTuple

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions.base import Function, FunctionContext, ScalarFunction
from potok.functions.datetime_texts import bind_date_format
from potok.functions.folding import fold
from potok.functions.mismatch import call, mismatch, unexpected_argument
from potok.functions.row_kernels import row_kernel
from potok.functions.rows import ANY, row
from potok.functions.sql_text import sql_type
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import AttributeReference, Call, Cast, CastMode, Expression, Literal
from potok.types import (
    MAX_PRECISION,
    STRING,
    BinaryType,
    DateType,
    DecimalType,
    TimestampNTZType,
    TimestampType,
)

_TOKEN = re.compile(r"[09,G]+|[.D]|\$|S|MI|PR|.", re.DOTALL)
_SEPARATOR = re.compile(r"[,G]")
_STRUCTURE = "`[MI|S]` `[$]` `[0|9|G|,]*` `[.|D]` `[0|9]*` `[$]` `[PR|MI|S]`"
# What may follow what: the kinds of tokens that each place of a pattern takes.
_PLACES = ("(", "MI S", "$", "digits", ".", "digits", "$", "MI S )")


class Pattern(NamedTuple):
    """A checked pattern. `whole` are the groups of digits before the point, as (is exact, digits), left to right."""

    text: str
    tokens: tuple[str, ...]
    whole: tuple[tuple[bool, int], ...]
    scale: int

    @property
    def digits(self) -> int:
        """How many there may be before the point."""
        return sum(count for _, count in self.whole)


@cache
def read_pattern(text: str) -> Pattern:
    """The pattern of a text. Raises INVALID_FORMAT and its like."""
    text = text.upper()
    if not text:
        raise _invalid("EMPTY", text)
    tokens = tuple(_TOKEN.findall(text))
    is_digits = [re.fullmatch(r"[09,G]+", t) is not None for t in tokens]
    if not any(c in "09" for c in text):
        raise _invalid("WRONG_NUM_DIGIT", text)
    point = next((i for i, t in enumerate(tokens) if t in {".", "D"}), len(tokens))
    first_digits = is_digits.index(True)
    if "$" in tokens[first_digits:]:
        raise _invalid("CUR_MUST_BEFORE_DIGIT", text)
    if "$" in tokens[point:]:
        raise _invalid("CUR_MUST_BEFORE_DEC", text)
    groups = [t for t, is_group in zip(tokens[:point], is_digits[:point], strict=True) if is_group]
    if any(not piece for t in groups for piece in _SEPARATOR.split(t)):
        raise _invalid("CONT_THOUSANDS_SEPS", text)
    if any(_SEPARATOR.search(t) for t, d in zip(tokens[point:], is_digits[point:], strict=True) if d):
        raise _invalid("THOUSANDS_SEPS_MUST_BEFORE_DEC", text)
    for kind, spellings in (
        (". or D", {".", "D"}),
        ("$", {"$"}),
        ("S", {"S"}),
        ("MI", {"MI"}),
        ("PR", {"PR"}),
    ):
        if sum(t in spellings for t in tokens) > 1:
            raise _invalid("WRONG_NUM_TOKEN", text, token=kind)
    _check_order(text, tokens)
    whole = tuple((piece[0] == "0", len(piece)) for t in groups for piece in _SEPARATOR.split(t))
    return Pattern(text, tokens, whole, sum(c in "09" for t in tokens[point:] for c in t))


def _check_order(text: str, tokens: Sequence[str]) -> None:
    kinds = [_kind(t) for t in tokens]
    if ")" in kinds:
        kinds.insert(0, "(")
    position = 0
    for place in _PLACES:
        if position < len(kinds) and kinds[position] in place.split():
            position += 1
    if position == len(kinds):
        return
    names = {"digits": "digit sequence", ".": ". or D", "(": "PR", ")": "PR"}
    kind = kinds[position]
    raise _invalid("UNEXPECTED_TOKEN", text, token=names.get(kind, kind), structure=_STRUCTURE)


def _kind(piece: str) -> str:
    if piece in {".", "D"}:
        return "."
    if piece[0] in "09,G":
        return "digits"
    if piece == "PR":
        return ")"
    return piece if piece in {"$", "S", "MI"} else f"character '{piece}''"


def _invalid(kind: str, text: str, **parameters: str) -> SparkError:
    return SparkError(f"INVALID_FORMAT.{kind}", origin=None, format=f"'{text}'", **parameters)


# ---- writing ----------------------------------------------------------------------------------


def write_number(digits: str, text: str) -> str:
    """A plain decimal by a pattern; `#` for every digit where it has more than the pattern.

    Digits that are missing become zeros in a group that begins with 0, else spaces, which move in front of a sign.
    """
    pattern = read_pattern(text)
    is_negative = digits.startswith("-")
    before, _, after = digits.removeprefix("-").partition(".")
    before, after = before.lstrip("0"), after.rstrip("0")
    if len(before) > pattern.digits or len(after) > pattern.scale:
        before, after = "#" * pattern.digits, "#" * pattern.scale
    before = before.rjust(pattern.digits, " ")
    result: list[str] = []
    if "PR" in pattern.tokens and is_negative:
        result.append("<")
    is_after_point = False
    for number, token in enumerate(pattern.tokens):
        match token:
            case "S":
                result.append("-" if is_negative else "+")
            case "MI":
                result.append("-" if is_negative else " ")
            case "PR":
                result.append(">" if is_negative else "  ")
            case "$":
                result.append("$")
            case "." | "D":
                is_after_point = True
                if result and result[-1] == " ":
                    result[-1] = "0"
                result.append("." if number + 1 < len(pattern.tokens) and pattern.scale else " ")
            case _ if is_after_point:
                result.append(after.ljust(pattern.scale, "0"))
            case _:
                _put_groups(result, before, pattern.whole)
    return "".join(result)


def _put_groups(result: list[str], digits: str, groups: Sequence[tuple[bool, int]]) -> None:
    position = 0
    for number, (is_exact, count) in enumerate(groups):
        if number:
            if result and result[-1].isdigit():
                result.append(",")
            else:
                _put_space(result)
        for digit in digits[position : position + count]:
            if digit != " ":
                result.append(digit)
            elif is_exact:
                result.append("0")
            else:
                _put_space(result)
        position += count


def _put_space(result: list[str]) -> None:
    if result and result[-1] in {"+", "-", "<"}:
        result.insert(-1, " ")
    else:
        result.append(" ")


# ---- reading ----------------------------------------------------------------------------------


def read_number(value: str, text: str) -> str | None:
    """The plain decimal that a text means by a pattern; None where it does not fit."""
    pattern = read_pattern(text)
    position, is_negative, is_open, is_after_point = 0, False, False, False
    before, after = "", ""
    groups = pattern.whole
    for piece in ("(", *pattern.tokens) if "PR" in pattern.tokens else pattern.tokens:
        here = value[position : position + 1]
        match piece:
            case "(":
                is_open = here == "<"
                position += is_open
            case "PR":
                if is_open != (here == ">"):
                    return None
                is_negative |= is_open
                position += is_open
            case "$":
                if here != "$":
                    return None
                position += 1
            case "S" | "MI":
                if here == "-" or (piece == "S" and here == "+"):
                    is_negative |= here == "-"
                    position += 1
            case "." | "D":
                groups = ((False, pattern.scale),)
                is_after_point = here == "."
                position += is_after_point
            case _:
                found, position = _read_groups(value, position, is_after_point=is_after_point)
                if not _fits(found, groups):
                    return None
                if is_after_point:
                    after = "".join(found)
                else:
                    before += "".join(found)
    if position < len(value) or not before + after:
        return None
    return f"{'-' if is_negative else ''}{before or '0'}.{after or '0'}"


def _read_groups(value: str, position: int, *, is_after_point: bool) -> tuple[list[str], int]:
    groups = [""]
    while position < len(value):
        character = value[position]
        if character.isdecimal():
            groups[-1] += str(int(character))
        elif character == "," and not is_after_point:
            groups.append("")
        elif not character.isspace():
            break
        position += 1
    return groups, position


def _fits(found: Sequence[str], groups: Sequence[tuple[bool, int]]) -> bool:
    """Whether each group, from the right, has as many digits as its pattern allows."""
    if len(found) > len(groups):
        return False
    missing = [""] * (len(groups) - len(found))
    for digits, (is_exact, count) in zip([*missing, *found], groups, strict=True):
        if len(digits) > count or (is_exact and len(digits) != count):
            return False
    return True


# ---- the table --------------------------------------------------------------------------------

_ANY_DECIMAL = DecimalType()
_WRITE = row_kernel("to_char", (STRING, STRING), STRING, write_number)
_TRY_READ = row_kernel("try_to_number", (STRING, STRING), STRING, read_number)


def _read_or_fail(value: str, text: str) -> str:
    found = read_number(value, text)
    if found is None:
        raise SparkError("INVALID_FORMAT.MISMATCH_INPUT", format=text, inputType='"STRING"', input=value)
    return found


_READ = row_kernel("to_number", (STRING, STRING), STRING, _read_or_fail)


def _pattern_argument(argument: Expression, context: FunctionContext) -> str | None:
    """The text of a constant pattern, None for NULL. Raises DATATYPE_MISMATCH.NON_FOLDABLE_INPUT."""
    if any(isinstance(node, AttributeReference) for node in argument.walk()):
        shown = (
            getattr(argument, "name", "cast") if isinstance(argument, Call | Cast) else "attributereference"
        )
        raise mismatch(
            "NON_FOLDABLE_INPUT", inputName=f"`{shown}`", inputType='"STRING"', paramIndex="second"
        )
    text = implicit_cast(argument, STRING, context)
    if text is None:
        raise unexpected_argument(1, argument.data_type, '"STRING"')
    found = fold(text)
    if found is None and not _is_null(text):
        raise unsupported("A pattern of numbers that is computed", "Write it as a literal.")
    return found if isinstance(found, str) else None


def _is_null(value: Expression) -> bool:
    return (
        _is_null(value.child)
        if isinstance(value, Cast)
        else isinstance(value, Literal) and value.value is None
    )


def _bind_to_char(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, pattern = arguments
    if isinstance(value.data_type, DateType | TimestampType | TimestampNTZType):
        return bind_date_format(arguments, context)
    if isinstance(value.data_type, BinaryType):
        return _text_of_bytes(name, value, _pattern_argument(pattern, context), context)
    number = implicit_cast(value, _ANY_DECIMAL, context)
    if number is None:
        raise unexpected_argument(0, value.data_type, '"DECIMAL"')
    text = _pattern_argument(pattern, context)
    if text is None:
        return Literal(None, STRING)
    read_pattern(text)
    return call(name, (number, Literal(text, STRING)), STRING, context)


def _bind_to_number(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value = implicit_cast(arguments[0], STRING, context)
    if value is None:
        raise unexpected_argument(0, arguments[0].data_type, '"STRING"')
    text = _pattern_argument(arguments[1], context)
    if text is None:
        return Literal(None, DecimalType(10, 0))
    pattern = read_pattern(text)
    precision = pattern.digits + pattern.scale
    if precision > MAX_PRECISION:
        raise SparkError(
            "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", precision=precision, maxPrecision=MAX_PRECISION
        )
    target = DecimalType(precision, pattern.scale)
    is_nullable = name.startswith("try_") or value.nullable
    return call(name, (value, Literal(text, STRING)), target, context, nullable=is_nullable)


def _text_of_bytes(name: str, value: Expression, form: str | None, context: FunctionContext) -> Expression:
    match (form or "").lower():
        case "base64" | "hex" as found:
            return call(found, (value,), STRING, context)
        case "utf-8":
            # As `decode`, it may be NULL.
            return Cast(value, STRING, CastMode.TRY, explicit=False)
    if form is None:
        return Literal(None, STRING)
    raise SparkError(
        "INVALID_PARAMETER_VALUE.BINARY_FORMAT",
        functionName=f"`{name}`",
        parameter="`format`",
        invalidFormat=f"'{form}'",
    )


def _emit_to_char(call_: Call, arguments: Sequence[str]) -> str:
    del call_
    return f"{_WRITE.name}(CAST({arguments[0]} AS VARCHAR), {arguments[1]})"


def _emit_to_number(kernel: Kernel, call_: Call, arguments: Sequence[str]) -> str:
    return f"CAST({kernel.name}({arguments[0]}, {arguments[1]}) AS {sql_type(call_.type)})"


def _to_number(name: str, kernel: Kernel) -> ScalarFunction:
    emit, bind = partial(_emit_to_number, kernel), partial(_bind_to_number, name)
    return row(name, (ANY, ANY), _ANY_DECIMAL, emit, kernel, bind=bind)


FUNCTIONS: tuple[Function, ...] = (
    row("to_char", (ANY, ANY), STRING, _emit_to_char, _WRITE, bind=partial(_bind_to_char, "to_char")),
    row("to_varchar", (ANY, ANY), STRING, _emit_to_char, _WRITE, bind=partial(_bind_to_char, "to_char")),
    _to_number("to_number", _READ),
    _to_number("try_to_number", _TRY_READ),
)
