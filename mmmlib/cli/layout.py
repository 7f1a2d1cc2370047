"""A workbook's own folder: laid out once from what was released, and later held against it.

The folder belongs to its team, which changes notebooks and parameters; the library is upgraded by
pip. What was laid out is recorded with its hash, so that after an upgrade it can be told what the
team has changed and what the release has.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from mmmlib.disk import new_folder
from mmmlib.errors import InputError
from mmmlib.notebook_changes import cells_of
from mmmlib.provenance import DISTRIBUTION, RELEASED
from mmmlib.runs import sha256_file, sha256_json, write_atomic

NAME = re.compile(r"^[a-z][a-z0-9_]{0,63}$")
RECORD = ".released.json"
"""In the workbook's folder: version of the release that laid it out, and hash of each file."""
PATTERNS = (
    "_quarto.yml",
    "notebooks/*.ipynb",
    "reports/*",
    "params/demo.yaml",
    "params/schema.json",
)
GOVERNANCE = (
    "params/governance/policy.yaml",
    "params/governance/roles.yaml",
    "params/taxonomies/demo.yaml",
)
OWN = Path(__file__).parent / "new_workbook"
"""Files that only a new workbook has: its README, its first parameter file."""

State = Literal["as released", "changed here", "new release", "changed in both", "missing"]


class LaidOut(NamedTuple):
    """A released file, and how the workbook's copy of it stands."""

    path: str
    state: State


def lay_out_workbook(name: str, folder: Path) -> Path:
    """Make the folder of a new workbook, ``folder/NAME``; it appears whole or not at all.

    InputError if the name cannot be one (small letters, digits and ``_``), or something of that name is
    there: nothing is replaced.
    """
    if not NAME.match(name):
        raise InputError.one(
            None, "NAME", repr(name), "small letters, digits and '_', a letter first"
        )
    target = folder / name
    if target.exists():
        raise InputError.one(
            target, "NAME", "a folder or file", "a name that is free", "Choose another NAME."
        )
    with new_folder(target) as temporary:
        for path in (*released_files(), *GOVERNANCE):
            _copy(path, temporary)
        for path in (".gitignore", "README.md", "params/NAME.yaml"):
            source = OWN / path.removeprefix(".").replace("params/", "")
            text = source.read_text(encoding="utf-8").replace("NAME", name)
            goal = temporary / path.replace("NAME", name)
            goal.write_text(text.replace("PERIOD", _quarter(dt.date.today())), encoding="utf-8")
        (temporary / "data").mkdir()
        _record(temporary, {path: content_hash(temporary / path) for path in released_files()})
    return target


def compare_with_release(folder: Path) -> list[LaidOut]:
    """Hold a workbook's copies of released files against this release; outputs of notebooks do not count."""
    before = _recorded(folder)
    return [LaidOut(path, _state(folder, path, before.get(path))) for path in released_files()]


def upgrade_workbook(folder: Path) -> list[LaidOut]:
    """Bring what the team has not changed to this release, and return how each file stood before.

    A file that was changed on both sides is left, too: only people can merge it.
    """
    before = _recorded(folder)
    files = compare_with_release(folder)
    for path, state in files:
        if state in ("new release", "missing"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / path, (RELEASED / path).read_bytes())
            before[path] = content_hash(RELEASED / path)
    _record(folder, before)
    return files


def released_files() -> list[str]:
    """Return the files of this release that a workbook has copies of, by their paths in it."""
    return [
        path.relative_to(RELEASED).as_posix()
        for pattern in PATTERNS
        for path in sorted(RELEASED.glob(pattern))
        if path.is_file()
    ]


def content_hash(path: Path) -> str:
    """Hash what a file says: of a notebook its cells, without outputs and values of parameters."""
    if path.suffix == ".ipynb":
        with suppress(ValueError, KeyError, TypeError):  # else it is no notebook any more
            return sha256_json(cells_of(path.read_text(encoding="utf-8")))
    return sha256_file(path)


def _state(folder: Path, path: str, before: str | None) -> State:
    copy, released = folder / path, content_hash(RELEASED / path)
    if not copy.is_file():
        return "missing"
    here = content_hash(copy)
    if here == released:
        return "as released"
    if here == before:
        return "new release"
    return "changed here" if before == released else "changed in both"


def _copy(path: str, folder: Path) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(RELEASED / path, folder / path)


def _record(folder: Path, files: dict[str, str]) -> None:
    record = {"version": metadata.version(DISTRIBUTION), "files": files}
    write_atomic(folder / RECORD, json.dumps(record, indent=2).encode())


def _recorded(folder: Path) -> dict[str, str]:
    path = folder / RECORD
    try:
        files: dict[str, str] = json.loads(path.read_bytes())["files"]
    except FileNotFoundError:
        expected = "the record of a workbook that 'mmm init' has laid out"
        raise InputError.one(
            path, "the file", "nothing", expected, "Run this in the workbook's folder."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise InputError.one(
            path, "the file", "something else", "the record that 'mmm init' wrote", "Restore it."
        ) from None
    return files


def _quarter(day: dt.date) -> str:
    """Return the last quarter that is over: what a first refresh is mostly of."""
    year, quarter = divmod(day.year * 4 + (day.month - 1) // 3 - 1, 4)
    return f"{year}-Q{quarter + 1}"
