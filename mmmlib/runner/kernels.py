"""Notebook kernels that start at once, because they are forked from a process that has imported.

A refresh executes eleven notebooks. A kernel of its own for each costs two to five
seconds of imports, most of it the same pandas, xarray and matplotlib again. Here one
process, the nursery, imports them once and forks a kernel whenever one is asked for;
each notebook still has a process of its own that nothing else has touched.

The nursery and its kernels end with the process that started them, however that ended:
the nursery reads end-of-file on its standard input, and each kernel sees the same pipe
hang up, whatever became of the nursery.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import Empty
from typing import IO, Any, Self, cast

LIGHT = (
    "numpy",
    "pandas",
    "xarray",
    "netCDF4",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "pydantic",
    "mmmlib.runs",
    "mmmlib.params.load",
    "mmmlib.data.panel.panel",
    "matplotlib.pyplot",
    "mmmlib.readiness.assess",
    "mmmlib.readiness.tables",
    "mmmlib.data.checks.tables",
    "mmmlib.reports.figures.weeks",
    "mmmlib.reports.readable",
    "pandas.io.formats.style",
    "matplotlib.backends.backend_svg",
)
"""What the first notebook needs; imported before anything is forked."""

LATER = (
    "distributed",
    "dask.array",
    "mmmlib.model.fit",
    "mmmlib.model.pool",
    "mmmlib.model.tables",
    "mmmlib.reports.modeller",
    "mmmlib.health.run",
    "mmmlib.health.tables",
    "mmmlib.refresh.compare",
    "mmmlib.refresh.tables",
    "arviz_stats",
    "mmmlib.scenarios.build",
    "mmmlib.scenarios.tables",
    "mmmlib.governance.gates",
    "mmmlib.governance.agenda",
    "mmmlib.governance.tables",
    "mmmlib.reports.results",
    "mmmlib.reports.show",
    "mmmlib.reports.sections.contribution_roi",
    "mmmlib.reports.sections.executive_summary",
    "mmmlib.reports.sections.scenario_pack",
    "mmmlib.reports.sections.health_panel",
    "mmmlib.reports.sections.change_log",
)
"""Imported when there is time, one by one; a kernel has what was there when it was forked."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Forking is safe only from a process with one thread; workers do the heavy sums anyway."""

SAME = {"MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
"""What Python and matplotlib read only as they start: the same notebook gives the same copy."""


class Nursery:
    """A process that forks kernels; it begins to import at once.

    Attributes
    ----------
    env
        Environment of every kernel, added to this process's.
    log
        File that collects what kernels write past their notebook (a crash, for one).
    """

    def __init__(self) -> None:
        self.env: dict[str, str] = {}
        self.log: Path | None = None
        self._lock = threading.Lock()
        self._ready = self._asked = False
        self.numbers = itertools.count()
        # Sockets and keys; short, because a socket's path may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="mmm-"))
        with self._errors.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-Xfrozen_modules=off", "-m", "mmmlib.runner.kernels"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=os.environ | ONE_THREAD | SAME,
                start_new_session=True,  # Ctrl-C is for us; we close the nursery ourselves
            )

    @property
    def _errors(self) -> Path:
        return self.folder / "errors"

    def wait(self) -> None:
        """Return when the first notebook's imports are there, or the process has ended."""
        with self._lock:
            self._wait()

    def import_the_rest(self) -> None:
        """Import what the later notebooks need; returns at once. The first fork does it, too."""
        with self._lock, suppress(BrokenPipeError, ValueError):  # it has ended, or was closed
            self._ask({"later": True})

    def fork(self, connection: str, cwd: str, env: dict[str, str]) -> int:
        """Fork a kernel for a connection file and return its process id."""
        assert self._process.stdout is not None
        with self._lock:
            self._wait()
            self._asked = True
            log = str(self.log or os.devnull)
            try:
                self._ask({"connection": connection, "cwd": cwd, "env": self.env | env, "log": log})
                answer = self._process.stdout.readline()
            except BrokenPipeError:
                answer = b""
        if not answer:
            why = self._errors.read_text(errors="replace").strip() or "it does not say why"
            raise RuntimeError(f"the process that forks kernels has ended: {why}")
        return int(json.loads(answer)["pid"])

    def _wait(self) -> None:
        assert self._process.stdout is not None
        if not self._ready:
            self._process.stdout.readline()
            self._ready = True

    def _ask(self, request: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End the nursery and every kernel that it forked; closing again does nothing."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if not self._asked:
            self._process.kill()  # it may be importing, and not listen yet
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kernel_manager(nursery: Nursery, cwd: Path, env: dict[str, str]) -> Any:
    """Return a kernel manager whose kernel is forked from ``nursery``; not started yet."""
    from jupyter_client.manager import AsyncKernelManager

    # IPC sockets in a folder of ours, so that nobody else on the machine can talk to the kernel.
    file = nursery.folder / f"{next(nursery.numbers)}.json"
    manager = AsyncKernelManager(
        kernel_name="python3", transport="ipc", ip=f"{file}-ipc", connection_file=str(file)
    )
    manager.client_factory = _client()
    manager.provisioner = _provisioner(nursery, manager, str(cwd), env)
    return manager


@cache
def _client() -> Any:
    """Make the kind of client that knows at once when a kernel is ready."""
    from jupyter_client.asynchronous.client import AsyncKernelClient

    class PromptClient(AsyncKernelClient):
        """Jupyter's own waits until the kernel has been silent for 0.2 s; the notebooks add up."""

        async def wait_for_ready(self, timeout: float | None = None) -> None:
            """Return when the kernel has answered, and said that it is idle again."""
            patience = time.monotonic() + (timeout or float("inf"))
            while time.monotonic() < patience:
                asked = self.kernel_info()
                try:
                    while True:
                        said = await self.get_iopub_msg(timeout=0.05)
                        if said["parent_header"].get("msg_id") != asked:
                            continue
                        if said["content"].get("execution_state") == "idle":
                            break
                except Empty:  # it is not up yet, or does not know yet that we listen
                    if not await self.is_alive():
                        raise RuntimeError("the kernel died as it started") from None
                    continue
                while (reply := await self.get_shell_msg())["parent_header"]["msg_id"] != asked:
                    pass  # to what was asked before it was up
                self._handle_kernel_info_reply(reply)
                return
            raise RuntimeError(f"the kernel did not answer in {timeout} seconds")

    return PromptClient


def _provisioner(nursery: Nursery, manager: Any, cwd: str, env: dict[str, str]) -> Any:
    """Make the part of Jupyter's client that knows how to start and end our process."""
    from jupyter_client.provisioning import LocalProvisioner

    class Forked(LocalProvisioner):
        """A kernel that is not our child: watched through a file descriptor of its process."""

        handle: int | None = None

        @property
        def has_process(self) -> bool:
            return self.handle is not None

        async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
            self.pid = nursery.fork(manager.connection_file, cwd, env)
            self.pgid = self.pid
            self.cwd = cwd
            # A kernel that is gone already leaves no handle, and counts as ended.
            with suppress(ProcessLookupError):
                self.handle = os.pidfd_open(self.pid)
            return self.connection_info

        async def poll(self) -> int | None:
            if self.handle is None or select.select([self.handle], [], [], 0)[0]:
                return 0
            return None

        async def wait(self) -> int | None:
            import asyncio

            while await self.poll() is None:
                await asyncio.sleep(0.02)
            if self.handle is not None:
                os.close(self.handle)
                self.handle = None
            return 0

        async def send_signal(self, signum: int) -> None:
            if self.handle is not None:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.handle, signum)

        async def kill(self, restart: bool = False) -> None:
            await self.send_signal(signal.SIGKILL)

        async def terminate(self, restart: bool = False) -> None:
            await self.send_signal(signal.SIGTERM)

    return Forked(
        kernel_id=manager.connection_file, kernel_spec=manager.kernel_spec, parent=manager
    )


