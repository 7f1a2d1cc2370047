"""Notebook kernels that start at once, because they are forked from a process that has imported.

They are forked from the fork server (:mod:`mmmlib.runner.fork_server`) by a provisioner, which is
how Jupyter's client is told to start kernels in another way. Where forking is not possible, a
notebook gets an ordinary kernel. Kernels end with the refresh, however it ended: each watches a
pipe to it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any, Self

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from mmmlib.runner.fork_server import SAME, can_fork, private_folder, start_fork_server

_numbers = count()


class Kernels:
    """The kernels of a refresh, ended together.

    ``env`` is added to this process's environment; ``log`` collects what kernels write past their notebook
    (a crash, for one).
    """

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.env = env
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._processes: list[ForkedKernel] = []
        self._lock = threading.Lock()
        self._closed = False

    def manager(self, cwd: Path, env: dict[str, str]) -> AsyncKernelManager:
        """Return the manager of a kernel that is not started yet; it is to work in ``cwd``."""
        # IPC sockets in a folder of ours, so that nobody else on the machine can talk to the kernel.
        file = private_folder() / f"k{next(_numbers)}"
        manager = AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=f"{file}-ipc", connection_file=f"{file}.json"
        )
        manager.client_factory = PromptClient
        manager.provisioner = ForkingProvisioner(
            kernel_id=file.name, kernel_spec=manager.kernel_spec, parent=manager
        )
        manager.provisioner.start_with(self, cwd, self.env | env)
        return manager

    def fork(self, connection: str, cwd: str, env: dict[str, str]) -> ForkedKernel:
        """Fork a kernel for a connection file; OSError or EOFError if the fork server cannot be started."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the refresh has ended")
            kernel = ForkedKernel(connection, cwd, env, str(self.log))
            self._processes.append(kernel)
        return kernel

    def close(self) -> None:
        """End every kernel; closing again does nothing."""
        with self._lock:
            self._closed = True
        for kernel in self._processes:
            kernel.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ForkedKernel:
    """A kernel that the fork server has forked, with the methods of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, *args: str | dict[str, str]) -> None:
        start_fork_server()
        context = multiprocessing.get_context("forkserver")
        self._process: BaseProcess = context.Process(target=_run_kernel, args=args, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end and return the exit code."""
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal to it and to what it started, if it lives."""
        if self.poll() is None:
            # Its group only where it has one by now: it may have been forked this moment.
            for send in (os.killpg, os.kill):
                with suppress(ProcessLookupError):
                    send(self.pid, number)
                    return

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)
        self.wait(1)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkingProvisioner(LocalProvisioner):
    """Starts a kernel by a fork, or as Jupyter does where forking is not possible."""

    def start_with(self, kernels: Kernels, cwd: Path, env: dict[str, str]) -> None:
        """Say where the kernel comes from, and what it starts with."""
        self.kernels, self.folder, self.env = kernels, cwd, env

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; called by its manager."""
        self.cwd = str(self.folder)
        if can_fork():
            with suppress(OSError, EOFError):  # no server: then it is an ordinary kernel
                self.process = self.kernels.fork(self.parent.connection_file, self.cwd, self.env)
                self.pid = self.process.pid
                return self.connection_info
        cmd = [*cmd, "--HistoryManager.enabled=False", "--log-level=40"]
        kwargs |= {"cwd": self.cwd, "env": os.environ | SAME | self.env}
        with self.kernels.log.open("ab") as log:
            return await super().launch_kernel(cmd, stderr=log, **kwargs)

    async def kill(self, restart: bool = False) -> None:
        """End it and wait, where Jupyter would look only a tenth of a second later."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(1)


class PromptClient(AsyncKernelClient):
    """Knows at once when a kernel is ready; Jupyter's own waits until it was silent for 0.2 s."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel has answered, and said that it is idle again."""
        patience = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < patience:
            request = self.kernel_info()
            try:
                while True:
                    message = await self.get_iopub_msg(timeout=0.05)
                    if message["parent_header"].get("msg_id") != request:
                        continue
                    if message["content"].get("execution_state") == "idle":
                        break
            except Empty:  # it is not up yet, or does not know yet that we listen
                if not await self.is_alive():
                    raise RuntimeError("the kernel died as it started") from None
                continue
            while (reply := await self.get_shell_msg())["parent_header"]["msg_id"] != request:
                pass  # to a request from before it was up
            self._handle_kernel_info_reply(reply)
            return
        raise RuntimeError(f"the kernel did not answer in {timeout} seconds")


def _run_kernel(connection: str, cwd: str, env: dict[str, str], log: str) -> None:
    """Turn this forked process into a kernel."""
    os.setsid()
    threading.Thread(target=_end_with_refresh, name="refresh", daemon=True).start()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666), 2)
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["ipykernel"]

    from ipykernel.iostream import IOPubThread
    from ipykernel.kernelapp import IPKernelApp

    # A port for what children of the kernel print: there are none, and others could write to it.
    IOPubThread._setup_pipe_in = lambda thread: setattr(thread, "_pipe_flag", False)
    app = IPKernelApp.instance()
    app.initialize(["-f", connection, "--HistoryManager.enabled=False", "--log-level=40"])
    app.start()


def _end_with_refresh() -> None:
    """End this kernel when the refresh that it belongs to has ended."""
    refresh = multiprocessing.parent_process()
    assert refresh is not None
    refresh.join()
    os._exit(1)
