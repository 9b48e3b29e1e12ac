"""Batch reading and writing of csv, json, text and parquet, option by option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spark.oracle.table import Table

CASES = Table()
P = CASES.program

SCHEMA = "a INT, b STRING, c DOUBLE"
CSV = "1,x,1.5\n2,y,2.5\n3,,\n"


def reads(
    name: Any,
    content: Any,
    schema: Any = None,
    file: Any = "in/data.csv",
    reader: Any = "csv",
    files: Any = None,
    conf: Any = None,
    **options: Any,
) -> Any:
    """One case that reads one small file."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        read = spark.read.options(**options)
        if schema:
            read = read.schema(schema)
        return getattr(read, reader)(str(directory / "in"))

    P(f"{reader} {name}", run, files=files or {file: content}, conf=conf or {}, ordered=files is None)


reads("plain", CSV)
reads("schema", CSV, SCHEMA)
reads("header", "a,b,c\n1,x,1.5\n", header=True)
reads("header schema", "a,b,c\n1,x,1.5\n", SCHEMA, header=True)
reads("header other names", "z,y,x\n1,x,1.5\n", SCHEMA, header=True)
reads("header enforceSchema off", "z,y,x\n1,x,1.5\n", SCHEMA, header=True, enforceSchema=False)
reads("header not skipped", "a,b,c\n1,x,1.5\n", SCHEMA)
reads("header empty name", "a,,c\n1,x,1.5\n", header=True)
reads("header duplicate", "a,a,A\n1,x,1.5\n", header=True)
reads("header only", "a,b\n", header=True)
reads(
    "inferSchema",
    "1,x,1.5,true,2024-01-01,2024-01-01 10:00:00,\n2,y,2,false,2024-01-02,2024-01-01T10:00:00,\n",
    inferSchema=True,
)
reads("inferSchema widening", "1,1,1,a\n2.5,3000000000,x,\n,,,\n", inferSchema=True)
reads("inferSchema dates", "2024-01-01\n2024-01-02 10:00:00\n", inferSchema=True)
reads("inferSchema prefersDate off", "2024-01-01\n2024-01-02\n", inferSchema=True, prefersDate=False)
reads("inferSchema big number", "99999999999999999999\n1\n", inferSchema=True)
reads("inferSchema quoted number", '"1",2\n', inferSchema=True)
reads("sep", "1;x;1.5\n", SCHEMA, sep=";")
reads("sep two characters", "1||x||1.5\n", SCHEMA, sep="||")
reads("sep tab", "1\tx\t1.5\n", SCHEMA, sep="\\t")
reads("delimiter", "1|x|1.5\n", SCHEMA, delimiter="|")
reads("sep empty", CSV, SCHEMA, sep="")
reads("quotes", '1,"x,y",1.5\n2,"a ""q"" b",2\n3,"a \\"q\\" b",3\n', SCHEMA)
reads("quote other", "1,'x,y',1.5\n", SCHEMA, quote="'")
reads("quote off", '1,"x",1.5\n', SCHEMA, quote="")
reads("quote inside", '1,a"b"c,1.5\n2,"a"b,2\n3," x",3\n', SCHEMA)
reads("quote unclosed", '1,"x,1.5\n2,y,2.5\n', SCHEMA)
reads("escape other", '1,"a^"b",1.5\n', SCHEMA, escape="^")
reads("escape quote", '1,"a ""q"" b",1.5\n', SCHEMA, escape='"')
reads("escape outside quotes", "1,a\\,b,1.5\n", SCHEMA)
reads("multiLine", '1,"x\ny",1.5\n2,z,2\n', SCHEMA, multiLine=True)
reads("line break without multiLine", '1,"x\ny",1.5\n2,z,2\n', SCHEMA)
reads("comment", "#c\n1,x,1.5\n #n\n", SCHEMA, comment="#")
reads("empty lines", "1,x,1.5\n\n   \n2,y,2\n", SCHEMA)
reads("carriage returns", "1,x,1.5\r\n2,y,2\r3,z,3\n", SCHEMA)
reads("no last line break", "1,x,1.5\n2,y,2", SCHEMA)
reads("lineSep", "1,x,1.5;2,y,2;", SCHEMA, lineSep=";")
reads("nullValue", "1,NA,1.5\n2,,NA\nNA,x,1\n", SCHEMA, nullValue="NA")
reads("emptyValue", '1,"",1.5\n2,,2\n', SCHEMA, emptyValue="EMPTY")
reads("empty and null", '1,"",1.5\n2,,2\n', SCHEMA)
reads("nanValue", "1,x,nan\n2,y,NaN\n3,z,N\n", SCHEMA, nanValue="N")
reads("infinities", "1,x,Inf\n2,y,-Inf\n3,z,Infinity\n", SCHEMA)
reads("positiveInf negativeInf", "1,x,PLUS\n2,y,MINUS\n", SCHEMA, positiveInf="PLUS", negativeInf="MINUS")
reads("white space", " 1 , x , 1.5 \n", SCHEMA)
reads(
    "white space in quotes",
    '1," x ",1.5\n',
    SCHEMA,
    ignoreLeadingWhiteSpace=True,
    ignoreTrailingWhiteSpace=True,
)
reads(
    "ignore white space",
    " 1 , x , 1.5 \n",
    SCHEMA,
    ignoreLeadingWhiteSpace=True,
    ignoreTrailingWhiteSpace=True,
)
reads("ints", "+1\n-1\n 2\n1.0\n2147483648\n0x1\n1e2\n\n", "a INT, _corrupt_record STRING")
reads("doubles", "1\n1.\n.5\n1e3\n1,5\n1d\n0x1p3\n", "a DOUBLE, _corrupt_record STRING")
reads("decimals", "1.5\n1.239\n1e1\n99999\n1,000\n", "a DECIMAL(5,2), _corrupt_record STRING")
reads("booleans", "true\nTRUE\nfalse\n1\nyes\n", "a BOOLEAN, _corrupt_record STRING")
reads(
    "dates",
    "2024-02-29\n2024-2-9\n2024-02-30\n29.02.2024\n2024-02-29 10:00:00\n2024\n",
    "a DATE, _corrupt_record STRING",
)
reads(
    "dateFormat",
    "29/02/2024\n2024-02-29\n30/02/2024\n",
    "a DATE, _corrupt_record STRING",
    dateFormat="dd/MM/yyyy",
)
reads(
    "timestamps",
    "2024-02-29 13:04:05\n2024-02-29T13:04:05.678\n2024-02-29T13:04:05Z\n2024-02-29T13:04:05+02:00\n2024-02-29\nx\n",
    "a TIMESTAMP, _corrupt_record STRING",
)
reads(
    "timestampFormat",
    "29/02/2024 13:04\n2024-02-29 13:04:05\n",
    "a TIMESTAMP, _corrupt_record STRING",
    timestampFormat="dd/MM/yyyy HH:mm",
)
reads(
    "timestamp_ntz", "2024-02-29 13:04:05\n2024-02-29T13:04:05Z\n", "a TIMESTAMP_NTZ, _corrupt_record STRING"
)
reads("other types", "1,2,3,1.5,AB\n", "a TINYINT, b SMALLINT, c BIGINT, d FLOAT, e BINARY")
reads("out of range", "200\n-129\n", "a TINYINT, _corrupt_record STRING")
reads("array type", "1\n", "a ARRAY<INT>")
BAD = "1,x,1.5\nbad,y,2\n3,z\n4,w,4,5\n,,\n"
reads("permissive", BAD, SCHEMA)
reads("permissive corrupt", BAD, SCHEMA + ", _corrupt_record STRING")
reads("permissive corrupt named", BAD, SCHEMA + ", broken STRING", columnNameOfCorruptRecord="broken")
reads("corrupt column not text", BAD, SCHEMA + ", _corrupt_record INT")
reads("dropmalformed", BAD, SCHEMA, mode="DROPMALFORMED")
reads("failfast", BAD, SCHEMA, mode="FAILFAST")
reads("mode unknown", BAD, SCHEMA, mode="nope")
reads("too many columns without schema", "1,2\n1,2,3\n")
reads("too few columns without schema", "1,2\n1\n")
reads("not null", "1,x,\n", "a INT NOT NULL, b STRING, c DOUBLE NOT NULL")
reads("encoding", "1,ž,1.5\n".encode("iso-8859-2"), SCHEMA, encoding="ISO-8859-2")
reads("charset utf-16", "1,ž,1.5\n".encode("utf-16"), SCHEMA, encoding="UTF-16", multiLine=True)
reads("bom", "\ufeff1,x,1.5\n", SCHEMA)
reads("broken utf-8", b"1,\xff\xfe,1.5\n", SCHEMA)
reads("empty file", "", SCHEMA)
reads("empty file without schema", "")
reads("maxColumns", CSV, SCHEMA, maxColumns=2)
reads("maxCharsPerColumn", CSV, SCHEMA, maxCharsPerColumn=2)
reads(
    "unescapedQuoteHandling", '1,a"b,1.5\n2,"a"b,2\n', SCHEMA, unescapedQuoteHandling="STOP_AT_CLOSING_QUOTE"
)
reads("samplingRatio", CSV, inferSchema=True, samplingRatio=1.0)
reads("locale", "1,5;x\n", "a DOUBLE, b STRING", sep=";", locale="de-DE")
reads("escape of escape", '1,"a\\\\",1.5\n', SCHEMA)
reads(
    "column pruning corrupt count", BAD, SCHEMA, conf={"spark.sql.csv.parser.columnPruning.enabled": "false"}
)
reads("singleVariantColumn", "1,x\n", singleVariantColumn="v")
reads("extension", CSV, SCHEMA, file="in/part.txt")
reads("hidden files", CSV, SCHEMA, files={"in/_x.csv": CSV, "in/.y.csv": CSV, "in/ok.csv": "9,k,9\n"})
reads("partitions", CSV, SCHEMA, files={"in/p=1/q=a/x.csv": "1,x,1\n", "in/p=2/q=b%20c/x.csv": "2,y,2\n"})
reads(
    "partition types",
    CSV,
    SCHEMA,
    files={"in/p=1/x.csv": "1,x,1\n", "in/p=__HIVE_DEFAULT_PARTITION__/x.csv": "2,y,2\n"},
)
reads(
    "partition dates",
    CSV,
    SCHEMA,
    files={"in/d=2024-01-01/x.csv": "1,x,1\n", "in/d=2024-01-02/x.csv": "2,y,2\n"},
)
reads(
    "pathGlobFilter",
    CSV,
    SCHEMA,
    files={"in/a.csv": "1,x,1\n", "in/b.txt": "2,y,2\n"},
    pathGlobFilter="*.csv",
)
reads(
    "pathGlobFilter that leaves all files out",
    CSV,
    SCHEMA,
    files={"in/d=1/a.txt": "1,x,1\n", "in/d=2/b.txt": "2,y,2\n"},
    pathGlobFilter="*.csv",
)
reads("basePath that is missing", CSV, SCHEMA, files={"in/a.csv": "1,x,1\n"}, basePath="/not/there")
reads("recursiveFileLookup", CSV, SCHEMA, files={"in/d/a.csv": "1,x,1\n"}, recursiveFileLookup=True)
reads("directories without lookup", CSV, SCHEMA, files={"in/d/a.csv": "1,x,1\n"})

