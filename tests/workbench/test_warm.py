"""What is loaded in the background does not get in the way of what a person does meanwhile."""

from __future__ import annotations

import subprocess
import sys

STARTED = """
import sys, threading
from mmmlib.workbench import warm

class Watched(threading.Thread):
    def start(self):
        print("dask.base" in sys.modules)

warm.threading.Thread = Watched
assert "dask.base" not in sys.modules
warm.warm_up(None)
"""


def test_dask_is_there_before_the_thread_that_would_import_it_beside_another() -> None:
    """Two threads that import it at once each found a half of it, and no run could be opened."""
    answer = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, check=False
    )
    assert answer.stdout == "True\n", answer.stderr
