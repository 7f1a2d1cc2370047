"""The command: what it says of wrong use, where, and with which exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmmlib.cli.app import main
from tests.small import mmm


def test_help_names_every_command() -> None:
    answer = mmm("--help")
    assert answer.returncode == 0
    for command in (
        "refresh",
        "check",
        "show",
        "list",
        "verify",
        "render",
        "export",
        "new",
        "simulate",
        "doctor",
        "data",
        "contract",
    ):
        assert command in answer.stdout


def test_version() -> None:
    assert mmm("--version").stdout == "mmm 0.1.0\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["refresh"], "Missing argument 'PARAMS'"),
        (["refesh"], "No such command 'refesh'"),
        (["refresh", "x.yaml", "--sett", "a=1"], "No such option: --sett"),
    ],
)
def test_wrong_use_leaves_with_one(words: list[str], message: str) -> None:
    """Two is for a gate that blocks."""
    answer = mmm(*words)
    assert answer.returncode == 1
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_debug_shows_where(tmp_path: Path) -> None:
    for words in (["--debug", "check", "none.yaml"], ["check", "none.yaml", "--debug"]):
        answer = mmm(*words)
        assert answer.returncode == 1
        assert "Traceback" in answer.stderr


@pytest.mark.parametrize("command", ["mmm", "python"])
def test_ctrl_c_while_imports_run_is_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "typer").mkdir()
    (tmp_path / "typer" / "__init__.py").write_text("raise KeyboardInterrupt\n")
    words = [Path(sys.executable).with_name(command)]
    words += ["-m", "mmmlib.cli"] if command == "python" else []
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(
        [*words, "list"], env=environment, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (1, "mmm: stopped.\n")


def test_ctrl_c_in_a_command_is_one_sentence(monkeypatch, capsys) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mmmlib.runs.list_runs", stopped)
    monkeypatch.setattr(sys, "argv", ["mmm", "list"])
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code, capsys.readouterr().err) == (1, "mmm: stopped.\n")