JSON = '{"a": 1, "b": "x", "c": 1.5}\n{"a": 2}\n{}\n'
J = {"reader": "json", "file": "in/data.json"}
reads("plain", JSON, **J)
reads("schema", JSON, SCHEMA, **J)
reads(
    "inferred types",
    '{"i": 1, "l": 3000000000, "d": 1.5, "s": "x", "b": true, "n": null, "a": [1, 2.5], "o": {"z": 1, "y": "q"}, "e": [], "eo": {}}\n',
    **J,
)
reads("inferred merge", '{"a": 1}\n{"a": "x"}\n{"a": [1]}\n{"b": 1}\n{"b": 2.5}\n{"b": true}\n', **J)
reads("inferred big numbers", '{"a": 99999999999999999999, "b": 1e400, "c": 0.1}\n', **J)
reads("inferred dates", '{"a": "2024-01-01", "b": "2024-01-01T10:00:00Z"}\n', **J)
reads("inferTimestamp", '{"b": "2024-01-01T10:00:00Z"}\n', inferTimestamp=True, **J)
reads("primitivesAsString", '{"a": 1, "b": true, "c": 1.50}\n', primitivesAsString=True, **J)
reads("prefersDecimal", '{"a": 1.5, "b": 1e3}\n', prefersDecimal=True, **J)
reads("arrays of objects", '[{"a": 1}, {"a": 2}]\n{"a": 3}\n', "a INT", **J)
reads("multiLine", '[{"a": 1},\n {"a": 2}]\n', "a INT", multiLine=True, **J)
reads("multiLine object", '{"a":\n 1}\n', multiLine=True, **J)
reads("over lines without multiLine", '{"a":\n 1}\n', "a INT, _corrupt_record STRING", **J)
reads(
    "types",
    '{"a": "1", "b": 5, "c": "1.5"}\n{"a": 1.0, "b": true, "c": 2}\n{"a": 1e2, "b": {"x": [1, 2]}, "c": "NaN"}\n{"a": 3000000000, "b": [1], "c": 1}\n',
    SCHEMA + ", _corrupt_record STRING",
    **J,
)
reads(
    "special doubles",
    '{"c": "Infinity"}\n{"c": "-INF"}\n{"c": NaN}\n{"c": Infinity}\n{"c": 1e400}\n',
    "c DOUBLE, _corrupt_record STRING",
    **J,
)
reads(
    "allowNonNumericNumbers off",
    '{"c": NaN}\n{"c": "NaN"}\n',
    "c DOUBLE, _corrupt_record STRING",
    allowNonNumericNumbers=False,
    **J,
)
reads(
    "dates and times",
    '{"d": "2024-02-29", "t": "2024-02-29T13:04:05.678Z"}\n{"d": "29.2.2024", "t": "x"}\n{"d": 5, "t": 1709211845}\n{"d": "2024-02-29T10:00:00", "t": "2024-02-29"}\n',
    "d DATE, t TIMESTAMP, _corrupt_record STRING",
    **J,
)
reads("dateFormat", '{"d": "29.02.2024"}\n', "d DATE", dateFormat="dd.MM.yyyy", **J)
reads(
    "timestampFormat", '{"t": "29.02.2024 13:04"}\n', "t TIMESTAMP", timestampFormat="dd.MM.yyyy HH:mm", **J
)
reads(
    "decimals",
    '{"m": 1.5}\n{"m": "1.239"}\n{"m": 99999}\n{"m": 1e1}\n',
    "m DECIMAL(5,2), _corrupt_record STRING",
    **J,
)
reads(
    "nested",
    '{"s": {"x": 1, "y": [{"k": "a"}]}, "m": {"p": 1, "q": null}}\n{"s": null}\n{"s": {"x": "bad"}}\n{"s": 5}\n',
    "s STRUCT<x: INT, y: ARRAY<STRUCT<k: STRING>>>, m MAP<STRING,INT>, _corrupt_record STRING",
    **J,
)
reads(
    "strings",
    '{"b": "q\\"\\\\ \\n \\u017e"}\n{"b": 1.50}\n{"b": {"k":  [1, null]}}\n{"b": null}\n{"b": true}\n',
    "b STRING",
    **J,
)
BADJ = '{"a": 1, "b": "x"}\nbad\n{"a": "x", "b": "y"}\n{"a": 4\n\n[]\n5\n"s"\nnull\n{"a": 6} trailing\n'
reads("permissive", BADJ, SCHEMA, **J)
reads("permissive corrupt", BADJ, SCHEMA + ", _corrupt_record STRING", **J)
reads("corrupt named", BADJ, SCHEMA + ", broken STRING", columnNameOfCorruptRecord="broken", **J)
reads("corrupt inferred", BADJ, **J)
reads("dropmalformed", BADJ, SCHEMA, mode="DROPMALFORMED", **J)
reads("failfast", BADJ, SCHEMA, mode="FAILFAST", **J)
reads("failfast inferred", BADJ, mode="FAILFAST", **J)
reads("dropmalformed inferred", BADJ, mode="DROPMALFORMED", **J)
reads("allowComments", '/* x */ {"a": 1}\n', "a INT", allowComments=True, **J)
reads("allowUnquotedFieldNames", "{a: 1}\n", "a INT", allowUnquotedFieldNames=True, **J)
reads("unquoted names", "{a: 1}\n", "a INT, _corrupt_record STRING", **J)
reads("single quotes", "{'a': 1}\n", "a INT", **J)
reads("allowSingleQuotes off", "{'a': 1}\n", "a INT, _corrupt_record STRING", allowSingleQuotes=False, **J)
reads("allowNumericLeadingZeros", '{"a": 007}\n', "a INT", allowNumericLeadingZeros=True, **J)
reads(
    "allowBackslashEscapingAnyCharacter",
    '{"b": "\\$"}\n',
    "b STRING",
    allowBackslashEscapingAnyCharacter=True,
    **J,
)
reads(
    "allowUnquotedControlChars",
    '{"b": "a\tb"}\n',
    "b STRING, _corrupt_record STRING",
    allowUnquotedControlChars=True,
    **J,
)
reads("control characters", '{"b": "a\tb"}\n', "b STRING, _corrupt_record STRING", **J)
reads("dropFieldIfAllNull", '{"a": 1, "b": null, "c": []}\n', dropFieldIfAllNull=True, **J)
reads("lineSep", '{"a": 1};{"a": 2};', "a INT", lineSep=";", **J)
reads("encoding", '{"b": "ž"}\n'.encode("utf-16-le"), "b STRING", encoding="UTF-16LE", lineSep="\n", **J)
reads("empty", "", **J)
reads("duplicate keys", '{"a": 1, "a": 2}\n', "a INT", **J)
reads("case of keys", '{"A": 1, "a": 2}\n', "a INT", **J)
reads("not null", '{"b": "x"}\n', "a INT NOT NULL, b STRING", **J)
reads("binary", '{"y": "YWI="}\n', "y BINARY", **J)
reads("white space", '  {"a": 1}  \n \t \n', "a INT", **J)
reads("singleVariantColumn", '{"a": 1}\n', singleVariantColumn="v", **J)

