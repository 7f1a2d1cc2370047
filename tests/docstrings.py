"""What the docstrings of the public surface lack, by numpydoc: ``python -m tests.docstrings``.

Public is what a module of the library names in ``__all__``. Such a function documents its
parameters, what it returns, the errors that it raises itself, and gives an example where it
takes more than one argument.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = {"GL01", "GL02", "GL03", "GL06", "GL07", "GL08", "SS01", "PR01", "PR02", "PR03", "PR07",
            "RT01", "RT03", "YD01"}  # fmt: skip
"""Checks of numpydoc: sections in order, all parameters in order, what is returned or yielded."""


def public_modules() -> list[str]:
    """Modules of the library that have ``__all__``."""
    found = []
    for path in sorted((ROOT / "mmmlib").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
        if any(isinstance(name, ast.Name) and name.id == "__all__" for name in names):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def faults_of(module: str) -> Iterator[str]:
    """What the docstrings of a module's public functions lack."""
    names = importlib.import_module(module).__all__
    for name in names:
        value = getattr(importlib.import_module(module), name)
        if inspect.isfunction(value):
            yield from _faults(f"{module}.{name}", value)
        elif inspect.isclass(value) and not inspect.getdoc(value):
            yield f"{module}.{name}: no docstring"


def _faults(path: str, function: object) -> Iterator[str]:
    from numpydoc.validate import validate

    report = validate(path)
    yield from (f"{path}: {code} {text}" for code, text in report["errors"] if code in SECTIONS)
    source = textwrap.dedent(inspect.getsource(function))  # type: ignore[arg-type]
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    documented = report["docstring"]
    for error in sorted(raised_by(definition)):
        if f"\n{error}\n" not in documented.partition("Raises\n------")[2]:
            yield f"{path}: raises {error}, and no section Raises says when"
    arguments = definition.args
    if len([*arguments.args, *arguments.kwonlyargs]) > 1 and "Examples\n--------" not in documented:
        yield f"{path}: more than one argument, and no section Examples"


def raised_by(definition: ast.FunctionDef) -> set[str]:
    """Return the errors that the body of a function raises."""
    names = set()
    for node in ast.walk(definition):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            kind = node.exc.func
            names.add(ast.unparse(kind.value if isinstance(kind, ast.Attribute) else kind))
    return names


if __name__ == "__main__":
    found = [fault for module in public_modules() for fault in faults_of(module)]
    print("\n".join(found))
    sys.exit(bool(found))
