"""Kernels are forked where that is possible, and end with the refresh, however it ended."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from mmmlib.runner.fork_server import MODULES
from tests.processes import MARK, assert_none_live, living
from tests.runner.test_execute import write

EXECUTE = """
import sys, time
from pathlib import Path
from mmmlib.runner.execute import execute_notebook
from mmmlib.runner.fork_server import private_folder
from mmmlib.runner.kernels import Kernels

folder = Path(sys.argv[1])
with Kernels({}, folder / "kernels.log") as kernels:
    for k in range(int(sys.argv[2])):
        started = time.monotonic()
        execute_notebook(folder / "source.ipynb", folder / "copy.ipynb", {"run": str(k)},
                         kernels.manager(folder, {}), lambda line: print(line, flush=True))
    print(private_folder(), flush=True)
"""
WITHOUT_LINUX = """
import os, select, signal
for module, names in {
    os: ("pidfd_open", "sched_getaffinity", "eventfd", "memfd_create", "posix_fallocate"),
    select: ("epoll", "poll"),
    signal: ("pidfd_send_signal", "sigtimedwait", "sigwaitinfo"),
}.items():
    for name in names:
        module.__dict__.pop(name, None)
os.process_cpu_count = os.cpu_count  # as it is defined where no affinity is known
"""
WITHOUT_FORK = """
import multiprocessing
multiprocessing.get_all_start_methods = lambda: ["spawn"]
"""


LIGHT = """
import mmmlib.runner.fork_server as fork_server
fork_server.MODULES = ("mmmlib.runner.kernels", "ipykernel.zmqshell", "matplotlib.pyplot")
"""
"""The fork server then imports only what these notebooks need."""


def start(folder: Path, times: int = 1, code: str = LIGHT, **env: str) -> subprocess.Popen[str]:
    """Execute the notebook of a folder in a process of its own; every Python runs ``code`` first."""
    (folder / "sitecustomize.py").write_text(code)
    env["PYTHONPATH"] = str(folder)
    return subprocess.Popen(
        [sys.executable, "-c", EXECUTE, str(folder), str(times)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )


def test_modules_to_import_ahead_exist() -> None:
    for name in MODULES:
        assert importlib.util.find_spec(name), name


def test_no_kernel_outlives_a_killed_refresh(tmp_path: Path) -> None:
    """The process that started them is killed outright; fork server and kernel must go."""
    write(tmp_path, "print('at work', flush=True)", "import time; time.sleep(600)")
    mark = uuid.uuid4().hex
    with start(tmp_path, **{MARK: mark, "TMPDIR": str(tmp_path)}) as refresh:
        assert refresh.stdout is not None
        assert refresh.stdout.readline() == "at work\n"
        assert len(living(mark)) == 4  # with Python's own tracker of resources
        refresh.send_signal(signal.SIGKILL)
    assert_none_live(mark)
    assert not list(tmp_path.glob("mmm-*"))
    assert not list(tmp_path.glob("pymp-*"))


def test_no_kernel_outlives_a_refresh_killed_as_it_asks_for_one(tmp_path: Path) -> None:
    write(tmp_path, "import time; time.sleep(600)")
    mark = uuid.uuid4().hex
    with start(tmp_path, code="", **{MARK: mark}) as refresh:
        while len(living(mark)) < 3:  # the server has begun to import; the request waits
            time.sleep(0.01)
        refresh.send_signal(signal.SIGKILL)
    assert_none_live(mark)


def test_a_kernel_outlives_the_fork_server_but_not_the_refresh(tmp_path: Path) -> None:
    write(
        tmp_path,
        "import os; print(os.getpid(), os.getppid(), flush=True)",
        "import time; time.sleep(600)",
    )
    mark = uuid.uuid4().hex
    with start(tmp_path, **{MARK: mark}) as refresh:
        assert refresh.stdout is not None
        kernel, server = map(int, refresh.stdout.readline().split())
        os.kill(server, signal.SIGKILL)
        time.sleep(1)
        assert kernel in living(mark)
        refresh.send_signal(signal.SIGKILL)
    assert_none_live(mark)


@pytest.mark.parametrize("missing", [WITHOUT_LINUX, WITHOUT_FORK], ids=["linux only", "forking"])
def test_notebooks_run_without(tmp_path: Path, missing: str) -> None:
    code = "import os, sys; print(run, hasattr(os, 'pidfd_open'), 'mmmlib.runner.preload' in sys.modules)"
    settings = "import matplotlib; print(sys.flags.hash_randomization, matplotlib.get_backend())"
    write(tmp_path, code, settings)
    mark = uuid.uuid4().hex
    with start(tmp_path, 2, LIGHT + missing, **{MARK: mark}) as refresh:
        said, _ = refresh.communicate(timeout=120)
    assert refresh.returncode == 0
    linux, forked = str(missing == WITHOUT_FORK), str(missing == WITHOUT_LINUX)
    expected = [f"{k} {linux} {forked}\n0 agg" for k in range(2)]
    *lines, _ = said.splitlines()
    assert "\n".join(lines) == "\n".join(expected)
    assert_none_live(mark)


def test_nobody_else_may_enter_and_a_long_path_is_avoided(tmp_path: Path) -> None:
    """The path of a socket has about a hundred characters, whatever TMPDIR says."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    write(tmp_path, "import os, sys; print(oct(os.stat(sys.argv[0] and '.').st_mode))")
    mark = uuid.uuid4().hex
    with start(tmp_path, TMPDIR=str(long), **{MARK: mark}) as refresh:
        said, _ = refresh.communicate(timeout=120)
    assert refresh.returncode == 0
    folder = Path(said.splitlines()[-1])
    assert len(str(folder)) < 40
    assert_none_live(mark)
    assert not folder.exists()