X = {"reader": "text", "file": "in/data.txt"}
reads("plain", "one\ntwo\n\nfour", **X)
reads("carriage returns", "one\r\ntwo\rthree\n", **X)
reads("lineSep", "one;two;;", lineSep=";", **X)
reads("wholetext", "one\ntwo\n", wholetext=True, **X)
reads("empty", "", **X)
reads("broken utf-8", b"a\xffb\n", **X)
reads("schema other name", "one\n", "line STRING", **X)
reads("schema two columns", "one\n", "a STRING, b STRING", **X)
reads("schema int", "1\n", "a INT", **X)
reads("partition", "", files={"in/k=v/x.txt": "one\n"}, **X)
P(
    "binaryFile",
    lambda spark, F, directory: (
        spark.read.format("binaryFile").load(str(directory / "in")).select("length", "content")
    ),
    files={"in/x.bin": b"\x00\x01"},
)
P(
    "read list of paths",
    lambda spark, F, directory: spark.read.schema(SCHEMA).csv(
        [str(directory / "a.csv"), str(directory / "b.csv")]
    ),
    files={"a.csv": "1,x,1\n", "b.csv": "2,y,2\n"},
)
P(
    "read glob",
    lambda spark, F, directory: spark.read.schema(SCHEMA).csv(str(directory / "*.csv")),
    files={"a.csv": "1,x,1\n", "b.csv": "2,y,2\n", "c.txt": "3,z,3\n"},
)
P(
    "read one missing",
    lambda spark, F, directory: spark.read.schema(SCHEMA).csv(
        [str(directory / "a.csv"), str(directory / "z.csv")]
    ),
    files={"a.csv": "1,x,1\n"},
)
P(
    "read input_file_name",
    lambda spark, F, directory: (
        spark.read.schema(SCHEMA)
        .csv(str(directory / "a.csv"))
        .select(F.substring_index(F.input_file_name(), "/", -1).alias("f"))
    ),
    files={"a.csv": "1,x,1\n"},
)
P(
    "read _metadata",
    lambda spark, F, directory: (
        spark.read.schema(SCHEMA)
        .csv(str(directory / "a.csv"))
        .select("a", "_metadata.file_name", "_metadata.file_size")
    ),
    files={"a.csv": "1,x,1\n"},
)
P(
    "read gzip",
    lambda spark, F, directory: spark.read.schema(SCHEMA).csv(str(directory)),
    files={"a.csv.gz": __import__("gzip").compress(b"1,x,1\n", mtime=0)},
)
P(
    "read format load",
    lambda spark, F, directory: (
        spark.read.format("csv").option("header", True).load(str(directory / "a.csv"))
    ),
    files={"a.csv": "p,q\n1,2\n"},
)
P(
    "read from sql",
    lambda spark, F, directory: spark.sql(f"SELECT * FROM csv.`{directory}/a.csv`"),
    files={"a.csv": "1,2\n"},
)
P(
    "read view using csv",
    lambda spark, F, directory: [
        spark.sql(
            f"CREATE OR REPLACE TEMP VIEW v_files USING csv OPTIONS (path '{directory}/a.csv', header 'true')"
        ),
        spark.sql("SELECT * FROM v_files").collect(),
    ][1],
    files={"a.csv": "p,q\n1,2\n"},
)
P(
    "read wrong option",
    lambda spark, F, directory: spark.read.option("header", "maybe").csv(str(directory / "a.csv")),
    files={"a.csv": "1\n"},
)
P(
    "read csv from rows",
    lambda spark, F: spark.read.csv(
        spark.createDataFrame([("1,x",), ("2,y",)], "value STRING"), "a INT, b STRING"
    ),
)
P(
    "read json from rows",
    lambda spark, F: spark.read.json(spark.createDataFrame([('{"a": 1}',), ('{"a": 2}',)], "value STRING")),
)

