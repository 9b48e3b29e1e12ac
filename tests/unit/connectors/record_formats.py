"""Ask real Spark how it reads and writes files; the answers are the tests' expectations.

Run with a Python that has pyspark: `python record_formats.py <directory of the answers>`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import pathlib
import random
import sys
import tempfile
from typing import Any

from pyspark.sql import SparkSession

DIALECTS: list[dict[str, str]] = [
    {},
    {"escape": '"'},
    {"ignoreLeadingWhiteSpace": "true"},
    {"ignoreTrailingWhiteSpace": "true"},
    {"ignoreLeadingWhiteSpace": "true", "ignoreTrailingWhiteSpace": "true"},
    {"nullValue": "a"},
    {"emptyValue": "E"},
    {"nullValue": "a", "emptyValue": "E"},
    {"quote": "'"},
    {"quote": ""},
    {"comment": "#"},
    {"sep": "||"},
    {"sep": "\\t"},
    {"escape": '"', "ignoreTrailingWhiteSpace": "true"},
    {"charToEscapeQuoteEscaping": "'"},
    {"unescapedQuoteHandling": "STOP_AT_CLOSING_QUOTE"},
    {"unescapedQuoteHandling": "BACK_TO_DELIMITER"},
    {"unescapedQuoteHandling": "SKIP_VALUE"},
]
WRITE_OPTIONS: list[dict[str, str]] = [
    {},
    {"header": "true"},
    {"quoteAll": "true"},
    {"escapeQuotes": "false"},
    {"nullValue": "NULL"},
    {"emptyValue": "EMPTY"},
    {"nullValue": "-", "emptyValue": ""},
    {"escape": '"'},
    {"quote": "'"},
    {"quote": ""},
    {"sep": "|"},
    {"sep": "||"},
    {"ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"},
    {"lineSep": ";"},
    {"charToEscapeQuoteEscaping": "\\"},
    {"quoteAll": "true", "nullValue": "NULL", "header": "true"},
    {"comment": "#"},
]
STRINGS: list[str | None] = [
    "plain", "", None, " ", "\t", " lead", "trail ", "a,b", 'q"q', '"', '""', "'", "a\nb", "a\rb", "back\\slash",
    '\\"', "\\", "#x", "x#", "a|b", "a||b", "NULL", "-", "ж漢", "a;b", '"quoted"', '" sp "', "\x01", " , ",
    'end"', '"start', 'a\\"b', "EMPTY", "\u00a0", "a\tb", "'q'", "\\\\", "\x00",
]  # fmt: skip
TYPED: dict[str, list[str]] = {
    "INT": ["5", " 5", "5 ", "+5", "-5", "0x1F", "05", "-0", "1_0", "1.0", "2147483647", "2147483648", "\u0663", "--1", "1e3"],
    "TINYINT": ["127", "128", "-128", "-129"],
    "BIGINT": ["9223372036854775807", "9223372036854775808", "1,000"],
    "DOUBLE": ["1.5", " 1.5 ", ".5", "1.", "1e3", "1E3", "inf", "Inf", "+Inf", "Infinity", "-Infinity", "+Infinity", "nan", "NaN",
               "1d", "1f", "1D", "+1.5", "-.5", "0x1p3", "0x1.8p1d", "1e", "1e400", "-1e400", "1e-400", "1_0", "١.٥", "+NaN", "1 5"],
    "FLOAT": ["1.1", "3.4028236e38", "1e39", "16777217"],
    "BOOLEAN": ["true", "TRUE", "False", "1", "t", "yes", " true"],
    "DATE": ["2024-01-02", "2024-1-2", "2024-1", "2024", "2024-01-02 ", " 2024-01-02", "2024-01-02T", "2024-01-02Tx", "2024-01-02 x",
             "2024-01-02x", "20240102", "02024-01-02", "-0001-01-01", "+2024-01-02", "12024-01-02", "0000-01-01", "2024-02-30",
             "2024-13-01", "24-01-02", "0024-01-02", "2024-00-10", "2024-01-", "2024-"],
    "TIMESTAMP": ["2024-01-02", "2024-1-2", "2024", "2024-01", "2024-01-02 3", "2024-01-02 03", "2024-01-02 03:04", "2024-01-02 3:4:5",
                  "2024-01-02 03:04:05", "2024-01-02T03:04:05", "2024-01-02T03:04:05.1", "2024-01-02T03:04:05.", "2024-01-02T03:04:05.1234567",
                  "2024-01-02T03:04:05Z", "2024-01-02T03:04:05 Z", "2024-01-02 03:04:05+02:00", "2024-01-02 03:04:05+2:00", "2024-01-02 03:04:05+0200",
                  "2024-01-02 03:04:05+02", "2024-01-02 03:04:05 UTC", "2024-01-02 03:04:05 Europe/Moscow", "2024-01-02 03:04:05Europe/Moscow",
                  "2024-01-02 03:04:05 GMT+3", "2024-01-02 03:04:05 PST", "2024-01-02T", "2024-01-02 ", "2024-01-02 24:00:00", "2024-01-02 03:60",
                  "2024-01-02 03:04:60", "03:04", "T03:04", "T03:04:05", "2024-01-02T03:04:05.123456789012", "2024-01-02Z", "2024-01-02 03:04Z",
                  "2024-01-02 03:04:05.5+01:00", "1704164645", "bad", "2024-01-02 03:04:05 +02:00", "2024-01-02 03:04:05 xyz", "12024-01-02 00:00:00"],
    "TIMESTAMP_NTZ": ["2024-01-02", "2024-01-02 03:04:05", "2024-01-02T03:04:05.123456", "2024-01-02 03:04:05Z", "2024-01-02 03", "2024"],
    "DECIMAL(5,2)": ["1.25", "1.255", "1.254", "-1.255", "1e2", "999.99", "999.995", "1000", "1,000", "1,0", ".5", "5.", "+1", " 1", "1e-5", "1e-400", "1e400", "0x1", "NaN", ""],
    "DECIMAL(38,10)": ["1234567890123456789012345678.0123456789", "12345678901234567890123456789", "0.00000000005"],
    "BINARY": ["abc", "ж"],
}  # fmt: skip
PATTERNS: list[tuple[str, str, str, list[str]]] = [
    ("DATE", "dateFormat", "dd.MM.yyyy", ["02.01.2024", "2.1.2024", "2024-01-02", "31.02.2024", "02.01.24"]),
    ("DATE", "dateFormat", "yyyy/M/d", ["2024/1/2", "2024/01/02", "2024/13/01"]),
    ("DATE", "dateFormat", "MMM d, yyyy", ["Jan 2, 2024", "January 2, 2024", "jan 2, 2024"]),
    ("DATE", "dateFormat", "dd/MM/yy", ["02/01/24", "02/01/99", "2/1/24"]),
    ("TIMESTAMP", "timestampFormat", "dd.MM.yyyy HH:mm", ["02.01.2024 05:06", "02.01.2024 5:06", "2024-01-02 05:06:07"]),
    ("TIMESTAMP", "timestampFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", ["2024-01-02T03:04:05.123Z", "2024-01-02T03:04:05", "2024-01-02T03:04:05+03:00", "2024-01-02T03:04:05.12Z"]),
    ("TIMESTAMP", "timestampFormat", "MM/dd/yyyy hh:mm:ss a", ["01/02/2024 03:04:05 PM", "01/02/2024 12:04:05 AM", "01/02/2024 13:04:05 PM"]),
    ("TIMESTAMP_NTZ", "timestampNTZFormat", "yyyyMMddHHmmss", ["20240102030405", "2024-01-02 03:04:05"]),
]  # fmt: skip
JSON_LINES = [
    '{"i":1,"l":2,"d":1.5,"s":"x","b":true,"t":"2024-01-02T03:04:05Z","dt":"2024-01-02","dec":1.255,"a":[1,2],"o":{"x":1,"y":"z"},"m":{"k":1}}',
    "{}", "null", "[]", "5", '"text"', "", "   ", "not json", '{"i":', '{"i":1} trailing', '{"i":1}{"i":2}', '[{"i":1},{"i":2}]',
    '{"i":"2"}', '{"i":1.0}', '{"i":1.5}', '{"i":1e2}', '{"i":3000000000}', '{"i":true}', '{"i":null}', '{"i":[1]}', '{"i":{"a":1}}',
    '{"d":"1.5"}', '{"d":"NaN"}', '{"d":"Infinity"}', '{"d":NaN}', '{"d":Infinity}', '{"d":-Infinity}', '{"d":"INF"}', '{"d":"+INF"}', '{"d":1}', '{"d":1e400}', '{"d":true}', '{"d":""}',
    '{"s":1}', '{"s":1.50}', '{"s":1e3}', '{"s":true}', '{"s":{"a": 1, "b":[1 , 2]}}', '{"s":[1, "x"]}', '{"s":null}', '{"s":"\\u0416\\n"}', '{"s":""}', '{"s":NaN}',
    '{"b":"true"}', '{"b":1}', '{"b":"x"}',
    '{"t":"2024-01-02"}', '{"t":"2024-01-02 03:04:05"}', '{"t":1704164645}', '{"t":1704164645.5}', '{"t":"bad"}', '{"t":"2024-01-02T03:04:05.123456+02:00"}',
    '{"dt":"2024-1-2"}', '{"dt":5}', '{"dt":"bad"}', '{"dt":"2024-01-02T03:04"}',
    '{"dec":"1.255"}', '{"dec":1e2}', '{"dec":1000}', '{"dec":"x"}', '{"dec":"1,0"}', '{"dec":5}',
    '{"a":1}', '{"a":[1,"x",2]}', '{"a":[null]}', '{"a":{}}', '{"a":[]}', '{"o":{"x":"bad","y":"q"}}', '{"o":[]}', '{"o":null}', '{"o":{}}', '{"o":"s"}',
    '{"m":{"k":"x"}}', '{"m":{}}', '{"m":[]}', '{"I":1}', '{"i":1,"i":2}', "{'i':1}", "{i:1}", '{"s":"a\tb"}', '{"i":01}', '{"i":1,}', '{"i":+1}', '{"i":1 /* c */}', '{"s":"\\q"}',
    ' {"i":9} ', '{"unknown":{"deep":[1,{"x":null}]},"i":3}', '{"i":1,"s":"x"', '{"i":"x","s":"kept","d":"bad","l":7}', '{"l":9223372036854775808}', '{"l":1.0}', '{"l":"5"}',
    '{"a":[1.5,2]}', '{"o":{"x":1.5,"y":3}}', '{"dec":NaN}', '{"b":null,"s":"\\ud83d\\ude00"}',
    '{"i":1,"i":"x"}', '{"i":null,"i":"x"}', '{"i":1,"i":null}', '{"o":{"x":1,"x":"q","y":"r"}}', '{"m":{"k":1,"k":2}}',
    '{"d":INF}', '{"d":+INF}', '{"d":-INF}', '{"d":+Infinity}', '{"d":"-INF"}', '{"d":-0}', '{"dt":"197"}', '{"dt":"+5"}', '{"t":"1704164645"}', '{"t":9223372036854775807}',
    '{"s":"\\ud83d"}', '{"s":"\\ud83d x"}', '{"s":1.0e10}', '{"s":-0}', '{"s":[1 , {"a" : "\\u0041"}]}', '{"s":-Infinity}',
    '{"y":127}', '{"y":200}', '{"y":-128}', '{"y":256}', '{"bin":"QUI="}', '{"bin":""}', '{"bin":"?"}', '{"i":""}', '{"t":""}', '{"b":""}', '{"dec":""}',
]  # fmt: skip
JSON_SCHEMA = "i INT, l BIGINT, d DOUBLE, s STRING, b BOOLEAN, t TIMESTAMP, dt DATE, dec DECIMAL(5,2), a ARRAY<INT>, o STRUCT<x: INT, y: STRING>, m MAP<STRING, INT>, y TINYINT, bin BINARY"
JSON_OPTIONS: list[dict[str, str]] = [
    {}, {"primitivesAsString": "true"}, {"allowComments": "true"}, {"allowUnquotedFieldNames": "true"},
    {"allowSingleQuotes": "false"}, {"allowNumericLeadingZeros": "true"}, {"allowNonNumericNumbers": "false"},
    {"allowBackslashEscapingAnyCharacter": "true"}, {"allowUnquotedControlChars": "true"}, {"mode": "DROPMALFORMED"},
]  # fmt: skip
INFER_CSV = [
    "1\n2\n", "1\n3000000000\n", "1\n1.5\n", "1\n99999999999999999999\n", "1\ntrue\n", "true\nFALSE\n", "2024-01-02\n2024-01-03\n",
    "2024-01-02\n2024-01-02 03:04:05\n", "2024-01-02 03:04:05\n", "2024-01-02T03:04:05Z\n", "2024-1-2\n", "2024\n", "1,\n,2\n", "a\n", '""\n', "1\nx\n", "1.5\n3000000000\n",
    "NaN\n1\n", "Inf\n", "1e3\n", " 1\n", "1 \n", "0x1F\n", "2024-01\n", "03:04\n", "2024-01-02\nx\n", "2024-01-02\n5\n", "99999999999999999999\n1.5\n", "99999999999999999999999999999999999999999\n",
    "00012345678901234567890\n", "-99999999999999999999\n", "+5\n", "1.0\n", "2024-01-02 03:04\n",
]  # fmt: skip
INFER_JSON = [
    '{"a":1}\n{"a":2.5}\n', '{"a":1}\n{"a":"x"}\n', '{"a":null}\n', '{"a":[]}\n', '{"a":[1,2.5]}\n', '{"a":[1,"x"]}\n', '{"a":{"x":1}}\n{"a":{"y":"s"}}\n', '{"b":1,"a":true}\n',
    '{"a":3000000000}\n', '{"a":99999999999999999999}\n', '{"a":"2024-01-02"}\n', '{"a":"2024-01-02T03:04:05Z"}\n', '{"a":1}\nbroken\n', "broken\n", '{"a":{}}\n', '[{"a":1},{"b":2}]\n',
    '{"a":1.5}\n{"a":true}\n', '{"a":[{"x":1},{"y":2}]}\n', '{"a":{"x":1}}\n{"a":5}\n', '{"a":null}\n{"a":1}\n', "{}\n", "", '{"a":1,"a":"x"}\n', '{"a":NaN}\n', '{"a":1e400}\n',
    '{"a":0.1}\n', '{"a":99999999999999999999}\n{"a":1}\n', '{"a":99999999999999999999}\n{"a":1.5}\n', '{"B":1,"a":1,"_z":2}\n',
    '{"a":""}\n{"a":{"x":1}}\n', '{"a":"1.5"}\n', '{"a":NaN}\n', '{"a":1,"a":2}\n', "{'a':1,'a':2}\n", '{"a":""}\n', '{"a":1.5e-3}\n', '{"a":"x"}\n{"a":""}\n', '{"o":{"a":1,"a":2}}\n', '{"a":1e400}\n',
]  # fmt: skip


def plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dt.datetime | dt.date):
        return {"time": value.isoformat()}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {"map": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def main(out: pathlib.Path) -> None:
    spark = (
        SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    )  # fmt: skip
    spark.sparkContext.setLogLevel("OFF")
    root = pathlib.Path(tempfile.mkdtemp())
    count = 0

    def file(content: str, name: str = "f") -> str:
        nonlocal count
        count += 1
        directory = root / str(count)
        directory.mkdir()
        (directory / name).write_bytes(content.encode("utf-8"))
        return str(directory)

    def rows(read: Any) -> Any:
        try:
            return [[plain(v) for v in row] for row in read().collect()]
        except Exception as error:  # noqa: BLE001 - the answer
            return {"error": str(error).splitlines()[0][:300].replace(str(root), "ROOT")}

    def save(name: str, value: Any) -> None:
        (out / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n")
        print(name, flush=True)

    chosen = random.Random(7)
    cases = []
    for options in DIALECTS:
        alphabet = 'aab,,""\\\\ \'x#' if options.get("sep") is None else 'ab||||""\\ \t\t\'#'
        lines = ["".join(chosen.choices(alphabet, k=chosen.randint(1, 12))) for _ in range(150)]
        content = "\n".join(lines) + "\n"
        path = file(content)
        schema = "c0 STRING, c1 STRING, c2 STRING, c3 STRING, _corrupt_record STRING"
        cases.append(
            {
                "options": options,
                "content": content,
                "rows": rows(lambda o=options, p=path, s=schema: spark.read.options(**o).schema(s).csv(p)),
            }
        )
    save("csv_records", cases)

    cases = []
    for options in ({}, {"escape": '"'}, {"ignoreTrailingWhiteSpace": "true"}):
        for _ in range(60):
            content = "".join(chosen.choices('aab,,""\\\n\n x', k=chosen.randint(1, 40)))
            path = file(content)
            cases.append(
                {
                    "options": options,
                    "content": content,
                    "rows": rows(
                        lambda o=options, p=path: (
                            spark.read.options(multiLine="true", **o)
                            .schema("c0 STRING, c1 STRING, c2 STRING")
                            .csv(p)
                        )
                    ),
                }
            )
    save("csv_multi_line", cases)

    cases = []
    for data_type, texts in TYPED.items():
        for zone in ("UTC", "America/New_York") if data_type == "TIMESTAMP" else ("UTC",):
            content = "".join(f"x;{text}\n" for text in texts)
            path = file(content)
            read = lambda p=path, t=data_type, z=zone: (
                spark.read.options(sep=";", timeZone=z)
                .schema(f"k STRING, v {t}, _corrupt_record STRING")
                .csv(p)
                .selectExpr("CAST(v AS STRING)", "v IS NULL AND _corrupt_record IS NOT NULL")
                if t != "BINARY"
                else spark.read.options(sep=";")
                .schema(f"k STRING, v {t}, _corrupt_record STRING")
                .csv(p)
                .selectExpr("CAST(v AS STRING)", "v IS NULL AND _corrupt_record IS NOT NULL")
            )
            cases.append(
                {"type": data_type, "option": ["timeZone", zone], "texts": texts, "rows": rows(read)}
            )
    for data_type, option, pattern, texts in PATTERNS:
        content = "".join(f"x;{text}\n" for text in texts)
        path = file(content)
        read = lambda p=path, t=data_type, o=option, q=pattern: (
            spark.read.options(sep=";", **{o: q})
            .schema(f"k STRING, v {t}, _corrupt_record STRING")
            .csv(p)
            .selectExpr("CAST(v AS STRING)", "v IS NULL AND _corrupt_record IS NOT NULL")
        )
        cases.append({"type": data_type, "option": [option, pattern], "texts": texts, "rows": rows(read)})
    save("csv_values", cases)

    frame = spark.createDataFrame(
        [(s, i, "z") for i, s in enumerate(STRINGS)], "a STRING, b INT, c STRING"
    ).coalesce(1)
    single = spark.createDataFrame([(s,) for s in STRINGS], "a STRING").coalesce(1)
    typed = spark.sql(
        "SELECT * FROM VALUES (1, 1.0D, CAST(1.1 AS FLOAT), 1.50BD, true, DATE'2024-01-02', TIMESTAMP'2024-01-02 03:04:05.6', TIMESTAMP_NTZ'2024-01-02 03:04:05', X'4142', INTERVAL '1' DAY, INTERVAL '1-2' YEAR TO MONTH),"
        " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (-5, 1e20D, CAST('NaN' AS FLOAT), -0.05BD, false, DATE'0001-01-01', TIMESTAMP'1900-01-01 00:00:00.123456', TIMESTAMP_NTZ'2024-01-02 03:04:05.000001', X'', INTERVAL '-1 02:03:04.5' DAY TO SECOND, INTERVAL '-3' MONTH),"
        " (0, 1e-5D, CAST('-Infinity' AS FLOAT), 0.00BD, true, DATE'+12345-01-02', TIMESTAMP'+10000-01-01 00:00:00', TIMESTAMP_NTZ'1969-12-31 23:59:59.9', X'FF', INTERVAL '0' SECOND, INTERVAL '0' YEAR),"
        " (0, 1234567.0D, CAST(1e10 AS FLOAT), 0.00BD, true, DATE'1582-10-10', TIMESTAMP'1582-10-10 00:00:00', TIMESTAMP_NTZ'0001-01-01 00:00:00', X'FF', INTERVAL '0' SECOND, INTERVAL '0' YEAR),"
        " (0, 12345678.9D, CAST(0.001 AS FLOAT), 0.00BD, true, DATE'2024-12-31', TIMESTAMP'2024-07-01 12:00:00', TIMESTAMP_NTZ'2024-07-01 12:00:00.10', X'00', INTERVAL '0' SECOND, INTERVAL '0' YEAR)"
        " AS t(i, d, f, dec, b, dt, ts, ntz, bin, dti, ymi)"
    ).coalesce(1)  # fmt: skip

    def written(what: Any, form: str, options: dict[str, str]) -> Any:
        nonlocal count
        count += 1
        target = root / str(count)
        try:
            what.write.format(form).options(**options).save(str(target))
        except Exception as error:  # noqa: BLE001 - the answer
            return {"error": str(error).splitlines()[0][:300]}
        return "".join(
            p.read_bytes().decode("utf-8", "surrogateescape") for p in sorted(target.glob("part-*"))
        )

    cases = [{"data": "strings", "options": o, "text": written(frame, "csv", o)} for o in WRITE_OPTIONS]
    cases += [{"data": "single", "options": o, "text": written(single, "csv", o)} for o in WRITE_OPTIONS]
    no_intervals = typed.drop("dti", "ymi")
    extra: list[dict[str, str]] = [{}, {"timeZone": "America/New_York"}, {"dateFormat": "dd.MM.yyyy", "timestampFormat": "yyyy/MM/dd HH:mm:ss.SSS", "timestampNTZFormat": "HH:mm"}, {"timestampFormat": "MMM d yyyy h a XXX"}]  # fmt: skip
    cases += [{"data": "typed", "options": o, "text": written(no_intervals, "csv", o)} for o in extra]
    cases += [{"data": "intervals", "options": {}, "text": written(typed.select("dti", "ymi"), "csv", {})}]
    save("csv_written", cases)

    nested = spark.sql(
        "SELECT array(1, NULL) a, map('k', 1, 'n', NULL) m, named_struct('x', 1, 'y', CAST(NULL AS STRING)) s, array(named_struct('t', TIMESTAMP'2024-01-02 03:04:05')) ar, map(1, 'x') im, CAST(NULL AS INT) nn, array() e"
        " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    ).coalesce(1)  # fmt: skip
    json_options: list[dict[str, str]] = [{}, {"ignoreNullFields": "false"}, {"timestampFormat": "yyyy/MM/dd HH:mm", "dateFormat": "dd.MM.yyyy"}, {"timeZone": "America/New_York"}, {"lineSep": ";"}, {"pretty": "true"}, {"writeNonAsciiCharacterAsCodePoint": "true"}]  # fmt: skip
    cases = []
    for o in json_options:
        cases.append({"data": "strings", "options": o, "text": written(frame, "json", o)})
        cases.append({"data": "typed", "options": o, "text": written(typed, "json", o)})
        cases.append({"data": "nested", "options": o, "text": written(nested, "json", o)})
    cases.append({"data": "single", "options": {}, "text": written(single, "text", {})})
    cases.append(
        {"data": "single", "options": {"lineSep": "|"}, "text": written(single, "text", {"lineSep": "|"})}
    )
    save("json_written", cases)

    cases = []
    content = "\n".join(JSON_LINES) + "\n"
    for options in JSON_OPTIONS:
        path = file(content)
        cases.append(
            {
                "options": options,
                "rows": rows(
                    lambda o=options, p=path: (
                        spark.read.options(**o).schema(JSON_SCHEMA + ", _corrupt_record STRING").json(p)
                    )
                ),
            }
        )
    save("json_records", {"content": content, "schema": JSON_SCHEMA, "cases": cases})

    def schema(read: Any) -> Any:
        try:
            return json.loads(read().schema.json())
        except Exception as error:  # noqa: BLE001 - the answer
            return {"error": str(error).splitlines()[0][:300].replace(str(root), "ROOT")}

    cases = [
        {
            "content": c,
            "format": "csv",
            "options": {"inferSchema": "true"},
            "schema": schema(lambda p=file(c): spark.read.option("inferSchema", "true").csv(p)),
        }
        for c in INFER_CSV
    ]
    headers = [
        "a,A,b\n1,2,3\n",
        "a,,b\n1,2,3\n",
        "\n\na,b\n1,2\n",
        "x\n",
        '"q,r",s\n1,2\n',
        "a,b\n1\n",
        " a , b \n1,2\n",
    ]
    cases += [
        {
            "content": c,
            "format": "csv",
            "options": {"header": "true"},
            "schema": schema(lambda p=file(c): spark.read.option("header", "true").csv(p)),
        }
        for c in headers
    ]
    cases += [
        {
            "content": c,
            "format": "json",
            "options": o,
            "schema": schema(lambda p=file(c), o=o: spark.read.options(**o).json(p)),
        }
        for c in INFER_JSON
        for o in ({}, {"primitivesAsString": "true"}, {"prefersDecimal": "true"}, {"inferTimestamp": "true"})
    ]
    save("inferred", cases)
    spark.stop()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