# --- inside the nursery ----------------------------------------------------------------


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Import, say so, and fork a kernel per request, until the requests end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps our children
    kernels: list[int] = []
    gc.disable()  # what is imported stays; kernels need not look through it again and again
    # Nobody steps through a refresh; the debugger would take half of a kernel's start.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    _import(LIGHT)
    _answer(answers, {"ready": True})
    later = list(LATER)
    waiting: list[str] = []
    while True:
        timeout = 0 if waiting else None
        if not select.select([requests], [], [], timeout)[0]:
            _import([waiting.pop(0)])
            continue
        line = requests.readline()
        if not line:
            break
        waiting, later = waiting + later, []
        request = json.loads(line)
        if "connection" not in request:
            continue
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            _become_kernel(request)
        kernels.append(pid)
        _answer(answers, {"pid": pid})
    for pid in kernels:
        # Its group only where it has one by now: it may have been forked this moment.
        for kill in (os.kill, os.killpg):
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
    sys.stderr.flush()
    os._exit(0)  # taking all that was imported down in order would take most of a second


def _answer(answers: IO[bytes], answer: dict[str, object]) -> None:
    with suppress(BrokenPipeError):  # nobody reads any more: then the requests end, too
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _import(names: Sequence[str]) -> None:
    import importlib

    for name in names:
        importlib.import_module(name)


def _become_kernel(request: dict[str, Any]) -> None:
    """Turn this forked process into a kernel; does not return."""
    status = 1
    try:
        gc.enable()
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _end_with_refresh(os.dup(0))
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.dup2(os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666), 2)
        os.environ.update(cast(dict[str, str], request["env"]))
        os.chdir(request["cwd"])
        sys.argv = ["ipykernel"]

        from ipykernel.kernelapp import IPKernelApp

        app = IPKernelApp.instance()
        app.initialize(
            ["-f", request["connection"], "--HistoryManager.enabled=False", "--log-level=40"]
        )
        app.start()
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _end_with_refresh(requests: int) -> None:
    """End this kernel when nobody is left who could ask the nursery for another."""

    def watch() -> None:
        pipe = select.poll()
        pipe.register(requests, 0)  # for its end only: what is written is the nursery's to read
        pipe.poll()
        os._exit(1)

    threading.Thread(target=watch, name="refresh", daemon=True).start()


if __name__ == "__main__":
    with (
        open(0, "rb", buffering=0, closefd=False) as stdin,
        open(1, "wb", buffering=0, closefd=False) as stdout,
    ):
        serve(cast(IO[bytes], stdin), cast(IO[bytes], stdout))