PARTS = ("part-", "_SUCCESS")


def tree(directory: Any) -> Any:
    """Names below a directory, uuids replaced, and the bytes of the visible files."""
    import re

    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.name.endswith(".crc"):
            name = re.sub(r"part-(\d+)(-[0-9a-f-]{36})", r"part-\1-<uuid>", str(path.relative_to(directory)))
            found.append([name, path.read_bytes()])
    return sorted(found)


def writes(name: Any, writer: Any, sql: Any = None, make: Any = None, **options: Any) -> Any:
    """One case that writes one small frame and records the bytes of what was written."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        frame = spark.sql(sql) if sql else make(spark, F)
        getattr(frame.coalesce(1).write.options(**options), writer)(str(directory / "out"))
        return tree(directory / "out")

    P(f"write {writer} {name}", run)


EVERY = (
    "SELECT 1 i, 2L l, 1.5D d, 1.10F f, 2.50 m, true b, 'x' s, DATE '2024-02-29' da, TIMESTAMP '2024-02-29 13:04:05.678' ts,"
    " TIMESTAMP_NTZ '2024-02-29 13:04:05' nt"
)
ODD = "SELECT * FROM VALUES ('plain'), ('a,b'), ('q\"q'), ('new\\nline'), (''), (null), (' pad '), ('back\\\\slash'), ('#c'), ('ž') AS t(s)"
writes("every type", "csv", EVERY)
writes(
    "every type and null",
    "csv",
    EVERY + " UNION ALL SELECT null, null, null, null, null, null, null, null, null, null",
)
writes("odd texts", "csv", ODD)
writes("odd texts and number", "csv", "SELECT s, 1 n FROM (" + ODD + ")")
writes("header", "csv", EVERY, header=True)
writes("header empty", "csv", EVERY + " LIMIT 0", header=True)
writes("empty", "csv", EVERY + " LIMIT 0")
writes("sep", "csv", "SELECT 'a;b' x, 'c,d' y", sep=";")
writes("quoteAll", "csv", "SELECT 1 a, 'x' b, null c, '' d", quoteAll=True)
writes("quote", "csv", ODD, quote="'")
writes("quote empty", "csv", ODD, quote="")
writes("escape", "csv", ODD, escape='"')
writes("escapeQuotes off", "csv", ODD, escapeQuotes=False)
writes("nullValue", "csv", ODD, nullValue="NA")
writes("emptyValue", "csv", ODD, emptyValue="")
writes(
    "white space kept", "csv", "SELECT ' a ' x", ignoreLeadingWhiteSpace=False, ignoreTrailingWhiteSpace=False
)
writes("formats", "csv", EVERY, dateFormat="dd.MM.yyyy", timestampFormat="dd.MM.yyyy HH:mm")
writes("timestampNTZFormat", "csv", EVERY, timestampNTZFormat="HH:mm")
writes("lineSep", "csv", "SELECT * FROM VALUES (1), (2)", lineSep="|")
writes("encoding", "csv", "SELECT 'ž' x", encoding="ISO-8859-2")
writes(
    "doubles",
    "csv",
    "SELECT d FROM VALUES (1.0D), (1e20D), (1e-7D), (double('NaN')), (double('Infinity')), (-0.0D), (123456789.125D) AS t(d)",
)
writes(
    "decimals",
    "csv",
    "SELECT CAST(0.00000001 AS DECIMAL(20,10)) a, CAST(100 AS DECIMAL(10,0)) b, CAST(-1.50 AS DECIMAL(38,18)) c",
)
writes("array refused", "csv", "SELECT array(1) a")
writes("interval", "csv", "SELECT INTERVAL '1' DAY a")
writes("binary", "csv", "SELECT X'4142' a")
writes("duplicate columns", "csv", "SELECT 1 a, 2 a")
writes("void column", "csv", "SELECT null a")
writes("gzip", "text", "SELECT 'x' v", compression="none")
writes("every type", "json", EVERY)
writes("nulls", "json", "SELECT 1 a, null b, CAST(null AS INT) c")
writes("nulls kept", "json", "SELECT 1 a, CAST(null AS INT) c", ignoreNullFields=False)
writes("odd texts", "json", ODD)
writes(
    "nested",
    "json",
    "SELECT array(1, null) a, map('k', 1, 'n', null) m, named_struct('x', 1, 'y', null) s, array(named_struct('z', 1)) z, map() e",
)
writes(
    "doubles",
    "json",
    "SELECT d FROM VALUES (1.0D), (1e20D), (1e-7D), (double('NaN')), (double('Infinity')), (-0.0D), (123456789.125D) AS t(d)",
)
writes(
    "decimals",
    "json",
    "SELECT CAST(0.00000001 AS DECIMAL(20,10)) a, CAST(100 AS DECIMAL(10,0)) b, CAST(-1.50 AS DECIMAL(38,18)) c",
)
writes("formats", "json", EVERY, dateFormat="dd.MM.yyyy", timestampFormat="dd.MM.yyyy HH:mm")
writes("binary", "json", "SELECT X'4142' a")
writes("lineSep", "json", "SELECT * FROM VALUES (1), (2)", lineSep="|")
writes("empty", "json", EVERY + " LIMIT 0")
writes("interval", "json", "SELECT INTERVAL '1' DAY a")
writes("control characters", "json", "SELECT 'a\\tb\\u0001c\\u2028/é' s")
writes("plain", "text", ODD)
writes("lineSep", "text", ODD, lineSep="|")
writes("two columns", "text", "SELECT 'a' x, 'b' y")
writes("number", "text", "SELECT 1 x")
writes("empty", "text", "SELECT 'a' x LIMIT 0")


def modes(mode: Any, before: Any) -> Any:
    def run(spark: Any, F: Any, directory: Path) -> Any:
        out = str(directory / "out")
        if before:
            spark.range(1).coalesce(1).write.csv(out)
        spark.sql("SELECT 'new' s").coalesce(1).write.mode(mode).csv(out)
        return sorted(content for name, content in tree(directory / "out") if name != "_SUCCESS")

    return run


for mode in ("append", "overwrite", "ignore", "error", "errorifexists"):
    P(f"write mode {mode} on nothing", modes(mode, before=False))
    P(f"write mode {mode} on a directory", modes(mode, before=True))


@CASES.case()
def write_partitioned(spark: Any, F: Any, directory: Path) -> Any:
    spark.table("people").coalesce(1).write.partitionBy("city", "age").csv(str(directory / "out"))
    return tree(directory / "out")


@CASES.case()
def write_partitioned_odd_values(spark: Any, F: Any, directory: Path) -> Any:
    frame = spark.sql(
        "SELECT * FROM VALUES (1, 'a b'), (2, 'x/y=z'), (3, ''), (4, null), (5, 'ž'), (6, 'a:b%c') AS t(n, p)"
    )
    frame.coalesce(1).write.partitionBy("p").csv(str(directory / "out"))
    return tree(directory / "out")


@CASES.case()
def write_partitioned_by_all(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(1).write.partitionBy("id").csv(str(directory / "out"))


@CASES.case()
def write_max_records(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(3).coalesce(1).write.option("maxRecordsPerFile", 2).csv(str(directory / "out"))
    return tree(directory / "out")


@CASES.case()
def write_read_parquet(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql(EVERY + ", array(1, null) a, map('k', 1) mp, named_struct('x', 1) st, X'00' y").write.parquet(
        str(directory / "out")
    )
    return spark.read.parquet(str(directory / "out"))


@CASES.case()
def parquet_file_types(spark: Any, F: Any, directory: Path) -> Any:
    import pyarrow.parquet

    spark.sql(EVERY + ", array(1, null) a, map('k', 1) mp, named_struct('x', 1) st, X'00' y").coalesce(
        1
    ).write.parquet(str(directory / "out"))
    (part,) = (directory / "out").glob("part-*")
    return str(pyarrow.parquet.ParquetFile(part).schema).split("\n", 1)[1]


@CASES.case()
def parquet_partitioned(spark: Any, F: Any, directory: Path) -> Any:
    spark.table("people").write.partitionBy("city").parquet(str(directory / "out"))
    return spark.read.parquet(str(directory / "out")).select("id", "name", "age", "city")


@CASES.case()
def parquet_merge_schema(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql("SELECT 1 a").write.parquet(str(directory / "out" / "k=1"))
    spark.sql("SELECT 2 a, 'x' b").write.parquet(str(directory / "out" / "k=2"))
    return spark.read.option("mergeSchema", True).parquet(str(directory / "out"))


@CASES.case()
def parquet_with_schema(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql("SELECT 1 a, 'x' b").write.parquet(str(directory / "out"))
    return spark.read.schema("b STRING, c INT").parquet(str(directory / "out"))


@CASES.case()
def parquet_wrong_schema(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql("SELECT 1 a").write.parquet(str(directory / "out"))
    return spark.read.schema("a ARRAY<INT>").parquet(str(directory / "out"))


@CASES.case()
def parquet_written_elsewhere(spark: Any, F: Any, directory: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet

    table = pa.table(
        {
            "i8": pa.array([1, None], pa.int8()),
            "u32": pa.array([4294967295, 1], pa.uint32()),
            "ts": pa.array([0, 1], pa.timestamp("ms")),
            "tz": pa.array([0, 1], pa.timestamp("us", "UTC")),
            "d": pa.array(["a", "b"]).dictionary_encode(),
            "l": [[1], None],
        }
    )
    pyarrow.parquet.write_table(table, str(directory / "x.parquet"))
    return spark.read.parquet(str(directory / "x.parquet"))


@CASES.case()
def parquet_empty_directory(spark: Any, F: Any, directory: Path) -> Any:
    (directory / "in").mkdir()
    return spark.read.parquet(str(directory / "in"))


@CASES.case(files={"x.parquet": "this is not parquet at all"})
def not_parquet(spark: Any, F: Any, directory: Path) -> Any:
    return spark.read.parquet(str(directory / "x.parquet"))


@CASES.case()
def save_default_is_parquet(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).coalesce(1).write.save(str(directory / "out"))
    return spark.read.load(str(directory / "out"))


@CASES.case()
def csv_round_trip(spark: Any, F: Any, directory: Path) -> Any:
    frame = spark.table("texts").coalesce(1)
    frame.write.option("header", True).csv(str(directory / "out"))
    return spark.read.option("header", True).schema("id INT, s STRING, t STRING").csv(str(directory / "out"))


@CASES.case()
def json_round_trip(spark: Any, F: Any, directory: Path) -> Any:
    spark.table("nested").coalesce(1).write.json(str(directory / "out"))
    return spark.read.schema(spark.table("nested").schema).json(str(directory / "out"))


@CASES.case()
def save_as_table(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).write.mode("overwrite").saveAsTable("t_files_1")
    rows = spark.table("t_files_1").collect()
    spark.sql("DROP TABLE t_files_1")
    return rows


@CASES.case()
def insert_into(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql("CREATE TABLE t_files_2 (a BIGINT) USING parquet")
    spark.range(2).write.insertInto("t_files_2")
    rows = spark.table("t_files_2").collect()
    spark.sql("DROP TABLE t_files_2")
    return rows


@CASES.case()
def write_to_v2(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).writeTo("t_files_3").using("parquet").create()
    rows = spark.table("t_files_3").collect()
    spark.sql("DROP TABLE t_files_3")
    return rows


@CASES.case()
def orc_round_trip(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).write.orc(str(directory / "out"))
    return spark.read.orc(str(directory / "out"))


@CASES.case()
def bucket_refused(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).write.bucketBy(2, "id").save(str(directory / "out"))


# ---- whole files, and the file of a row ---------------------------------------------------------

WHOLE = {"in/a.bin": b"abc", "in/d=1/x y.txt": "hello w"}


def whole(name: Any, make: Any, **options: Any) -> Any:
    """One case over the reader of whole files."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        return make(spark.read.format("binaryFile"), F, str(directory / "in"))

    P(f"whole files {name}", run, files=WHOLE, **options)


