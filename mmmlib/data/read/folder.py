"""Where the sources lie, and the hashes of their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mmmlib.data.read.files import find_files
from mmmlib.data.read.problems import Problems, named_from
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.messages import shown
from mmmlib.params.source import WILD, Source
from mmmlib.runs import sha256_file, sha256_json

FOLDER = "data"
"""Name of a folder of data, in the project or in a folder beside it."""


def data_folder(params: Params) -> Path:
    """Return the folder that holds the sources.

    It is ``data.root`` where that is set. Else it is the first of these that has
    all declared files: ``data/`` here, and ``data/`` in a folder beside this one.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    here = Path.cwd()
    if params.data.root is not None:
        root = (here / Path(params.data.root).expanduser()).resolve()
        if not root.is_dir():
            raise InputError.one(
                None,
                "data.root",
                f"{shown(params.data.root)}, and no folder at {root}",
                "a folder that holds the sources",
            )
        return root
    paths = [s.path for s in params.data.sources.values() if s.path and "://" not in s.path]
    if not paths:
        return here
    near = [here / FOLDER, *sorted(here.parent.glob(f"*/{FOLDER}"))]
    candidates = [folder for folder in dict.fromkeys(near) if folder.is_dir()]
    for folder in candidates:
        if all(_is_there(folder, path) for path in paths):
            return folder
    for folder in candidates:  # the one that has some of them gets the better message
        if any(_is_there(folder, path) for path in paths):
            return folder
    raise InputError.one(
        None,
        "data.root",
        f"nothing set, and {', '.join(map(shown, paths))} neither in {here / FOLDER} "
        f"nor in a '{FOLDER}' folder beside {here}",
        "the folder that holds the sources",
        "Pass it: --set data.root=FOLDER.",
    )


def _is_there(folder: Path, path: str) -> bool:
    if WILD.search(path):
        return any(folder.glob(path))
    return (folder / path).exists()


def hash_source(source: Source, folder: Path) -> str:
    """Hash the files of a source as they lie there now.

    Empty for one that is not there, so that its arrival is a change, and for one that
    lies elsewhere, which cannot be hashed without reading it.
    """
    if source.url is not None or "://" in source.path:
        return ""
    return sha256_of(hash_each(find_files("", source, folder, Problems()), folder))


def hash_each(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Hash files: sha256 by name; by the path in the folder of the sources where names repeat."""
    listed = list(files)
    names = [file.name for file in listed]
    if len(set(names)) < len(names):
        names = [named_from(folder, file) for file in listed]
    return {name: sha256_file(file) for name, file in zip(names, listed, strict=True)}


def sha256_of(hashes: Mapping[str, str]) -> str:
    """Return the hash of a source: that of its file, or one over several with their names."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return sha256_json(list(hashes.items())) if hashes else ""
