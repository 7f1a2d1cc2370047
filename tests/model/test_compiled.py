"""The process that compiles the density: it ends with the one that waits for it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmmlib.model.kernel import compiled
from mmmlib.model.sample import sample
from tests.model.worlds import mixed_data, mixed_params


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


def test_draws_are_the_same_wherever_memory_is_free() -> None:
    """Rounding went by where short arrays lay; most often in a fit with a lift test."""
    test = {"channel": "search", "start": "2024-03-04", "end": "2024-04-14"}
    data = mixed_data(weeks=104, adstock_weeks=8, lift_tests={"one": test})
    settings = mixed_params(adstock_weeks=8, chains=2, tune=100, draws=50).model
    lengths = random.Random(1)
    seen = set()
    for _ in range(20):
        held = [bytearray(lengths.randint(1, 3000)) for _ in range(lengths.randint(1, 300))]
        draws = sample(data, settings, seed=3, cores=1)
        seen.add(draws["posterior"]["roi"].to_numpy().tobytes())
        del held
    assert len(seen) == 1
