"""What needs no broker: offsets as JSON, settings, options."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("confluent_kafka", reason="needs the extra: pip install potok[kafka]")

from potok.checkpoint.files import LocalFileSystem
from potok.connectors.kafka_offsets import InitialOffsetLog, TopicPartition, from_json, to_json
from potok.connectors.kafka_settings import client_settings, consumer_settings, producer_settings
from potok.connectors.kafka_source import rate_limited
from potok.errors import SparkError


def test_topics_and_partitions_stand_in_spark_s_order() -> None:
    # Written by Spark 4.3 for these topics (tests/kafka/recorded/spark.json).
    topics = {"o-three": 3, "zeta": 12, "Alpha.b": 1, "beta_1": 20}
    offsets = {TopicPartition(topic, i): 0 for topic, count in topics.items() for i in range(count)}
    order = [text.split(":")[0].strip('{"') for text in to_json(offsets).split("},")]
    assert order == ["zeta", "o-three", "beta_1", "Alpha.b"]
    text = to_json({TopicPartition("zeta", i): i for i in range(12)})
    assert text == '{"zeta":{' + ",".join(f'"{i}":{i}' for i in range(12)) + "}}"
    three = {TopicPartition(topic, 0): 1 for topic in ("o-lost", "o-one", "o-three")}
    assert to_json(three) == '{"o-three":{"0":1},"o-lost":{"0":1},"o-one":{"0":1}}'
    assert from_json(to_json(offsets)) == offsets


@pytest.mark.parametrize("text", ["x", "[]", '{"t":[1]}', '{"t":{"a":1}}', '{"t":{"0":null}}', '{"t":1}'])
def test_offsets_that_are_none(text: str) -> None:
    with pytest.raises(SparkError) as raised:
        from_json(text)
    assert raised.value.message == (
        f'Expected e.g. {{"topicA":{{"0":23,"1":-1}},"topicB":{{"0":-2}}}}, got {text}'
    )


def test_initial_offsets_as_a_file(tmp_path: Path) -> None:
    log = InitialOffsetLog(str(tmp_path), LocalFileSystem())
    log.add(0, '{"t":{"0":1}}')
    assert (tmp_path / "0").read_bytes() == b'\0v1\n{"t":{"0":1}}'
    assert InitialOffsetLog(str(tmp_path), LocalFileSystem()).get(0) == '{"t":{"0":1}}'


def test_small_partitions_are_not_starved() -> None:
    places = [TopicPartition("t", i) for i in range(3)]
    start, latest = dict.fromkeys(places, 100), dict(zip(places, (1100, 101, 100), strict=True))
    assert rate_limited(10, start, latest, lambda _: {}) == dict(zip(places, (109, 101, 100), strict=True))
    new = {**latest, TopicPartition("t", 3): 50}
    limited = rate_limited(10, start, new, lambda places: dict.fromkeys(places, 40))
    assert limited[TopicPartition("t", 3)] == 41


@pytest.mark.parametrize(
    ("kafka", "expected"),
    [
        ({"fetch.max.wait.ms": "9"}, {"fetch.wait.max.ms": "9"}),
        ({"request.timeout.ms": "9"}, {"socket.timeout.ms": "9"}),
        ({"buffer.memory": "33554432"}, {"queue.buffering.max.kbytes": "32768"}),
        ({"max.request.size": "9"}, {"message.max.bytes": "9"}),
        ({"default.api.timeout.ms": "9"}, {}),
        ({"ssl.protocol": "TLSv1.3", "ssl.enabled.protocols": "TLSv1.2,TLSv1.3"}, {}),
        ({"socket.connection.setup.timeout.max.ms": "30000", "metadata.max.idle.ms": "300000"}, {}),
        ({"ssl.endpoint.identification.algorithm": ""}, {"ssl.endpoint.identification.algorithm": "none"}),
        ({"ssl.truststore.certificates": "PEM"}, {"ssl.ca.pem": "PEM"}),
        (
            {"sasl.jaas.config": 'a.b.ScramLoginModule required username="al\\"ice" password=\'p w\' ;'},
            {"sasl.username": 'al"ice', "sasl.password": "p w"},
        ),
        (
            {
                "sasl.jaas.config": 'c.OAuthBearerLoginModule required clientId="i" clientSecret="s" scope="x";'
            },
            {
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.client.id": "i",
                "sasl.oauthbearer.client.secret": "s",
                "sasl.oauthbearer.scope": "x",
            },
        ),
        (
            {
                "sasl.jaas.config": 'c.OAuthBearerLoginModule required clientId="i" extension_a="1"'
                ' extension_b="2" ssl.truststore.type="PEM" ssl.truststore.location="/ca";',
                "sasl.login.callback.handler.class": "c.secured.OAuthBearerLoginCallbackHandler",
                "sasl.oauthbearer.token.endpoint.url": "https://x/token",
                "sasl.login.refresh.window.factor": "0.5",
                "sasl.oauthbearer.scope.claim.name": "scp",
                "sasl.oauthbearer.sub.claim.name": "who",
            },
            {
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.client.id": "i",
                "sasl.oauthbearer.extensions": "a=1,b=2",
                "sasl.oauthbearer.token.endpoint.url": "https://x/token",
                "sasl.oauthbearer.sub.claim.name": "who",
                "https.ca.location": "/ca",
            },
        ),
        (
            {
                "sasl.jaas.config": 'OAuthBearerLoginModule required unsecuredLoginPrincipalClaimName="who"'
                ' unsecuredLoginStringClaim_who="me" unsecuredLoginLifetimeSeconds="60";'
            },
            {
                "enable.sasl.oauthbearer.unsecure.jwt": "true",
                "sasl.oauthbearer.config": "principalClaimName=who principal=me lifeSeconds=60",
            },
        ),
        (
            {"sasl.jaas.config": 'c.Krb5LoginModule required useKeyTab=true keyTab="/k" principal="me@X";'},
            {"sasl.kerberos.keytab": "/k", "sasl.kerberos.principal": "me@X"},
        ),
    ],
)
def test_java_names(kafka: dict[str, str], expected: dict[str, str]) -> None:
    assert client_settings(kafka) == expected


@pytest.mark.parametrize(
    "name",
    ["ssl.engine.factory.class", "sasl.login.class", "partitioner.class", "ssl.provider", "ssl.protocol"],
)
def test_java_classes_are_refused_by_name(name: str) -> None:
    with pytest.raises(SparkError, match=f"kafka.{name}"):
        client_settings({name: "x"})


@pytest.mark.parametrize(
    ("kafka", "message"),
    [
        (
            {"sasl.login.callback.handler.class": "my.Handler"},
            "kafka.sasl.login.callback.handler.class my.Handler",
        ),
        ({"sasl.oauthbearer.jwt.retriever.class": "a.FileJwtRetriever"}, "a.FileJwtRetriever"),
        ({"sasl.oauthbearer.token.endpoint.url": "file:///token"}, "file:///token"),
        ({"sasl.jaas.config": "OAuthBearerLoginModule required other=1;"}, "other in kafka.sasl.jaas.config"),
        (
            {"sasl.jaas.config": "OAuthBearerLoginModule required ssl.truststore.location=/jks;"},
            "ssl.truststore.location in kafka.sasl.jaas.config",
        ),
        (
            {"sasl.jaas.config": "OAuthBearerLoginModule required unsecuredLoginNumberClaim_x=1;"},
            "unsecuredLoginNumberClaim_x",
        ),
    ],
)
def test_ways_to_a_token_that_are_refused(kafka: dict[str, str], message: str) -> None:
    with pytest.raises(SparkError, match=message):
        client_settings(kafka)


def test_the_certificates_of_a_token_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of the system, wherever they are here, unless told; librdkafka's own guess is another system's."""
    file = tmp_path / "certificates"
    file.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    endpoint = {"sasl.oauthbearer.token.endpoint.url": "https://x/token"}
    assert client_settings(endpoint)["https.ca.location"] == str(file)
    assert client_settings({**endpoint, "https.ca.location": "/mine"})["https.ca.location"] == "/mine"
    assert "https.ca.location" not in client_settings({**endpoint, "https.ca.pem": "PEM"})
    assert "https.ca.location" not in client_settings(dict.fromkeys(endpoint, "http://x/token"))


