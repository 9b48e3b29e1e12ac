"""A real Apache Kafka broker (KRaft, one node or more, on loopback) for the tests.

The jars come from Maven by `pom.xml`, once, into `$POTOK_TEST_CACHE` (default `~/.cache/potok`).
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
_CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_OAUTH = "org.apache.kafka.common.security.oauthbearer"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls"
_START_TIMEOUT_S = 180.0
# Linux gives ports from 32768 on to connections, other systems from 49152 on.
_PORTS = range(20_000, 32_000)
_given_ports: set[int] = set()
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


class NoBrokerError(Exception):
    """There is no Java, no Maven, or no way to the jars."""


def cache_directory() -> Path:
    """Where jars are kept between runs."""
    return Path(os.environ.get("POTOK_TEST_CACHE") or Path.home() / ".cache" / "potok")


def jars(profile: str) -> Path:
    """The directory with the jars of a profile of the pom (`broker`, `spark`). Raises NoBrokerError."""
    directory = cache_directory() / f"kafka-{profile}"
    done = directory / ".complete"
    stamp = (HERE / "pom.xml").read_text("utf-8")
    if done.exists() and done.read_text("utf-8") == stamp:
        return directory
    maven = shutil.which("mvn")
    if maven is None:
        raise NoBrokerError("Maven (mvn) is not installed")
    shutil.rmtree(directory, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), "-P", profile, "dependency:copy-dependencies"]
    made = subprocess.run(
        [*command, f"-DoutputDirectory={directory}"], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise NoBrokerError(f"Maven could not fetch the jars: {made.stdout[-500:]}{made.stderr[-500:]}")
    done.write_text(stamp, "utf-8")
    return directory


class Stores:
    """Keys and self-signed certificates made with the JDK's keytool: a broker's, for 127.0.0.1, and a client's."""

    password = "stores-secret"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for name in ("broker", "client"):
            key = ("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30", "-dname", f"CN={name}")
            self._tool(name, name, "-genkeypair", *key, "-ext", "san=ip:127.0.0.1")
            self._tool(name, name, "-exportcert", "-rfc", "-file", str(self.certificate(name)))
        self._tool("trusted", "client", "-importcert", "-noprompt", "-file", str(self.certificate("client")))

    def store(self, name: str) -> Path:
        """A key store of Java's, PKCS12."""
        return self.directory / f"{name}.p12"

    def certificate(self, name: str) -> Path:
        """The certificate of `broker` or `client`, PEM."""
        return self.directory / f"{name}.pem"

    def broker_properties(self) -> str:
        """How a broker uses them."""
        return f"""ssl.keystore.location={self.store("broker")}
ssl.keystore.password={self.password}
ssl.keystore.type=PKCS12
ssl.truststore.location={self.store("trusted")}
ssl.truststore.password={self.password}
ssl.truststore.type=PKCS12
listener.name.ssl.ssl.client.auth=required
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={_SCRAM} required;"""

    def _tool(self, store: str, alias: str, command: str, *more: str) -> None:
        keytool = shutil.which("keytool")
        if keytool is None:
            raise NoBrokerError("keytool is not installed")
        where = ("-alias", alias, "-keystore", str(self.store(store)), "-storetype", "PKCS12")
        command_line = [keytool, command, *where, "-storepass", self.password, *more]
        made = subprocess.run(command_line, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise NoBrokerError(f"keytool {command} failed: {made.stdout}{made.stderr}")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on.

    It is none of those that the system gives to connections, so that it is still free when a broker that was stopped
    comes back: a client that looks for the broker in between might be given the port, and be connected with itself.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given_ports:
            _given_ports.add(port)
            return port
    raise NoBrokerError("no port is free")


class Broker:
    """One node. `controller` is the port of another node's controller; without it the node is one itself.

    With `stores` (see `Stores`) it also listens with TLS: `ssl_bootstrap` asks for a certificate of the client,
    `scram_bootstrap` for a name and a password (`users`, SCRAM-SHA-512). With `token_keys` (a file, JWKS)
    `oauth_bootstrap` asks for a token signed with one of them, for the audience AUDIENCE, and for another one before
    it has expired; `naive_bootstrap` believes tokens without a signature.
    """

    AUDIENCE = "the-broker"

    def __init__(
        self,
        directory: Path,
        *,
        node_id: int = 1,
        controller: int | None = None,
        stores: Stores | None = None,
        users: Mapping[str, str] | None = None,
        token_keys: Path | None = None,
        extra: str = "",
    ) -> None:
        self.directory = directory
        self.node_id = node_id
        self.controller_port = controller or free_port()
        ports = {name: free_port() for name in ("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL")}
        if stores is None:
            del ports["SSL"], ports["SASL_SSL"]
        protocols = {name: name for name in ports}
        if token_keys is not None:
            ports |= {name: free_port() for name in ("OAUTH", "NAIVE")}
            protocols |= dict.fromkeys(("OAUTH", "NAIVE"), "SASL_PLAINTEXT")
        self._token_keys = token_keys
        self.port = ports["PLAINTEXT"]
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.sasl_bootstrap = f"127.0.0.1:{ports['SASL_PLAINTEXT']}"
        self.ssl_bootstrap = f"127.0.0.1:{ports.get('SSL')}"
        self.scram_bootstrap = f"127.0.0.1:{ports.get('SASL_SSL')}"
        self.oauth_bootstrap = f"127.0.0.1:{ports.get('OAUTH')}"
        self.naive_bootstrap = f"127.0.0.1:{ports.get('NAIVE')}"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._properties = directory / "server.properties"
        advertised = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
        own = "" if controller else f",CONTROLLER://127.0.0.1:{self.controller_port}"
        self._properties.write_text(
            f"""process.roles=broker{"" if controller else ",controller"}
node.id={node_id}
controller.quorum.voters=1@127.0.0.1:{self.controller_port}
listeners={advertised}{own}
advertised.listeners={advertised}
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config={_LOGIN} required user_alice="the secret";
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{",".join(map(":".join, protocols.items()))}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={directory / "data"}
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.check.interval.ms=500
log.cleaner.backoff.ms=200
log.segment.delete.delay.ms=100
num.network.threads=2
num.io.threads=2
{"" if stores is None else stores.broker_properties()}
{"" if token_keys is None else self._token_properties(token_keys)}
{extra}
""",
            "utf-8",
        )
        scram = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in (users or {}).items()]
        more = [word for user in scram for word in ("--add-scram", user)]
        self._java("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(self._properties), *more)

    def _token_properties(self, keys: Path) -> str:
        return f"""listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={_OAUTH}.OAuthBearerLoginModule required;
listener.name.oauth.oauthbearer.sasl.server.callback.handler.class={_OAUTH}.OAuthBearerValidatorCallbackHandler
listener.name.oauth.sasl.oauthbearer.jwt.validator.class={_OAUTH}.BrokerJwtValidator
listener.name.oauth.sasl.oauthbearer.jwks.endpoint.url={keys.as_uri()}
listener.name.oauth.sasl.oauthbearer.expected.audience={self.AUDIENCE}
listener.name.oauth.oauthbearer.connections.max.reauth.ms=3600000
listener.name.naive.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.naive.oauthbearer.sasl.jaas.config={_OAUTH}.OAuthBearerLoginModule required;"""

    def _command(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise NoBrokerError("Java is not installed")
        allowed = () if self._token_keys is None else (f"-D{_ALLOWED_URLS}={self._token_keys.as_uri()}",)
        return [java, *_JAVA_OPTIONS, *allowed, "-Xmx384m", "-cp", f"{jars('broker')}/*", main, *arguments]

    def _java(self, main: str, *arguments: str) -> None:
        made = subprocess.run(self._command(main, *arguments), capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise NoBrokerError(f"{main} failed: {made.stdout}{made.stderr}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.directory / "server.log").open("ab")
        command = self._command("kafka.Kafka", str(self._properties))
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        log.close()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise NoBrokerError(f"the broker died: {(self.directory / 'server.log').read_text()[-2000:]}")
            if self._answers():
                return
            time.sleep(0.2)
        self.stop()
        raise NoBrokerError("the broker does not answer")

    def _answers(self) -> bool:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                pass
            client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return bool(client.list_topics(timeout=5).brokers)
        except (OSError, KafkaException):
            return False

    @property
    def process_id(self) -> int:
        """Of the node that runs."""
        assert self._process is not None
        return self._process.pid

    def stop(self, *, kill: bool = False) -> None:
        """Stop it, at once with `kill`. May be called more than once."""
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
