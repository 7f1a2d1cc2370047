"""Notebooks are thin, one question each, and kept without outputs."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("reports/*.ipynb")])
READERS = {"open", "read_csv", "read_parquet", "read_excel", "read_json", "open_dataset"}
READERS |= {"load_dataset", "read_text", "read_bytes", "loadtxt", "from_netcdf"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


def code(path: Path) -> list[ast.Module]:
    return [ast.parse(cell.source) for cell in cells(path) if cell.cell_type == "code"]


def calls(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            names.add(called.attr if isinstance(called, ast.Attribute) else ast.unparse(called))
    return names


def test_all_are_there() -> None:
    names = [path.stem for path in NOTEBOOKS]
    assert names == [
        "01_readiness",
        "02_model_fit",
        "03_health",
        "04_refresh",
        "05_scenarios",
        "06_review",
        "07_model_choice",
        "briefing",
        "change_log",
        "contribution_roi",
        "executive_summary",
        "health_panel",
        "scenario_pack",
    ]


@notebooks
def test_one_title_first(path: Path) -> None:
    text = [cell.source for cell in cells(path) if cell.cell_type == "markdown"]
    titles = re.findall(r"^# (.+)$", "\n".join(text), flags=re.MULTILINE)
    assert len(titles) == 1
    if path.parent.name == "notebooks":
        assert titles[0].endswith("?")
    assert cells(path)[0].source.startswith("# ")


@notebooks
def test_parameters_come_right_after_the_title(path: Path) -> None:
    tagged = [
        place
        for place, cell in enumerate(cells(path))
        if "parameters" in cell.metadata.get("tags", [])
    ]
    assert tagged == [1]
    names = [target.id for node in code(path)[0].body for target in node.targets]  # type: ignore[attr-defined]
    assert "run" in names


@notebooks
def test_nothing_is_defined_or_read_by_hand(path: Path) -> None:
    for tree in code(path):
        assert not [node for node in ast.walk(tree) if isinstance(node, DEFINITIONS)]
        assert not calls(tree) & READERS


@notebooks
def test_kept_without_outputs_as_lists_of_lines(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in content["cells"]:
        assert isinstance(cell["source"], list)
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
