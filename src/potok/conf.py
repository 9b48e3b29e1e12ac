"""Configuration: what keys are known, their defaults, and the values that a session was given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from potok.errors import SparkError


class Entry(NamedTuple):
    """A known key. `default` None means unset; `static` ones cannot change once a session runs."""

    default: str | None
    static: bool = False


# Keys whose value matters to this engine or that programs read back.
ENTRIES: dict[str, Entry] = {
    "spark.app.name": Entry(None),
    "spark.checkpoint.dir": Entry(None),
    "spark.connect.grpc.arrow.maxBatchSize": Entry("4194304", static=True),
    "spark.connect.session.planCompression.defaultAlgorithm": Entry("ZSTD"),
    "spark.connect.session.planCompression.threshold": Entry("10485760"),
    "spark.default.parallelism": Entry(None),
    "spark.master": Entry("local[*]", static=True),
    "spark.potok.checkpoint.durable": Entry("true"),
    "spark.potok.state.memoryLimit": Entry(None),
    "spark.python.sql.dataFrameDebugging.enabled": Entry("true"),
    "spark.sql.adaptive.enabled": Entry("true"),
    "spark.sql.ansi.enabled": Entry("true"),
    "spark.sql.autoBroadcastJoinThreshold": Entry("10485760b"),
    "spark.sql.caseSensitive": Entry("false"),
    "spark.sql.catalogImplementation": Entry("in-memory", static=True),
    "spark.sql.columnNameOfCorruptRecord": Entry("_corrupt_record"),
    "spark.sql.connect.serverStacktrace.enabled": Entry("false"),
    "spark.sql.crossJoin.enabled": Entry("true"),
    "spark.sql.csv.parser.columnPruning.enabled": Entry("true"),
    "spark.sql.cteRecursionRowLimit": Entry("1000000"),
    "spark.sql.cteRecursionLevelLimit": Entry("100"),
    "spark.sql.decimalOperations.allowPrecisionLoss": Entry("true"),
    "spark.sql.execution.arrow.maxRecordsPerBatch": Entry("10000"),
    "spark.sql.execution.arrow.pyspark.enabled": Entry("false"),
    "spark.sql.execution.arrow.pyspark.fallback.enabled": Entry("true"),
    "spark.sql.execution.arrow.pyspark.selfDestruct.enabled": Entry("false"),
    "spark.sql.execution.arrow.useLargeVarTypes": Entry("false"),
    "spark.sql.execution.pandas.convertToArrowArraySafely": Entry("true"),
    "spark.sql.execution.pandas.inferPandasDictAsMap": Entry("false"),
    "spark.sql.execution.pandas.structHandlingMode": Entry("legacy"),
    "spark.sql.execution.pyspark.binaryAsBytes": Entry("true"),
    "spark.sql.execution.pythonUDF.arrow.concurrency.level": Entry(None),
    "spark.sql.execution.pythonUDF.arrow.enabled": Entry("true"),
    "spark.sql.execution.pythonUDTF.arrow.enabled": Entry("true"),
    "spark.sql.extensions": Entry(None, static=True),
    "spark.sql.files.ignoreCorruptFiles": Entry("false"),
    "spark.sql.files.ignoreMissingFiles": Entry("false"),
    "spark.sql.files.maxPartitionBytes": Entry("134217728b"),
    "spark.sql.files.maxRecordsPerFile": Entry("0"),
    "spark.sql.json.enablePartialResults": Entry("true"),
    "spark.sql.jsonGenerator.ignoreNullFields": Entry("true"),
    "spark.sql.leafNodeDefaultParallelism": Entry(None),
    "spark.sql.legacy.histogramNumericPropagateInputType": Entry("true"),
    "spark.sql.legacy.timeParserPolicy": Entry("CORRECTED"),
    "spark.sql.mapKeyDedupPolicy": Entry("EXCEPTION"),
    "spark.sql.orc.compression.codec": Entry("zstd"),
    "spark.sql.orc.mergeSchema": Entry("false"),
    "spark.sql.parquet.compression.codec": Entry("snappy"),
    "spark.sql.pivotMaxValues": Entry("10000"),
    "spark.sql.pyspark.inferNestedDictAsStruct.enabled": Entry("false"),
    "spark.sql.pyspark.jvmStacktrace.enabled": Entry("false"),
    "spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled": Entry("false"),
    "spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled": Entry("false"),
    "spark.sql.pyspark.plotting.max_rows": Entry("1000"),
    "spark.sql.pyspark.plotting.sample_ratio": Entry(None),
    "spark.sql.repl.eagerEval.enabled": Entry("false"),
    "spark.sql.repl.eagerEval.maxNumRows": Entry("20"),
    "spark.sql.repl.eagerEval.truncate": Entry("20"),
    "spark.sql.scripting.enabled": Entry("true"),
    "spark.sql.session.localRelationCacheThreshold": Entry("1048576"),
    "spark.sql.session.localRelationChunkSizeBytes": Entry("16777216"),
    "spark.sql.session.localRelationChunkSizeRows": Entry("10000"),
    "spark.sql.session.localRelationBatchOfChunksSizeBytes": Entry("1073741824"),
    "spark.sql.session.localRelationSizeLimit": Entry("3221225472"),
    "spark.sql.session.timeZone": Entry(None),
    "spark.sql.shuffle.partitions": Entry("1"),
    "spark.sql.sources.binaryFile.maxLength": Entry("2147483647"),
    "spark.sql.sources.default": Entry("parquet"),
    "spark.sql.sources.partitionColumnTypeInference.enabled": Entry("true"),
    "spark.sql.sources.partitionOverwriteMode": Entry("STATIC"),
    "spark.sql.sources.useV1SourceList": Entry("avro,csv,json,kafka,orc,parquet,text"),
    "spark.sql.streaming.aggregation.stateFormatVersion": Entry("2"),
    "spark.sql.streaming.checkpointFileManagerClass": Entry(None),
    "spark.sql.streaming.checkpointLocation": Entry(None),
    "spark.sql.streaming.commitProtocolClass": Entry(
        "org.apache.spark.sql.execution.streaming.ManifestFileCommitProtocol"
    ),
    "spark.sql.streaming.fileSink.log.cleanupDelay": Entry("600000ms"),
    "spark.sql.streaming.fileSink.log.compactInterval": Entry("10"),
    "spark.sql.streaming.fileSink.log.deletion": Entry("true"),
    "spark.sql.streaming.fileSource.log.cleanupDelay": Entry("600000ms"),
    "spark.sql.streaming.fileSource.log.compactInterval": Entry("10"),
    "spark.sql.streaming.fileSource.log.deletion": Entry("true"),
    "spark.sql.streaming.forceDeleteTempCheckpointLocation": Entry("false"),
    "spark.sql.streaming.metricsEnabled": Entry("false"),
    "spark.sql.streaming.minBatchesToRetain": Entry("100"),
    "spark.sql.streaming.multipleWatermarkPolicy": Entry("min"),
    "spark.sql.streaming.noDataMicroBatches.enabled": Entry("true"),
    "spark.sql.streaming.noDataProgressEventInterval": Entry("10000ms"),
    "spark.sql.streaming.numRecentProgressUpdates": Entry("100"),
    "spark.sql.streaming.pollingDelay": Entry("10ms"),
    "spark.sql.streaming.schemaInference": Entry("false"),
    "spark.sql.streaming.sessionWindow.merge.sessions.in.local.partition": Entry("false"),
    "spark.sql.streaming.stateStore.minDeltasForSnapshot": Entry("10"),
    "spark.sql.streaming.stateStore.providerClass": Entry(
        "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.stateSchemaCheck": Entry("true"),
    "spark.sql.streaming.statefulOperator.checkCorrectness.enabled": Entry("true"),
    "spark.sql.streaming.stopActiveRunOnRestart": Entry("true"),
    "spark.sql.streaming.stopTimeout": Entry("0"),
    "spark.sql.streaming.unsupportedOperationCheck": Entry("true"),
    "spark.sql.timestampType": Entry("TIMESTAMP_LTZ"),
    "spark.sql.warehouse.dir": Entry("spark-warehouse", static=True),
}

_TIME_UNITS_MS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "us": 0.001,
}
_WHOLE_NUMBER = re.compile(r"-?\d+")
_BYTES = re.compile(r"-?\d+[bkmgtp]?b?", re.IGNORECASE)
_DEFAULT_BYTES = re.compile(r"\d+b")
_DEFAULT_TIME = re.compile(r"\d+ms")
_ZONE_OFFSET = re.compile(r"Z|(UTC|GMT|UT)?[+-]\d{1,2}(:\d{1,2}){0,2}")
_TIMES = frozenset({"spark.sql.streaming.stopTimeout"})
_CHOICES = {
    "spark.sql.legacy.timeParserPolicy": ("EXCEPTION", "LEGACY", "CORRECTED"),
    "spark.sql.mapKeyDedupPolicy": ("EXCEPTION", "LAST_WIN"),
    "spark.sql.parquet.compression.codec": (
        "brotli",
        "uncompressed",
        "lzo",
        "snappy",
        "lz4_raw",
        "none",
        "zstd",
        "lz4",
        "gzip",
    ),
    "spark.sql.sources.partitionOverwriteMode": ("STATIC", "DYNAMIC"),
    "spark.sql.timestampType": ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ"),
}
_POSITIVE = {
    "spark.sql.shuffle.partitions": "The value of spark.sql.shuffle.partitions must be positive",
    "spark.sql.streaming.minBatchesToRetain": "minBatchesToRetain must be positive",
}
_REQUIRED = {
    "spark.sql.streaming.aggregation.stateFormatVersion": ({"1", "2"}, "Valid versions are 1 and 2"),
    "spark.sql.streaming.multipleWatermarkPolicy": (
        {"min", "max"},
        "Invalid value for 'spark.sql.streaming.multipleWatermarkPolicy'. Valid values are 'min' and 'max'",
    ),
}
# Settings of the cluster, which Spark's own entries outside SQL are.
_CORE = ("spark.driver.", "spark.executor.", "spark.dynamicAllocation.", "spark.memory.", "spark.shuffle.")
_TIME = re.compile(r"(-?\d+)\s*([a-z]*)", re.IGNORECASE)


def milliseconds_of(key: str, text: str) -> int:
    """A key's text as a time; a bare number is milliseconds. Raises INVALID_CONF_VALUE.TYPE_MISMATCH."""
    match = _TIME.fullmatch(text.strip())
    unit = _TIME_UNITS_MS.get(match[2].lower() or "ms") if match else None
    if match is None or unit is None:
        raise SparkError("INVALID_CONF_VALUE.TYPE_MISMATCH", confValue=text, confName=key, confType="time")
    return int(int(match[1]) * unit)


