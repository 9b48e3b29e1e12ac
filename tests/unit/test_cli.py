from __future__ import annotations

import subprocess
import sys

import pytest

from potok import __version__
from potok.cli import COMMANDS, main
from support.patience import PATIENCE_S
from support.processes import environment, run_potok


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"potok {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "no command 'fly'" in capsys.readouterr().err


def test_the_version_is_told_without_loading_pyspark() -> None:
    program = "import sys, potok.cli; potok.cli.main(['--version']); print('pyspark' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout.endswith("\nFalse\n")


def test_a_port_open_to_others_needs_a_token() -> None:
    done = run_potok("server", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 1
    assert "give a token" in done.stderr
