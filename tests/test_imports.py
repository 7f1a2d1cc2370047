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
GROUND = ("errors", "estimates", "findings", "transforms", "runs", "provenance")
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
# The nursery names modules to import ahead as text; that is no import.
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


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports_come_from_before(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        assert not list(imported_rooms(path))
        return
    allowed = {here, *LINE[: LINE.index(here)]}
    wrong = [(line, name) for line, name in imported_rooms(path) if name not in allowed]
    assert not wrong


def test_the_walk_sees_a_wrong_import(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text("def f():\n    from mmmlib.reports import style\n    import mmmlib.cli.app\n")
    assert list(imported_rooms(file)) == [(2, "reports"), (3, "cli")]


@pytest.mark.parametrize(
    ("module", "light_of"),
    [
        ("mmmlib.cli.app", HEAVY),
        ("mmmlib.params.load", (*HEAVY, "scipy")),
        ("mmmlib.findings", HEAVY),
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
