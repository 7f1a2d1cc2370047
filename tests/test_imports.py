"""Imports go one way along the line of a refresh; heavy libraries wait until they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "mmmlib"
GROUND = (
    "errors",
    "estimates",
    "phrases",
    "monte_carlo",
    "findings",
    "transforms",
    "prices",
    "manifest",
    "disk",
    "runs",
    "notebook_changes",
    "notebook_files",
    "provenance",
    "private_interfaces",
    "verify",
)
LINE = (
    *GROUND,
    "params",
    "data",
    "model",
    "engines",
    "simulate",
    "readiness",
    "health",
    "refresh",
    "scenarios",
    "governance",
    "reports",
    "workbench",
    "runner",
    "cli",
)
"""Every module or folder imports only from those before it."""
DATA = ("read", "contract", "naming", "weeks", "panel", "history", "checks", "ingest")
"""The same inside ``data/``."""
# The fork server is given modules to import ahead as text; that is no import.
HEAVY = ("pymc", "pytensor", "arviz", "nutpie", "ibis", "papermill", "pandas", "xarray", "numba")


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            names = [node.module or ""]
            if node.module == "mmmlib":
                names = [f"mmmlib.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "mmmlib" and len(parts) > 1:
                yield node.lineno, parts[1]


def test_every_room_has_its_place() -> None:
    rooms = {room(path) for path in modules()} - {"__init__"}
    assert rooms <= set(LINE)


def test_imports_come_from_before() -> None:
    wrong = []
    for path in modules():
        here = room(path)
        allowed = set() if here == "__init__" else {here, *LINE[: LINE.index(here)]}
        file = path.relative_to(LIBRARY)
        wrong += [
            f"{file}:{line} imports {name}"
            for line, name in imported_rooms(path)
            if name not in allowed
        ]
    assert not wrong


def module_of(path: Path) -> str:
    return ".".join(("mmmlib", *path.relative_to(LIBRARY).with_suffix("").parts))


def imports_of(path: Path, known: set[str]) -> set[str]:
    """Modules of the library that a file imports anywhere: in functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name for name in names if name in known}
    return found


def cycles_in(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules of which each imports each, directly or through others."""
    reached = {}
    for start in graph:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for name in graph[ahead.pop()] - seen:
                seen.add(name)
                ahead.append(name)
        reached[start] = seen
    groups: list[set[str]] = []
    for name, seen in reached.items():
        group = {other for other in seen if name in reached[other]}
        if group and group not in groups:
            groups.append(group)
    return groups


def test_no_files_import_each_other() -> None:
    names = {module_of(path): path for path in modules()}
    graph = {name: imports_of(path, set(names)) for name, path in names.items()}
    assert cycles_in(graph) == []


def test_the_order_inside_data() -> None:
    wrong = []
    for path in (LIBRARY / "data").rglob("*.py"):
        here = path.relative_to(LIBRARY / "data").with_suffix("").parts[0]
        if here == "__init__":
            continue
        known = {module_of(other) for other in (LIBRARY / "data").rglob("*.py")}
        rooms = {name.split(".")[2] for name in imports_of(path, known) if name.count(".") > 1}
        wrong += [(module_of(path), room) for room in rooms if DATA.index(room) > DATA.index(here)]
    assert sorted(set(wrong)) == []


def test_cycles_are_found(tmp_path: Path) -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "d"}, "e": set[str]()}
    assert cycles_in(graph) == [{"a", "b", "c"}, {"d"}]
    file = tmp_path / "types_only.py"
    file.write_text("if TYPE_CHECKING:\n    from mmmlib.runner import steps\n")
    assert imports_of(file, {"mmmlib.runner.steps"}) == {"mmmlib.runner.steps"}


def test_the_walk_sees_a_wrong_import(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("def f():\n    from mmmlib.reports import style\n    import mmmlib.cli.app\n")
    assert list(imported_rooms(file)) == [(2, "reports"), (3, "cli")]


@pytest.mark.parametrize(
    ("module", "light_of"),
    [
        ("mmmlib.cli.app", (*HEAVY, "rich")),
        ("mmmlib.params.load", (*HEAVY, "scipy")),
        ("mmmlib.findings", HEAVY),
        ("mmmlib.governance.calendar", (*HEAVY, "alembic")),
    ],
)
def test_light_modules_stay_light(module: str, light_of: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {light_of!r} if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"


def test_report_notebooks_do_without_the_sampler() -> None:
    """What the reports import brings no PyMC and no sampler along."""
    rooms = ["show", "results", "sections"]
    imports = "; ".join(f"import mmmlib.reports.{name}" for name in rooms)
    code = f"import sys; {imports}; print([m for m in ('pymc', 'nutpie') if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"
