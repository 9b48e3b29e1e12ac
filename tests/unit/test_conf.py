"""What `spark.conf.set` takes and refuses, as recorded from Spark 4.3."""

from __future__ import annotations

import pytest

from potok.conf import Conf
from potok.errors import SparkError

ZONE = "spark.sql.session.timeZone"
STREAMING = "spark.sql.streaming"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{STREAMING}.multipleWatermarkPolicy", "MAX"),
        (f"{STREAMING}.stopTimeout", "30s"),
        (f"{STREAMING}.stopTimeout", "-1"),
        ("spark.sql.sources.partitionOverwriteMode", "dynamic"),
        ("spark.sql.mapKeyDedupPolicy", "last_win"),
        ("spark.sql.legacy.timeParserPolicy", "legacy"),
        ("spark.sql.parquet.compression.codec", "GZIP"),
        (f"{STREAMING}.fileSink.log.cleanupDelay", "1d"),
        ("spark.sql.autoBroadcastJoinThreshold", "-1"),
        ("spark.sql.autoBroadcastJoinThreshold", "10MB"),
        ("spark.sql.session.timeZone", "+02:00"),
        ("spark.sql.session.timeZone", "+2"),
        ("spark.sql.session.timeZone", "UTC+02:00"),
        ("spark.sql.session.timeZone", "Z"),
    ],
)
def test_values_that_are_kept_as_given(key: str, value: str) -> None:
    conf = Conf({}, "UTC")
    conf.set(key, value)
    assert conf.get(key) == value


@pytest.mark.parametrize(
    ("key", "value", "condition", "said"),
    [
        (
            f"{STREAMING}.multipleWatermarkPolicy",
            "average",
            "REQUIREMENT",
            "Invalid value for 'spark.sql.streaming.multipleWatermarkPolicy'. Valid values are 'min' and 'max'",
        ),
        (
            f"{STREAMING}.stopTimeout",
            "soon",
            "TYPE_MISMATCH",
            "It should be a/an 'time in MILLISECONDS' value.",
        ),
        (
            f"{STREAMING}.pollingDelay",
            "x",
            "TYPE_MISMATCH",
            "It should be a/an 'time in MILLISECONDS' value.",
        ),
        (
            f"{STREAMING}.fileSink.log.cleanupDelay",
            "1 day",
            "TYPE_MISMATCH",
            "It should be a/an 'time in MILLISECONDS' value.",
        ),
        (
            "spark.sql.sources.partitionOverwriteMode",
            "x",
            "OUT_OF_RANGE_OF_OPTIONS",
            "It should be one of 'STATIC, DYNAMIC'.",
        ),
        (
            "spark.sql.mapKeyDedupPolicy",
            "x",
            "OUT_OF_RANGE_OF_OPTIONS",
            "It should be one of 'EXCEPTION, LAST_WIN'.",
        ),
        (
            "spark.sql.parquet.compression.codec",
            "rar",
            "OUT_OF_RANGE_OF_OPTIONS",
            "It should be one of 'brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip'.",
        ),
        (
            "spark.sql.shuffle.partitions",
            "0",
            "REQUIREMENT",
            "The value of spark.sql.shuffle.partitions must be positive",
        ),
        ("spark.sql.shuffle.partitions", "1.5", "TYPE_MISMATCH", "It should be a/an 'int' value."),
        (f"{STREAMING}.minBatchesToRetain", "-5", "REQUIREMENT", "minBatchesToRetain must be positive"),
        (
            "spark.sql.files.maxPartitionBytes",
            "x",
            "TYPE_MISMATCH",
            "It should be a/an 'bytes in BYTE' value.",
        ),
        (
            f"{STREAMING}.aggregation.stateFormatVersion",
            "3",
            "REQUIREMENT",
            "Valid versions are 1 and 2",
        ),
    ],
)
def test_values_that_are_refused(key: str, value: str, condition: str, said: str) -> None:
    with pytest.raises(SparkError) as caught:
        Conf({}, "UTC").set(key, value)
    assert caught.value.condition == f"INVALID_CONF_VALUE.{condition}"
    expected = f"The value '{value}' in the config \"{key}\" is invalid. {said}"
    assert expected in caught.value.message


def test_what_is_unset_has_its_default_again_also_what_the_process_was_started_with() -> None:
    """Recorded from Spark 4.3: `unset` forgets what `--conf` or the builder gave; another session has it still."""
    conf = Conf({"spark.sql.ansi.enabled": "false", "my.key": "a", ZONE: "America/New_York"}, "Etc/UTC")
    other = conf.copy()
    for key in ("spark.sql.ansi.enabled", "my.key", ZONE):
        conf.unset(key)
    assert (conf.get("spark.sql.ansi.enabled"), conf.find("my.key"), conf.get(ZONE)) == (
        "true",
        None,
        "Etc/UTC",
    )
    assert other.find("my.key") == "a"
