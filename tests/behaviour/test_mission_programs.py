"""The mission's programs, as they are, against what Spark 4.3.0 did with the same files.

`recorded/programs` holds Spark's console and, in `snapshot.txt`, every file it wrote. Only what must
differ is changed in the programs: how long they wait (until they are told), the port, and Kafka for a directory of texts.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from support.patience import PATIENCE_S, until
from support.processes import environment, potok_command

RECORDED = Path(__file__).parent / "recorded" / "programs"
MISSION = Path(__file__).parents[2] / "examples" / "mission"
_FILE = re.compile(r"^FILE run/(\S.*?)  \[\d+ bytes, mode 644\]$")
_NO_NEWLINE = " <no newline at end>"
# Waits as `awaitTermination` does, until the file `end` is there.
_TOLD = """\
def wait_until_told(query):
    from pathlib import Path
    while not Path("end").exists():
        if query.awaitTermination(0.1):
            return True
    return query.awaitTermination(0.1)


"""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Run:
    """A program that runs in a directory of its own; `stop` is Ctrl-C."""

    def __init__(self, directory: Path, program: str, changes: dict[str, str]) -> None:
        self.directory = directory
        text = (MISSION / program).read_text("utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (directory / program).write_text(_TOLD + text, "utf-8")
        self._output = directory / "stdout"
        self._errors = directory / "stderr"
        with self._output.open("wb") as out, self._errors.open("wb") as err:
            self._process = subprocess.Popen(
                potok_command("run", program), cwd=directory, env=environment(), stdout=out, stderr=err
            )

    @property
    def console(self) -> str:
        """What the program has printed."""
        return self._output.read_text("utf-8")

    @property
    def errors(self) -> str:
        """What went to the standard error."""
        return self._errors.read_text("utf-8")

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until the condition holds. Fails when the program ends first."""

        def holds() -> bool:
            if condition():
                return True
            assert self._process.poll() is None, self.errors
            return False

        until(holds)

    def wait_batch(self, number: int, *, times: int = 1) -> None:
        """Until the console has shown the whole batch."""
        self.wait(
            lambda: len(re.findall(rf"Batch: {number}\n-+\n(?:[+|].*\n)+(?:\n|only)", self.console)) == times
        )

    def wait_commit(self, batch_id: int) -> None:
        """Until the checkpoint says that the batch has happened."""
        self.wait((self.directory / "check-points" / "commits" / str(batch_id)).exists)

    def copy(self, source: Path, target: str) -> None:
        """As a user does it: the file appears whole."""
        hidden = self.directory / "_arriving"
        shutil.copyfile(source, hidden)
        hidden.rename(self.directory / target)

    def finish(self) -> int:
        """Tell the program that its time is over, and wait for its own end; the exit code."""
        (self.directory / "end").touch()
        return self._process.wait(PATIENCE_S)

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE_S)

    def end(self) -> None:
        """Whatever happened."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts a program with changes of its text."""
    runs: list[Run] = []

    def starting(program: str, **changes: str) -> Run:
        runs.append(Run(tmp_path, program, changes))
        return runs[-1]

    yield starting
    for run in runs:
        run.end()


def recorded_console(name: str) -> str:
    """Spark's console without the lines that the recording's own script printed."""
    text = (RECORDED / name).read_text("utf-8")
    return re.sub(r"^(await.*|False False None None)\n", "", text, flags=re.MULTILINE)


def recorded_files(name: str, *, below: str) -> dict[str, list[str]]:
    """The contents of Spark's files by name without identifiers, as many as have that name, sorted."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    path, lines = "", [""]
    for line in [*(RECORDED / name / "snapshot.txt").read_text("utf-8").splitlines(), "FILE"]:
        if line.startswith(("FILE", "DIR", "===")):
            if path.startswith(below):
                found[_UUID.sub("ID", path)].append("".join(lines))
            match = _FILE.match(line)
            path, lines = (match[1] if match else ""), []
        elif line.startswith("    | "):
            text = line[6:]
            lines.append(text.removesuffix(_NO_NEWLINE) if text.endswith(_NO_NEWLINE) else text + "\n")
    return {path: sorted(texts) for path, texts in found.items()}


def written_files(directory: Path, *, below: str) -> dict[str, list[str]]:
    """The same of the files in a directory."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for file in (directory / below).rglob("*"):
        if file.is_file() and not file.name.endswith(".crc"):
            path = _UUID.sub("ID", file.relative_to(directory).as_posix())
            found[path].append(file.read_text("utf-8"))
    return {path: sorted(texts) for path, texts in found.items()}


