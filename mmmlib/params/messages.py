"""What pydantic says about a parameter file, in the words of people who write one."""

from __future__ import annotations

import datetime as dt
import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mmmlib.errors import Problem
from mmmlib.params.places import KeyPath, dotted
from mmmlib.params.schema import Params
from mmmlib.params.section import SLUG

PATTERNS = {
    SLUG: "a name of small letters, digits and '_' that begins with a letter (40 at most)",
    r"^[0-9]{4}-(Q[1-4]|(0[1-9]|1[0-2]))$": "a quarter such as 2026-Q2 or a month such as 2026-04",
    r"^[A-Z]{3}$": "a currency code of three capitals, such as USD",
}
KINDS = {
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


def translate(
    errors: Sequence[ErrorDetails], content: Any, root: type[BaseModel] = Params
) -> Iterator[tuple[KeyPath, Problem]]:
    """Yield each error with its path; ``place`` of the problem is the dotted key.

    Parameters
    ----------
    errors
        ``ValidationError.errors()``.
    content
        What was validated: ``found`` is taken from it, as it was written.
    root
        What it was validated as.
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
            continue  # its misspelling is told already
        if path and path[-1] == "[key]":
            path = path[:-1]
            found = f"the name {shown(path[-1])}"
        else:
            found = shown(_value(content, path))
        expected, action = _expected(error, path, root)
        if error["type"] == "extra_forbidden":
            found = f"unknown key '{path[-1]}'"
        yield path, Problem(dotted(path), found, expected, action)


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
    if kind == "literal_error":
        known = [word.strip("'") for word in _choices(path, root)]
        return f"one of {', '.join(known)}", did_you_mean(str(error["input"]), known)
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"text like {context['pattern']}"), ""
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        return words.format(f"{context[key]:g}"), ""
    if kind == "too_short":
        return f"{context['min_length']} or more entries", ""
    word = kind.partition("_")[0]
    return KINDS.get(word, error["msg"]), ""


def _value(content: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _keys(path: KeyPath, root: type[BaseModel]) -> list[str]:
    """Return the keys that the schema knows in the section at a path."""
    kind = _annotation(path, root)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return list(kind.model_fields)
    return []


def _choices(path: KeyPath, root: type[BaseModel]) -> list[str]:
    return [str(word) for word in typing.get_args(_annotation(path, root))]


def _annotation(path: KeyPath, root: type[BaseModel]) -> Any:
    """Return the type that the schema has at a path, without None and Annotated."""
    kind: Any = root
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if part not in kind.model_fields:
                return None
            kind = _bare(kind.model_fields[str(part)].annotation)
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