class Conf:
    """The configuration of one session: given values over known defaults.

    It begins with the values that the process was started with.
    """

    def __init__(self, initial: Mapping[str, str], time_zone: str) -> None:
        self._values = dict(initial)
        self._time_zone = time_zone

    def copy(self) -> Conf:
        """A configuration of its own with the same values."""
        return Conf(self._values, self._time_zone)

    def is_set(self, key: str) -> bool:
        """Whether the key was given a value, so that its own default does not count."""
        return key in self._values

    def find(self, key: str) -> str | None:
        """The value in force, None where the key is unset or unknown."""
        if key in self._values:
            return self._values[key]
        if key == "spark.sql.session.timeZone":
            return self._time_zone
        entry = ENTRIES.get(key)
        return entry.default if entry else None

    def get(self, key: str) -> str:
        """The value in force. Raises SQL_CONF_NOT_FOUND where there is none."""
        value = self.find(key)
        if value is None:
            raise SparkError("SQL_CONF_NOT_FOUND", sqlConf=f'"{key}"')
        return value

    def set(self, key: str, value: str) -> None:
        """Give a value. Raises CANNOT_MODIFY_STATIC_CONFIG, and INVALID_CONF_VALUE conditions."""
        self._check_modifiable(key)
        _check_value(key, value)
        self._values[key] = value

    def set_initially(self, key: str, value: str) -> bool:
        """Give a value as a session's builder does: static keys, which count at the start only, are left.

        False if it is left. Raises INVALID_CONF_VALUE conditions.
        """
        entry = ENTRIES.get(key)
        if entry is not None and entry.static:
            return self.find(key) == value
        _check_value(key, value)
        self._values[key] = value
        return True

    def unset(self, key: str) -> None:
        """Forget the given value, also one that the process was started with."""
        self._check_modifiable(key)
        self._values.pop(key, None)

    def is_modifiable(self, key: str) -> bool:
        """Whether `set` takes the key: known and not static, as in Spark."""
        entry = ENTRIES.get(key)
        return entry is not None and not entry.static

    def items(self) -> Iterator[tuple[str, str]]:
        """Every key that was given a value, sorted."""
        yield from sorted(self._values.items())

    def boolean(self, key: str) -> bool:
        """The value as true or false. Raises INVALID_CONF_VALUE.TYPE_MISMATCH."""
        text = self.get(key)
        if text.lower() not in {"true", "false"}:
            raise SparkError(
                "INVALID_CONF_VALUE.TYPE_MISMATCH", confValue=text, confName=key, confType="boolean"
            )
        return text.lower() == "true"

    def integer(self, key: str) -> int:
        """The value as a whole number. Raises INVALID_CONF_VALUE.TYPE_MISMATCH."""
        text = self.get(key)
        try:
            return int(text)
        except ValueError:
            raise SparkError(
                "INVALID_CONF_VALUE.TYPE_MISMATCH", confValue=text, confName=key, confType="int"
            ) from None

    def milliseconds(self, key: str) -> int:
        """The value as a time; a bare number is milliseconds. Raises INVALID_CONF_VALUE.TYPE_MISMATCH."""
        return milliseconds_of(key, self.get(key))

    def _check_modifiable(self, key: str) -> None:
        entry = ENTRIES.get(key)
        if entry is not None and entry.static:
            raise SparkError("CANNOT_MODIFY_STATIC_CONFIG", key=f'"{key}"')
        if key.startswith(_CORE):
            raise SparkError(
                "CANNOT_MODIFY_CONFIG", key=f'"{key}"', docroot="https://spark.apache.org/docs/latest"
            )


