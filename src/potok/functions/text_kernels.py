"""Python behind the string functions that DuckDB lacks or does otherwise."""

from __future__ import annotations

import base64
import binascii
import decimal
import re
import zlib
from urllib.parse import quote_plus, unquote_plus, urlsplit

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.java_format import format_text
from potok.functions.java_regex import compiled, replace_all, split_text
from potok.functions.row_kernels import row_kernel
from potok.types import BINARY, BOOLEAN, INTEGER, LONG, STRING, ArrayType

TEXTS = ArrayType(STRING, contains_null=False)
_WORD_START = re.compile(r"(?:^|(?<= ))[^ ]")
_SOUNDEX = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "01230127022455012623017202", strict=True))
_CHARSETS = {
    "US-ASCII": "ascii", "ISO-8859-1": "latin-1", "UTF-8": "utf-8", "UTF-16BE": "utf-16-be",
    "UTF-16LE": "utf-16-le", "UTF-16": "utf-16", "UTF-32": "utf-32",
}  # fmt: skip
_CHARSET_NAMES = "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"


def capitalised(text: str) -> str:
    """Every word in lower case with a capital; words are what spaces separate."""
    return _WORD_START.sub(lambda m: m[0].title(), text.lower())


def soundex(text: str) -> str:
    """The phonetic code of an English word; texts that do not begin with a letter stay."""
    if not text or not (text[0].isascii() and text[0].isalpha()):
        return text
    first = text[0].upper()
    code, last = first, _SOUNDEX[first]
    for sign in text[1:]:
        upper = sign.upper()
        if upper not in _SOUNDEX:
            last = "0"
            continue
        digit = _SOUNDEX[upper]
        if digit == "7":
            continue
        if digit not in {"0", last}:
            code += digit
            if len(code) == 4:  # noqa: PLR2004 - the length of a code
                break
        last = digit
    return code.ljust(4, "0")


def substring_index(text: str, delimiter: str, count: int) -> str:
    """What lies before the n-th delimiter, from the end if the count is negative."""
    if not delimiter or not count:
        return ""
    parts = text.split(delimiter) if count > 0 else _split_from_end(text, delimiter)
    if abs(count) >= len(parts):
        return text
    return delimiter.join(parts[:count] if count > 0 else parts[count:])


def _split_from_end(text: str, delimiter: str) -> list[str]:
    return [part[::-1] for part in text[::-1].split(delimiter[::-1])][::-1]


def find_in_set(text: str, items: str) -> int:
    """The position from 1 in a comma separated list, 0 where it is not there."""
    if "," in text:
        return 0
    parts = items.split(",")
    return parts.index(text) + 1 if text in parts else 0


def levenshtein(left: str, right: str, limit: int) -> int:
    """The edit distance; -1 beyond the limit (if it is not negative)."""
    previous = list(range(len(right) + 1))
    for row, one in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (one != other)))
        previous = current
    return -1 if 0 <= limit < previous[-1] else previous[-1]


def _charset(name: str, function: str) -> str:
    found = _CHARSETS.get(name.upper())
    if found is None:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.CHARSET",
            functionName=f"`{function}`",
            parameter="`charset`",
            charset=name,
            charsets=_CHARSET_NAMES,
        )
    return found


def encode(text: str, charset: str) -> bytes:
    """Bytes in a character set. UTF-16 is big-endian with a mark."""
    codec = _charset(charset, "encode")
    try:
        if codec == "utf-16":
            return b"\xfe\xff" + text.encode("utf-16-be")
        return text.encode("utf-32-be" if codec == "utf-32" else codec)
    except UnicodeEncodeError as error:
        raise SparkError("MALFORMED_CHARACTER_CODING", function="`encode`", charset=charset) from error


