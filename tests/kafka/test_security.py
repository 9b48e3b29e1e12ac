"""Logging in to a real broker with the Java client's settings."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kafka
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def _frame(spark: Any, broker: Any, topic: str, password: str) -> Any:
    options = {
        "kafka.bootstrap.servers": broker.sasl_bootstrap,
        "kafka.security.protocol": "SASL_PLAINTEXT",
        "kafka.sasl.mechanism": "PLAIN",
        "kafka.sasl.jaas.config": f'{_LOGIN} required username="alice" password="{password}";',
        "kafka.default.api.timeout.ms": "5000",
        "fetchOffset.numRetries": "1",
    }
    return spark.read.format("kafka").options(**options).option("subscribe", topic).load()


def test_name_and_password(spark: Any, broker: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a"])
    assert _frame(spark, broker, topic, "the secret").count() == 1


def test_a_wrong_password_is_said_to_be_wrong(spark: Any, broker: Any, kafka: Any) -> None:
    with pytest.raises(Exception, match=r"(?i)authentication.*invalid username or password"):
        _frame(spark, broker, kafka.topic(), "guess").count()