def plain(texts: dict[str, list[str]], root: str) -> dict[str, list[str]]:
    """Texts of logs without what differs from run to run: identifiers, times, the directory, lists' order.

    The default of spark.sql.shuffle.partitions is 200 in Spark and 1 here.
    """

    def one(text: str) -> str:
        text = _UUID.sub("ID", text.replace(root, "").replace(quote(root), ""))
        text = re.sub(r'("(?:timestamp|modificationTime|batchTimestampMs)":)\d+', r"\1T", text)
        text = re.sub(r'("spark.sql.shuffle.partitions":)"\d+"', r"\1N", text)
        head, *lines = text.split("\n")
        return "\n".join([head, *(sorted(lines) if '"action"' in text else lines)])

    return {path: sorted(one(t) for t in found) for path, found in texts.items()}


def assert_same_checkpoint(run: Run, name: str) -> None:
    """Every file of checkpoint and sink log says what Spark's says."""
    recorded_root = f"/data/{name}/run"
    for below in ("check-points", "output-from-spark/_spark_metadata"):
        assert plain(written_files(run.directory, below=below), str(run.directory)) == plain(
            recorded_files(name, below=below), recorded_root
        )


def test_lines_from_files_to_the_console(start: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    run = start("file_stream.py", **{"query.awaitTermination(timeout=60)": "wait_until_told(query)"})
    for number in range(3):
        run.copy(RECORDED / "s1_csv_console" / f"a{number + 1}.csv", f"people/a{number + 1}.csv")
        run.wait_batch(number)
    assert run.finish() == 0
    assert run.console == recorded_console("s1_csv_console/stdout.txt")


def test_temperatures_and_a_copy_under_another_name(start: Callable[..., Run], tmp_path: Path) -> None:
    files = RECORDED / "s2_daytemp_console"
    (tmp_path / "source-data").mkdir()
    run = start("temperatures.py", **{"query.awaitTermination(60)": "wait_until_told(query)"})
    run.copy(files / "temp_data1.csv", "source-data/temp_data1.csv")
    run.wait_batch(0)
    run.copy(files / "temp_data1.csv", "source-data/copy.csv")
    run.wait_batch(1)
    run.copy(files / "temp_data1.csv", "source-data/copy.csv")
    run.copy(files / "temp_data2.csv", "source-data/temp_data2.csv")
    run.wait_batch(2)
    assert run.finish() == 0
    assert run.console == recorded_console("s2_daytemp_console/stdout.txt")


def test_a_filter_from_csv_to_csv(start: Callable[..., Run], tmp_path: Path) -> None:
    name = "s3_csv_filter_csv"
    (tmp_path / "source-data").mkdir()
    run = start("filter_to_csv.py", **{"query.awaitTermination(30)": "wait_until_told(query)"})
    for number in range(4):
        run.copy(RECORDED / name / f"temp_data{number + 1}.csv", f"source-data/temp_data{number + 1}.csv")
        run.wait_commit(number)
    assert run.finish() == 0
    assert run.console == ""
    below = "output-from-spark/part-"
    written = written_files(tmp_path, below="output-from-spark")
    assert {p: t for p, t in written.items() if p.startswith(below)} == recorded_files(name, below=below)
    assert_same_checkpoint(run, name)


def test_json_with_one_record_a_file(start: Callable[..., Run], tmp_path: Path) -> None:
    name = "s4_json_maxrec1"
    source = """\
    .format("kafka") \\
    .option("kafka.bootstrap.servers", "localhost:9092") \\
    .option("subscribe", "test") \\
    .option("startingOffsets", "latest") \\
    .option("failOnDataLoss", "false") \\
    .load() \\
"""
    fields = """\
    StructField("day", StringType(), True),
    StructField("temp_in_celsius", DoubleType(), True),
"""
    recorded_fields = """\
    StructField("id", LongType()), StructField("name", StringType()), StructField("score", DoubleType()),
    StructField("tags", ArrayType(StringType())),
"""
    (tmp_path / "in").mkdir()
    run = start(
        "kafka_to_json.py",
        **{source: '    .format("text").load("./in") \\\n', fields: recorded_fields},
    )
    for number in range(3):
        run.copy(RECORDED / name / f"j{number + 1}.txt", f"in/j{number + 1}.txt")
        run.wait_commit(number)
    assert run.interrupt() == 130
    below = "output-from-spark/part-"
    written = written_files(tmp_path, below="output-from-spark")
    assert {p: t for p, t in written.items() if p.startswith(below)} == recorded_files(name, below=below)
    assert_same_checkpoint(run, name)


def test_two_streams(start: Callable[..., Run], tmp_path: Path) -> None:
    files = RECORDED / "s6_two_streams"
    for directory in ("subdir1", "subdir2"):
        (tmp_path / "data" / directory).mkdir(parents=True)
    run = start("two_streams.py", **{"start_plus_timeout < datetime.now()": "not wait_until_told(query1)"})
    run.copy(files / "a1.csv", "data/subdir1/a1.csv")
    run.copy(files / "a2.csv", "data/subdir2/a2.csv")
    run.wait_batch(0, times=2)
    run.copy(files / "a2.csv", "data/subdir1/b2.csv")
    run.copy(files / "a1.csv", "data/subdir2/b1.csv")
    run.wait_batch(1, times=2)
    assert run.finish() == 0
    # Spark interleaves the lines of the two tables; here a table is whole.
    assert sorted(run.console.splitlines()) == sorted(
        recorded_console("s6_two_streams/stdout.txt").splitlines()
    )
    assert run.console.count("-" * 43 + "\nBatch: 1\n" + "-" * 43 + "\n+--") == 2


@contextmanager
def line_server(send: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of this machine; what connects there first is served by `send` and closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                send(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE_S)


def test_lines_from_a_socket(start: Callable[..., Run]) -> None:
    go_on = [threading.Event() for _ in range(5)]
    parts = (b"Leor Finkelberg\n", b"Jean-George, Perrin\na,b,c\n", b"partial", b" line, done\r\n")

    def send(connection: socket.socket) -> None:
        for event, part in zip(go_on, parts, strict=False):
            event.wait(PATIENCE_S)
            connection.sendall(part)
        go_on[4].wait(PATIENCE_S)
        connection.sendall(b"last line,without newline")

    with line_server(send) as port:
        splitting = """\
df = df.withColumn(
    "value",
    F.split(F.col("value"), ",").getItem(1)
)
"""
        run = start("socket_stream.py", **{"9999": str(port), splitting: ""})
        run.wait_batch(0)
        go_on[0].set()
        run.wait_batch(1)
        go_on[1].set()
        run.wait_batch(2)
        go_on[2].set()
        go_on[3].set()
        run.wait_batch(3)
        go_on[4].set()
        run.wait_batch(4)
    assert run.console == recorded_console("s5_socket/plain.txt")
    assert run.interrupt() == 130


def test_a_line_without_a_comma_ends_the_socket_program(start: Callable[..., Run]) -> None:
    go_on = threading.Event()

    def send(connection: socket.socket) -> None:
        go_on.wait(PATIENCE_S)
        connection.sendall(b"no comma\n")

    with line_server(send) as port:
        run = start("socket_stream.py", **{"9999": str(port)})
        run.wait_batch(0)
        go_on.set()
        assert run.finish() == 1
    assert "terminated with exception: [INVALID_ARRAY_INDEX] The index 1 is out of bounds." in run.errors
    assert run.console == recorded_console("s5_socket/plain.txt").partition("\n\n")[0] + "\n\n"
