"""A trial's changes, written into the parameter file: only what changes is touched."""

from __future__ import annotations

import difflib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from mmmlib.errors import InputError
from mmmlib.params.load import change_params, read_params
from mmmlib.params.places import KeyPath, Place, YamlDocument, read_yaml
from mmmlib.params.strict import KeyChange, read_text
from mmmlib.runs import Run, write_atomic

if TYPE_CHECKING:
    from mmmlib.workbench.specification import Specification


@dataclass(frozen=True)
class Promotion:
    """What was written into a parameter file, or would be."""

    file: Path
    diff: str
    """Lines that differ, as ``diff -u`` writes them."""
    written: bool

    def __str__(self) -> str:
        done = "written" if self.written else "not written"
        return f"{self.file}: {done}.\n{self.diff}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        head, lines = str(self).split("\n", 1)
        return {"text/markdown": f"{head}\n\n```diff\n{lines}\n```", "text/plain": str(self)}


def promote(trial: Specification, file: Path, *, write: bool = True) -> Promotion:
    """Write a trial's changes into a parameter file; see :meth:`Trial.promote`."""
    Run(trial.run.path)  # what it was made with is only known while it is there
    text = read_text(file)
    if text != read_text(trial.run.path / "params.yaml"):
        raise InputError.one(
            file,
            "the file",
            f"another text than {trial.run.name} was made with",
            "the file as it was then",
            "It changed meanwhile, or is another workbook's. Nothing was written: refresh with the file "
            "as it is today and open that run, or write the change by hand.",
        )
    edited = text
    for change in trial.changes:
        edited = without(edited, change.key) if change.out else with_value(edited, change)
    expected = change_params(read_params(file), trial.changes)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_text(edited, encoding="utf-8")
        if read_params(copy) != expected:
            said = "; ".join(trial.said)
            raise InputError.one(
                file,
                "the file",
                f"a layout into which '{said}' cannot be written without touching more",
                "plain blocks",
                "Nothing was written. Write it by hand.",
            )
    if write:
        write_atomic(file, edited.encode())
    lines = difflib.unified_diff(
        text.splitlines(), edited.splitlines(), f"{file} (before)", str(file), n=2, lineterm=""
    )
    return Promotion(file, "\n".join(lines), write)


def with_value(text: str, change: KeyChange) -> str:
    """Return the text of a YAML file with one key set."""
    document = read_yaml(text, "the file")
    known = 0
    while known < len(change.key) and change.key[: known + 1] in document.places:
        known += 1
    if known == len(change.key):
        return _replaced(text, document, change.key, flow(change.value))
    parent, rest = change.key[:known], change.key[known:]
    value: Any = change.value
    for part in reversed(rest[1:]):
        value = {part: value}
    line = f"{rest[0]}: {flow(value)}"
    children = [key for key in document.places if key[:-1] == parent and len(key) == known + 1]
    place = document.places.get(parent)
    if place is not None and text[place.start : place.start + 1] == "{":
        inside = text[place.start + 1 : place.end - 1].strip()
        return text[: place.end - 1] + (", " if inside else "") + line + text[place.end - 1 :]
    if not children:
        return (
            _replaced(text, document, parent, flow({rest[0]: value}))
            if parent
            else f"{text.rstrip()}\n{line}\n"
        )
    end = _end_of_line(text, max(_end(text, document, key) for key in children))
    indent = " " * (document.places[children[0]].column - 1)
    return f"{text[:end]}\n{indent}{line}{text[end:]}"


def without(text: str, key: KeyPath) -> str:
    """Return the text of a YAML file without a key; it stays as it is where the file has none."""
    document = read_yaml(text, "the file")
    place = document.places.get(key)
    if place is None:
        return text
    parent = document.places.get(key[:-1])
    if parent is not None and text[parent.start : parent.start + 1] == "{":
        siblings = [one for one in document.places if one[:-1] == key[:-1] and one != key]
        kept = (
            text[_start(text, document.places[one]) : document.places[one].end] for one in siblings
        )
        return f"{text[: parent.start]}{{{', '.join(kept)}}}{text[parent.end :]}"
    start = text.rfind("\n", 0, _start(text, place)) + 1
    end = _end_of_line(text, _end(text, document, key))
    return text[:start] + text[end + 1 :]


def flow(value: Any) -> str:
    """Write a value in one line of YAML.

    >>> flow({"low": 1, "high": 2.5}), flow("random_walk")
    ('{low: 1, high: 2.5}', 'random_walk')
    """
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.sort_base_mapping_type_on_output = True, 10_000, False
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("...\n").strip()


def _replaced(text: str, document: YamlDocument, key: KeyPath, value: str) -> str:
    place = document.places[key]
    start, end = place.start, _end(text, document, key)
    if "\n" in text[_start(text, place) : start]:  # a block below its key
        start = text.index(":", _start(text, place) + len(str(key[-1]))) + 1
        value = f" {value}"
    elif start == end:  # nothing stands there
        value = f" {value}"
    return text[:start] + value + text[end:]


def _start(text: str, place: Place) -> int:
    """Return where a key begins in the text."""
    line = 0
    for _ in range(place.line - 1):
        line = text.index("\n", line) + 1
    return line + place.column - 1


def _end(text: str, document: YamlDocument, key: KeyPath) -> int:
    """Return where a value ends, without the comments and lines that follow a block."""
    below = [one for one in document.places if one[: len(key)] == key]
    parents = {one[:-1] for one in below}
    # A block ends where its last value does; what is written between brackets, at the bracket.
    whole = [
        document.places[one].end
        for one in below
        if one not in parents or text[document.places[one].start] in "{["
    ]
    return max(whole)


def _end_of_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found
