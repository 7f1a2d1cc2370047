"""A disk that cannot be written to, told as such: libraries say "HDF error" where one is full."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmmlib.errors import MMMError, RunError

FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
NO_FOLDER = (errno.ENOTDIR, errno.EEXIST)
LOW = 2**20
"""Bytes: where less is free, it is the disk that something could not be written to."""


def trouble_with(path: Path, error: BaseException) -> str:
    """Say what is wrong with the disk, judged by an error in writing to ``path``.

    The error is one of Python, or of a library or a notebook that only has words for it. Sentences
    for people; empty where the error is of another kind.
    """
    numbers = {int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))}
    if isinstance(error, OSError) and error.errno is not None:
        numbers.add(error.errno)
    if numbers & set(FULL) or (not numbers and _free_at(path) < LOW):
        return (
            f"{path}: the disk is full. Free some space, then finish the run with "
            f"'mmm refresh … --resume'."
        )
    if numbers & set(CLOSED):
        why = ", ".join(os.strerror(number) for number in numbers & set(CLOSED))
        return f"{path}: it cannot be written to ({why}). Make it writable, or name another folder."
    if numbers & set(NO_FOLDER):
        return f"{path}: found a file; expected a folder, or a name that is free."
    return ""


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder, which takes this place and name if nothing fails."""
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    try:
        made.chmod(0o755)
        yield made
        made.rename(path)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell what is wrong with the disk where something inside could not be written.

    Raises
    ------
    RunError
        In place of the error that the disk is to blame for.
    """
    try:
        yield
    except Exception as error:
        trouble = trouble_with(path, error)
        if trouble and not isinstance(error, MMMError):
            raise RunError(trouble) from error
        raise


def _free_at(path: Path) -> int:
    folder = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
    return shutil.disk_usage(folder).free
