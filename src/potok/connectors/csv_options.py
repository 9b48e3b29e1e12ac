"""The options of CSV. Source of fact: org.apache.spark.sql.catalyst.csv.CSVOptions."""

from __future__ import annotations

import codecs
import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfoNotFoundError

from potok.connectors.csv_rows import CsvDialect
from potok.connectors.file_format import FormatContext
from potok.connectors.options import boolean, character, flag, illegal_argument, integer
from potok.errors import SparkError, unsupported
from potok.functions.text_values import TextOptions
from potok.plan.logical import Options
from potok.zone_names import zone_of

PERMISSIVE = "PERMISSIVE"
DROP_MALFORMED = "DROPMALFORMED"
FAIL_FAST = "FAILFAST"
_ESCAPES = {"\\t": "\t", "\\b": "\b", "\\f": "\f", "\\r": "\r", "\\n": "\n", '\\"': '"', "\\'": "'", "\\\\": "\\", "\\u0000": "\0"}  # fmt: skip
_QUOTE_HANDLINGS = {
    "STOP_AT_CLOSING_QUOTE",
    "BACK_TO_DELIMITER",
    "STOP_AT_DELIMITER",
    "SKIP_VALUE",
    "RAISE_ERROR",
}
_ALLOWED = ("iso-8859-1", "us-ascii", "utf-16", "utf-16be", "utf-16le", "utf-32", "utf-8")
_CHARSETS = {"UTF8": "utf-8", "UTF-8": "utf-8"}
# Languages that write decimals with a comma and group digits with a point.
_COMMA_LANGUAGES = {"de", "es", "it", "nl", "pt", "tr", "id", "da", "el"}


@dataclass(frozen=True)
class CsvOptions:
    """What reading and writing CSV may be told. Attributes carry the options' names."""

    dialect: CsvDialect
    values: TextOptions
    header: bool
    mode: str
    corrupt_record_name: str
    multi_line: bool
    line_separator: str | None
    encoding: str
    infer_schema: bool
    sampling_ratio: float
    enforce_schema: bool
    prefer_date: bool
    date_pattern_given: bool
    extension: str
    quote_all: bool
    escape_quotes: bool
    null_value: str
    empty_value_write: str
    trim_leading_write: bool
    trim_trailing_write: bool
    compression: str | None

    @classmethod
    def of(cls, options: Options, context: FormatContext) -> CsvOptions:
        """Raises SparkError for a value that Spark refuses, and for what is not supported."""
        separator = unescape_separator(options.get("delimiter", options.get("sep", ",")))
        null_value = options.get("nullValue", "")
        handling = options.get("unescapedQuoteHandling", "STOP_AT_DELIMITER").upper()
        if handling not in _QUOTE_HANDLINGS:
            raise illegal_argument(
                f"No enum constant com.univocity.parsers.csv.UnescapedQuoteHandling.{handling}"
            )
        escape = character(options, "escape", "\\")
        dialect = CsvDialect(
            separator=separator,
            quote=character(options, "quote", '"'),
            escape=escape,
            escape_of_escape=options.get("charToEscapeQuoteEscaping"),
            comment=character(options, "comment", ""),
            ignore_leading_whitespace=flag(options, "ignoreLeadingWhiteSpace", default=False),
            ignore_trailing_whitespace=flag(options, "ignoreTrailingWhiteSpace", default=False),
            null_value=null_value,
            empty_value=options.get("emptyValue", ""),
            quote_handling=handling,
            max_columns=integer(options, "maxColumns", 20480),
            max_characters_per_column=integer(options, "maxCharsPerColumn", -1),
        )
        date_pattern = options.get("dateFormat")
        language = options.get("locale", "en-US").split("-")[0].split("_")[0].lower()
        comma = language in _COMMA_LANGUAGES
        values = TextOptions(
            time_zone=options.get("timeZone", context.time_zone),
            date_pattern=date_pattern,
            timestamp_pattern=options.get("timestampFormat"),
            timestamp_ntz_pattern=options.get("timestampNTZFormat"),
            nan_value=options.get("nanValue", "NaN"),
            positive_infinity=options.get("positiveInf", "Inf"),
            negative_infinity=options.get("negativeInf", "-Inf"),
            locale=options.get("locale", "en-US"),
            grouping="." if comma else ",",
            decimal_point="," if comma else ".",
            today_days=today_days(options.get("timeZone", context.time_zone)),
        )
        return cls(
            dialect=dialect,
            values=values,
            header=flag(options, "header", default=False),
            mode=parse_mode(options),
            corrupt_record_name=options.get("columnNameOfCorruptRecord", context.corrupt_record_name),
            multi_line=boolean(options, "multiLine", default=False),
            line_separator=line_separator(options),
            encoding=_allowed_charset(options),
            infer_schema=flag(options, "inferSchema", default=False),
            sampling_ratio=float(options.get("samplingRatio", 1.0)),
            enforce_schema=flag(options, "enforceSchema", default=True),
            prefer_date=flag(options, "preferDate", default=True),
            date_pattern_given=date_pattern is not None,
            extension=options.get("extension", "csv"),
            quote_all=flag(options, "quoteAll", default=False),
            escape_quotes=flag(options, "escapeQuotes", default=True),
            null_value=null_value,
            empty_value_write=options.get("emptyValue", '""'),
            trim_leading_write=flag(options, "ignoreLeadingWhiteSpace", default=True),
            trim_trailing_write=flag(options, "ignoreTrailingWhiteSpace", default=True),
            compression=options.get("compression", options.get("codec")),
        )