def _check_value(key: str, value: str) -> None:
    """A known key takes values of its default's kind only. Raises INVALID_CONF_VALUE conditions."""
    entry = ENTRIES.get(key)
    default = entry.default if entry else None
    text = value.strip()
    kind = None
    if default in {"true", "false"} and text.lower() not in {"true", "false"}:
        kind = "boolean"
    elif key in _TIMES or (default is not None and _DEFAULT_TIME.fullmatch(default)):
        match = _TIME.fullmatch(text)
        kind = None if match and (match[2].lower() or "ms") in _TIME_UNITS_MS else "time in MILLISECONDS"
    elif default is not None and _DEFAULT_BYTES.fullmatch(default):
        kind = None if _BYTES.fullmatch(text) else "bytes in BYTE"
    elif default is not None and default.isdigit() and not _WHOLE_NUMBER.fullmatch(text):
        kind = "int"
    if kind is not None:
        raise SparkError("INVALID_CONF_VALUE.TYPE_MISMATCH", confValue=value, confName=key, confType=kind)
    _check_meaning(key, text)
    if key == "spark.sql.session.timeZone":
        _check_time_zone(key, value)


def _check_meaning(key: str, text: str) -> None:
    """Raises INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS and .REQUIREMENT."""
    choices = _CHOICES.get(key)
    if choices is not None and text.upper() not in map(str.upper, choices):
        raise SparkError(
            "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS",
            confValue=text,
            confName=key,
            confOptions=", ".join(choices),
        )
    allowed, requirement = _REQUIRED.get(key, (None, ""))
    if key in _POSITIVE and text.startswith(("-", "0")):
        allowed, requirement = set(), _POSITIVE[key]
    if allowed is not None and text.lower() not in allowed:
        raise SparkError(
            "INVALID_CONF_VALUE.REQUIREMENT", confValue=text, confName=key, confRequirement=requirement
        )


def _check_time_zone(key: str, value: str) -> None:
    if _ZONE_OFFSET.fullmatch(value):
        return
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise SparkError("INVALID_CONF_VALUE.TIME_ZONE", confValue=value, confName=key) from error
