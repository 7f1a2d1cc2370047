"""Notebooks run in forked kernels, and nothing that goes wrong in one passes for success."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mmmlib.errors import StepError
from mmmlib.runner.execute import check_notebook, execute_notebook
from mmmlib.runner.kernels import LATER, LIGHT, ONE_THREAD, Nursery
from tests.processes import MARK, assert_none_live, living

KERNELSPEC = {"name": "python3", "language": "python", "display_name": "Python 3"}

# Jupyter's client leaves its event loop to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what a test left be collected here, where nobody minds, and not in the next file."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery() as nursery:
        nursery.log = tmp_path_factory.mktemp("logs") / "kernels.log"
        yield nursery


def write(folder: Path, *cells: str, parameters: str = 'run = ""', tags: int = 1) -> Path:
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# What?"),
            *[new_code_cell(parameters, metadata={"tags": ["parameters"]}) for _ in range(tags)],
            *[new_code_cell(cell) for cell in cells],
        ],
        metadata={"kernelspec": KERNELSPEC},
    )
    path = folder / "source.ipynb"
    nbformat.write(notebook, path)
    return path


def execute(nursery: Nursery, source: Path, **env: str) -> list[str]:
    """Run and return what every code cell printed."""
    target = source.parent / "run" / "copy.ipynb"
    execute_notebook(source, target, {"run": "r1"}, nursery, env)
    cells = nbformat.read(target, as_version=4).cells
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in cells
        if cell.cell_type == "code"
    ]


def test_parameters_folder_and_environment_reach_the_notebook(
    tmp_path: Path, nursery: Nursery
) -> None:
    source = write(tmp_path, "import os; print(run, os.getcwd(), os.environ['MMM_TEST'])")
    assert execute(nursery, source, MMM_TEST="yes")[-1] == f"r1 {tmp_path / 'run'} yes\n"


def test_kernels_do_not_differ_by_chance_or_screen(tmp_path: Path, nursery: Nursery) -> None:
    source = write(
        tmp_path,
        "import sys, matplotlib; print(sys.flags.hash_randomization, matplotlib.get_backend())",
    )
    assert execute(nursery, source)[-1] == "0 agg\n"


def test_a_nursery_that_has_ended_says_so(tmp_path: Path) -> None:
    with Nursery() as ended:
        ended._process.kill()
        with pytest.raises(RuntimeError, match="has ended: it does not say why"):
            ended.fork(str(tmp_path / "k.json"), str(tmp_path), {})


def test_each_notebook_has_a_process_of_its_own(tmp_path: Path, nursery: Nursery) -> None:
    sources = []
    for name in "ab":
        (tmp_path / name).mkdir()
        sources.append(
            write(tmp_path / name, "import os, json; print(hasattr(json, 'mark')); json.mark = 1")
        )
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda source: execute(nursery, source)[-1], sources))
    assert answers == ["False\n", "False\n"]


def test_an_error_of_ours_is_told_by_its_text_alone(tmp_path: Path, nursery: Nursery) -> None:
    source = write(tmp_path, "from mmmlib.errors import RunError; raise RunError('no such week')")
    with pytest.raises(StepError) as caught:
        execute(nursery, source)
    assert str(caught.value) == "no such week"


def test_any_other_error_is_told_with_its_kind(tmp_path: Path, nursery: Nursery) -> None:
    with pytest.raises(StepError, match="ZeroDivisionError: division by zero"):
        execute(nursery, write(tmp_path, "1 / 0"))
    copy = nbformat.read(tmp_path / "run" / "copy.ipynb", as_version=4)
    assert any(
        output.output_type == "error" for cell in copy.cells for output in cell.get("outputs", [])
    )


def test_leaving_quietly_is_no_success(tmp_path: Path, nursery: Nursery) -> None:
    with pytest.raises(StepError, match="did not run to its end"):
        execute(nursery, write(tmp_path, "import sys; sys.exit(0)", "print('after')"))


def test_a_kernel_that_dies_is_told(tmp_path: Path, nursery: Nursery) -> None:
    with pytest.raises(StepError, match="process died"):
        execute(nursery, write(tmp_path, "import os; os._exit(0)"))


@pytest.mark.parametrize(
    ("parameters", "tags", "message"),
    [
        ("other = 1", 1, "does not set 'run'; it sets other"),
        ('run = ""', 0, "found 0 cells tagged 'parameters'; expected one"),
        ('run = ""', 2, "found 2 cells tagged 'parameters'; expected one"),
    ],
)
def test_parameters_must_have_their_place(
    tmp_path: Path, parameters: str, tags: int, message: str
) -> None:
    with pytest.raises(StepError, match=message):
        check_notebook(write(tmp_path, parameters=parameters, tags=tags), {"run": "x"})


def test_missing_notebook(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="the notebook is missing"):
        check_notebook(tmp_path / "none.ipynb", {})


def test_braces_in_a_path_are_no_format_fields(tmp_path: Path, nursery: Nursery) -> None:
    folder = tmp_path / "a{b} {run}"
    folder.mkdir()
    assert execute(nursery, write(folder, "print(run)"))[-1] == "r1\n"


def test_lines_are_told_while_the_notebook_runs(tmp_path: Path, nursery: Nursery) -> None:
    source = write(tmp_path, "for k in range(3): print('fit', k, flush=True)")
    told: list[str] = []
    execute_notebook(source, tmp_path / "copy.ipynb", {"run": ""}, nursery, {}, told.append)
    assert told == ["fit 0", "fit 1", "fit 2"]


def test_modules_to_import_ahead_exist() -> None:
    for name in (*LIGHT, *LATER):
        assert importlib.util.find_spec(name), name


def test_no_kernel_outlives_a_killed_refresh(tmp_path: Path) -> None:
    """The process that started them is killed outright; nursery and kernel must go."""
    source = write(tmp_path, "print('at work', flush=True)", "import time; time.sleep(600)")
    code = f"""
