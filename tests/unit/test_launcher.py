from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from potok.launcher import Submission, UsageError, parse_submission, read_properties
from support.patience import PATIENCE_S
from support.processes import environment, potok_command, run_potok


def test_everything_behind_the_program_is_its_own() -> None:
    submission = parse_submission(["--name", "n", "a.py", "--conf", "x", "-v"])
    assert submission.program == "a.py"
    assert submission.arguments == ("--conf", "x", "-v")
    assert submission.conf == {"spark.app.name": "n"}


def test_settings_by_option_go_before_those_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "spark.conf"
    file.write_text("spark.a  from file\nspark.b=2\n# spark.c 3\n! no\nspark.d: x=y\nother 1\n\nspark.e\n")
    assert read_properties(file) == {"spark.a": "from file", "spark.b": "2", "spark.d": "x=y", "spark.e": ""}
    submission = parse_submission(
        [
            "--conf",
            "spark.a=1",
            f"--properties-file={file}",
            "-c",
            "spark.z=a=b",
            "--master",
            "local[2]",
            "a.py",
        ]
    )
    assert submission.conf == {
        "spark.a": "1",
        "spark.b": "2",
        "spark.d": "x=y",
        "spark.e": "",
        "spark.z": "a=b",
        "spark.master": "local[2]",
    }


def test_lists_of_files() -> None:
    submission = parse_submission(
        ["--py-files", "a.py, b.zip", "--files", "x", "--archives", "y.zip#y", "a.py"]
    )
    assert submission == Submission(
        program="a.py", conf={}, py_files=("a.py", "b.zip"), files=("x",), archives=("y.zip#y",)
    )


def test_options_that_place_a_cluster_are_taken_with_a_warning() -> None:
    submission = parse_submission(
        [
            "--driver-memory",
            "4g",
            "--num-executors=3",
            "--packages",
            "a:b:1",
            "--supervise",
            "-v",
            "a.py",
            "1",
        ]
    )
    assert submission.program == "a.py"
    assert [w.split()[0] for w in submission.warnings] == [
        "--driver-memory",
        "--num-executors",
        "--packages",
        "--supervise",
        "-v",
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "Missing the program"),
        (["--name"], "needs a value"),
        (["--class", "a.B", "a.py"], "Unrecognized option: --class"),
        (["--conf", "a", "a.py"], "without '='"),
        (["--properties-file", "/nosuch/file", "a.py"], "Cannot read /nosuch/file"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_submission(arguments)


def run(
    program: str, *arguments: str, directory: Path, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    (directory / "program.py").write_text(textwrap.dedent(program))
    return run_potok("run", *options, "program.py", *arguments, directory=directory)


def test_a_program_runs_as_main(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    done = run(
        """
        import sys, pickle, beside
        def function(): pass
        print(__name__, sys.argv, __file__, beside.VALUE)
        print(pickle.loads(pickle.dumps(function)) is function, sys.modules["__main__"].function is function)
        """,
        "1",
        "--two",
        directory=tmp_path,
    )
    file = tmp_path / "program.py"
    assert done.stdout == f"__main__ ['program.py', '1', '--two'] {file} 7\nTrue True\n"
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_traceback_begins_in_the_program(tmp_path: Path) -> None:
    done = run("def f():\n    raise ValueError('no')\nf()\n", directory=tmp_path)
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{tmp_path / "program.py"}", line 3, in <module>'
    assert lines[-1] == "ValueError: no"
    assert "launcher" not in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import sys; sys.exit('gone')", 1),
        ("raise SystemExit", 0),
        ("raise KeyboardInterrupt", 130),
        ("def", 1),
    ],
)
def test_exit_codes(tmp_path: Path, program: str, code: int) -> None:
    assert run(program, directory=tmp_path).returncode == code


def test_a_syntax_error_points_into_the_program(tmp_path: Path) -> None:
    done = run("x = (\n", directory=tmp_path)
    assert f'  File "{tmp_path / "program.py"}", line 1' in done.stderr
    assert "SyntaxError" in done.stderr
    assert "launcher" not in done.stderr


def test_a_missing_program(tmp_path: Path) -> None:
    done = run_potok("run", "nosuch.py", directory=tmp_path)
    assert done.returncode == 2
    assert "can't open file 'nosuch.py'" in done.stderr


def test_sigterm_ends_the_program_as_its_end_does(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import atexit, time\natexit.register(lambda: print('left in order'))\nprint('up', flush=True)\ntime.sleep(3600)\n"
    )
    command = potok_command("run", "program.py")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "left in order\n"
        assert process.wait(PATIENCE_S) == 143


def test_usage_errors_exit_with_one(tmp_path: Path) -> None:
    done = run("", directory=tmp_path, options=("--class", "a.B"))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Unrecognized option: --class\n")


@pytest.mark.parametrize("command", ["run", None])
def test_data_frames_are_compared_as_in_tests_of_programs(tmp_path: Path, command: str | None) -> None:
    """The client alone ends the process here: it looks for Spark's jars."""
    program = """
        from pyspark.sql import Row{session}
        from pyspark.testing import assertDataFrameEqual, assertSchemaEqual
        {imported}
        spark = SparkSession.builder.getOrCreate()
        assertDataFrameEqual(spark.range(2), [Row(id=1), Row(id=0)])
        assertSchemaEqual(spark.range(2).schema, spark.range(3).schema)
        try:
            assertDataFrameEqual(spark.range(2), spark.range(3))
        except AssertionError as error:
            print(str(error).splitlines()[0])
    """
    session, imported = (", SparkSession", "") if command else ("", "from potok.sql import SparkSession")
    text = textwrap.dedent(program).format(session=session, imported=imported)
    (tmp_path / "program.py").write_text(text)
    without = {name: value for name, value in environment().items() if name != "SPARK_HOME"}
    done = subprocess.run(
        potok_command("run", "program.py") if command else [sys.executable, "program.py"],
        cwd=tmp_path,
        env=without,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[DIFFERENT_ROWS] Results do not match: ( 33.33333 % )\n"
