"""Processes that a test started, found again by a mark in their environment."""

from __future__ import annotations

import time
from pathlib import Path

MARK = "MMM_TEST_MARK"
"""Environment variable; whatever a marked process starts is marked, too."""


def living(mark: str) -> dict[int, str]:
    """Return the command of every process with ``mark`` that still lives, by its id."""
    return {
        int(path.name): command
        for path in Path("/proc").glob("[0-9]*")
        if (command := _command_of(path, mark)) is not None
    }


def assert_none_live(mark: str, patience: float = 60) -> None:
    """Wait until all processes with ``mark`` are gone."""
    deadline = time.monotonic() + patience
    while left := living(mark):
        assert time.monotonic() < deadline, f"still living: {left}"
        time.sleep(0.1)


def _command_of(path: Path, mark: str) -> str | None:
    try:
        if f"{MARK}={mark}".encode() not in (path / "environ").read_bytes():
            return None
        if "State:\tZ" in (path / "status").read_text():
            return None
        return (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # it ended while we looked
        return None