def decode(data: bytes, charset: str) -> str:
    """Text from bytes in a character set. UTF-16 without a mark is big-endian."""
    codec = _charset(charset, "decode")
    if codec == "utf-16" and data[:2] not in {b"\xfe\xff", b"\xff\xfe"}:
        codec = "utf-16-be"
    if codec == "utf-32" and data[:4] not in {b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00"}:
        codec = "utf-32-be"
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise SparkError("MALFORMED_CHARACTER_CODING", function="`decode`", charset=charset) from error


def from_base64(text: str) -> bytes:
    """MIME base64: other signs are skipped, padding may be missing."""
    plain = re.sub(r"[^A-Za-z0-9+/]", "", text.split("=", maxsplit=1)[0])
    if len(plain) % 4 == 1:
        raise SparkError(
            "CONVERSION_INVALID_INPUT",
            str=f"'{text}'", fmt="'BASE64'", targetType='"BINARY"', suggestion="`try_to_binary`",
        )  # fmt: skip
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def from_hex(text: str) -> bytes | None:
    """Bytes of hexadecimal digits, NULL where there are other signs."""
    try:
        return binascii.unhexlify(text if len(text) % 2 == 0 else "0" + text)
    except (binascii.Error, ValueError):
        return None


def converted_base(text: str, from_base: int, to_base: int) -> str | None:
    """A number of one base in another, as Hive's `conv`: 64 bits, unsigned unless the target base is negative."""
    if not 2 <= from_base <= 36 or not 2 <= abs(to_base) <= 36 or not text.strip():  # noqa: PLR2004 - the digits
        return None
    text = text.strip()
    negative, digits = text.startswith("-"), text.removeprefix("-")
    value = 0
    for sign in digits:
        try:
            digit = int(sign, 36)
        except ValueError:
            break
        if digit >= from_base:
            break
        value = min(value * from_base + digit, (1 << 64) - 1)
    if negative and to_base > 0:
        value = (1 << 64) - 1 if value >= 1 << 63 else (-value) % (1 << 64)
    if to_base < 0 and (negative or value >= 1 << 63):
        value = value if negative else (1 << 64) - value
        return "-" + _in_base(value, -to_base)
    return _in_base(value, abs(to_base))


def _in_base(value: int, base: int) -> str:
    digits = ""
    while True:
        value, digit = divmod(value, base)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
        if not value:
            return digits


def format_number(number: str, digits: int) -> str | None:
    """With commas and a number of digits behind the point, rounded half to even."""
    if digits < 0:
        return None
    value = decimal.Decimal(number)
    if not value.is_finite():
        return "NaN" if value.is_nan() else ("-∞" if value < 0 else "∞")
    with decimal.localcontext() as context:
        context.prec = 400
        rounded = value.quantize(decimal.Decimal(1).scaleb(-digits), rounding=decimal.ROUND_HALF_EVEN)
    return f"{rounded:,f}"


def _gap_of(pattern: str) -> tuple[str, str, str]:
    body = re.search(r"[#0,.]+", pattern)
    if body is None:
        return pattern, "", ""
    return pattern[: body.start()], body[0], pattern[body.end() :]


def format_pattern(number: str, pattern: str) -> str | None:
    """With Java's DecimalFormat pattern: `#`, `0`, `,` and `.`."""
    value = decimal.Decimal(number)
    before, body, after = _gap_of(pattern or "#,###")
    whole, _, fraction = body.partition(".")
    size = len(whole) - whole.rfind(",") - 1 if "," in whole else 0
    least_whole, most_fraction, least_fraction = whole.count("0"), len(fraction), fraction.count("0")
    if "0" not in body and "#" in whole and "." in body:
        least_whole = 1
    if "%" in before or "%" in after:
        value *= 100
    with decimal.localcontext() as context:
        context.prec = 400
        rounded = value.quantize(decimal.Decimal(1).scaleb(-most_fraction), rounding=decimal.ROUND_HALF_EVEN)
    digits, _, rest = f"{abs(rounded):f}".partition(".")
    digits = digits.lstrip("0").rjust(least_whole, "0")
    rest = rest.rstrip("0").ljust(least_fraction, "0")
    if size:
        groups = []
        while len(digits) > size:
            groups.append(digits[-size:])
            digits = digits[:-size]
        digits = ",".join([digits, *reversed(groups)])
    sign = "-" if rounded < 0 else ""
    if not digits and not rest:
        digits = "0"
    return sign + before + digits + (f".{rest}" if rest else "") + after


def _regexp_extract(text: str, pattern: str, group: int) -> str:
    found = compiled(pattern, "regexp_extract").search(text)
    _check_group(compiled(pattern, "regexp_extract"), group, "regexp_extract")
    return "" if found is None else found[group] or ""


def _check_group(pattern: re.Pattern[str], group: int, function: str) -> None:
    if not 0 <= group <= pattern.groups:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
            parameter="`idx`",
            functionName=f"`{function}`",
            groupCount=pattern.groups,
            groupIndex=group,
        )


def _regexp_extract_all(text: str, pattern: str, group: int) -> list[str]:
    regex = compiled(pattern, "regexp_extract_all")
    _check_group(regex, group, "regexp_extract_all")
    return [match[group] or "" for match in regex.finditer(text)]


def _regexp_replace(text: str, pattern: str, replacement: str, position: int) -> str:
    if position > len(text) + 1:
        return text
    regex = compiled(pattern, "regexp_replace")
    try:
        return replace_all(regex, text, replacement, position - 1)
    except ValueError as error:
        raise SparkError(
            "INVALID_REGEXP_REPLACE",
            source=text, pattern=pattern, replacement=replacement, position=position,
        ) from error  # fmt: skip


