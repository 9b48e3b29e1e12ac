"""Logging in to a real broker, and TLS, with the Java client's settings."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kafka.broker import Broker, NoBrokerError, Stores
from kafka.conftest import PATIENCE_S, Kafka

pytestmark = pytest.mark.kafka
_MODULES = "org.apache.kafka.common.security"
# Without a clear answer it takes minutes.
_SOON_S = 60.0


def _plain(broker: Broker, password: str) -> dict[str, str]:
    module = f"{_MODULES}.plain.PlainLoginModule"
    return {
        "kafka.bootstrap.servers": broker.sasl_bootstrap,
        "kafka.security.protocol": "SASL_PLAINTEXT",
        "kafka.sasl.mechanism": "PLAIN",
        "kafka.sasl.jaas.config": f'{module} required username="alice" password="{password}";',
    }


def _scram(broker: Broker, stores: Stores, password: str) -> dict[str, str]:
    module = f"{_MODULES}.scram.ScramLoginModule"
    return {
        "kafka.bootstrap.servers": broker.scram_bootstrap,
        "kafka.security.protocol": "SASL_SSL",
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.location": str(stores.certificate("broker")),
        "kafka.sasl.mechanism": "SCRAM-SHA-512",
        "kafka.sasl.jaas.config": f'{module} required username="bob" password="{password}";',
    }


def _tls(broker: Broker, stores: Stores) -> dict[str, str]:
    """Both sides show a certificate."""
    return {
        "kafka.bootstrap.servers": broker.ssl_bootstrap,
        "kafka.security.protocol": "SSL",
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.location": str(stores.certificate("broker")),
        "kafka.ssl.keystore.type": "PKCS12",
        "kafka.ssl.keystore.location": str(stores.store("client")),
        "kafka.ssl.keystore.password": stores.password,
    }


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    try:
        return Stores(tmp_path_factory.mktemp("stores"))
    except NoBrokerError as error:
        pytest.skip(f"no certificates: {error}")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, stores: Stores) -> Iterator[Broker]:
    """A broker with TLS and SCRAM."""
    try:
        made = Broker(tmp_path_factory.mktemp("secure"), stores=stores, users={"bob": 'a "secret"'})
        made.start()
    except NoBrokerError as error:
        pytest.skip(f"no Apache Kafka broker: {error}")
    yield made
    made.stop(kill=True)


@pytest.fixture(scope="module")
def topic(secure: Broker) -> str:
    """With one record."""
    kafka = Kafka(secure.bootstrap)
    name = kafka.topic()
    kafka.produce(name, [b"a"])
    return name


def _count(spark: Any, options: dict[str, str], topic: str) -> int:
    found: int = spark.read.format("kafka").options(**options).option("subscribe", topic).load().count()
    return found


def _fails_soon(action: Any, message: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(Exception, match=message):
        action()
    assert time.monotonic() - began_s < _SOON_S


def test_name_and_password(spark: Any, broker: Broker, kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a"])
    assert _count(spark, _plain(broker, "the secret"), topic) == 1


def test_a_wrong_password_is_said_to_be_wrong(spark: Any, broker: Broker, kafka: Kafka) -> None:
    topic = kafka.topic()
    _fails_soon(
        lambda: _count(spark, _plain(broker, "guess"), topic),
        r"(?i)authentication.*invalid username or password",
    )


def test_scram_over_tls(spark: Any, secure: Broker, stores: Stores, topic: str) -> None:
    assert _count(spark, _scram(secure, stores, r"a \"secret\""), topic) == 1


def test_both_sides_show_certificates(spark: Any, secure: Broker, stores: Stores, topic: str) -> None:
    assert _count(spark, _tls(secure, stores), topic) == 1


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed; keytool exports no keys"
)
def test_certificates_as_text_and_as_a_file(spark: Any, secure: Broker, stores: Stores, topic: str) -> None:
    options = {name: text for name, text in _tls(secure, stores).items() if "store" not in name}
    command = ["openssl", "pkcs12", "-in", str(stores.store("client")), "-nodes", "-nocerts"]
    made = subprocess.run([*command, "-passin", f"pass:{stores.password}"], capture_output=True, check=True)
    key = made.stdout.decode()
    key = key[key.index("-----BEGIN") :]
    certificate = stores.certificate("client").read_text()
    text = {
        "kafka.ssl.truststore.certificates": stores.certificate("broker").read_text(),
        "kafka.ssl.keystore.certificate.chain": certificate,
        "kafka.ssl.keystore.key": key,
    }
    assert _count(spark, options | text, topic) == 1
    both = stores.directory / "both.pem"
    both.write_text(key + certificate)
    file = {
        "kafka.ssl.truststore.type": "PEM",
        "kafka.ssl.truststore.location": str(stores.certificate("broker")),
        "kafka.ssl.keystore.type": "PEM",
        "kafka.ssl.keystore.location": str(both),
    }
    assert _count(spark, options | file, topic) == 1


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed; keytool exports no keys"
)
def test_a_key_that_is_locked(spark: Any, secure: Broker, stores: Stores, topic: str) -> None:
    options = {name: text for name, text in _tls(secure, stores).items() if "keystore" not in name}
    command = ["openssl", "pkcs12", "-in", str(stores.store("client")), "-passin", f"pass:{stores.password}"]
    both = stores.directory / "locked.pem"
    # With the certificate, and a key that its own password opens.
    subprocess.run(
        [*command, "-passout", "pass:of the key", "-out", str(both)], capture_output=True, check=True
    )
    assert "ENCRYPTED PRIVATE KEY" in both.read_text()
    options |= {"kafka.ssl.keystore.type": "PEM", "kafka.ssl.keystore.location": str(both)}
    assert _count(spark, {**options, "kafka.ssl.key.password": "of the key"}, topic) == 1
    _fails_soon(lambda: _count(spark, {**options, "kafka.ssl.key.password": "a guess"}, topic), "ssl.key")


@pytest.mark.parametrize("kind", ["batch", "stream", "batch write", "stream write", "exactly once"])
@pytest.mark.parametrize("wrong", ["password", "authority", "no certificate"])
def test_wrong_credentials_end_in_an_error_soon(
    streams: Any, secure: Broker, stores: Stores, topic: str, kind: str, wrong: str
) -> None:
    if wrong == "password":
        options = _scram(secure, stores, "guess")
        message = r"(?is)authentication.*invalid credentials"
    elif wrong == "authority":
        options = _tls(secure, stores) | {"kafka.ssl.truststore.location": str(stores.certificate("client"))}
        message = "certificate could not be verified"
    else:
        options = {name: text for name, text in _tls(secure, stores).items() if "keystore" not in name}
        message = "alert bad certificate"
    spark = streams.spark
    if kind == "batch":
        _fails_soon(lambda: _count(spark, options, topic), message)
        return
    if kind == "batch write":
        writer = spark.sql("SELECT 'a' value").write.format("kafka").options(**options)
        _fails_soon(lambda: writer.option("topic", topic).save(), message)
        return
    if kind == "stream":
        frame = spark.readStream.format("kafka").options(**options).option("subscribe", topic).load()
        query = streams.start(frame)
    else:
        options["deliveryGuarantee"] = "exactly-once" if kind == "exactly once" else "at-least-once"
        frame = spark.readStream.format("rate").option("rowsPerSecond", "10").load()
        writer = (
            frame.selectExpr("cast(value as string) value").writeStream.format("kafka").options(**options)
        )
        query = writer.option("checkpointLocation", str(streams.checkpoint())).option("topic", topic).start()
        streams.started.append(query)
    _fails_soon(lambda: query.awaitTermination(PATIENCE_S), message)


def test_the_name_of_the_host_is_checked_unless_told(
    spark: Any, secure: Broker, stores: Stores, topic: str
) -> None:
    other_name = secure.ssl_bootstrap.replace("127.0.0.1", "localhost")
    options = _tls(secure, stores) | {"kafka.bootstrap.servers": other_name}
    _fails_soon(lambda: _count(spark, options, topic), "certificate could not be verified")
    options["kafka.ssl.endpoint.identification.algorithm"] = ""
    assert _count(spark, options, topic) == 1


def test_writing_over_tls(spark: Any, secure: Broker, stores: Stores) -> None:
    kafka = Kafka(secure.bootstrap)
    for options in (_tls(secure, stores), _scram(secure, stores, r"a \"secret\"")):
        topic = kafka.topic()
        writer = spark.sql("SELECT 'a' value").write.format("kafka").options(**options)
        writer.option("topic", topic).save()
        assert [record.value() for record in kafka.records(topic)] == [b"a"]