def test_stores(tmp_path: Path) -> None:
    jks, p12, pem = tmp_path / "a.jks", tmp_path / "b.p12", tmp_path / "c.pem"
    jks.write_bytes(b"\xfe\xed\xfe\xed\0")
    p12.write_bytes(b"\x30\x82")
    pem.write_bytes(b"-----BEGIN")
    with pytest.raises(SparkError, match="keytool"):
        client_settings({"ssl.keystore.location": str(jks)})
    with pytest.raises(SparkError, match="PEM"):
        client_settings({"ssl.truststore.location": str(jks)})
    assert client_settings({"ssl.keystore.location": str(p12), "ssl.keystore.password": "x"}) == {
        "ssl.keystore.location": str(p12),
        "ssl.keystore.password": "x",
    }
    assert client_settings({"ssl.truststore.location": str(pem), "ssl.truststore.type": "PEM"}) == {
        "ssl.ca.location": str(pem)
    }


def test_defaults_are_java_s() -> None:
    consumer = consumer_settings({"bootstrap.servers": "b"}, "g")
    assert consumer["isolation.level"] == "read_uncommitted"
    assert consumer["auto.offset.reset"] == "error"
    assert (
        consumer_settings({"isolation.level": "read_committed"}, "g")["isolation.level"] == "read_committed"
    )
    producer = producer_settings({"bootstrap.servers": "b"})
    assert producer["partitioner"] == "murmur2_random"
    assert producer["enable.idempotence"] == "true"
    assert "enable.idempotence" not in producer_settings({"bootstrap.servers": "b", "acks": "1"})
    assert consumer["check.crcs"] == "true"
    assert consumer_settings({"check.crcs": "false"}, "g")["check.crcs"] == "false"
    assert producer["delivery.timeout.ms"] == "120000"
    assert (
        producer_settings({"bootstrap.servers": "b", "delivery.timeout.ms": "5"})["delivery.timeout.ms"]
        == "5"
    )
    assert "delivery.timeout.ms" not in producer_settings({"bootstrap.servers": "b"}, is_transactional=True)


@pytest.mark.parametrize(
    ("fetch", "expected"),
    [
        ("1", {"fetch.max.bytes": "1000", "message.max.bytes": "1000"}),
        ("50000", {"fetch.max.bytes": "50000", "message.max.bytes": "50000"}),
        ("2000000", {"fetch.max.bytes": "2000000"}),
        ("200000000", {"fetch.max.bytes": "200000000", "receive.message.max.bytes": "200000512"}),
    ],
)
def test_sizes_that_the_java_client_takes(fetch: str, expected: dict[str, str]) -> None:
    settings = consumer_settings({"fetch.max.bytes": fetch}, "g")
    assert {name: text for name, text in settings.items() if name.endswith("max.bytes")} == expected
    # The client itself agrees.
    import confluent_kafka

    confluent_kafka.Consumer(settings).close()