def _regexp_instr(text: str, pattern: str, group: int) -> int:
    del group  # Spark ignores it
    found = compiled(pattern, "regexp_instr").search(text)
    return 0 if found is None else found.start() + 1


def _regexp_substr(text: str, pattern: str) -> str | None:
    found = compiled(pattern, "regexp_substr").search(text)
    return None if found is None else found[0]


def _like(text: str, pattern: str, escape: str) -> bool:
    return like_regex(pattern, escape).fullmatch(text) is not None


def like_regex(pattern: str, escape: str) -> re.Pattern[str]:
    """A LIKE pattern. Raises INVALID_FORMAT where the escape character stands wrong."""
    out, position = [], 0
    while position < len(pattern):
        sign = pattern[position]
        position += 1
        if sign == escape:
            if position == len(pattern):
                shown = pattern.replace("\\", "\\\\")
                raise SparkError("INVALID_FORMAT.ESC_AT_THE_END", format=f"'{shown}'")
            following = pattern[position]
            if following not in {"_", "%", escape}:
                raise SparkError(
                    "INVALID_FORMAT.ESC_IN_THE_MIDDLE", format=f"'{pattern}'", char=f"'{following}'"
                )
            out.append(re.escape(following))
            position += 1
        else:
            out.append({"_": ".", "%": ".*"}.get(sign) or re.escape(sign))
    return re.compile("".join(out), re.DOTALL)


def _url_decode(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise SparkError("CANNOT_DECODE_URL", url=text)
    return unquote_plus(text)


_URL_PARTS = frozenset({"HOST", "PATH", "QUERY", "REF", "PROTOCOL", "FILE", "AUTHORITY", "USERINFO"})


def parse_url(url: str | None, part: str | None, key: str | None = None) -> str | None:
    """A part of a URL, or a value of its query."""
    if url is None or part is None or part not in _URL_PARTS:
        return None
    try:
        pieces = urlsplit(url)
        host = pieces.netloc.rpartition("@")[2].partition(":")[0]
    except ValueError:
        return None
    user = pieces.netloc.rpartition("@")[0]
    query = pieces.query or None
    if key is not None:
        if part != "QUERY" or query is None:
            return None
        found = re.search(rf"(?:&|^){re.escape(key)}=([^&]*)", query)
        return None if found is None else found[1]
    values = {
        "HOST": host, "PATH": pieces.path, "QUERY": query, "REF": pieces.fragment or None,
        "PROTOCOL": pieces.scheme or None, "FILE": pieces.path + (f"?{query}" if query else ""),
        "AUTHORITY": pieces.netloc or None, "USERINFO": user or None,
    }  # fmt: skip
    return values[part] or (values[part] if part in {"PATH", "FILE"} else None)


def masked(
    text: str | None, upper: str | None, lower: str | None, digit: str | None, other: str | None
) -> str | None:
    """Every sign replaced by the sign of its kind; kinds given as NULL stay."""
    if text is None:
        return None
    out = []
    for sign in text:
        if sign.isupper():
            out.append(sign if upper is None else upper)
        elif sign.islower():
            out.append(sign if lower is None else lower)
        elif sign.isdigit():
            out.append(sign if digit is None else digit)
        else:
            out.append(sign if other is None else other)
    return "".join(out)


def _try_url_decode(text: str) -> str | None:
    try:
        return _url_decode(text)
    except SparkError:
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def to_binary(text: str, form: str, function: str) -> bytes | None:
    """Bytes of hexadecimal digits, base64 or UTF-8. Malformed texts raise, or are NULL in `try_to_binary`."""
    kind = form.lower()
    found: bytes | None = None
    if kind in {"utf-8", "utf8"}:
        return text.encode()
    if kind == "hex":
        found = from_hex(text)
    elif kind == "base64":
        if re.fullmatch(
            r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?", re.sub(r"\s", "", text)
        ):
            found = from_base64(text)
    else:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.BINARY_FORMAT",
            functionName=f"`{function}`",
            parameter="`format`",
            invalidFormat=f"'{form}'",
        )
    if found is None and function == "to_binary":
        raise SparkError(
            "CONVERSION_INVALID_INPUT",
            str=f"'{text}'", fmt=f"'{form.upper()}'", targetType='"BINARY"', suggestion="`try_to_binary`",
        )  # fmt: skip
    return found


def luhn_valid(digits: str) -> bool:
    """Whether the check digit of a number is right."""
    if not re.fullmatch(r"[0-9]+", digits):
        return False
    total = 0
    for position, sign in enumerate(reversed(digits)):
        number = int(sign) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number  # noqa: PLR2004 - the sum of two digits
    return total % 10 == 0


