"""A tag that is not the version stops the release; the workflows do what a person can do."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.release_check import ROOT, faults_of


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The project as it is when 0.1.0 is tagged."""
    for name in ("pyproject.toml", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    text = text.replace("## [Unreleased]", "## [Unreleased]\n\n## [0.1.0] - 2026-12-01", 1)
    (tmp_path / "CHANGELOG.md").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_release_whose_parts_agree_passes(released: Path) -> None:
    assert [*faults_of("v0.1.0", released)] == []


@pytest.mark.parametrize("tag", ["v0.2.0", "0.1.0", "v0.1"])
def test_another_tag_is_named(released: Path, tag: str) -> None:
    assert [*faults_of(tag, released)]


def test_a_changelog_without_its_day_is_named(released: Path) -> None:
    shutil.copy(ROOT / "CHANGELOG.md", released)
    assert "found no heading '## [0.1.0] - YYYY-MM-DD'" in next(iter(faults_of("v0.1.0", released)))


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_every_target_that_a_workflow_makes_exists(name: str) -> None:
    jobs = YAML(typ="safe").load((ROOT / ".github" / "workflows" / name).read_text())["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    made = {word for run in runs for word in re.findall(r"^make ([\w-]+)", run, re.MULTILINE)}
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert made
    assert made <= targets
