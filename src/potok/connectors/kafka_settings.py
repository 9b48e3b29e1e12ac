"""`kafka.*` options with the Java client's names, as settings of librdkafka.

Names that both have pass through; librdkafka refuses those that it does not know, and the refusal
names the option. Source of facts: Kafka's ConsumerConfig, ProducerConfig, SslConfigs, SaslConfigs; librdkafka's
CONFIGURATION.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from potok.connectors.kafka_oauth import completed, is_oauth_setting, login_settings, oauth_settings
from potok.connectors.options import illegal_argument
from potok.errors import SparkError, unsupported

_log = logging.getLogger(__name__)
_JKS_MAGIC = b"\xfe\xed\xfe\xed"
_JAAS = re.compile(r"\s*([\w.$]+)\s+(\w+)\s*(.*?);?\s*", re.DOTALL)
_JAAS_OPTION = re.compile(r"""([\w.]+)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s;]+)""")
_CONVERT = "Convert it: keytool -importkeystore .. -deststoretype PKCS12, or openssl to PEM files."

# The same thing under another name.
_RENAMED = {
    "fetch.max.wait.ms": "fetch.wait.max.ms",
    "request.timeout.ms": "socket.timeout.ms",
    "send.buffer.bytes": "socket.send.buffer.bytes",
    "receive.buffer.bytes": "socket.receive.buffer.bytes",
    "sasl.kerberos.kinit.cmd": "sasl.kerberos.kinit.cmd",
    "max.request.size": "message.max.bytes",
    "ssl.truststore.certificates": "ssl.ca.pem",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.cipher.suites": "ssl.cipher.suites",
    "compression.gzip.level": "compression.level",
    "compression.lz4.level": "compression.level",
    "compression.zstd.level": "compression.level",
}
# What Spark takes and what changes nothing in what is read or written, in Spark either, or is ours to obey.
_WITHOUT_EFFECT = {
    "partition.assignment.strategy": "partitions are assigned by the query itself",
    "group.protocol": "partitions are assigned by the query itself",
    "group.remote.assignor": "partitions are assigned by the query itself",
    "exclude.internal.topics": "internal topics are never read",
    "metric.reporters": "there are no Java classes here",
    "metrics.num.samples": "there are no Java metrics here",
    "metrics.recording.level": "there are no Java metrics here",
    "metrics.sample.window.ms": "there are no Java metrics here",
    "auto.include.jmx.reporter": "there are no Java metrics here",
    "enable.metrics.push": "librdkafka decides",
    "metadata.max.idle.ms": "librdkafka decides how long it remembers a topic",
    "partitioner.adaptive.partitioning.enable": "librdkafka decides where records without a key go",
    "partitioner.availability.timeout.ms": "librdkafka decides where records without a key go",
    "socket.connection.setup.timeout.max.ms": "socket.connection.setup.timeout.ms stays what it is",
    "sasl.kerberos.ticket.renew.jitter": "sasl.kerberos.min.time.before.relogin decides",
    "sasl.kerberos.ticket.renew.window.factor": "sasl.kerberos.min.time.before.relogin decides",
    **dict.fromkeys(
        (
            "sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms", "sasl.login.retry.backoff.max.ms",
            "sasl.login.retry.backoff.ms", "sasl.login.refresh.buffer.seconds",
            "sasl.login.refresh.min.period.seconds", "sasl.login.refresh.window.factor",
            "sasl.login.refresh.window.jitter",
        ),
        "librdkafka decides when it asks for a token",
    ),
    **dict.fromkeys(
        (
            "sasl.oauthbearer.clock.skew.seconds", "sasl.oauthbearer.expected.audience",
            "sasl.oauthbearer.expected.issuer", "sasl.oauthbearer.jwks.endpoint.refresh.ms",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "sasl.oauthbearer.jwks.endpoint.url",
            "sasl.oauthbearer.scope.claim.name",
        ),
        "the brokers check what a token says",
    ),
}  # fmt: skip
_IMPOSSIBLE = {
    "ssl.engine.factory.class": "a Java class",
    "ssl.provider": "a Java security provider",
    "security.providers": "Java security providers",
    "ssl.secure.random.implementation": "a Java class",
    "ssl.keymanager.algorithm": "a Java key manager",
    "ssl.trustmanager.algorithm": "a Java trust manager",
    "ssl.protocol": "the choice of a TLS version",
    "ssl.enabled.protocols": "the choice of TLS versions",
    "sasl.login.class": "a Java class",
    "sasl.client.callback.handler.class": "a Java class",
    "partitioner.class": "a Java class",
    "partitioner.ignore.keys": "ignoring the keys",
    "key.serializer": "a Java class",
    "value.serializer": "a Java class",
}
# Written down by many, although they say no more than the client does without them.
_SAID_ANYWAY = {
    "partitioner.ignore.keys": "false",
    "ssl.enabled.protocols": "TLSv1.2,TLSv1.3",
    "ssl.keymanager.algorithm": "SunX509",
    "ssl.protocol": "TLSv1.3",
    "ssl.trustmanager.algorithm": "PKIX",
    "transaction.two.phase.commit.enable": "false",
}
_OWN = {"default.api.timeout.ms", "max.poll.records", "max.block.ms"}
_STORES = {
    "ssl.truststore.location",
    "ssl.truststore.type",
    "ssl.truststore.password",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.keystore.password",
}
_CONSUMER_ONLY = {
    "isolation.level", "fetch.min.bytes", "fetch.max.bytes", "fetch.max.wait.ms", "max.partition.fetch.bytes",
    "check.crcs", "session.timeout.ms", "heartbeat.interval.ms", "max.poll.interval.ms", "group.id",
    "group.instance.id", "allow.auto.create.topics", "max.poll.records",
}  # fmt: skip
# As Java's producer; librdkafka's own is 300 s.
_DELIVERY_TIMEOUT_MS = "120000"
# librdkafka's own limits.
_SMALLEST_BYTES = 1000
_LARGEST_RECORD_BYTES = 1_000_000
_LARGEST_ANSWER_BYTES = 100_000_000
_OVERHEAD_BYTES = 512
_PRODUCER_RENAMED = {"buffer.memory": "queue.buffering.max.kbytes"}


def client_settings(kafka: Mapping[str, str]) -> dict[str, str]:
    """Settings that every kind of client needs. Raises UNSUPPORTED_FEATURE.POTOK for what cannot be had."""
    settings: dict[str, str] = {}
    for name, text in kafka.items():
        if _SAID_ANYWAY.get(name) == text.strip():
            continue
        if name in _IMPOSSIBLE:
            raise unsupported(f"the option kafka.{name} ({_IMPOSSIBLE[name]})", "Leave the option away.")
        if name in _WITHOUT_EFFECT:
            _log.warning("The option kafka.%s has no effect: %s.", name, _WITHOUT_EFFECT[name])
        elif name == "sasl.jaas.config":
            settings.update(_jaas(text))
        elif name == "ssl.endpoint.identification.algorithm":
            settings[name] = text.lower() or "none"
        elif name in _PRODUCER_RENAMED:
            settings[_PRODUCER_RENAMED[name]] = str(max(1, _number(name, text) // 1024))
        elif name not in _OWN | _STORES and not is_oauth_setting(name):
            settings[_RENAMED.get(name, name)] = text
    settings.update(_stores(kafka))
    settings.update(oauth_settings(kafka))
    settings.update(completed(settings, kafka))
    return settings


def consumer_settings(kafka: Mapping[str, str], group_id: str) -> dict[str, str]:
    """Settings of a consumer that is told what to read, commits nothing and says where a partition ends.

    As Java's, and unlike librdkafka's own defaults, it reads uncommitted records and looks for damaged ones
    unless told otherwise.
    """
    settings = {
        "isolation.level": "read_uncommitted",
        "group.id": group_id,
        "check.crcs": "true",
        # A full queue is looked at again soon: batches empty it faster than librdkafka expects (1 s).
        "fetch.queue.backoff.ms": "5",
        **client_settings(kafka),
    }
    settings.update(_sizes(settings))
    settings.update(
        {
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "enable.partition.eof": "true",
            "auto.offset.reset": "error",
        }
    )
    return settings


def _sizes(settings: Mapping[str, str]) -> dict[str, str]:
    """What librdkafka wants to be smaller or larger than the size of a fetch; brokers send one batch at least."""
    text = settings.get("fetch.max.bytes")
    if text is None:
        return {}
    most = max(_number("fetch.max.bytes", text), _SMALLEST_BYTES)
    sizes = {"fetch.max.bytes": str(most)}
    if most < _LARGEST_RECORD_BYTES and "message.max.bytes" not in settings:
        sizes["message.max.bytes"] = str(most)
    if most + _OVERHEAD_BYTES > _LARGEST_ANSWER_BYTES and "receive.message.max.bytes" not in settings:
        sizes["receive.message.max.bytes"] = str(most + _OVERHEAD_BYTES)
    return sizes


def admin_settings(kafka: Mapping[str, str]) -> dict[str, str]:
    """Settings of a client that only asks for topics and offsets."""
    return {
        # Otherwise a question to a broker that has died makes librdkafka connect to it without a pause.
        "enable.sparse.connections": "false",
        **client_settings({name: text for name, text in kafka.items() if name not in _CONSUMER_ONLY}),
    }


def producer_settings(kafka: Mapping[str, str], *, is_transactional: bool = False) -> dict[str, str]:
    """Settings of a producer; idempotent, and keys go to the partitions that Java's producer gives them.

    In a transaction a record may take as long as the transaction.
    """
    for name, what in (("key", "keys are"), ("value", "value are")):
        if f"{name}.serializer" in kafka:
            raise illegal_argument(
                f"Kafka option '{name}.serializer' is not supported as {what} serialized with ByteArraySerializer."
            )
    if "bootstrap.servers" not in kafka:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.KAFKA_OPTION",
            message="Kafka option bootstrap.servers is not set. Please make sure it is set and retry.",
        )
    settings = {"partitioner": "murmur2_random", **client_settings(kafka)}
    if not is_transactional and "message.timeout.ms" not in settings:
        settings.setdefault("delivery.timeout.ms", _DELIVERY_TIMEOUT_MS)
    acks = kafka.get("acks", "all")
    if acks in {"all", "-1"}:
        settings.setdefault("enable.idempotence", "true")
    return settings


def api_timeout_s(kafka: Mapping[str, str]) -> float:
    """How long one question to the brokers may take (`default.api.timeout.ms`, 60 s)."""
    return _number("default.api.timeout.ms", kafka.get("default.api.timeout.ms", "60000")) / 1000


def max_poll_records(kafka: Mapping[str, str], default: int) -> int:
    """How many records are taken from the client at once at most."""
    return max(1, _number("max.poll.records", kafka.get("max.poll.records", str(default))))


def isolation_is_committed(kafka: Mapping[str, str]) -> bool:
    """Whether only committed records are read (`isolation.level`)."""
    level: str = kafka.get("isolation.level", "read_uncommitted").lower()
    if level not in {"read_committed", "read_uncommitted"}:
        raise illegal_argument(f"No enum constant org.apache.kafka.common.IsolationLevel.{level.upper()}")
    return level == "read_committed"


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.KAFKA_CONFIG",
            message=f"Invalid value {text} for configuration {name}: Not a number of type INT",
        ) from error


def _jaas(text: str) -> dict[str, str]:
    """Name and password, or what the module says instead, from one line of JAAS configuration."""
    found = _JAAS.fullmatch(text)
    if found is None:
        raise illegal_argument("JAAS config entry not terminated by semi-colon, or not one entry")
    module = found[1].rsplit(".", 1)[-1]
    options = {name: _unquoted(value) for name, value in _JAAS_OPTION.findall(found[3])}
    reader = _MODULES.get(module)
    if reader is None:
        raise unsupported(
            f"the login module {found[1]} (option kafka.sasl.jaas.config)",
            "Use PlainLoginModule, ScramLoginModule, OAuthBearerLoginModule or Krb5LoginModule.",
        )
    return reader(options)


def _unquoted(text: str) -> str:
    if text[:1] in {'"', "'"}:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _name_and_password(options: Mapping[str, str]) -> dict[str, str]:
    if options.get("tokenauth", "").lower() == "true":
        raise unsupported(
            "delegation tokens (tokenauth in kafka.sasl.jaas.config)", "Use a name and a password."
        )
    return {
        "sasl.username": options.get("username", ""),
        "sasl.password": options.get("password", ""),
    }


def _kerberos(options: Mapping[str, str]) -> dict[str, str]:
    names = {"keyTab": "sasl.kerberos.keytab", "principal": "sasl.kerberos.principal"}
    return {names[name]: value for name, value in options.items() if name in names}


_MODULES: dict[str, Callable[[Mapping[str, str]], dict[str, str]]] = {
    "PlainLoginModule": _name_and_password,
    "ScramLoginModule": _name_and_password,
    "OAuthBearerLoginModule": login_settings,
    "Krb5LoginModule": _kerberos,
}


def _stores(kafka: Mapping[str, str]) -> dict[str, str]:
    """Java's key and trust stores: PEM and PKCS12 files can be used, JKS files cannot."""
    settings = {}
    trust = kafka.get("ssl.truststore.location")
    if trust:
        if _store_type(trust, kafka.get("ssl.truststore.type", "JKS")) != "PEM":
            raise unsupported(
                f"the trust store {trust} (option kafka.ssl.truststore.location)",
                "Give the certificates as a PEM file, with kafka.ssl.truststore.type PEM:"
                " keytool -exportcert -rfc -keystore <store> -alias <name>.",
            )
        settings["ssl.ca.location"] = trust
    keys = kafka.get("ssl.keystore.location")
    if keys:
        kind = _store_type(keys, kafka.get("ssl.keystore.type", "JKS"))
        if kind == "PEM":
            settings.update({"ssl.certificate.location": keys, "ssl.key.location": keys})
        elif kind == "PKCS12":
            settings["ssl.keystore.location"] = keys
            settings["ssl.keystore.password"] = kafka.get("ssl.keystore.password", "")
        else:
            raise unsupported(f"the key store {keys} (option kafka.ssl.keystore.location)", _CONVERT)
    return settings


def _store_type(path: str, named: str) -> str:
    """PEM, PKCS12 or JKS: Java opens PKCS12 files under both names, so the content decides."""
    if named.upper() == "PEM":
        return "PEM"
    try:
        with Path(path).open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.KAFKA", message=f"Failed to load SSL keystore {path}: {error.strerror}"
        ) from error
    return "JKS" if magic == _JKS_MAGIC else "PKCS12"
