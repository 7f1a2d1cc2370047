"""What another account of the machine can do to a refresh that runs: nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.processes import assert_none_live, living
from tests.runner.test_resume import PATIENCE, Refresh

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into /proc"),
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be another"),
]

NEIGHBOUR = """
import encodings.idna, json, os, socket, ssl, sys  # all of it, as another may not read here
tcp, unix, processes = json.loads(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
answers = {}

def ask(what, attempt):
    try:
        answers[what] = attempt()
    except OSError as error:
        answers[what] = type(error).__name__

def plain(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        said = line.recv(100)
        return "nothing" if said[:1] in (b"", b"\\x15") else repr(said)  # 21: an alert of TLS

def encrypted(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        with context.wrap_socket(line) as safe:
            return repr(safe.recv(100))

def local(path):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\\0" + path[1:] if path.startswith("@") else path)
        return "connected"

for port in tcp:
    ask(f"plain {port}", lambda: plain(port))
    ask(f"encrypted {port}", lambda: encrypted(port))
for path in unix:
    ask(f"local {path}", lambda: local(path))
for process in processes:
    ask(f"environment {process}", lambda: open(f"/proc/{process}/environ").read())
print(json.dumps(answers))
"""


def listening(mark: str) -> tuple[list[int], list[str]]:
    """Ports and paths on which the marked processes listen."""
    held = set()
    for process in living(mark):
        for file in Path(f"/proc/{process}/fd").glob("*"):
            try:
                held.add(str(file.readlink()))
            except OSError:  # it was closed while we looked
                continue
    ports, paths = [], []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in held:
                ports.append(int(words[1].split(":")[1], 16))
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == "00010000" and len(words) > 7 and f"socket:[{words[6]}]" in held:
            paths.append(words[7])
    return ports, paths


def test_another_account_gets_nowhere(
    small_workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a killed refresh leaves nothing where temporary files are."""
    temporary = Path(tempfile.mkdtemp(dir="/tmp"))  # short: it is to have sockets in it
    monkeypatch.setenv("TMPDIR", str(temporary))
    refresh = Refresh(small_workbook, tmp_path / "runs")
    deadline = time.monotonic() + PATIENCE
    try:
        while True:  # scheduler, nanny and worker are there, and a kernel
            ports, paths = listening(refresh.mark)
            if len(ports) >= 3 and any(path.endswith("-ipc-1") for path in paths):
                break
            assert refresh.process.poll() is None, "it ended before the pool was there"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        told = json.dumps([ports, paths, list(living(refresh.mark))])
        answer = subprocess.run(
            [sys.executable, "-c", NEIGHBOUR, told], capture_output=True, text=True, check=False
        )
    finally:
        refresh.end(signal.SIGKILL)
    assert_none_live(refresh.mark)
    temporary.rmdir()
    assert answer.returncode == 0, answer.stderr
    answers = json.loads(answer.stdout)
    expected = {
        "plain": {"nothing", "ConnectionResetError"},
        "encrypted": {"SSLError", "ConnectionResetError"},
        "local": {"PermissionError"},
        "environment": {"PermissionError", "FileNotFoundError", "ProcessLookupError"},
    }
    wrong = {what: said for what, said in answers.items() if said not in expected[what.split()[0]]}
    assert not wrong
    assert len(answers) >= 2 * len(ports) + len(paths) > 6
