"""Small YAML files beside the parameter file, read as strictly: policy, roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mmmlib.errors import InputError, Problem
from mmmlib.params.load import read_text
from mmmlib.params.messages import shown, translate
from mmmlib.params.places import Document, KeyPath, Place, dotted, read_yaml

MoreChecks = Callable[[dict[str, Any]], Iterator[tuple[KeyPath, Problem]]]


def read_strict[M: BaseModel](
    path: str | Path, kind: type[M], what: str, more: MoreChecks | None = None
) -> M:
    """Read a YAML file as a frozen value.

    Parameters
    ----------
    path
        The file.
    kind, what
        What it should be, as a type and in words.
    more
        Further checks on the raw content, so that they are told together with the
        rest; each problem comes with the path of its key.

    Raises
    ------
    InputError
        With every problem of the file, each with its line and column.
    """
    path = Path(path)
    document = read_yaml(read_text(path, what), str(path))
    content = document.content
    if not isinstance(content, dict):
        raise InputError.one(path, "the file", shown(content), "a mapping (key: value)")
    found = list(more(content)) if more else []
    value = None
    try:
        # JSON mode: lists may be tuples and dates may be text, but '"500"' is no number.
        value = kind.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        found += translate(error.errors(), content, kind)
    located = [(_place(key, document), key, problem) for key, problem in found]
    located.sort(key=lambda item: (item[0].line, item[0].column) if item[0] else (0, 0))
    problems = [
        *document.problems,
        *(
            Problem(_words(place, key), one.found, one.expected, one.action)
            for place, key, one in located
        ),
    ]
    if problems or value is None:
        raise InputError(path, problems)
    return value


def _place(key: KeyPath, document: Document) -> Place | None:
    """Return the place of a key, or of the nearest section around it."""
    for end in range(len(key), 0, -1):
        if key[:end] in document.places:
            return document.places[key[:end]]
    return None


def _words(place: Place | None, key: KeyPath) -> str:
    name = f"key {dotted(key)}" if key else "the file"
    return f"{place}, {name}" if place else name
