"""What a run was made with: code, packages, notebooks. Enough to make it again (H4)."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from mmmlib.notebook_changes import changed_cells
from mmmlib.runs import sha256_file

DISTRIBUTION = "mmm-workbook"
LIBRARY = Path(__file__).resolve().parent
RELEASED = LIBRARY / "released" if (LIBRARY / "released").is_dir() else LIBRARY.parent
"""Notebooks, report templates and parameter files as they were released: within an installed
package, and in a checkout the checkout itself."""
WORKBOOK_ENV = "MMM_WORKBOOK"


def workbook_folder() -> Path:
    """Return the folder whose notebooks and report templates a refresh uses.

    It is what ``$MMM_WORKBOOK`` names, or the working folder or the nearest one above that
    was laid out as a workbook (``_quarto.yml`` beside ``notebooks/``), or else
    :data:`RELEASED`.
    """
    if os.environ.get(WORKBOOK_ENV):
        return Path(os.environ[WORKBOOK_ENV])
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "_quarto.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    return RELEASED


@cache
def code_version() -> tuple[str, bool]:
    """Return the version of the code and whether it differs from what was committed.

    Outside a git checkout the version is the package's alone, and nothing can be said of
    changes, which counts as clean: the hash of the library tells the truth in any case.
    """
    version = metadata.version(DISTRIBUTION)
    commit = _git("rev-parse", "--short=12", "HEAD")
    if not commit:
        return version, False
    files = _git("diff", "--name-only", "HEAD").splitlines()
    changed = [name for name in files if not name.endswith(".ipynb") or changed_notebook(name)]
    return f"{version}+g{commit}", bool(changed)


def code_facts() -> dict[str, Any]:
    """Return what a manifest keeps of the code that runs, by its fields."""
    version, dirty = code_version()
    return {
        "code_version": version,
        "code_dirty": dirty,
        "library": library_hash(),
        "python": python_version(),
        "packages": package_versions(),
    }


@cache
def released_notebook(name: str) -> str | None:
    """Return a notebook as the team has committed it or, where it has not, as it was released.

    None where there is neither: outside git, in the folder that the release itself is.
    """
    if committed := _git("show", f"HEAD:{name}"):
        return committed
    path = RELEASED / name
    own = workbook_folder().resolve() == RELEASED.resolve()
    return None if own or not path.is_file() else path.read_text(encoding="utf-8")


def changed_notebook(name: str, used: Path | None = None) -> str:
    """Say what a person changed in a notebook since it was committed, or released.

    ``name`` is its path in the workbook, ``used`` the executed copy (the notebook as it lies in the
    workbook if not given). ``"1 cell added, 1 edited"``; empty where nothing was.
    """
    released = released_notebook(name)
    if released is None:
        return "it was never committed or released"
    try:
        text = (used or workbook_folder() / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return "it is gone, or no text"
    return changed_cells(released, text)


@cache
def library_hash() -> str:
    """Return one sha256 over the sources of mmmlib and of the report templates."""
    workbook = workbook_folder()
    files = {path: path.relative_to(LIBRARY.parent) for path in LIBRARY.rglob("*.*")}
    files |= {path: path.relative_to(workbook) for path in (workbook / "reports").glob("*")}
    files[workbook / "_quarto.yml"] = Path("_quarto.yml")
    digest = hashlib.sha256()
    for path, name in sorted(files.items(), key=lambda item: item[1]):
        left_out = "__pycache__" in path.parts or path.suffix == ".ipynb"
        if path.is_file() and not left_out:
            digest.update(f"{name}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that the workbook asks for by name."""
    names = [
        re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in metadata.requires(DISTRIBUTION) or ()
    ]
    versions = {}
    for name in sorted(set(names)):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # an extra that is not installed
            continue
    return versions


def python_version() -> str:
    """Return the version of Python, such as ``3.13.5``."""
    return platform.python_version()


def _git(*words: str) -> str:
    """Ask git about the workbook's folder; empty where there is no git or no checkout."""
    folder = workbook_folder()
    if not (folder / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
