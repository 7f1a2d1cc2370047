"""What a run was made with: code, packages, notebooks. Enough to make it again (H4)."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from mmmlib.runs import sha256_file

DISTRIBUTION = "mmm-workbook"
LIBRARY = Path(__file__).resolve().parent
PROJECT = LIBRARY.parent
"""Folder of the project: notebooks, report templates and parameter files are here."""


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
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return f"{version}+g{commit}", bool(changed)


@cache
def library_hash() -> str:
    """Return one sha256 over the sources of mmmlib and of the report templates."""
    files = [path for path in LIBRARY.rglob("*") if "__pycache__" not in path.parts]
    files += [path for path in (PROJECT / "reports").glob("*") if path.suffix != ".ipynb"]
    files += [path for path in (PROJECT / "_quarto.yml",) if path.is_file()]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"{path.relative_to(PROJECT)}\0{sha256_file(path)}\n".encode())
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
    """Ask git about the project; empty where there is no git or no checkout."""
    if not (PROJECT / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(PROJECT), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
