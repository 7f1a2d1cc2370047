"""Read a YAML file strictly: every problem at once, each with its line and column.

Parameter files, the policy, the roles and the taxonomy are read this way.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mmmlib.errors import InputError, Problem
from mmmlib.params.messages import did_you_mean, renamed_keys, shown, translate
from mmmlib.params.places import KeyPath, KeyProblem, YamlDocument, dotted, read_yaml

MoreChecks = Callable[[dict[str, Any]], Iterable[KeyProblem]]


def read_strict[M: BaseModel](
    path: str | Path,
    kind: type[M],
    what: str,
    more: MoreChecks | None = None,
    overrides: Sequence[str] = (),
) -> M:
    """Read a YAML file as a frozen value.

    Parameters
    ----------
    kind, what
        What it should be, as a type and in words.
    more
        Further checks on the raw content, reported together with the rest.
    overrides
        ``key=value``, dotted keys, values in YAML: ``model.draws=500``. They replace what the
        file says.

    Raises
    ------
    InputError
        With every problem of the file and the overrides, each with its place.

    Warns
    -----
    FutureWarning
        For every key that is written by an older name; it is read all the same.
    """
    path = Path(path)
    document = read_yaml(read_text(path, what), str(path))
    content = document.content
    if content is None:
        raise InputError.one(path, "the file", "nothing in it", "a mapping (key: value)")
    if not isinstance(content, dict):
        raise InputError.one(path, "line 1, column 1", shown(content), "a mapping (key: value)")
    problems = list(document.problems)
    overridden: dict[KeyPath, str] = {}
    for override in overrides:
        try:
            key, value = read_change(override)
            _put(content, key, value, f"--set {override}")
            overridden[key] = f"--set {override}"
        except InputError as error:
            problems.extend(error.problems)
    value, found = _validated(content, kind, more)
    found.sort(key=lambda one: _order(document, one.key))
    problems += [one.at(_words(document, one.key, overridden)) for one in dict.fromkeys(found)]
    if problems or value is None:
        raise InputError(path, problems)
    for key, name in renamed_keys(document.places, kind):
        warnings.warn(
            f"{path}: {document.places[key]}: the key {dotted(key)} is called '{name}' today; "
            f"the older name is still read.",
            FutureWarning,
            stacklevel=2,
        )
    return value


@dataclass(frozen=True)
class KeyChange:
    """One change of a value that was read: a key, as the file has it, that is set, or taken out.

    ``said`` is how the change was asked for; messages begin with it.
    """

    key: KeyPath
    value: Any
    said: str
    out: bool = False


def change_strict[M: BaseModel](
    value: M, changes: Sequence[KeyChange], what: str, more: MoreChecks | None = None
) -> M:
    """Return a frozen value with keys changed one after the other, checked as a file is.

    ``what`` is the value in words; for ``more`` see :func:`read_strict`.

    Raises
    ------
    InputError
        With every problem that the changes make.
    """
    content = json.loads(value.model_dump_json())
    before = json.loads(value.model_dump_json())
    problems: list[Problem] = []
    for change in changes:
        try:
            if change.out:
                _take_out(content, change)
            else:
                _put(content, change.key, change.value, change.said)
        except InputError as error:
            problems.extend(error.problems)
    made, found = _validated(content, type(value), more)
    said = {change.key: change.said for change in changes}
    nowhere = YamlDocument(content, {}, ())
    for one in dict.fromkeys(found):
        hinted = one._replace(action=one.action or _near_known(one.key, before))
        problems.append(hinted.at(_words(nowhere, one.key, said)))
    if problems or made is None:
        raise InputError(what, problems)
    return made


def _near_known(key: KeyPath, before: Any) -> str:
    """Return what a part of a key that was not there before may stand for."""
    for part in key:
        if isinstance(before, dict) and part not in before:
            return did_you_mean(str(part), before)
        try:
            before = before[part]
        except (KeyError, IndexError, TypeError):
            break
    return ""


def _validated[M: BaseModel](
    content: dict[str, Any], kind: type[M], more: MoreChecks | None
) -> tuple[M | None, list[KeyProblem]]:
    """Make plain values into a frozen one; return what is wrong with them, too."""
    found = list(more(content)) if more else []
    try:
        # JSON mode: lists may be tuples and dates may be text, but '"500"' is no number.
        return kind.model_validate_json(json.dumps(content, default=str), strict=True), found
    except ValidationError as error:
        return None, found + list(translate(error.errors(), content, kind))


def read_text(path: Path, what: str = "a parameter file") -> str:
    """Read a text file; ``what`` is what it should be, for the message.

    Raises
    ------
    InputError
        If the file is missing, cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.name, _yaml_beside(path), cutoff=0.7)
        raise InputError.one(path, "the file", "nothing", what, near) from None
    except UnicodeDecodeError as error:
        raise InputError.one(
            path,
            f"byte {error.start + 1}",
            "a byte that is not UTF-8",
            "text in UTF-8",
            "Save the file again with the encoding UTF-8.",
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.one(path, "the file", reason, "a file that can be read") from None


def _yaml_beside(path: Path) -> list[str]:
    if not path.parent.is_dir():
        return []
    return sorted(other.name for other in path.parent.glob("*.y*ml"))


def _order(document: YamlDocument, key: KeyPath) -> tuple[int, int]:
    place = document.place_of(key)
    return (place.line, place.column) if place else (0, 0)


def _words(document: YamlDocument, key: KeyPath, overridden: dict[KeyPath, str]) -> str:
    """Say where a key is: in which override, or on which line."""
    name = f"key {dotted(key)}" if key else "the file"
    texts = tuple(map(str, key))
    for path, override in overridden.items():
        if texts[: len(path)] == path or path[: len(texts)] == texts:
            return f"{override}, {name}"
    place = document.place_of(key)
    return f"{place}, {name}" if place else name


# --- overrides ------------------------------------------------------------------------


def read_change(override: str) -> tuple[KeyPath, Any]:
    """Read ``key=value``, as ``--set`` takes it."""
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        expected = "key=value, such as model.draws=500"
        raise InputError.one(None, f"--set {override}", shown(override), expected)
    document = read_yaml(text, "--set")
    if document.problems:
        raise InputError.one(None, f"--set {override}", "a broken value", "plain YAML")
    return tuple(key.strip().split(".")), document.content


def _put(content: Any, key: KeyPath, value: Any, said: str) -> None:
    """Set a value in nested mappings and lists; missing mappings are made."""
    for depth, part in enumerate(key):
        last = depth == len(key) - 1
        if isinstance(content, list):
            if not str(part).isdigit() or int(part) >= len(content):
                found = f"'{part}' after {dotted(key[:depth])}"
                expected = f"a number from 0 to {len(content) - 1}"
                raise InputError.one(None, said, found, expected)
            part = int(part)
        elif not isinstance(content, dict):
            found = f"{shown(content)} at {dotted(key[:depth])}"
            raise InputError.one(None, said, found, "a mapping, which has keys")
        elif not last and content.get(part) is None:
            content[part] = {}
        if last:
            content[part] = value
        else:
            content = content[part]


def _take_out(content: Any, change: KeyChange) -> None:
    """Take a key out of nested mappings; one that is not there is told with what is near."""
    for depth, part in enumerate(change.key):
        known = list(content) if isinstance(content, dict) else []
        if part not in known:
            place = f"{change.said}, key {dotted(change.key[: depth + 1])}"
            expected = f"one of {', '.join(known)}" if known else "a key that is there"
            near = did_you_mean(str(part), known)
            raise InputError.one(None, place, f"nothing called '{part}'", expected, near)
        if depth == len(change.key) - 1:
            del content[part]
        else:
            content = content[part]
