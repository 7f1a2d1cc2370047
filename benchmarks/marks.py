"""What every engine's script shares: its order, its clock, its answer. NumPy only."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np


def request() -> dict[str, Any]:
    """Return what this process is asked for; the first argument names the file."""
    return json.loads(Path(sys.argv[1]).read_text())


class Marks:
    """Seconds from the start of the process to each mark, by the clock and of all cores."""

    def __init__(self) -> None:
        # From when the process was asked for, so that its own start counts.
        self.started = float(os.environ["BENCHMARK_STARTED"])
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.told = 0.0

    def at(self, name: str) -> None:
        """Note that ``name`` is reached."""
        self.seconds[name] = time.time() - self.started
        whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        used = [resource.getrusage(who) for who in whose]
        self.cpu[name] = sum(one.ru_utime + one.ru_stime for one in used)

    def add(self, name: str, seconds: float) -> None:
        """Add to a sum of seconds."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def progress(self, share: float) -> None:
        """Say how far sampling is, at most every two seconds; read where a limit ends a process."""
        now = time.time()
        if now - self.told > 2:
            self.told = now
            print(json.dumps({"progress": share}), flush=True)


def numbered(draws: dict[str, np.ndarray], case: int) -> dict[str, np.ndarray]:
    """Name draws by the case that they belong to: ``roi@0``."""
    return {f"{name}@{case}": np.asarray(one, float) for name, one in draws.items()}


def finish(asked: dict[str, Any], marks: Marks, draws: dict[str, np.ndarray], **facts: Any) -> None:
    """Store draws ``(chain, draw, ...)`` and print the times as the last line."""
    if draws:
        np.savez(asked["out"], **draws)
    print(json.dumps({"seconds": marks.seconds, "cpu": marks.cpu, **facts}), flush=True)
