"""Environments of the peers: installed once, each in a folder of its own that git ignores."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
"""Peers, cases and results that can be made again."""


@dataclass(frozen=True)
class Engine:
    """A package that fits the cases.

    Parameters
    ----------
    title
        As the table calls it.
    script
        What fits with it, in ``engines/``.
    wants
        What is installed for it; nothing for this project.
    tells
        Packages whose version is told.
    """

    title: str
    script: str
    wants: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


WORKBOOK = "workbook"
ENGINES = {
    WORKBOOK: Engine("workbook", "run_workbook.py", (), ("pymc", "nutpie", "numba")),
    "pymc-marketing": Engine(
        "PyMC-Marketing",
        "run_pymc_marketing.py",
        ("pymc-marketing", "nutpie"),
        ("pymc-marketing", "pymc", "nutpie"),
    ),
    "meridian": Engine(
        "Meridian", "run_meridian.py", ("google-meridian",), ("google-meridian", "jax")
    ),
}


class NotInstalledError(Exception):
    """A peer cannot be had here; the message says why."""


def python_of(name: str) -> Path:
    """Return the interpreter that runs an engine; installs a peer the first time.

    Raises
    ------
    NotInstalledError
        With the last line of what the installer said.
    """
    engine = ENGINES[name]
    if not engine.wants:
        return Path(sys.executable)
    folder = CACHE / "peers" / name
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    for words in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [*install, *engine.wants],
    ):
        try:
            subprocess.run(words, check=True, env=own, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise NotInstalledError(f"uv is not on this machine ({error})") from error
        except subprocess.CalledProcessError as error:
            last = (error.stderr or "no reason given").strip().splitlines()[-1]
            raise NotInstalledError(f"{' '.join(engine.wants)}: {last}") from error
    (folder / "ready").touch()
    return python


def versions_of(name: str) -> dict[str, str]:
    """Return the versions that an engine's environment holds."""
    code = (
        "import importlib.metadata, json, sys;"
        "print(json.dumps({n: importlib.metadata.version(n) for n in sys.argv[1:]}))"
    )
    words = [str(python_of(name)), "-c", code, *ENGINES[name].tells]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
