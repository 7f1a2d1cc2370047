"""The wheel, installed into an empty environment, lays out a workbook and refreshes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.small import ROOT, write_workbook

UV = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

pytestmark = pytest.mark.slow


def run(folder: Path, *words: str | Path) -> str:
    """Run a command without what belongs to this checkout and its environment."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("UV_PROJECT")}
    keep.pop("VIRTUAL_ENV", None)
    answer = subprocess.run(
        [*map(str, words)], cwd=folder, env=keep, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def take_bytecode(here: Path, there: Path) -> None:
    """Copy what is compiled of other packages: Python takes it where the source is the same file.

    Compiling it again takes long, and says nothing about the wheel.
    """
    for compiled in here.rglob("__pycache__"):
        to = there / compiled.relative_to(here)
        if to.parent.is_dir():
            shutil.copytree(compiled, to, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed ``mmm``; other packages are those of the lock file."""
    assert UV, "uv is in the environment that 'make test' builds"
    folder = tmp_path_factory.mktemp("wheel")
    run(ROOT, UV, "build", "-q", "--wheel", "--out-dir", folder, "--python", sys.executable)
    locked = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes")
    run(ROOT, UV, "export", "-q", *locked, "--output-file", folder / "locked.txt")
    run(folder, UV, "venv", "-q", "env", "--python", sys.executable)
    (wheel,) = folder.glob("*.whl")
    python = folder / "env" / "bin" / "python"
    run(folder, UV, "pip", "install", "-q", "--python", python, "-c", "locked.txt", wheel)
    here = Path(sysconfig.get_path("purelib"))
    take_bytecode(here, folder / "env" / here.relative_to(sys.prefix))
    return folder / "env" / "bin" / "mmm"


def test_init_and_refresh_from_the_wheel(command: Path, tmp_path: Path) -> None:
    run(tmp_path, command, "init", "shop")
    workbook = tmp_path / "shop"
    own = write_workbook(tmp_path / "own")  # data and parameters of a team
    shutil.copy(own, workbook / "params" / "own.yaml")
    run(workbook, command, "check", "params/own.yaml")
    made = Path(run(workbook, command, "refresh", "params/own.yaml").splitlines()[-1])
    assert made.parent == workbook / "runs"
    assert (made / "pack" / "index.html").is_file()
    assert "as released" in run(workbook, command, "upgrade")