def _format(template: str, kinds: str, values: list[str | None]) -> str:
    return format_text(template, kinds, values)


def _upper(texts: pa.Array) -> pa.Array:
    return pa.array([None if t is None else t.upper() for t in texts.to_pylist()], pa.string())


def _lower(texts: pa.Array) -> pa.Array:
    return pa.array([None if t is None else t.lower() for t in texts.to_pylist()], pa.string())


UPPER = Kernel("potok_upper", (STRING,), STRING, _upper)
LOWER = Kernel("potok_lower", (STRING,), STRING, _lower)
INITCAP = row_kernel("initcap", (STRING,), STRING, capitalised)
REVERSE = row_kernel("reverse", (STRING,), STRING, lambda t: t[::-1])
REVERSE_BINARY = row_kernel("reverse_binary", (BINARY,), BINARY, lambda t: t[::-1])
SOUNDEX = row_kernel("soundex", (STRING,), STRING, soundex)
SUBSTRING_INDEX = row_kernel("substring_index", (STRING, STRING, INTEGER), STRING, substring_index)
FIND_IN_SET = row_kernel("find_in_set", (STRING, STRING), INTEGER, find_in_set)
LEVENSHTEIN = row_kernel("levenshtein", (STRING, STRING, INTEGER), INTEGER, levenshtein)
ENCODE = row_kernel("encode", (STRING, STRING), BINARY, encode)
DECODE = row_kernel("decode", (BINARY, STRING), STRING, decode)
FROM_BASE64 = row_kernel("from_base64", (STRING,), BINARY, from_base64)
FROM_HEX = row_kernel("from_hex", (STRING,), BINARY, from_hex)
CONV = row_kernel("conv", (STRING, INTEGER, INTEGER), STRING, converted_base)
CRC32 = row_kernel("crc32", (BINARY,), LONG, zlib.crc32)
FORMAT_NUMBER = row_kernel("format_number", (STRING, INTEGER), STRING, format_number)
FORMAT_PATTERN = row_kernel("format_pattern", (STRING, STRING), STRING, format_pattern)
FORMAT = row_kernel("format", (STRING, STRING, ArrayType(STRING)), STRING, _format)
REGEXP_LIKE = row_kernel(
    "regexp_like", (STRING, STRING), BOOLEAN, lambda t, p: compiled(p).search(t) is not None
)
REGEXP_EXTRACT = row_kernel("regexp_extract", (STRING, STRING, INTEGER), STRING, _regexp_extract)
REGEXP_EXTRACT_ALL = row_kernel("regexp_extract_all", (STRING, STRING, INTEGER), TEXTS, _regexp_extract_all)
REGEXP_REPLACE = row_kernel("regexp_replace", (STRING, STRING, STRING, INTEGER), STRING, _regexp_replace)
REGEXP_COUNT = row_kernel(
    "regexp_count",
    (STRING, STRING),
    INTEGER,
    lambda t, p: sum(1 for _ in compiled(p, "regexp_count").finditer(t)),
)
REGEXP_INSTR = row_kernel("regexp_instr", (STRING, STRING, INTEGER), INTEGER, _regexp_instr)
REGEXP_SUBSTR = row_kernel("regexp_substr", (STRING, STRING), STRING, _regexp_substr)
SPLIT = row_kernel("split", (STRING, STRING, INTEGER), TEXTS, split_text)
LIKE = row_kernel("like", (STRING, STRING, STRING), BOOLEAN, _like)
URL_ENCODE = row_kernel(
    "url_encode", (STRING,), STRING, lambda t: quote_plus(t, safe="*").replace("~", "%7E")
)
URL_DECODE = row_kernel("url_decode", (STRING,), STRING, _url_decode)
PARSE_URL = row_kernel("parse_url", (STRING, STRING, STRING), STRING, parse_url, strict=False)
MASK = row_kernel("mask", (STRING, STRING, STRING, STRING, STRING), STRING, masked, strict=False)
LUHN = row_kernel("luhn_check", (STRING,), BOOLEAN, luhn_valid)
TRY_URL_DECODE = row_kernel("try_url_decode", (STRING,), STRING, _try_url_decode)
IS_UTF8 = row_kernel("is_utf8", (BINARY,), BOOLEAN, _is_utf8)
MADE_UTF8 = row_kernel("made_utf8", (BINARY,), STRING, lambda data: data.decode(errors="replace"))
TO_BINARY = row_kernel("to_binary", (STRING, STRING, STRING), BINARY, to_binary)
