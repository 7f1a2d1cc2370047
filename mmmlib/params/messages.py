"""What pydantic says about a parameter file, in the words of people who write one."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic_core import ErrorDetails

from mmmlib.errors import InputError
from mmmlib.params.places import KeyPath, KeyProblem
from mmmlib.params.section import CURRENCY, KEY_PROBLEM, PERIOD, SLUG

PATTERNS = {
    SLUG: "a name of small letters, digits and '_' that begins with a letter (40 at most)",
    PERIOD: "a quarter such as 2026-Q2 or a month such as 2026-04",
    CURRENCY: "a currency code of three capitals, such as USD",
}
KINDS = {
    "string_too_short": "a text that is not empty",
    "string": "text (put it in quotes if it looks like a number or a date)",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "date": "a date such as 2026-01-31",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping (key: value)",
    "model": "a mapping (key: value)",
}
BOUNDS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "{} or more"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "{} or less"),
}


def shown(value: object, width: int = 60) -> str:
    """Write a value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if len(value) <= width else value[: width - 1] + "…"
        return f"'{text}'"
    if isinstance(value, Mapping):
        return f"a mapping ({', '.join(map(str, value))})" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dt.date):
        return f"the date {value.isoformat()}"
    return str(value)


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``Did you mean 'x'?``, or an empty text where nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"Did you mean '{near[0]}'?" if near else ""


def refuse_unknown(
    place: str, given: str, known: Iterable[str], expected: str = "one of", file: Path | None = None
) -> None:
    """Raise InputError where a name is none of those that are known, with the one that is near."""
    names = list(known)
    if given not in names:
        expected = f"{expected} {', '.join(names)}"
        raise InputError.one(file, place, shown(given), expected, did_you_mean(given, names))


def translate(
    errors: Sequence[ErrorDetails], content: Any, root: type[BaseModel]
) -> Iterator[KeyProblem]:
    """Say what pydantic found in the words of people who write the file.

    ``found`` is taken, as it was written, from ``content``, which was validated as ``root``.
    """
    guesses = {
        (*error["loc"][:-1], near)
        for error in errors
        if error["type"] == "extra_forbidden"
        for near in difflib.get_close_matches(
            str(error["loc"][-1]), _keys(error["loc"][:-1], root), n=1
        )
    }
    for error in errors:
        path = error["loc"]
        if error["type"] == "missing" and path in guesses:
            continue  # its misspelling is reported already
        if error["type"] == KEY_PROBLEM:
            yield KeyProblem(path, **error["ctx"])
            continue
        if path and path[-1] == "[key]":
            path = path[:-1]
            found = f"the name {shown(path[-1])}"
        elif error["type"] == "extra_forbidden":
            found = f"unknown key '{path[-1]}'"
        else:
            found = shown(_value(content, path))
        yield KeyProblem(path, found, *_expected(error, path, root))


def renamed_keys(paths: Iterable[KeyPath], root: type[BaseModel]) -> Iterator[tuple[KeyPath, str]]:
    """Yield keys that are written by an older name, each with the name of today.

    An older name is an alias of the field: ``validation_alias=AliasChoices("new", "old")``.
    """
    for path in paths:
        section = annotation_at(path[:-1], root)
        name = field_name(section, path[-1])
        if name not in (None, path[-1]):
            yield path, str(name)


def _expected(error: ErrorDetails, path: KeyPath, root: type[BaseModel]) -> tuple[str, str]:
    """Return what should be there, and what to do where that says more."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys(path[:-1], root)
        near = did_you_mean(str(path[-1]), known)
        return "a key that belongs here" if near else f"one of {', '.join(known)}", near
    if kind == "missing":
        return f"a value for '{path[-1]}', which is required", ""
    if kind == "value_error":
        return str(context["error"]), ""
    if kind in ("literal_error", "enum"):
        known = re.findall("'([^']*)'", context["expected"])
        return f"one of {', '.join(known)}", did_you_mean(str(error["input"]), known)
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"text like {context['pattern']}"), ""
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        limit = context[key]
        number = isinstance(limit, int | float)
        return words.format(f"{limit:g}") if number else "a date from 1900 to 2199", ""
    if kind == "too_short":
        return f"{context['min_length']} or more entries", ""
    return KINDS.get(kind) or KINDS.get(kind.partition("_")[0], error["msg"]), ""


def _value(content: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _keys(path: KeyPath, root: type[BaseModel]) -> list[str]:
    """Return the keys that the schema knows in the section at a path."""
    section = annotation_at(path, root)
    return list(section.model_fields) if is_section(section) else []


def is_section(kind: Any) -> typing.TypeGuard[type[BaseModel]]:
    """Say whether a type is one of the sections of a file."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def field_name(section: Any, key: str | int) -> str | None:
    """Return the field of a section that a key sets, by its name or by an older one."""
    for name, field in section.model_fields.items() if is_section(section) else ():
        alias = field.validation_alias
        if key == name or (isinstance(alias, AliasChoices) and key in alias.choices):
            return str(name)
    return None


def annotation_at(path: KeyPath, root: type[BaseModel]) -> Any:
    """Return the type that the schema has at a path, without None and Annotated."""
    kind: Any = root
    for part in path:
        if is_section(kind):
            name = field_name(kind, part)
            if name is None:
                return None
            kind = _bare(kind.model_fields[name].annotation)
        else:  # dict[Slug, X] or tuple[X, ...]
            arguments = typing.get_args(kind)
            if not arguments:
                return None
            kind = _bare(arguments[1] if typing.get_origin(kind) is dict else arguments[0])
    return kind


def _bare(kind: Any) -> Any:
    if typing.get_origin(kind) is typing.Annotated:
        return _bare(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(kind) if part is not types.NoneType]
        return _bare(rest[0])
    return kind
