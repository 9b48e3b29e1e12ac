"""A real Apache Kafka broker (KRaft, one node or more, on loopback) for the tests.

The jars come from Maven by `pom.xml`, once, into `$POTOK_TEST_CACHE` (default `~/.cache/potok`).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).parent
_CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_START_TIMEOUT_S = 90.0
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


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Broker:
    """One node; `voters` are `id@host:port` of all controllers of its cluster, itself among them."""

    def __init__(
        self,
        directory: Path,
        *,
        node_id: int = 1,
        controller_port: int | None = None,
        voters: str = "",
        extra: str = "",
    ) -> None:
        self.directory = directory
        self.port = free_port()
        controller = controller_port or free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        sasl_port = free_port()
        self.sasl_bootstrap = f"127.0.0.1:{sasl_port}"
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._properties = directory / "server.properties"
        self._properties.write_text(
            f"""process.roles=broker,controller
node.id={node_id}
controller.quorum.voters={voters or f"{node_id}@127.0.0.1:{controller}"}
listeners=PLAINTEXT://127.0.0.1:{self.port},SASL_PLAINTEXT://127.0.0.1:{sasl_port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port},SASL_PLAINTEXT://127.0.0.1:{sasl_port}
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config={_LOGIN} required user_alice="the secret";
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
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
log.retention.check.interval.ms=500
log.cleaner.backoff.ms=200
log.segment.delete.delay.ms=100
num.network.threads=2
num.io.threads=2
{extra}
""",
            "utf-8",
        )
        self._java("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(self._properties))

    def _command(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise NoBrokerError("Java is not installed")
        return [java, *_JAVA_OPTIONS, "-Xmx384m", "-cp", f"{jars('broker')}/*", main, *arguments]

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
