"""Files of sources: where they lie, and their hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mmmlib.data.read.problems import Problems, named_from
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import FORMATS, WILD, Source
from mmmlib.runs import sha256_file, sha256_json

FOLDER = "data"
"""Name of a folder of data, in the project or in a folder beside it."""


def format_of(source: Source, file: str | Path) -> str | None:
    """Format of a file: as declared, else by its ending."""
    name = str(file).removesuffix(".gz")
    return source.format or FORMATS.get(Path(name).suffix.lower())


def find_files(name: str, source: Source, folder: Path, problems: Problems) -> list[Path]:
    """List the files of a source, sorted; none may lie outside the folder, by a link either."""
    root = folder.resolve()
    place = root / source.path
    if WILD.search(source.path):
        found = sorted(
            path
            for path in root.glob(source.path)
            if path.is_file() and not is_hidden(path.relative_to(root).parts, source.path)
        )
    elif place.is_dir():
        endings = [end for end, kind in FORMATS.items() if source.format in (None, kind)]
        found = sorted(
            path
            for path in place.rglob("*")
            if path.is_file()
            and path.name.removesuffix(".gz").endswith(tuple(endings))
            and not is_hidden(path.relative_to(place).parts)
        )
    else:
        found = [place] if place.is_file() else []
    for path in (place, *found):
        problems.own(path, name, source.owner)
    outside = [path for path in found if not path.resolve().is_relative_to(root)]
    for path in outside:
        problems.add(
            path,
            f"data.sources.{name}",
            "a link that leaves the folder of the sources",
            f"a file inside {root}",
        )
    if not found:
        around = place.parent
        known = [f.name for f in around.iterdir()] if around.is_dir() else []
        problems.add(
            place,
            f"data.sources.{name}",
            "no such file",
            f"the file of this source in {root}",
            did_you_mean(place.name, known) or "Pass --set data.root=FOLDER if it lies elsewhere.",
        )
    return [] if outside else found


def is_hidden(parts: Iterable[str], pattern: str = "") -> bool:
    """Say whether a file is a program's own, such as a copy in ``.ipynb_checkpoints``.

    One whose folders or name begin with ``.`` or ``_`` is, unless the pattern names such a one.
    """
    meant = {part[0] for part in Path(pattern).parts}
    return any(part[0] in "._" and part[0] not in meant for part in parts)


def stamps(files: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Size and time of change of local files: the same before and after, nobody wrote to them."""
    found = {file: Path(file).stat() for file in files if Path(file).is_file()}
    return {file: (state.st_size, state.st_mtime_ns) for file, state in found.items()}


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
    for enough in (all, any):  # the one that has some of them gets the better message
        for folder in candidates:
            if enough(_is_there(folder, path) for path in paths):
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
