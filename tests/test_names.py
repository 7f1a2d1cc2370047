"""Names: a public one exists once, and none is of a private vocabulary (docs/glossary.md)."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "mmmlib").rglob("*.py"))
PRIVATE = {
    "told": "what it is: declared, model inputs, message, labels",
    "twin": "duplicate",
    "twins": "duplicates",
    "law": "form, distribution",
    "nursery": "kernel provisioner",
    "race": "ranking",
    "races": "rankings",
    "stock": "adstock",
    "hands": "delivery mode",
    "wanted": "declared series",
    "pull": "what it does",
    "caused": "contribution, effect",
    "believe": "prior",
    "brought": "contribution",
}
"""Words that names were made of, and what the field says."""
PRIVATE_NAMES = {
    "take_in": "ingest",
    "carry_back": "gradient of adstock",
    "same_rows": "duplicates",
}


def public_names(path: Path) -> Iterator[str]:
    """Functions and classes of a module that others may use."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        definition = isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
        if definition and not node.name.startswith("_"):
            yield node.name


def all_names(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to something, with its line."""
    yield 1, path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words_of(name: str) -> list[str]:
    """Words of a name in either spelling: ``take_in``, ``TakeIn``."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)]


def defined_twice(paths: list[Path]) -> dict[str, list[str]]:
    homes = defaultdict(list)
    for path in paths:
        for name in public_names(path):
            homes[name].append(path.name)
    return {name: files for name, files in homes.items() if len(files) > 1}


def private_words(paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for line, name in all_names(path):
            word = next((word for word in words_of(name) if word in PRIVATE), None)
            better = PRIVATE_NAMES.get(name.lower(), "") or (PRIVATE[word] if word else "")
            if better:
                found.append(f"{path}:{line}: {name} (say: {better})")
    return found


def test_a_public_name_exists_once() -> None:
    assert defined_twice(MODULES) == {}


def test_names_are_the_words_of_the_field() -> None:
    assert private_words(MODULES) == []


def test_the_checks_see_what_they_look_for(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("class Twin:\n    def take_in(self, hands):\n        told_then = hands\n")
    other.write_text("class Twin: pass\ndef _private(): pass\nlawn = 1\n")
    assert defined_twice([one, other]) == {"Twin": ["one.py", "other.py"]}
    assert [entry.split(": ")[1] for entry in private_words([one, other])] == [
        "Twin (say",
        "take_in (say",
        "hands (say",
        "told_then (say",
        "Twin (say",
    ]