from pathlib import Path
from mmmlib.runner.execute import execute_notebook
from mmmlib.runner.kernels import Nursery
execute_notebook(Path({str(source)!r}), Path({str(tmp_path / "copy.ipynb")!r}), {{"run": ""}},
                 Nursery(), {{}},
                 lambda line: print(line, flush=True))
"""
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | {MARK: mark}
    ) as refresh:
        assert refresh.stdout is not None and refresh.stdout.readline() == b"at work\n"
        assert len(living(mark)) == 3
        refresh.send_signal(signal.SIGKILL)
    assert_none_live(mark)


def asked_for_a_kernel(folder: Path) -> bytes:
    """Return what asks the nursery for a kernel."""
    names = ("shell", "iopub", "stdin", "control", "hb")
    ports = {f"{name}_port": number for number, name in enumerate(names, start=1)}
    place = {"transport": "ipc", "ip": str(folder / "k"), "kernel_name": "python3"}
    signed = {"key": "k", "signature_scheme": "hmac-sha256"}
    connection = folder / "k.json"
    connection.write_text(json.dumps(ports | place | signed))
    log = str(folder / "log")
    request = {"connection": str(connection), "cwd": str(folder), "env": {}, "log": log}
    return json.dumps(request).encode() + b"\n"


def test_no_kernel_outlives_a_refresh_killed_as_it_asks_for_one(tmp_path: Path) -> None:
    """Nobody hears the nursery's answer, and the kernel has no group of its own yet."""
    mark = uuid.uuid4().hex
    nursery = start_nursery(mark)
    nursery.stdout.close()
    nursery.stdin.write(asked_for_a_kernel(tmp_path))
    nursery.stdin.close()
    assert nursery.wait(60) == 0
    assert_none_live(mark)


def test_a_kernel_outlives_the_nursery_but_not_the_refresh(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    nursery = start_nursery(mark)
    with nursery.stdin, nursery.stdout:
        assert json.loads(nursery.stdout.readline()) == {"ready": True}
        nursery.stdin.write(asked_for_a_kernel(tmp_path))
        kernel = json.loads(nursery.stdout.readline())["pid"]
        nursery.kill()
        nursery.wait()
        time.sleep(2)
        assert list(living(mark)) == [kernel]
    assert_none_live(mark)


def start_nursery(mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mmmlib.runner.kernels"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=os.environ | ONE_THREAD | {MARK: mark},
    )
