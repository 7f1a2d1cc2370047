"""A disk that cannot be written to is told as such, and leaves nothing that looks whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmmlib import disk
from mmmlib.disk import trouble_with
from mmmlib.errors import InputError, RunError
from mmmlib.runner.lifecycle import new_run
from mmmlib.runs import list_runs, write_atomic, write_with
from tests.small import mmm, write_workbook


def failing(error: Exception) -> object:
    def write(path: Path) -> None:
        path.write_bytes(b"half of it")
        raise error

    return write


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EDQUOT, "the disk is full. Free some space"),
        (errno.EROFS, "it cannot be written to (Read-only file system)"),
        (errno.EACCES, "it cannot be written to (Permission denied)"),
    ],
)
def test_what_the_system_says(tmp_path: Path, number: int, told: str) -> None:
    path = tmp_path / "effects.nc"
    write_atomic(path, b"as it was")
    with pytest.raises(RunError) as caught:
        write_with(path, failing(OSError(number, os.strerror(number))))  # type: ignore[arg-type]
    assert f"{path}: {told}" in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["effects.nc"]
    assert path.read_bytes() == b"as it was"
    text = f"OSError: [Errno {number}] {os.strerror(number)} (fit.py, line 3)"
    assert told in trouble_with(path, RuntimeError(text))


def test_a_library_that_only_says_hdf_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "effects.nc"
    write = failing(RuntimeError("NetCDF: HDF error"))
    with pytest.raises(RuntimeError, match="HDF error"):
        write_with(path, write)  # type: ignore[arg-type]
    full(monkeypatch)
    with pytest.raises(RunError, match=r"effects\.nc: the disk is full"):
        write_with(path, write)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_the_input_is_not_put_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch)
    with pytest.raises(InputError):
        write_with(tmp_path / "x", failing(InputError("media.csv", [])))  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_device_that_is_full(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as caught:
        Path("/dev/full").write_bytes(b"x" * 100_000)
    assert "the disk is full" in trouble_with(tmp_path, caught.value)


@pytest.mark.parametrize("below", [False, True])
def test_runs_that_are_a_file(tmp_path: Path, below: bool) -> None:
    file = tmp_path / "runs"
    file.touch()
    folder = file / "below" if below else file
    with pytest.raises(RunError, match="found a file; expected a folder"):
        new_run(folder, "demo", "2026-Q1", params="p", seed=1)
    if not below:
        with pytest.raises(RunError, match="found a file; expected a folder of runs"):
            list_runs(folder)


def test_the_command_says_it_in_one_message(tmp_path: Path) -> None:
    workbook = write_workbook(tmp_path / "w")
    (tmp_path / "runs").touch()
    answer = mmm("refresh", workbook, "--runs", tmp_path / "runs")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"mmm: {tmp_path / 'runs'}: found a file; expected a folder")
    assert answer.stderr.count("\n") == 1
