"""Every parameter is read by something: one that nothing reads promises what nobody keeps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from mmmlib.params import Params

LIBRARY = Path(__file__).resolve().parents[2] / "mmmlib"


def sections(section: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield section
    for field in section.model_fields.values():
        for part in parts_of(field.annotation):
            yield from sections(part)


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts_of(inner)


def test_every_parameter_is_read() -> None:
    read = {
        node.attr
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    unread = {
        f"{section.__name__}.{name}"
        for section in sections(Params)
        for name in section.model_fields
        if name not in read
    }
    assert not unread
