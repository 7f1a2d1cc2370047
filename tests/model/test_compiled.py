"""The process that compiles the density: it ends with the one that waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmmlib.model.kernel import compiled


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
def test_compiling_ends_with_the_process_that_waits_for_it(tmp_path: Path) -> None:
    # An empty cache, and a lock that nobody else holds.
    fresh = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    command = f"import {compiled.__name__} as it; it.machine_code('integrated')"
    waiting = subprocess.Popen([sys.executable, "-c", command], env=fresh)
    deadline = time.monotonic() + 120
    while not (started := children(waiting.pid)):
        assert waiting.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (compiler,) = started
    waiting.kill()
    waiting.wait()
    while lives(compiler):
        assert time.monotonic() < deadline, "the compiling process lives on alone"
        time.sleep(0.05)
    assert list(tmp_path.rglob("*integrated*.nbc")) == [], "it compiled to its end"


def test_key_changes_with_every_file_of_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    (tmp_path / "media.py").write_text("one = 1")
    before = compiled._hash_of_sources()
    (tmp_path / "media.py").write_text("one = 2")
    assert compiled._hash_of_sources() != before
