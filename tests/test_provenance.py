"""What a person changed in a notebook: told cell by cell, and not where only JupyterLab saved it."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmmlib import provenance
from mmmlib.manifest import StepRecord
from mmmlib.notebook_changes import changed_cells
from mmmlib.provenance import changed_notebook, code_version, released_notebook
from mmmlib.runner.lifecycle import new_run
from mmmlib.runner.pipeline import Refresh, _changed_notebooks
from mmmlib.runner.progress import Watcher
from mmmlib.runner.steps import STEPS
from tests.fakes import fake_params
from tests.test_notebooks import NOTEBOOKS, ROOT

type Notebook = dict[str, Any]


def cell(source: str, *tags: str, kind: str = "code") -> Notebook:
    return {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}


RELEASED: Notebook = {
    "cells": [
        cell("# May it be trusted?", kind="markdown"),
        cell('run = ""\nrefit = False', "parameters"),
        cell("check(run)"),
        cell("save(run)"),
    ]
}


def saved_by_lab(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["outputs"], one["execution_count"], one["metadata"]["collapsed"] = [{"text": "x"}], 3, 1
    notebook["metadata"] = {"language_info": {"version": "3.13.1"}}


def lines(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["source"] = one["source"].splitlines(keepends=True)


def as_executed(notebook: Notebook) -> None:
    notebook["cells"].insert(2, cell('run = "/runs/demo"', "injected-parameters"))


def other_values(notebook: Notebook) -> None:
    notebook["cells"][1]["source"] = 'run = "demo-2026-Q1-0a1b2c3d"\nrefit = True  # again'


def more_in_parameters(notebook: Notebook) -> None:
    notebook["cells"][1]["source"] += "\nimport antigravity"


def one_more(notebook: Notebook) -> None:
    notebook["cells"].insert(3, cell("health.limit = 1e9"))


def one_more_and_one_edited(notebook: Notebook) -> None:
    one_more(notebook)
    notebook["cells"][0]["source"] = "# It may be trusted."


def one_less(notebook: Notebook) -> None:
    del notebook["cells"][2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (saved_by_lab, ""),
        (lines, ""),
        (as_executed, ""),
        (other_values, ""),
        (more_in_parameters, "1 cell edited"),
        (one_more, "1 cell added"),
        (one_more_and_one_edited, "1 cell added, 1 edited"),
        (one_less, "1 cell removed"),
    ],
)
def test_only_what_runs_or_is_read_is_a_change(
    change: Callable[[Notebook], None], told: str
) -> None:
    used = copy.deepcopy(RELEASED)
    change(used)
    assert changed_cells(json.dumps(RELEASED), json.dumps(used)) == told


def test_what_is_no_notebook_is_a_change() -> None:
    assert changed_cells(json.dumps(RELEASED), "{") == "it is no notebook any more"
    assert changed_cells(json.dumps(RELEASED), "[]") == "it is no notebook any more"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A git checkout with one notebook and one file, committed."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "03_health.ipynb").write_text(json.dumps(RELEASED))
    (tmp_path / "code.py").write_text("x = 1\n")
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setenv(provenance.WORKBOOK_ENV, str(tmp_path))
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for cached in (code_version, released_notebook):
        cached.cache_clear()


def test_a_notebook_that_lab_saved_is_no_uncommitted_change(project: Path) -> None:
    path = project / "notebooks" / "03_health.ipynb"
    used = copy.deepcopy(RELEASED)
    saved_by_lab(used)
    path.write_text(json.dumps(used))
    assert code_version()[1] is False
    assert changed_notebook("notebooks/03_health.ipynb") == ""
    one_more(used)
    path.write_text(json.dumps(used))
    forget()
    assert code_version()[1] is True
    assert changed_notebook("notebooks/03_health.ipynb") == "1 cell added"
    assert changed_notebook("notebooks/mine.ipynb") == "it was never committed or released"
    path.unlink()
    assert changed_notebook("notebooks/03_health.ipynb") == "it is gone, or no text"


def test_other_files_are_changes_as_before(project: Path) -> None:
    assert code_version()[1] is False
    (project / "code.py").write_text("x = 2\n")
    forget()
    assert code_version()[1] is True


def test_outside_git_a_notebook_is_held_against_the_release(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(project / ".git")
    forget()
    assert "removed" in changed_notebook("notebooks/03_health.ipynb")
    (path,) = [one for one in NOTEBOOKS if one.stem == "03_health"]
    shutil.copy(path, project / "notebooks")
    assert changed_notebook("notebooks/03_health.ipynb") == ""
    monkeypatch.setattr(provenance, "RELEASED", project)
    forget()
    assert released_notebook("notebooks/03_health.ipynb") is None


def test_a_refresh_tells_of_the_notebook_that_it_executed(tmp_path: Path) -> None:
    """Of the executed copy, not of the file that may have been edited or mended meanwhile."""
    (path,) = [one for one in NOTEBOOKS if one.stem == "03_health"]
    committed = released_notebook(path.relative_to(ROOT).as_posix())
    if committed is None:
        pytest.skip("no git checkout")
    run = new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1)
    records = {step.name: StepRecord(name=step.name) for step in STEPS}
    (step,) = [step for step in STEPS if step.name == "health"]
    records["health"].status = "done"
    used = json.loads(committed)
    as_executed(used)
    used["cells"].append(cell("print('mine')"))
    target = run.path / step.executed
    target.parent.mkdir()
    target.write_text(json.dumps(used))
    told = _changed_notebooks(Refresh(run, fake_params(), Watcher(), records))
    assert told is not None
    assert told["03_health"] == "1 cell added"
