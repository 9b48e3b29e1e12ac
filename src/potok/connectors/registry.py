"""Formats by name. A format's module is imported when it is first asked for."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from typing import cast

from potok.connectors.base import Provider
from potok.errors import SparkError, unsupported

_PROVIDERS = {
    "csv": "potok.connectors.csv:PROVIDER",
    "json": "potok.connectors.json:PROVIDER",
    "text": "potok.connectors.text:PROVIDER",
    "parquet": "potok.connectors.parquet:PROVIDER",
    "orc": "potok.connectors.orc:PROVIDER",
    "binaryfile": "potok.connectors.binary_file:PROVIDER",
    "console": "potok.connectors.console:ConsoleProvider",
    "memory": "potok.connectors.memory:MemoryProvider",
    "foreach": "potok.connectors.foreach:ForeachProvider",
    "noop": "potok.connectors.noop:NoopProvider",
    "rate": "potok.connectors.rate:RateProvider",
    "rate-micro-batch": "potok.connectors.rate:RateMicroBatchProvider",
    "kafka": "potok.connectors.kafka:KafkaProvider",
    "socket": "potok.connectors.socket:SocketProvider",
    "statestore": "potok.connectors.state:StateStoreProvider",
    "state-metadata": "potok.connectors.state:StateMetadataProvider",
}
_DATA_SOURCES = "org.apache.spark.sql.execution.datasources"
_ALIASES = {
    "com.databricks.spark.csv": "csv",
    "org.apache.spark.sql.kafka010": "kafka",
    "org.apache.spark.sql.kafka010.kafkasourceprovider": "kafka",
    "org.apache.spark.sql.csv": "csv",
    "org.apache.spark.sql.json": "json",
    "org.apache.spark.sql.parquet": "parquet",
    "org.apache.spark.sql.orc": "orc",
    f"{_DATA_SOURCES}.binaryfile.binaryfileformat": "binaryfile",
    f"{_DATA_SOURCES}.csv": "csv",
    f"{_DATA_SOURCES}.csv.csvfileformat": "csv",
    f"{_DATA_SOURCES}.json": "json",
    f"{_DATA_SOURCES}.json.jsonfileformat": "json",
    f"{_DATA_SOURCES}.text.textfileformat": "text",
    f"{_DATA_SOURCES}.parquet": "parquet",
    f"{_DATA_SOURCES}.parquet.parquetfileformat": "parquet",
    f"{_DATA_SOURCES}.orc": "orc",
    f"{_DATA_SOURCES}.orc.orcfileformat": "orc",
}
_NOT_HERE = {"avro", "xml", "jdbc", "image", "delta", "iceberg", "libsvm"}  # fmt: skip


@lru_cache(maxsize=64)
def provider(name: str) -> Provider:
    """The connector of a format, by Spark's name in any case.

    Raises DATA_SOURCE_NOT_FOUND, KAFKA_DATA_SOURCE_NOT_ENABLED, or UNSUPPORTED_FEATURE.POTOK for
    formats that Spark has and we have not.
    """
    key = name.lower()
    key = _ALIASES.get(key, key)
    if key == "kafka" and importlib.util.find_spec("confluent_kafka") is None:
        raise SparkError("KAFKA_DATA_SOURCE_NOT_ENABLED", provider=name)
    if key in _NOT_HERE:
        raise unsupported(f"the format {name}", "Use csv, json, text or parquet.")
    place = _PROVIDERS.get(key)
    if place is None:
        raise SparkError("DATA_SOURCE_NOT_FOUND", provider=name)
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    return cast("Provider", found() if isinstance(found, type) else found)


def is_known(name: str) -> bool:
    """Whether a format of this name can be used, for SQL's format.`path`."""
    key = name.lower()
    return _ALIASES.get(key, key) in _PROVIDERS