whole("schema", lambda read, F, path: [str(read.load(path + "/a.bin").schema.simpleString())])
whole(
    "glob",
    lambda read, F, path: read.option("pathGlobFilter", "*.txt").load(path).select("length", "content", "d"),
)
whole(
    "recursive",
    lambda read, F, path: read.option("recursiveFileLookup", True).load(path).select("length", "content"),
)
whole("path", lambda read, F, path: read.load(path + "/a.bin").select(F.substring_index("path", "/", -1)))
whole("filter", lambda read, F, path: read.load(path).where("length > 5").select("length", "d"))
whole("another schema", lambda read, F, path: read.schema("path string, x int").load(path))
whole(
    "own schema",
    lambda read, F, path: (
        read.schema("path string, modificationTime timestamp, length long, content binary")
        .load(path)
        .select("length")
    ),
)
whole(
    "too long",
    lambda read, F, path: read.load(path).select("content"),
    conf={"spark.sql.sources.binaryFile.maxLength": "5"},
)
whole("count", lambda read, F, path: read.load(path).count())
P(
    "whole files written",
    lambda spark, F, directory: spark.range(1).write.format("binaryFile").save(str(directory / "out")),
)
P(
    "whole files in sql",
    lambda spark, F, directory: spark.sql(f"SELECT length FROM binaryFile.`{directory}/in/a.bin`"),
    files=WHOLE,
)


