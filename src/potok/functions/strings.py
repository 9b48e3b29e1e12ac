"""String and binary functions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from potok.functions import text_kernels as k
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.cast_to_text import text_kernels, to_text
from potok.functions.conversion import escaped_text
from potok.functions.datetime_rules import row
from potok.functions.folding import fold
from potok.functions.mismatch import any_nullable, call, none_in_common, same, unexpected_argument
from potok.functions.raising import quote_text, raise_sql
from potok.functions.row_kernels import row_kernel
from potok.functions.rows import ALWAYS, ANY, Emit
from potok.functions.sql_text import let, let_all
from potok.functions.type_rules import cast_to, coerce_all, implicit_cast
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    BINARY,
    BOOLEAN,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    BinaryType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    NullType,
    StringType,
)  # fmt: skip

TEXT_OR_BYTES, NUMERIC = Input.STRING_OR_BINARY, Input.NUMERIC
_MAX_INT = 2**31 - 1
_NO_LIMIT = "2147483647"


def is_binary(call_: Call, position: int = 0) -> bool:
    """Whether an argument holds bytes."""
    return isinstance(call_.arguments[position].data_type, BinaryType)


def constant_text(call_: Call, position: int) -> str | None:
    """The value of an argument that is a text literal."""
    argument = call_.arguments[position]
    if isinstance(argument, Literal) and isinstance(argument.value, str):
        return argument.value
    return None


def constant_int(call_: Call, position: int) -> int | None:
    """The value of an argument that is a number written out."""
    argument = call_.arguments[position]
    if isinstance(argument, Literal) and isinstance(argument.value, int):
        return argument.value
    return None


# ---- substrings -------------------------------------------------------------------------------


def _emit_substring(call_: Call, arguments: Sequence[str]) -> str:
    text, start = arguments[:2]
    length = arguments[2] if len(arguments) > 2 else _NO_LIMIT  # noqa: PLR2004 - the optional length
    start_value = constant_int(call_, 1)
    length_value = constant_int(call_, 2) if len(arguments) > 2 else _MAX_INT  # noqa: PLR2004 - see above
    binary = is_binary(call_)
    if start_value is not None and start_value >= 0 and length_value is not None and not binary:
        if length_value <= 0:
            return f"CASE WHEN {text} IS NOT NULL THEN '' END"
        return f"substr({text}, {max(start_value, 1)}, {min(length_value, _MAX_INT)})"
    size = "octet_length" if binary else "length"

    def cut(t: str, s: str, n: str) -> str:
        # BIGINT: the end may lie beyond INTEGER.
        begin = f"CASE WHEN {s} > 0 THEN CAST({s} AS BIGINT) - 1 WHEN {s} < 0 THEN {size}({t}) + {s} WHEN {s} = 0 THEN 0 END"

        def piece(b: str) -> str:
            first = f"CASE WHEN {b} > 0 THEN {b} WHEN {b} <= 0 THEN 0 END"
            last = f"CASE WHEN {b} + {n} < {size}({t}) THEN {b} + {n} ELSE {size}({t}) END"
            if binary:
                return f"CASE WHEN ({last}) > ({first}) THEN array_slice({t}, ({first}) + 1, {last}) WHEN {t} IS NULL OR {s} IS NULL OR {n} IS NULL THEN NULL ELSE ''::BLOB END"
            return f"substr({t}, ({first}) + 1, CASE WHEN ({last}) > ({first}) THEN ({last}) - ({first}) ELSE 0 END)"

        return let(begin, piece)

    return let_all((text, start, length), cut)


def _emit_left(call_: Call, arguments: Sequence[str]) -> str:
    return _emit_substring(
        Call("substring", (call_.arguments[0], Literal(1, INTEGER), call_.arguments[1]), call_.type),
        (arguments[0], "1", arguments[1]),
    )


def _emit_right(_: Call, arguments: Sequence[str]) -> str:
    return let(
        arguments[1],
        lambda n: (
            f"CASE WHEN {n} <= 0 AND {arguments[0]} IS NOT NULL THEN '' ELSE right({arguments[0]}, {n}) END"
        ),
    )


def _bind_pad(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if isinstance(arguments[0].data_type, BinaryType) and all(
        isinstance(a.data_type, BinaryType) for a in arguments[2:]
    ):
        size = _as_int(arguments[1], 1, context)
        return call(f"_{name}_bytes", (arguments[0], size, *arguments[2:]), BINARY, context)
    text = _as_text(name, arguments[0], 0, context)
    size = _as_int(arguments[1], 1, context)
    rest = [_as_text(name, a, 2, context) for a in arguments[2:]]
    return call(name, (text, size, *rest), STRING, context)


def _bind_text_or_bytes(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    first, *rest = arguments
    if not isinstance(first.data_type, BinaryType):
        text = implicit_cast(first, STRING, context)
        if text is None:
            raise unexpected_argument(0, first.data_type, '("STRING" or "BINARY")')
        first = text
    numbers = [_as_int(a, position + 1, context) for position, a in enumerate(rest)]
    return call(name, (first, *numbers), first.data_type, context)


def _as_text(name: str, expression: Expression, position: int, context: FunctionContext) -> Expression:
    del name
    cast = implicit_cast(expression, STRING, context)
    if cast is None:
        raise unexpected_argument(position, expression.data_type, '"STRING"')
    return cast


def _as_int(expression: Expression, position: int, context: FunctionContext) -> Expression:
    cast = implicit_cast(expression, INTEGER, context)
    if cast is None:
        raise unexpected_argument(position, expression.data_type, '"INT"')
    return cast


# ---- case, length, trimming, padding ----------------------------------------------------------


def _emit_case(plain: str, kernel: str) -> Emit:
    def emit(_: Call, arguments: Sequence[str]) -> str:
        # Only ASCII texts have as many bytes as characters.
        return let(
            arguments[0],
            lambda v: f"CASE WHEN strlen({v}) = length({v}) THEN {plain}({v}) ELSE {kernel}({v}) END",
        )

    return emit


def _emit_initcap(_: Call, arguments: Sequence[str]) -> str:
    words = "list_transform(string_split(lower({v}), ' '), lambda w: upper(w[1]) || w[2:])"
    return let(
        arguments[0],
        lambda v: (
            f"CASE WHEN strlen({v}) = length({v}) THEN array_to_string({words.replace('{v}', v)}, ' ')"
            f" ELSE potok_initcap({v}) END"
        ),
    )


def _emit_length(call_: Call, arguments: Sequence[str]) -> str:
    function = "octet_length" if is_binary(call_) else "length"
    return f"CAST({function}({arguments[0]}) AS INTEGER)"


def _emit_octets(call_: Call, arguments: Sequence[str]) -> str:
    return f"CAST({'octet_length' if is_binary(call_) else 'strlen'}({arguments[0]}) AS INTEGER)"


def _emit_bits(call_: Call, arguments: Sequence[str]) -> str:
    return f"CAST({'octet_length' if is_binary(call_) else 'strlen'}({arguments[0]}) * 8 AS INTEGER)"


def _emit_trim(function: str, *, source_first: bool = False) -> Emit:
    def emit(_: Call, arguments: Sequence[str]) -> str:
        if len(arguments) == 1:
            return f"{function}({arguments[0]})"
        source, characters = arguments if source_first else reversed(arguments)
        return f"{function}({source}, {characters})"

    return emit


def _emit_pad(function: str) -> Emit:
    def emit(_: Call, arguments: Sequence[str]) -> str:
        padding = arguments[2] if len(arguments) > 2 else "' '"  # noqa: PLR2004 - the optional padding

        def padded(t: str, n: str, p: str) -> str:
            size = f"CAST(CASE WHEN {p} = '' THEN least(length({t}), {n}) ELSE {n} END AS INTEGER)"
            filling = f"CASE WHEN {p} = '' THEN ' ' ELSE {p} END"
            if p == "' '":
                size, filling = n, p
            return f"CASE WHEN {n} <= 0 THEN CASE WHEN {t} IS NOT NULL AND {p} IS NOT NULL THEN '' END ELSE {function}({t}, {size}, {filling}) END"

        return let_all((arguments[0], arguments[1], padding), padded)

    return emit


def _emit_pad_bytes(call_: Call, arguments: Sequence[str]) -> str:
    padding = arguments[2] if len(arguments) > 2 else r"'\x00'::BLOB"  # noqa: PLR2004 - the optional padding

    def padded(b: str, n: str, p: str) -> str:
        missing = f"greatest({n} - octet_length({b}), 0)"
        times = f"CASE WHEN octet_length({p}) = 0 THEN 0 ELSE {missing} // octet_length({p}) + 1 END"
        filling = f"array_slice(repeat({p}, {times}), 1, {missing})"
        kept = f"array_slice({b}, 1, greatest({n}, 0))"
        whole = f"{filling} || {kept}" if call_.name == "_lpad_bytes" else f"{kept} || {filling}"
        return f"CASE WHEN {n} IS NULL THEN NULL ELSE {whole} END"

    return let_all((arguments[0], arguments[1], padding), padded)


# ---- concatenation ----------------------------------------------------------------------------


def _bind_concat(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return Literal("", STRING)
    types = [a.data_type for a in arguments]
    if any(isinstance(t, ArrayType) for t in types):
        values = coerce_all(arguments, context)
        if values is None:
            raise none_in_common("concat", [implicit_cast(a, STRING, context) or a for a in arguments])
        contains_null = any(getattr(v.data_type, "contains_null", True) for v in values)
        element = values[0].data_type.element  # type: ignore[attr-defined]
        return call("_concat_arrays", values, ArrayType(element, contains_null), context)
    if all(isinstance(t, BinaryType | NullType) for t in types) and any(
        isinstance(t, BinaryType) for t in types
    ):
        return call("concat", [cast_to(a, BINARY, context) for a in arguments], BINARY, context)
    texts = [cast_to(a, STRING, context) for a in arguments]
    return call("concat", texts, STRING, context)


def _emit_concat(_: Call, arguments: Sequence[str]) -> str:
    return "(" + " || ".join(arguments) + ")"


def _emit_concat_arrays(_: Call, arguments: Sequence[str]) -> str:
    def joined(*values: str) -> str:
        nulls = " OR ".join(f"{v} IS NULL" for v in values)
        return f"CASE WHEN {nulls} THEN NULL ELSE {' || '.join(values)} END"

    return let_all(arguments, joined)


def _bind_concat_ws(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    separator, *rest = arguments
    separator = _as_text("concat_ws", separator, 0, context)
    values: list[Expression] = []
    for position, argument in enumerate(rest):
        if isinstance(argument.data_type, ArrayType):
            values.append(cast_to(argument, ArrayType(STRING), context))
        else:
            values.append(_as_text("concat_ws", argument, position + 1, context))
    return call("concat_ws", (separator, *values), STRING, context, nullable=separator.nullable)


def _emit_concat_ws(call_: Call, arguments: Sequence[str]) -> str:
    separator, *values = arguments
    if not values:
        return f"CASE WHEN {separator} IS NOT NULL THEN '' END"
    is_array = [isinstance(a.data_type, ArrayType) for a in call_.arguments[1:]]
    if not any(is_array):
        return f"concat_ws({separator}, {', '.join(values)})"
    lists = [f"coalesce({v}, [])" if array else f"[{v}]" for v, array in zip(values, is_array, strict=True)]
    joined = f"flatten([{', '.join(lists)}])"
    texts = f"list_filter({joined}, lambda t: t IS NOT NULL)"
    return let(separator, lambda s: f"CASE WHEN {s} IS NOT NULL THEN array_to_string({texts}, {s}) END")


def _emit_locate(_: Call, arguments: Sequence[str]) -> str:
    needle, text = arguments[:2]
    if len(arguments) == 2:  # noqa: PLR2004 - without a start
        return f"CAST(instr({text}, {needle}) AS INTEGER)"

    def found(n: str, t: str, p: str) -> str:
        inside = f"instr(substr({t}, {p}), {n})"
        return (
            f"CASE WHEN {p} IS NULL THEN 0 WHEN {n} IS NULL OR {t} IS NULL THEN NULL WHEN {p} < 1 THEN 0"
            f" WHEN {n} = '' THEN CASE WHEN {p} <= length({t}) + 1 THEN {p} ELSE 0 END"
            f" ELSE CAST(CASE WHEN {inside} = 0 THEN 0 ELSE {inside} + {p} - 1 END AS INTEGER) END"
        )

    return let_all((needle, text, arguments[2]), found)


# ---- formats ----------------------------------------------------------------------------------


def _bind_format_string(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    template, *rest = arguments
    return call(
        "format_string",
        (_as_text("format_string", template, 0, context), *rest),
        STRING,
        context,
        nullable=template.nullable,
    )


def format_kind(data_type: DataType) -> str:
    """The letter of `java_format` for a type."""
    match data_type:
        case IntegralType():
            return "i"
        case DoubleType() | FloatType():
            return "f"
        case DecimalType():
            return "d"
    return "b" if data_type == BOOLEAN else "s"


def _emit_format_string(call_: Call, arguments: Sequence[str]) -> str:
    types = [a.data_type for a in call_.arguments[1:]]
    kinds = "".join(map(format_kind, types))
    texts = [to_text(sql, t, plain_decimals=False) for sql, t in zip(arguments[1:], types, strict=True)]
    listed = f"CAST([{', '.join(texts)}] AS VARCHAR[])"
    return f"potok_format({arguments[0]}, {quote_text(kinds)}, {listed})"


def _bind_format_number(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    number, digits = arguments
    value = implicit_cast(number, NUMERIC, context)
    if value is None:
        raise unexpected_argument(0, number.data_type, '"NUMERIC"')
    if not isinstance(digits.data_type, StringType):
        digits = _as_int(digits, 1, context)
    return call("format_number", (value, digits), STRING, context, nullable=True)


def _emit_format_number(call_: Call, arguments: Sequence[str]) -> str:
    kernel = (
        "potok_format_pattern"
        if isinstance(call_.arguments[1].data_type, StringType)
        else "potok_format_number"
    )
    return f"{kernel}(CAST({arguments[0]} AS VARCHAR), {arguments[1]})"


# ---- hex, base64, character sets --------------------------------------------------------------


def _bind_hex(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if not isinstance(value.data_type, StringType | BinaryType):
        value = implicit_cast(value, LONG, context) or _as_text("hex", value, 0, context)
    return call("hex", (value,), STRING, context)


def _emit_hex(call_: Call, arguments: Sequence[str]) -> str:
    return (
        f"upper(to_hex({arguments[0]}))" if call_.arguments[0].data_type == LONG else f"hex({arguments[0]})"
    )


def _bind_elt(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    index, *values = arguments
    number = _as_int(index, 0, context)
    target = BINARY if values and all(isinstance(v.data_type, BinaryType) for v in values) else STRING
    return call(
        "elt", (number, *(cast_to(v, target, context) for v in values)), target, context, nullable=True
    )


def _emit_elt(call_: Call, arguments: Sequence[str]) -> str:
    index, *values = arguments
    branches = " ".join(f"WHEN {position} THEN {value}" for position, value in enumerate(values, 1))
    if not call_.ansi:
        return f"CASE {index} {branches} END"

    def chosen(i: str) -> str:
        failed = raise_sql(
            "INVALID_ARRAY_INDEX",
            call_.origin,
            indexValue=f"CAST({i} AS VARCHAR)",
            arraySize=quote_text(str(len(values))),
            ansiConfig=quote_text('"spark.sql.ansi.enabled"'),
        )
        return f"CASE {i} {branches} ELSE CASE WHEN {i} IS NOT NULL THEN {failed} END END"

    return let(index, chosen)


def _emit_translate(call_: Call, arguments: Sequence[str]) -> str:
    old = constant_text(call_, 1)
    if old is not None and len(set(old)) == len(old):
        return f"translate({', '.join(arguments)})"
    return f"potok_translate({', '.join(arguments)})"


def translated(text: str, old: str, new: str) -> str:
    """Signs of `old` replaced by those of `new` at the same place; the first of equal ones counts."""
    table: dict[int, str | None] = {}
    for position, sign in enumerate(old):
        table.setdefault(ord(sign), new[position] if position < len(new) else None)
    return text.translate(table)


def _emit_overlay(_: Call, arguments: Sequence[str]) -> str:
    def replaced(t: str, n: str, p: str, size: str) -> str:
        length = f"CASE WHEN {size} >= 0 THEN {size} ELSE length({n}) END"
        before = f"substr({t}, 1, greatest({p} - 1, 0))"
        return f"({before} || {n} || substr({t}, {p} + {length}))"

    length = arguments[3] if len(arguments) > 3 else "-1"  # noqa: PLR2004 - the optional length
    return let_all((*arguments[:3], length), replaced)


def _emit_mask(_: Call, arguments: Sequence[str]) -> str:
    kinds = [*arguments[1:], *("'X'", "'x'", "'n'", "CAST(NULL AS VARCHAR)")[len(arguments) - 1 :]]
    return f"potok_mask({arguments[0]}, {', '.join(kinds)})"


def _emit_utf8(what: str, call_: Call, arguments: Sequence[str]) -> str:
    # A STRING is always valid: what is not never becomes one.
    if not is_binary(call_):
        return f"({arguments[0]} IS NOT NULL OR NULL)" if what == "valid" else arguments[0]
    if what == "valid":
        return f"potok_is_utf8({arguments[0]})"
    failed = {"made": "{0}", "tried": "NULL"}.get(what)
    if failed is None:
        failed = raise_sql("INVALID_UTF8_STRING", call_.origin, str=f"hex({arguments[0]})")
    return let(
        arguments[0],
        lambda v: (
            f"CASE WHEN potok_is_utf8({v}) THEN potok_made_utf8({v}) WHEN {v} IS NOT NULL THEN {failed.replace('{0}', f'potok_made_utf8({v})')} END"
        ),
    )


def _bind_to_binary(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    texts = [_as_text("to_binary", a, i, context) for i, a in enumerate(arguments)]
    is_base64 = len(texts) > 1 and str(fold(texts[1])).lower() == "base64"
    nullable = any_nullable(texts) if is_base64 else True
    return call("to_binary", texts, BINARY, context, nullable=nullable)


def _emit_to_binary(name: str, _: Call, arguments: Sequence[str]) -> str:
    form = arguments[1] if len(arguments) > 1 else "'hex'"
    return f"potok_to_binary({arguments[0]}, {form}, '{name}')"


# ---- the table --------------------------------------------------------------------------------


_TRANSLATE = row_kernel("translate", (STRING, STRING, STRING), STRING, translated)
_UPPER = row("upper", (STRING,), STRING, _emit_case("upper", "potok_upper"), k.UPPER)
_LOWER = row("lower", (STRING,), STRING, _emit_case("lower", "potok_lower"), k.LOWER)
_LENGTH = row("length", (TEXT_OR_BYTES,), INTEGER, _emit_length)
_SUBSTRING = row(
    "substring",
    (ANY, INTEGER, INTEGER),
    STRING,
    _emit_substring,
    optional=1,
    bind=partial(_bind_text_or_bytes, "substring"),
)
_CHR = row("chr", (LONG,), STRING, "CASE WHEN {0} < 0 THEN '' ELSE chr(CAST({0} % 256 AS INTEGER)) END")
_LOCATE = row("locate", (STRING, STRING, INTEGER), INTEGER, _emit_locate, optional=1)
_FORMAT = ScalarFunction(
    "format_string",
    (STRING, ANY),
    STRING,
    _emit_format_string,
    kernels=lambda call_: (k.FORMAT, *text_kernels(*(a.data_type for a in call_.arguments[1:]))),
    variadic=True,
    bind=_bind_format_string,
)

FUNCTIONS: tuple[Function, ...] = (
    _UPPER,
    *same(_UPPER, "ucase"),
    _LOWER,
    *same(_LOWER, "lcase"),
    row("initcap", (STRING,), STRING, _emit_initcap, k.INITCAP),
    _LENGTH,
    *same(_LENGTH, "char_length", "character_length", "len"),
    row("octet_length", (TEXT_OR_BYTES,), INTEGER, _emit_octets),
    row("bit_length", (TEXT_OR_BYTES,), INTEGER, _emit_bits),
    row("ascii", (STRING,), INTEGER, "ascii({0})"),
    _CHR,
    *same(_CHR, "char"),
    row("soundex", (STRING,), STRING, "potok_soundex({0})", k.SOUNDEX),
    row("levenshtein", (STRING, STRING, INTEGER), INTEGER, lambda _, a: f"potok_levenshtein({a[0]}, {a[1]}, {a[2] if len(a) > 2 else -1})", k.LEVENSHTEIN, optional=1),  # noqa: PLR2004 - the optional limit
    row("trim", (STRING, STRING), STRING, _emit_trim("trim"), optional=1),
    row("ltrim", (STRING, STRING), STRING, _emit_trim("ltrim"), optional=1),
    row("rtrim", (STRING, STRING), STRING, _emit_trim("rtrim"), optional=1),
    row("btrim", (STRING, STRING), STRING, _emit_trim("trim", source_first=True), optional=1),
    row("lpad", (STRING, INTEGER, STRING), STRING, _emit_pad("lpad"), optional=1, bind=partial(_bind_pad, "lpad")),
    row("rpad", (STRING, INTEGER, STRING), STRING, _emit_pad("rpad"), optional=1, bind=partial(_bind_pad, "rpad")),
    row("_lpad_bytes", (BINARY, INTEGER, BINARY), BINARY, _emit_pad_bytes, optional=1),
    row("_rpad_bytes", (BINARY, INTEGER, BINARY), BINARY, _emit_pad_bytes, optional=1),
    row("repeat", (STRING, INTEGER), STRING, "repeat({0}, {1})"),
    row("space", (INTEGER,), STRING, "repeat(' ', {0})"),
    _SUBSTRING,
    *same(_SUBSTRING, "substr"),
    row("left", (ANY, INTEGER), STRING, _emit_left, bind=partial(_bind_text_or_bytes, "left")),
    row("right", (STRING, INTEGER), STRING, _emit_right, nullable=ALWAYS),
    row("substring_index", (STRING, STRING, INTEGER), STRING, "potok_substring_index({0}, {1}, {2})", k.SUBSTRING_INDEX),
    row("overlay", (STRING, STRING, INTEGER, INTEGER), STRING, _emit_overlay, optional=1),
    row("instr", (STRING, STRING), INTEGER, "CAST(instr({0}, {1}) AS INTEGER)"),
    _LOCATE,
    *same(_LOCATE, "position"),
    row("find_in_set", (STRING, STRING), INTEGER, "potok_find_in_set({0}, {1})", k.FIND_IN_SET),
    row("replace", (STRING, STRING, STRING), STRING, lambda _, a: f"replace({a[0]}, {a[1]}, {a[2] if len(a) > 2 else quote_text('')})", optional=1),  # noqa: PLR2004 - the optional new text
    row("translate", (STRING, STRING, STRING), STRING, _emit_translate, _TRANSLATE),
    row("startswith", (STRING, STRING), BOOLEAN, "starts_with({0}, {1})"),
    row("endswith", (STRING, STRING), BOOLEAN, "ends_with({0}, {1})"),
    row("contains", (STRING, STRING), BOOLEAN, "contains({0}, {1})"),
    row("concat", (ANY,), STRING, _emit_concat, optional=1, variadic=True, bind=_bind_concat),
    row("||", (ANY, ANY), STRING, _emit_concat, bind=_bind_concat),
    row("_concat_arrays", (ANY,), STRING, _emit_concat_arrays, variadic=True),
    row("concat_ws", (STRING, ANY), STRING, _emit_concat_ws, variadic=True, bind=_bind_concat_ws),
    _FORMAT,
    *same(_FORMAT, "printf"),
    row("format_number", (NUMERIC, ANY), STRING, _emit_format_number, k.FORMAT_NUMBER, k.FORMAT_PATTERN, bind=_bind_format_number),
    row("elt", (INTEGER, ANY, ANY), STRING, _emit_elt, variadic=True, bind=_bind_elt),
    row("base64", (BINARY,), STRING, "to_base64({0})"),
    row("unbase64", (STRING,), BINARY, "potok_from_base64({0})", k.FROM_BASE64),
    row("hex", (ANY,), STRING, _emit_hex, bind=_bind_hex),
    row("unhex", (STRING,), BINARY, "potok_from_hex({0})", k.FROM_HEX, nullable=ALWAYS),
    row("bin", (LONG,), STRING, "bin({0})"),
    row("conv", (STRING, INTEGER, INTEGER), STRING, "potok_conv({0}, {1}, {2})", k.CONV, nullable=ALWAYS),
    row("encode", (STRING, STRING), BINARY, "potok_encode({0}, {1})", k.ENCODE, nullable=ALWAYS),
    row("_decode_charset", (BINARY, STRING), STRING, "potok_decode({0}, {1})", k.DECODE, nullable=ALWAYS),
    row("md5", (BINARY,), STRING, "md5({0})"),
    row("sha1", (BINARY,), STRING, "sha1({0})"),
    row("sha", (BINARY,), STRING, "sha1({0})"),
    row("crc32", (BINARY,), LONG, "potok_crc32({0})", k.CRC32),
    row("url_encode", (STRING,), STRING, "potok_url_encode({0})", k.URL_ENCODE, nullable=ALWAYS),
    row("url_decode", (STRING,), STRING, "potok_url_decode({0})", k.URL_DECODE, nullable=ALWAYS),
    row("try_url_decode", (STRING,), STRING, "potok_try_url_decode({0})", k.TRY_URL_DECODE, nullable=ALWAYS),
    row("quote", (STRING,), STRING, f"{escaped_text('{0}')}", nullable=ALWAYS),
    row("mask", (STRING,) * 5, STRING, _emit_mask, k.MASK, optional=4, nullable=ALWAYS),
    row("is_valid_utf8", (TEXT_OR_BYTES,), BOOLEAN, partial(_emit_utf8, "valid"), k.IS_UTF8, k.MADE_UTF8, nullable=ALWAYS),
    row("make_valid_utf8", (TEXT_OR_BYTES,), STRING, partial(_emit_utf8, "made"), k.IS_UTF8, k.MADE_UTF8, nullable=ALWAYS),
    row("validate_utf8", (TEXT_OR_BYTES,), STRING, partial(_emit_utf8, "validated"), k.IS_UTF8, k.MADE_UTF8, nullable=ALWAYS),
    row("try_validate_utf8", (TEXT_OR_BYTES,), STRING, partial(_emit_utf8, "tried"), k.IS_UTF8, k.MADE_UTF8, nullable=ALWAYS),
    row("to_binary", (STRING, STRING), BINARY, partial(_emit_to_binary, "to_binary"), k.TO_BINARY, optional=1, bind=_bind_to_binary),
    row("try_to_binary", (STRING, STRING), BINARY, partial(_emit_to_binary, "try_to_binary"), k.TO_BINARY, optional=1, nullable=ALWAYS),
    row("try_parse_url", (STRING, STRING, STRING), STRING, lambda _, a: f"potok_parse_url({a[0]}, {a[1]}, {a[2] if len(a) > 2 else 'NULL'})", k.PARSE_URL, optional=1, nullable=ALWAYS),  # noqa: PLR2004 - the optional key
    row("parse_url", (STRING, STRING, STRING), STRING, lambda _, a: f"potok_parse_url({a[0]}, {a[1]}, {a[2] if len(a) > 2 else 'NULL'})", k.PARSE_URL, optional=1, nullable=ALWAYS),  # noqa: PLR2004 - the optional key
    row("luhn_check", (STRING,), BOOLEAN, "potok_luhn_check({0})", k.LUHN, nullable=ALWAYS),
)  # fmt: skip
