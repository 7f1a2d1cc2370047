"""The catalogue of checks and the code that asks them know of the same ones."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from mmmlib import findings
from mmmlib.findings import catalogue, titles

LIBRARY = Path(findings.__file__).parent
MAKERS = {"judge", "at_most", "at_least", "none_of"}
KEYWORDS = {
    name for maker in MAKERS for name in inspect.signature(getattr(findings, maker)).parameters
}
MODULES = [path for path in sorted(LIBRARY.rglob("*.py")) if path.name != "findings.py"]


def strings_of(path: Path) -> Iterator[str]:
    """Every text in a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def calls_of(path: Path) -> Iterator[tuple[str, ast.Call, ast.AST]]:
    """Every call of a maker of findings, with its place and the function that it stands in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                yield f"{path.relative_to(LIBRARY)}:{node.lineno}", node, function


def names_in_braces(check: str, case: str | None) -> set[str]:
    """What the texts of a check have filled in: in one case, or in any where it is None."""
    texts = [
        text
        for name, one in catalogue().items()
        if (name.startswith(f"{check}.") or name == check)
        and (case is None or name == f"{check}.{case}".removesuffix("."))
        for text in (one.meaning, one.action)
    ]
    return {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}


def checks_asked(call: ast.Call, function: ast.AST, path: Path) -> set[str]:
    """Ids that a call may ask: its first argument, or those that its function and module name."""
    first = call.args[0]
    if isinstance(first, ast.Constant):
        return {str(first.value)}
    names = [node.id for node in ast.walk(first) if isinstance(node, ast.Name)]
    here = constants_of(path, names)
    if not here:
        here = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
    return {text for text in here if isinstance(text, str) and text in titles()}


def constants_of(path: Path, names: list[str]) -> set[object]:
    """Texts that a module gives to some names of its own."""
    return {
        text.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in names
        for text in ast.walk(node.value)
        if isinstance(text, ast.Constant)
    }


def test_every_check_of_the_catalogue_is_asked() -> None:
    asked = {text for path in MODULES for text in strings_of(path)}
    assert set(titles()) - asked == set()


def test_every_check_that_is_asked_is_in_the_catalogue() -> None:
    unknown = [
        f"{place}: {call.args[0].value}"
        for path in MODULES
        for place, call, _ in calls_of(path)
        if isinstance(call.args[0], ast.Constant) and call.args[0].value not in titles()
    ]
    assert unknown == []
    rooms = "|".join({name.partition(".")[0] for name in titles()})
    named = re.compile(rf"({rooms})\.[a-z_0-9]+")
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "not_run":
                first = node.args[0]
                if isinstance(first, ast.Constant) and named.fullmatch(str(first.value)):
                    assert first.value in titles(), f"{path}:{node.lineno}: {first.value}"


def test_every_case_is_asked() -> None:
    asked = {text for path in MODULES for text in strings_of(path)}
    cases = {name.split(".")[2] for name in catalogue() if name.count(".") == 2}
    assert cases <= asked


def test_what_stands_in_braces_is_given_and_nothing_else() -> None:
    faults = []
    for path in MODULES:
        for place, call, function in calls_of(path):
            given = {word.arg: word.value for word in call.keywords if word.arg}
            case = given.get("case", ast.Constant(""))
            known = str(case.value) if isinstance(case, ast.Constant) else None
            names = set(given) - KEYWORDS
            for check in checks_asked(call, function, path):
                needed = names_in_braces(check, known)
                if names != needed:
                    faults.append(f"{place}: {check} needs {sorted(needed)}, has {sorted(names)}")
    assert faults == []


def test_texts_are_sentences() -> None:
    for name, check in catalogue().items():
        assert check.title, name
        for text in (check.meaning, check.action):
            assert not text or text.endswith((".", "}")), f"{name}: {text}"
            assert not text or text[0].isupper() or text[0] == "{", f"{name}: {text}"


def test_each_text_exists_once() -> None:
    lines = [
        line.partition(" = ")[2]
        for file in LIBRARY.glob("*/checks.toml")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith(("meaning", "action", "title"))
    ]
    twice = {line for line in lines if lines.count(line) > 1}
    assert twice == set()
