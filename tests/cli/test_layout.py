"""A workbook's folder is laid out whole, and an upgrade touches nothing that its team changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from mmmlib.cli import layout
from mmmlib.errors import InputError
from mmmlib.params.load import read_params
from mmmlib.provenance import RELEASED, WORKBOOK_ENV, workbook_folder
from mmmlib.runner.lifecycle import governance_files
from tests.small import mmm


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return layout.lay_out_workbook("shop", tmp_path)


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release after the one that the workbook was laid out from."""
    folder = tmp_path / "release"
    for path in (*layout.released_files(), *layout.GOVERNANCE):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(RELEASED / path, folder / path)
    monkeypatch.setattr(layout, "RELEASED", folder)
    return folder


def states(workbook: Path) -> dict[str, str]:
    return {
        path: state
        for path, state in layout.compare_with_release(workbook)
        if state != "as released"
    }


def add_line(notebook: Path, line: str) -> None:
    content = nbformat.read(notebook, as_version=4)
    content.cells[-1].source += f"\n{line}"
    nbformat.write(content, notebook)


def test_a_new_workbook_has_all_that_a_refresh_needs(workbook: Path) -> None:
    params = workbook / "params" / "shop.yaml"
    asked = read_params(params)
    assert asked.workbook == "shop"
    assert governance_files(asked, params)
    assert (workbook / "params" / "demo.yaml").is_file()
    assert "runs/" in (workbook / ".gitignore").read_text().splitlines()
    assert states(workbook) == {}


def test_no_placeholder_is_left(workbook: Path) -> None:
    for path in ("README.md", "params/shop.yaml", ".gitignore"):
        text = (workbook / path).read_text()
        assert "NAME" not in text
        assert "PERIOD" not in text


def test_a_refresh_uses_the_notebooks_of_the_folder_it_is_started_in(
    workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WORKBOOK_ENV, raising=False)
    for folder in (workbook, workbook / "notebooks"):
        monkeypatch.chdir(folder)
        assert workbook_folder() == workbook
    monkeypatch.chdir(workbook.parent)
    assert workbook_folder() == RELEASED
    monkeypatch.setenv(WORKBOOK_ENV, str(workbook))
    assert workbook_folder() == workbook


@pytest.mark.parametrize("name", ["Shop", "my shop", "../shop", "", "1shop"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="small letters"):
        layout.lay_out_workbook(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced(workbook: Path) -> None:
    (workbook / "params" / "shop.yaml").write_text("mine")
    with pytest.raises(InputError, match="a name that is free"):
        layout.lay_out_workbook("shop", workbook.parent)
    assert (workbook / "params" / "shop.yaml").read_text() == "mine"


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "OWN", tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        layout.lay_out_workbook("shop", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_outputs_of_a_notebook_are_no_change(workbook: Path) -> None:
    path = workbook / "notebooks" / "03_health.ipynb"
    content = nbformat.read(path, as_version=4)
    code = next(cell for cell in content.cells if cell.cell_type == "code")
    code.execution_count = 7
    code.outputs = [nbformat.v4.new_output("stream", text="seen")]
    nbformat.write(content, path)
    assert states(workbook) == {}


def test_what_changed_here_and_in_the_release(workbook: Path, next_release: Path) -> None:
    add_line(workbook / "notebooks" / "02_model_fit.ipynb", "mine = 1")
    add_line(next_release / "notebooks" / "03_health.ipynb", "new = 1")
    for folder in (workbook, next_release):
        add_line(folder / "notebooks" / "05_scenarios.ipynb", f"both = {folder.name!r}")
    (workbook / "reports" / "pack.css").unlink()
    before = {path: (workbook / path).read_bytes() for path in states(workbook) if path[0] == "n"}
    expected = {
        "notebooks/02_model_fit.ipynb": "changed here",
        "notebooks/03_health.ipynb": "new release",
        "notebooks/05_scenarios.ipynb": "changed in both",
        "reports/pack.css": "missing",
    }
    assert states(workbook) == expected
    assert {
        path: state for path, state in layout.upgrade_workbook(workbook) if path in expected
    } == expected
    left = {"notebooks/02_model_fit.ipynb", "notebooks/05_scenarios.ipynb"}
    assert set(states(workbook)) == left
    assert all((workbook / path).read_bytes() == before[path] for path in left)


def test_a_folder_without_its_record(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'mmm init' has laid out"):
        layout.compare_with_release(tmp_path)
    (tmp_path / layout.RECORD).write_text("{")
    with pytest.raises(InputError, match="Restore it"):
        layout.compare_with_release(tmp_path)


def test_the_commands(tmp_path: Path) -> None:
    answer = mmm("init", "shop", "--in", tmp_path)
    assert (answer.returncode, answer.stdout) == (0, f"{tmp_path / 'shop'}\n")
    (tmp_path / "shop" / "reports" / "pack.lua").unlink()
    shown = mmm("upgrade", tmp_path / "shop")
    total = len(json.loads((tmp_path / "shop" / layout.RECORD).read_text())["files"])
    last = f"{total - 1} of {total} files are as released."
    assert shown.stdout.splitlines() == ["reports/pack.lua  missing", last]
    assert not (tmp_path / "shop" / "reports" / "pack.lua").exists()
    assert "missing, taken over" in mmm("upgrade", tmp_path / "shop", "--write").stdout
    assert (tmp_path / "shop" / "reports" / "pack.lua").is_file()
