"""What the page on schedulers shows is valid, and calls commands that exist."""

from __future__ import annotations

import ast
import re

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


def test_the_flow_is_python_that_tells_the_exit_codes_apart() -> None:
    (text,) = blocks("python")
    assert ast.parse(text)
    assert "returncode == 2" in text


def test_the_projects_own_workflow_runs_what_a_person_runs() -> None:
    workflow = YAML(typ="safe").load(
        (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    )
    commands = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert {"make lint", "make test"} <= set(commands)
    (makefile,) = [(ROOT / "Makefile").read_text(encoding="utf-8")]
    for command in filter(None, commands):
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, flags=re.MULTILINE)
