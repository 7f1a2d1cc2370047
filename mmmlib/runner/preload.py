"""What the fork server does as it starts; see :mod:`mmmlib.runner.fork_server`.

The fork server imports this module, and nothing else should: importing it turns the process
into one that kernels and workers are forked from.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from mmmlib.runner.fork_server import FOLDER_ENV, MODULES, SERVER_LOG

os.setsid()  # Ctrl-C is for the refresh, which ends whatever was forked from here
if FOLDER_ENV in os.environ:
    tempfile.tempdir = os.environ[FOLDER_ENV]  # of all that is forked, too
    log = os.open(
        Path(os.environ[FOLDER_ENV]) / SERVER_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
    )
    os.dup2(log, 1)
    os.dup2(log, 2)
# Nobody steps through a refresh; the debugger would take half of a kernel's start.
sys.modules["debugpy"] = None  # type: ignore[assignment]
gc.disable()
for name in MODULES:
    importlib.import_module(name)
gc.freeze()  # what is imported stays; what is forked need not look through it again
gc.enable()
if FOLDER_ENV in os.environ:
    # This process outlives the refresh and all that was forked, however they ended.
    atexit.register(shutil.rmtree, os.environ[FOLDER_ENV], ignore_errors=True)
