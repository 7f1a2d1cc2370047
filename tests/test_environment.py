"""What is declared for pip, for uv and for conda is the same."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def conda() -> list:
    return YAML(typ="safe").load((ROOT / "environment.yml").read_text())["dependencies"]


def test_conda_names_the_packages_of_pyproject(project: dict, conda: list) -> None:
    (pip,) = [entry["pip"] for entry in conda if isinstance(entry, dict)]
    assert pip == ["--editable .", *project["project"]["dependencies"]]


def test_conda_has_the_same_python_and_adds_quarto(project: dict, conda: list) -> None:
    assert f"python{project['project']['requires-python']}" in conda
    assert "quarto" in conda


def test_lock_holds_every_package(project: dict) -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())
    (own,) = [package for package in locked["package"] if package["name"] == "mmm-workbook"]
    required = {
        re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in project["project"]["dependencies"]
    }
    assert required == {entry["name"] for entry in own["dependencies"]}
    dev = {re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in project["dependency-groups"]["dev"]}
    assert dev == {entry["name"] for entry in own["dev-dependencies"]["dev"]}


def test_python_version_is_one_that_is_required(project: dict) -> None:
    chosen = tuple(map(int, (ROOT / ".python-version").read_text().strip().split(".")))
    least = tuple(map(int, project["project"]["requires-python"].removeprefix(">=").split(".")))
    assert chosen >= least


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one worker only")
def test_a_file_stays_with_one_worker(request: pytest.FixtureRequest) -> None:
    """The mark of a group is in the id, or tests are dealt out one by one, and no one says so."""
    assert "@" in request.node.nodeid
