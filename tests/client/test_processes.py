"""Programs and servers as processes: Ctrl-C, leaving, tokens, TLS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.patience import PATIENCE_S
from support.processes import environment, potok_command, run_potok

STREAM = """
    import sys
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.master("local[*]").getOrCreate()
    query = spark.readStream.format("rate").load().writeStream.format("noop").start()
    print("up", flush=True)
"""


@contextmanager
def start(program: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """The program when its stream runs; it is killed if it has not ended."""
    (directory / "program.py").write_text(textwrap.dedent(STREAM) + textwrap.dedent(program))
    process = subprocess.Popen(
        potok_command("run", "program.py"),
        cwd=directory,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    "wait",
    [
        "query.awaitTermination()",
        "query.awaitTermination(3600)",
        "spark.streams.awaitAnyTermination()",
        "spark.range(10**11).collect()",
        "spark.range(10**11).selectExpr('count_if(id % 7 = 3)').collect()",
        "spark.range(10**11).write.format('noop').mode('overwrite').save()",
    ],
)
def test_ctrl_c_ends_a_wait_at_once(tmp_path: Path, wait: str) -> None:
    with start(wait, tmp_path) as process:
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        # Left alone, none of them ends in time.
        _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert stderr.rstrip().endswith("KeyboardInterrupt")


def test_ctrl_c_can_be_caught(tmp_path: Path) -> None:
    program = """
    try:
        print("waiting", flush=True)
        query.awaitTermination()
    except KeyboardInterrupt:
        query.stop()
        print("stopped", query.isActive)
    """
    with start(program, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=PATIENCE_S)
    assert (stdout, process.returncode) == ("stopped False\n", 0)


@pytest.mark.parametrize(
    "end",
    [
        "",
        "sys.exit(3)",
        "raise ValueError",
        """
        from pyspark.sql.streaming import StreamingQueryListener
        class L(StreamingQueryListener):
            def onQueryStarted(self, e): pass
            def onQueryProgress(self, e): pass
            def onQueryIdle(self, e): pass
            def onQueryTerminated(self, e): pass
        spark.streams.addListener(L())
        """,
        """
        def each(batch, batch_id):
            import time
            time.sleep(3600)
        import potok.connect.local
        potok.connect.local._EXIT_S = 0.5
        query2 = spark.readStream.format("rate").load().writeStream.foreachBatch(each).start()
        """,
    ],
    ids=["at the end", "sys.exit", "an error", "a listener", "a batch that hangs"],
)
def test_leaving_never_hangs(tmp_path: Path, end: str) -> None:
    with start(end, tmp_path) as process:
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode in {0, 1, 3}


def test_the_drop_in_import(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        textwrap.dedent(
            """
            from potok.sql import SparkSession, functions as F
            spark = SparkSession.builder.appName("a").getOrCreate()
            assert isinstance(spark, SparkSession)
            assert SparkSession.builder.getOrCreate() is spark
            print(spark.range(2).select((F.col("id") + 1).alias("n")).collect())
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[Row(n=1), Row(n=2)]\n", "")


def test_what_is_left_of_the_context(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        textwrap.dedent(
            """
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.appName("mine").master("local[2]").config("a.b", 1).getOrCreate()
            sc = spark.sparkContext
            sc.setLogLevel("ERROR")
            print(sc.appName, sc.master, sc.version, sc.uiWebUrl, sc.getConf().get("a.b"))
            print(sc.broadcast([1]).value)
            try:
                sc.parallelize([1])
            except Exception as error:
                print(type(error).__name__, "spark.createDataFrame" in str(error))
            other = spark.newSession()
            other.conf.set("a.b", "2")
            print(spark.conf.get("a.b"), other.range(1).count())
            sc.stop()
            print(SparkSession.builder.getOrCreate() is spark)
            """
        )
    )
    done = run_potok("run", "--conf", "a.b=0", "program.py", directory=tmp_path)
    assert done.stdout == (
        "mine local[2] 4.3.0 None 1\n[1]\nUnsupportedOperationException True\n1 1\nFalse\n"
    )
    assert done.stderr == ""


def test_the_shell() -> None:
    done = subprocess.run(
        potok_command("shell", "--name", "mine"),
        input="spark.range(2).collect()\nF.__name__\nspark.conf.get('spark.app.name')\n",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0
    assert "[Row(id=0), Row(id=1)]" in done.stdout
    assert "'pyspark.sql.functions'" in done.stdout
    assert "'mine'" in done.stdout
    assert "Spark 4.3.0 in this process" in done.stderr


@contextmanager
def serving(*options: str) -> Iterator[str]:
    with subprocess.Popen(
        potok_command("server", "--port", "0", *options),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("potok server at sc://localhost:")
        try:
            yield line.split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0


def ask(url: str, directory: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a program unchanged on the server at the URL."""
    (directory / "program.py").write_text(
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[*]').appName('a').getOrCreate()\n"
        "print(spark.range(2).collect(), type(spark).__module__)\n"
        "spark.stop()\n"
    )
    return subprocess.run(
        potok_command("run", "--remote", url, "program.py"),
        cwd=directory,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


ANSWER = "[Row(id=0), Row(id=1)] pyspark.sql.connect.session\n"


def test_a_program_runs_unchanged_on_a_server(tmp_path: Path) -> None:
    with serving() as url:
        assert ask(url, tmp_path).stdout == ANSWER


def test_every_call_needs_the_token(tmp_path: Path) -> None:
    with serving("--token", "secret") as url:
        assert ask(f"{url}/;token=secret", tmp_path).stdout == ANSWER
        for wrong in (f"{url}/;token=wrong", f"{url}/;token=secre", f"{url}/;token=secret2"):
            done = ask(wrong, tmp_path)
            assert done.returncode == 1
            assert "Invalid authentication token" in done.stderr
        assert ask(url, tmp_path, SPARK_CONNECT_AUTHENTICATE_TOKEN="secret").stdout == ANSWER


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_tls(tmp_path: Path) -> None:
    command = (
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        ["openssl", *command.split(), "-keyout", "key.pem", "-out", "certificate.pem"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    with serving("--certificate", str(certificate), "--key", str(key), "--token", "secret") as url:
        roots = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": os.fspath(certificate)}
        assert ask(f"{url}/;use_ssl=true;token=secret", tmp_path, **roots).stdout == ANSWER
        wrong = ask(f"{url}/;use_ssl=true;token=wrong", tmp_path, **roots)
        assert "Invalid authentication token" in wrong.stderr
