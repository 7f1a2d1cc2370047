"""A real PostgreSQL for tests, from the system's packages; where there is none, tests skip."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    if not found and here is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt install postgresql)")
    return found[-1].parent if found else Path(str(here)).parent


def _as_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: some other user has to be there."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and no other user is here")


@contextmanager
def postgres_server() -> Iterator[dict[str, str]]:
    """A server on loopback with a password; yields what the environment has to hold."""
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    programs = _programs()
    # Not below a folder that only its own user may enter, as pytest's and a refresh's are.
    with tempfile.TemporaryDirectory(prefix="mmm-pg-", dir="/tmp") as scratch:
        folder = Path(scratch)
        who = _as_user(folder)
        folder.chmod(0o755)
        secret = folder / "secret"
        secret.write_text("p@ss/word")
        secret.chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        data = folder / "base"
        options: dict[str, Any] = {"capture_output": True, "cwd": "/", **who}
        made = [programs / "initdb", "-D", data, "-U", "mmm", "-A", "scram-sha-256"]
        try:
            subprocess.run([*made, f"--pwfile={secret}", "--no-sync"], check=True, **options)
        except (subprocess.CalledProcessError, PermissionError) as error:
            pytest.skip(f"PostgreSQL cannot be set up here: {error}")
        words = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -F"
        control = [programs / "pg_ctl", "-D", data, "-w"]
        log = ["-l", folder / "base" / "log", "-o", words]
        subprocess.run(
            [*control, *log, "start"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who
        )
        try:
            yield {"PG_PORT": port, "PG_SECRET": "p@ss/word"}
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **options)