def today_days(time_zone: str) -> int | None:
    """Today's date in the zone as days since 1970; None for a zone that Python does not know."""
    try:
        now = dt.datetime.now(zone_of(time_zone))
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return now.date().toordinal() - dt.date(1970, 1, 1).toordinal()


def parse_mode(options: Options) -> str:
    """The parse mode; an unknown word means PERMISSIVE, as in Spark."""
    mode: str = options.get("mode", PERMISSIVE).upper()
    return mode if mode in {DROP_MALFORMED, FAIL_FAST} else PERMISSIVE


def line_separator(options: Options) -> str | None:
    """The option lineSep; None means any of the three usual line ends."""
    separator: str | None = options.get("lineSep")
    if separator is not None and not separator:
        raise illegal_argument("requirement failed: 'lineSep' cannot be an empty string.")
    return separator


def _allowed_charset(options: Options) -> str:
    """The encoding of CSV. Raises INVALID_PARAMETER_VALUE.CHARSET for one that Spark does not allow."""
    name = options.get("encoding", options.get("charset", "UTF-8"))
    if name.lower() not in _ALLOWED:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.CHARSET",
            functionName="`CSVOptions`",
            parameter="`charset`",
            charset=name,
            charsets=", ".join(_ALLOWED),
        )
    return charset(options)


def charset(options: Options) -> str:
    """The encoding as Python names it. Raises for one that is not known."""
    name = options.get("encoding", options.get("charset", "UTF-8"))
    try:
        return codecs.lookup(_CHARSETS.get(name.upper(), name)).name
    except LookupError as error:
        raise unsupported(f"the encoding {name}", "Convert the files to UTF-8.") from error


def unescape_separator(text: str) -> str:
    """The separator with its escapes resolved. Source of fact: CSVExprUtils.toDelimiterStr."""
    if not text:
        raise SparkError("INVALID_DELIMITER_VALUE.EMPTY_STRING")
    out = ""
    position = 0
    while position < len(text):
        if text[position] != "\\":
            out += text[position]
            position += 1
            continue
        if text == "\\":
            raise SparkError("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH")
        pair = text[position : position + 2]
        if text.startswith("\\u0000", position):
            pair = "\\u0000"
        if pair not in _ESCAPES:
            raise SparkError("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", str=pair)
        out += _ESCAPES[pair]
        position += len(pair)
    return out
