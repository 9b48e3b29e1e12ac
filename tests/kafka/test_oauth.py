"""Tokens (SASL/OAUTHBEARER) with the Java client's settings: somebody gives them out over HTTP, a real broker checks them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest

from kafka.broker import Broker, NoBrokerError
from kafka.conftest import PATIENCE_S, Kafka, wait
from kafka.tokens import Signer, TokenServer
from potok.connectors.kafka_client import KafkaClient
from potok.connectors.kafka_oauth import NO_TOKEN
from potok.connectors.kafka_options import KafkaReadOptions
from potok.connectors.kafka_sink import RecordWriter
from potok.plan.logical import Options

pytestmark = pytest.mark.kafka
_JAVA = "org.apache.kafka.common.security.oauthbearer"
# Without a clear answer it takes minutes.
_SOON_S = 60.0
_WRONG = r"Failed to acquire SASL OAUTHBEARER token.*the secret is wrong"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    try:
        return Signer(tmp_path_factory.mktemp("tokens"))
    except NoBrokerError as error:
        pytest.skip(f"no keys for tokens: {error}")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Iterator[Broker]:
    """A broker that asks for tokens."""
    try:
        made = Broker(tmp_path_factory.mktemp("strict"), token_keys=signer.public)
        made.start()
    except NoBrokerError as error:
        pytest.skip(f"no Apache Kafka broker: {error}")
    yield made
    made.stop(kill=True)


@pytest.fixture(scope="module")
def kafka(strict: Broker) -> Kafka:
    """What the other side does, through a door where nobody asks."""
    return Kafka(strict.bootstrap)


@pytest.fixture
def tokens(signer: Signer) -> Iterator[TokenServer]:
    made = TokenServer(signer)
    yield made
    made.close()


def _login(strict: Broker, tokens: TokenServer, secret: str = "the secret", **jaas: str) -> dict[str, str]:  # noqa: S107 - of a test
    """As somebody writes it for Spark."""
    more = "".join(f' {name}="{value}"' for name, value in jaas.items())
    return {
        "kafka.bootstrap.servers": strict.oauth_bootstrap,
        "kafka.security.protocol": "SASL_PLAINTEXT",
        "kafka.sasl.mechanism": "OAUTHBEARER",
        "kafka.sasl.oauthbearer.token.endpoint.url": tokens.url,
        "kafka.sasl.login.callback.handler.class": f"{_JAVA}.OAuthBearerLoginCallbackHandler",
        "kafka.sasl.jaas.config": f'{_JAVA}.OAuthBearerLoginModule required clientId="me"'
        f' clientSecret="{secret}"{more};',
    }


def _count(spark: Any, options: dict[str, str], topic: str) -> int:
    found: int = spark.read.format("kafka").options(**options).option("subscribe", topic).load().count()
    return found


def _fails_soon(action: Any, message: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(Exception, match=message):
        action()
    assert time.monotonic() - began_s < _SOON_S


@pytest.fixture(scope="module")
def topic(kafka: Kafka) -> str:
    """With one record."""
    name = kafka.topic()
    kafka.produce(name, [b"a"])
    return name


def test_id_and_secret_become_a_token(spark: Any, strict: Broker, tokens: TokenServer, topic: str) -> None:
    options = _login(strict, tokens, scope="read write", extension_logicalCluster="lkc-1")
    assert _count(spark, options, topic) == 1
    asked = {"grant_type": "client_credentials", "scope": "read write", "id": "me"}
    assert tokens.requests
    assert all(request == asked for request in tokens.requests)


def test_id_and_secret_in_the_words_of_kafka_4_1(
    spark: Any, strict: Broker, tokens: TokenServer, topic: str
) -> None:
    login = _login(strict, tokens)
    options = {name: text for name, text in login.items() if "jaas" not in name and "handler" not in name}
    names = "kafka.sasl.oauthbearer.client.credentials.client"
    options |= {f"{names}.id": "me", f"{names}.secret": "the secret"}
    options["kafka.sasl.oauthbearer.jwt.retriever.class"] = f"{_JAVA}.ClientCredentialsJwtRetriever"
    assert _count(spark, options | {"kafka.sasl.oauthbearer.scope": "s"}, topic) == 1
    assert {request["scope"] for request in tokens.requests} == {"s"}


def test_id_and_secret_are_encoded_where_asked(
    spark: Any, strict: Broker, tokens: TokenServer, topic: str
) -> None:
    tokens.secret = "the+secret%21"
    options = _login(strict, tokens, "the secret!")
    options["kafka.sasl.oauthbearer.header.urlencode"] = "true"
    assert _count(spark, options, topic) == 1


def test_the_endpoint_s_certificate_is_checked(
    spark: Any, strict: Broker, signer: Signer, topic: str, tmp_path: Path
) -> None:
    certificate = signer.certificate()
    server = TokenServer(signer, certificate=certificate)
    try:
        trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(certificate)}
        assert _count(spark, _login(strict, server, **trust), topic) == 1
        _fails_soon(lambda: _count(spark, _login(strict, server), topic), "(?i)certificate")
    finally:
        server.close()


def test_tokens_without_a_signature(spark: Any, strict: Broker, topic: str) -> None:
    options = {
        "kafka.bootstrap.servers": strict.naive_bootstrap,
        "kafka.security.protocol": "SASL_PLAINTEXT",
        "kafka.sasl.mechanism": "OAUTHBEARER",
        "kafka.sasl.jaas.config": f'{_JAVA}.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="al";',
    }
    assert _count(spark, options, topic) == 1


@pytest.mark.parametrize("kind", ["batch", "stream", "batch write", "stream write", "exactly once"])
def test_a_wrong_secret_ends_in_an_error_soon(
    streams: Any, strict: Broker, tokens: TokenServer, topic: str, kind: str
) -> None:
    options, spark = _login(strict, tokens, "a guess"), streams.spark
    if kind == "batch":
        _fails_soon(lambda: _count(spark, options, topic), _WRONG)
        return
    if kind == "batch write":
        writer = spark.sql("SELECT 'a' value").write.format("kafka").options(**options)
        _fails_soon(lambda: writer.option("topic", topic).save(), _WRONG)
        return
    if kind == "stream":
        frame = spark.readStream.format("kafka").options(**options).option("subscribe", topic).load()
        query = streams.start(frame)
    else:
        options["deliveryGuarantee"] = "exactly-once" if kind == "exactly once" else "at-least-once"
        frame = spark.readStream.format("rate").option("rowsPerSecond", "10").load()
        rows = frame.selectExpr("cast(value as string) value")
        writer = rows.writeStream.format("kafka").options(**options).option("topic", topic)
        query = writer.option("checkpointLocation", str(streams.checkpoint())).start()
        streams.started.append(query)
    _fails_soon(lambda: query.awaitTermination(PATIENCE_S), _WRONG)


@pytest.mark.parametrize("wrong", ["audience", "key", "expired", "nobody"])
def test_tokens_that_are_no_good(
    spark: Any, strict: Broker, tokens: TokenServer, topic: str, tmp_path: Path, wrong: str
) -> None:
    message = r'SASL authentication error: \{"status":"invalid_token"\}'
    if wrong == "audience":
        tokens.audience = "somebody else"
    elif wrong == "key":
        tokens.signer = Signer(tmp_path)
    elif wrong == "expired":
        tokens.life_s, message = -100, "Must supply an unexpired token"
    else:
        tokens.url, message = "http://127.0.0.1:1/token", "connect to 127.0.0.1"
    _fails_soon(lambda: _count(spark, _login(strict, tokens), topic), message)


def test_tokens_are_renewed_while_queries_run(
    streams: Any, kafka: Kafka, strict: Broker, tokens: TokenServer
) -> None:
    """The broker closes connections whose token has expired: a query that lives on has got new ones."""
    source, targets = kafka.topic(), {"at-least-once": kafka.topic(), "exactly-once": kafka.topic()}
    tokens.life_s = 12
    options = _login(strict, tokens)
    frame = streams.spark.readStream.format("kafka").options(**options).option("subscribe", source)
    values = frame.option("startingOffsets", "earliest").load().select("value")
    for guarantee, target in targets.items():
        writer = values.writeStream.format("kafka").options(**options).option("topic", target)
        writer = writer.option("checkpointLocation", str(streams.checkpoint(guarantee)))
        streams.started.append(writer.option("deliveryGuarantee", guarantee).start())
    sent: list[bytes] = []
    began_s = time.monotonic()
    while time.monotonic() - began_s < 2.5 * tokens.life_s:
        sent.append(b"%d" % len(sent))
        kafka.produce(source, [sent[-1]])
        time.sleep(0.5)

    def values_of(topic: str) -> list[bytes]:
        return [record.value() for record in kafka.records(topic, **{"isolation.level": "read_committed"})]

    for query, target in zip(streams.started, targets.values(), strict=True):
        wait(lambda query=query, target=target: query.exception() is not None or values_of(target) == sent)  # type: ignore[misc]  # defaults
        assert query.exception() is None
    # Of each query a consumer, a producer and who asks for offsets, and who reads the mark.
    assert tokens.given >= 2 * 7


def test_a_token_that_is_still_good_is_enough(
    strict: Broker, tokens: TokenServer, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody gives out new tokens for a while: who has been let in goes on, who has not is told."""
    login = _login(strict, tokens)
    failure = confluent_kafka.KafkaError(confluent_kafka.KafkaError._AUTHENTICATION, f"{NO_TOKEN}: closed")
    refused = confluent_kafka.KafkaError(confluent_kafka.KafkaError._AUTHENTICATION, "wrong name")
    options = KafkaReadOptions.for_batch(Options({**login, "subscribe": topic}))
    client = KafkaClient(options, is_stream=False)
    client.latest()
    client._remember(failure)
    assert client._refusal is None
    untimely = confluent_kafka.KafkaError(
        confluent_kafka.KafkaError._AUTHENTICATION,
        "handshake failed: Broker: Request not valid in current SASL state: supported mechanisms: ",
    )
    client._remember(untimely)
    assert client._refusal is None
    client._remember(refused)
    assert client._refusal is refused
    client.close()
    stranger = KafkaClient(options, is_stream=False)
    stranger._remember(failure)
    assert stranger._refusal is failure

    writer = RecordWriter(Options({**login, "topic": topic}))
    writer._notice(failure)
    with pytest.raises(Exception, match="closed"):
        writer.flush()
    writer.close()
    writer = RecordWriter(Options({**login, "topic": topic}))
    writer._delivered(None, None)
    writer._notice(failure)
    writer.flush()
    assert "closed" in caplog.text
    writer._notice(refused)
    with pytest.raises(Exception, match="wrong name"):
        writer.flush()
    writer.close()
