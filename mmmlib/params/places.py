"""YAML text in, plain values and the place of every key out.

YAML 1.2 by ruamel: ``1e-3`` is a number, ``on`` is text, ``2026-01-31`` is a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner

from mmmlib.errors import InputError, Problem

KeyPath = tuple[str | int, ...]
DEEPEST = 100
"""Levels of nesting."""
MOST_VALUES = 100_000
"""A file with more is one whose aliases multiply."""
TAG = "tag:yaml.org,2002:"
LONGEST_NUMBER = 400
"""Characters; any number that is of use can be written in fewer."""


def dotted(path: KeyPath) -> str:
    """Write a path as people do: ``key_questions[0].channel``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class KeyProblem(NamedTuple):
    """What is wrong at one key of a file."""

    key: KeyPath
    found: str
    expected: str
    action: str = ""

    def at(self, place: str) -> Problem:
        """Return the problem with the words for its place."""
        return Problem(place, self.found, self.expected, self.action)


@dataclass(frozen=True)
class Place:
    """Where a value is in the text: line and column count from one, ends from zero."""

    line: int
    column: int
    start: int
    """Index of the value's first character."""
    end: int
    """Index behind the value's last character."""

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True)
class YamlDocument:
    """A YAML file as plain values, with the place of every key and what was wrong already."""

    content: Any
    places: dict[KeyPath, Place]
    problems: tuple[Problem, ...]

    def place_of(self, key: KeyPath) -> Place | None:
        """Return the place of a key, or of the nearest section around it."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.places:
                return self.places[key[:end]]
        return None


class _Scanner(Scanner):
    """Gives up on deep brackets at once: the time for them grows with their number squared."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:
        if len(self.flow_context) > DEEPEST:
            raise RecursionError
        super().fetch_flow_collection_start(TokenClass, to_push)


def read_yaml(text: str, file: str) -> YamlDocument:
    """Read the text of a file as one YAML document.

    Raises
    ------
    InputError
        If the text is not YAML at all, or holds what no value can be. Duplicate keys and
        keys that are not text are left in ``problems``, to be reported with the rest.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    yaml.allow_duplicate_keys = True
    places: dict[KeyPath, Place] = {}
    try:
        node = yaml.compose(text)
        impossible = [] if node is None else list(_impossible(node, (), (), set(), yaml))
        if impossible:
            raise InputError(file, impossible)
        problems = [] if node is None else list(_walk(node, (), places))
        content = _plain(yaml.load(text))
    except MarkedYAMLError as error:
        raise _not_yaml(file, error) from None
    except RecursionError:
        raise InputError.one(
            file, "the file", "hundreds of levels of nesting", "a parameter file"
        ) from None
    except (YAMLError, ValueError) as error:
        raise InputError.one(file, "the file", str(error), "YAML text") from None
    return YamlDocument(content, places, tuple(problems))


def _plain(value: Any) -> Any:
    """Return a value with whole floats as integers (``1e3`` is a fine count).

    Keys that are not text are left out: they are among the problems already.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if isinstance(key, str)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _impossible(
    node: Node, path: KeyPath, above: tuple[int, ...], seen: set[int], yaml: YAML
) -> Iterator[Problem]:
    """Yield what cannot become a value: an alias to itself, an endless number, broken text."""
    where = f"{_at(node)}, key {dotted(path)}"
    if id(node) in above:
        yield Problem(where, "an alias to itself", "values")
    if len(above) > DEEPEST:
        raise RecursionError  # where Python gives up depends on what else runs
    if id(node) in seen:
        return
    seen.add(id(node))
    above = (*above, id(node))
    if str(node.tag) not in (_usual_tag(node, yaml), f"{TAG}str"):
        name = str(node.tag).replace(TAG, "!!")
        yield Problem(where, f"the tag {name}", "a value without a tag")
    if isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            yield from _impossible(item, (*path, number), above, seen, yaml)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            yield from _impossible(key, path, above, seen, yaml)
            yield from _impossible(value, (*path, name), above, seen, yaml)
    elif str(node.tag).endswith((":int", ":float")):
        if len(node.value) > LONGEST_NUMBER:
            yield Problem(where, f"a number of {len(node.value)} digits", "a number of 15 at most")
    elif re.search("[\ud800-\udfff]", node.value):
        yield Problem(where, "half of a character (a lone surrogate)", "text")


def _usual_tag(node: Node, yaml: YAML) -> str:
    """Return the tag that YAML gives a node that is written without one."""
    plain = isinstance(node, ScalarNode) and node.style is None
    value = node.value if isinstance(node, ScalarNode) else None
    return str(yaml.resolver.resolve(type(node), value, (plain, not plain)))


def _walk(node: Node, path: KeyPath, places: dict[KeyPath, Place]) -> Iterator[Problem]:
    """Note the place of everything under a node; yield what is wrong with its keys."""
    if len(places) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values, aliases written out")
    if isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            places[*path, number] = _place(item, item)
            yield from _walk(item, (*path, number), places)
    elif isinstance(node, MappingNode):
        seen: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or not str(key.tag).endswith((":str", ":merge")):
                shown = key.value if isinstance(key, ScalarNode) else "a collection"
                where = f", in {dotted(path)}" if path else ""
                yield Problem(f"{_at(key)}{where}", f"key {shown}", "a key that is text")
                continue
            name = str(key.value)
            here = (*path, name)
            if name in seen:
                yield Problem(
                    f"{_at(key)}, key {dotted(here)}",
                    f"'{name}' a second time",
                    f"it once (the first is on {_at(seen[name])})",
                )
                continue
            seen[name] = key
            places[here] = _place(key, value)
            yield from _walk(value, here, places)


def _at(node: Node) -> str:
    return f"line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"


def _place(key: Node, value: Node) -> Place:
    mark = key.start_mark
    return Place(mark.line + 1, mark.column + 1, value.start_mark.index, value.end_mark.index)


def _not_yaml(file: str, error: MarkedYAMLError) -> InputError:
    mark = error.problem_mark or error.context_mark
    place = "the file" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
    found = " ".join(part for part in (error.context, error.problem) if isinstance(part, str))
    action = ""
    if "\\t" in found or "'\t'" in found:
        action = "Indent with spaces, not with tabs."
    elif "mapping values are not allowed" in found:
        action = "Check the indentation, and put a text that holds ': ' in quotes."
    return InputError.one(file, place, found or "broken text", "valid YAML", action)
