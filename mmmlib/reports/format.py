"""The fixed format of the pack: which sections, in which order, under which heading."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FORMAT_FILE = Path(__file__).with_name("format.toml")


@dataclass(frozen=True)
class Document:
    """A document of the pack, in its fixed place."""

    name: str
    """Stem of its notebook and of its page."""
    title: str
    line: str
    """What it is for, as the front page says it."""


@dataclass(frozen=True)
class SectionFormat:
    """A section's place: its document and its heading (empty for none)."""

    document: str
    name: str
    heading: str


@cache
def _content() -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the version, and the documents by name."""
    content = tomllib.loads(FORMAT_FILE.read_text(encoding="utf-8"))
    return content.pop("version"), content


def format_version() -> int:
    """Version of the pack's format; a raised one is an entry of the change log."""
    return _content()[0]


def documents() -> tuple[Document, ...]:
    """Return the documents of the pack, in their order."""
    return tuple(Document(name, one["title"], one["line"]) for name, one in _content()[1].items())


def formats() -> dict[str, tuple[SectionFormat, ...]]:
    """Return the sections of every document, in their order."""
    return {
        document: tuple(
            SectionFormat(document, name, form.get("heading", ""))
            for name, form in parts.items()
            if isinstance(form, dict)
        )
        for document, parts in _content()[1].items()
    }


def section_format(section: Callable[..., Any]) -> SectionFormat:
    """Return the format of a section function; ValueError if it is not a section of the format."""
    document = section.__module__.rpartition(".")[2]
    for form in formats().get(document, ()):
        if form.name == section.__name__:
            return form
    raise ValueError(f"{document}.{section.__name__} is not a section of {FORMAT_FILE.name}")
