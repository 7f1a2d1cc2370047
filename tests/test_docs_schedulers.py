"""What the page on schedulers shows is valid, and calls commands that exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

from tests.small import ROOT

TEXT = (ROOT / "docs" / "schedulers.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def test_the_workflow_is_yaml_with_a_refresh_in_it() -> None:
    (text,) = blocks("yaml")
    workflow = YAML(typ="safe").load(text)
    steps = workflow["jobs"]["refresh"]["steps"]
    assert any("mmm refresh" in step.get("run", "") for step in steps)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workbook's folder whose ``mmm`` ends with the code that a test writes into ``code``."""
    program = tmp_path / ".venv" / "bin" / "mmm"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "a step"; echo runs/shop; echo why >&2; exit $(cat code)\n')
    program.chmod(0o755)
    (tmp_path / "logs").mkdir()
    return tmp_path


@pytest.fixture
def flow(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """The task of the flow, run without Airflow: its decorators pass the function on."""
    tasks: list[Callable[[], str]] = []
    sdk, exceptions = ModuleType("airflow.sdk"), ModuleType("airflow.sdk.exceptions")
    sdk.dag = lambda **_: lambda made: made
    sdk.task = lambda **_: lambda made: lambda: tasks.append(made)
    exceptions.AirflowFailException = type("AirflowFailException", (Exception,), {})
    for module in (ModuleType("airflow"), sdk, exceptions):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("PATH", f"{shop / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (text,) = blocks("python")
    exec(text.replace("/srv/shop", str(shop)), {})
    (task,) = tasks
    return task


def test_the_flow_tells_the_exit_codes_apart(shop: Path, flow: Callable[[], str]) -> None:
    (shop / "code").write_text("0")
    assert flow() == "runs/shop"
    (shop / "code").write_text("1")
    with pytest.raises(RuntimeError, match="why"):  # tried again
        flow()
    (shop / "code").write_text("2")
    with pytest.raises(Exception, match="why") as raised:
        flow()
    assert type(raised.value).__name__ == "AirflowFailException"


@pytest.mark.parametrize("code", [0, 1, 2])
def test_cron_mails_a_refresh_that_did_not_pass(shop: Path, code: int) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith("0 4 5 * *")]
    command = line.split(maxsplit=5)[5].replace("/srv/shop", str(shop))
    (shop / "code").write_text(str(code))
    mail = shop / ".venv" / "bin" / "mail"
    mail.write_text(f'#!/bin/sh\necho "$@" > {shop}/mailed; cat >> {shop}/mailed\n')
    mail.chmod(0o755)
    path = f"{mail.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-c", command], env={"PATH": path}, check=True)
    mailed = shop / "mailed"
    if code == 0:
        assert not mailed.exists()
    else:
        subject = f"-s Refresh: exit code {code} team@example.com"
        assert mailed.read_text().splitlines() == [subject, "a step", "runs/shop", "why"]


def test_the_projects_own_workflow_runs_what_a_person_runs() -> None:
    workflow = YAML(typ="safe").load(
        (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    )
    commands = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert {"make lint", "make test"} <= set(commands)
    (makefile,) = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for command in filter(None, commands):
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, flags=re.MULTILINE)
