"""Private interfaces of other packages are listed, bounded and still there."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.private_interfaces import PRIVATE_INTERFACES

ROOT = Path(__file__).parents[1]
STANDARD = {"_exit", "_asdict", "_replace", "_fields"}
"""Names of Python's own library that begin so and are public."""


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def own_names(trees: list[ast.Module]) -> set[str]:
    """Private names that the library itself gives: functions, attributes, columns of tables."""
    names: set[str] = set()
    for node in (one for tree in trees for one in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
    return names


def uses(tree: ast.Module, own: set[str]) -> Iterator[str]:
    """Private names of others that a module imports or reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.split(".")[0] == "mmmlib" or node.module == "__future__":
                continue
            parts = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from filter(private, parts)
        elif isinstance(node, ast.Import):
            yield from (p for a in node.names for p in a.name.split(".") if private(p))
        elif isinstance(node, ast.Attribute) and private(node.attr):
            yield from {node.attr} - own - STANDARD


def test_every_private_interface_that_is_used_is_listed() -> None:
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.glob("mmmlib/**/*.py")
    }
    own = own_names([*trees.values()])
    found = {
        (str(path.relative_to(ROOT)), name)
        for path, tree in trees.items()
        for name in uses(tree, own)
    }
    listed = {(one.used_in, one.name.rpartition(".")[2]) for one in PRIVATE_INTERFACES}
    assert found <= listed
    # What is listed is still used, or overridden, there.
    for file, name in listed:
        assert name in (ROOT / file).read_text(encoding="utf-8")


def test_a_use_that_is_not_listed_is_found() -> None:
    text = "from papermill.engines import _table\nimport a._b\nx.client._scheduler()\nself._mine\n"
    assert [*uses(ast.parse(text), {"_mine"})] == ["_table", "_b", "_scheduler"]


@pytest.mark.parametrize("one", PRIVATE_INTERFACES, ids=lambda one: one.name)
def test_each_is_there_and_its_package_has_an_upper_bound(one) -> None:
    module, *rest = one.name.split(".")
    found = importlib.import_module(module)
    for name in rest:
        module = f"{module}.{name}"
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            found = getattr(found, name)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [asked] = [one_ for one_ in project["dependencies"] if re.match(rf"{one.package}\b", one_)]
    assert re.search(r",<\d", asked)
