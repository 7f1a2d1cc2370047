"""Small YAML files beside the parameter file, read as strictly: policy, roles."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ValidationError

from mmmlib.errors import InputError, Problem
from mmmlib.params.load import read_text
from mmmlib.params.messages import shown, translate
from mmmlib.params.places import KeyPath, dotted, read_yaml


def read_strict[M: BaseModel](path: str | Path, kind: type[M]) -> M:
    """Read a YAML file as a frozen value.

    Raises
    ------
    InputError
        With every problem of the file, each with its line and column.
    """
    path = Path(path)
    document = read_yaml(read_text(path), str(path))
    content = document.content
    if not isinstance(content, dict):
        raise InputError.one(path, "the file", shown(content), "a mapping (key: value)")
    problems = list(document.problems)
    value = None
    try:
        # JSON mode: lists may be tuples and dates may be text, but '"500"' is no number.
        value = kind.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        found = []
        for key, fault in translate(error.errors(), content, kind):
            place = next(
                (document.places[key[:n]] for n in range(len(key), 0, -1) if key[:n] in document.places),
                None,
            )
            where = (place.line, place.column) if place else (0, 0)
            found.append((where, _place(key, str(place) if place else ""), fault))
        problems += [
            Problem(place, fault.found, fault.expected, fault.action)
            for _, place, fault in sorted(found, key=lambda item: item[0])
        ]
    if problems or value is None:
        raise InputError(path, problems)
    return value


def _place(key: KeyPath, place: str) -> str:
    if not key:
        return "the file"
    return f"{place}, key {dotted(key)}" if place else f"key {dotted(key)}"