def file_of(name: Any, make: Any) -> Any:
    """One case over a frame that reads one text file."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        return make(
            spark.read.text(str(directory / "in")),
            F.regexp_extract(F.input_file_name(), "[^/]*/[^/]*$", 0),
            F,
        )

    P(f"file of a row {name}", run, files={"in/x y.txt": "hello w\n"})


file_of("plain", lambda x, f, F: x.select(f, F.input_file_block_start(), F.input_file_block_length()))
file_of("name", lambda x, f, F: [x.select(F.input_file_name()).schema.simpleString()])
file_of(
    "slashes",
    lambda x, f, F: x.select(
        F.substring(F.input_file_name(), 1, 8), F.substring("_metadata.file_path", 1, 6)
    ),
)
file_of("key", lambda x, f, F: x.withColumn("f", f).groupBy("f").count())
file_of("key itself", lambda x, f, F: x.groupBy(f).count())
file_of(
    "where",
    lambda x, f, F: x.where(F.input_file_name().contains("x")).select(F.explode(F.split("value", " ")), f),
)
file_of(
    "where metadata", lambda x, f, F: x.where("_metadata.file_name LIKE '%x%'").select("_metadata.file_name")
)
file_of(
    "above rows made", lambda x, f, F: x.select(F.explode(F.split("value", " ")).alias("w")).select("w", f)
)
file_of("sorted", lambda x, f, F: x.orderBy("value").select(f))
file_of("limited", lambda x, f, F: x.limit(1).select(f))
file_of("grouped", lambda x, f, F: x.groupBy("value").count().select(f))
file_of("distinct", lambda x, f, F: x.distinct().select(f))
file_of("of two", lambda x, f, F: x.join(x.withColumnRenamed("value", "v")).select(f))
file_of("in an aggregate", lambda x, f, F: x.agg(F.first(F.input_file_name())))
file_of("order", lambda x, f, F: x.orderBy(F.input_file_name()))
P(
    "file of no file",
    lambda spark, F: spark.range(1).select(
        F.input_file_name(), F.input_file_block_start(), F.input_file_block_length()
    ),
)
