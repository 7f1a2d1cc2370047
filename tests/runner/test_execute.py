"""Notebooks run in forked kernels, and nothing that goes wrong in one passes for success."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mmmlib.errors import StepError
from mmmlib.runner.execute import check_notebook, execute_notebook
from mmmlib.runner.kernels import Kernels

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
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernels]:
    with Kernels({}, tmp_path_factory.mktemp("logs") / "kernels.log") as kernels:
        yield kernels


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


def execute(kernels: Kernels, source: Path, **env: str) -> list[str]:
    """Run and return what every code cell printed."""
    target = source.parent / "run" / "copy.ipynb"
    execute_notebook(source, target, {"run": "r1"}, kernels.manager(target.parent, env))
    cells = nbformat.read(target, as_version=4).cells
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in cells
        if cell.cell_type == "code"
    ]


def test_parameters_folder_and_environment_reach_the_notebook(
    tmp_path: Path, kernels: Kernels
) -> None:
    source = write(tmp_path, "import os; print(run, os.getcwd(), os.environ['MMM_TEST'])")
    assert execute(kernels, source, MMM_TEST="yes")[-1] == f"r1 {tmp_path / 'run'} yes\n"


def test_a_parameter_that_a_person_saved_is_no_part_of_a_refresh(
    tmp_path: Path, kernels: Kernels
) -> None:
    saved = 'run = ""\nparent = "mine"\nrefit = True'
    source = write(tmp_path, "print([run, parent, refit])", parameters=saved)
    assert execute(kernels, source)[-1] == "['r1', '', False]\n"


def test_each_notebook_has_a_process_of_its_own(tmp_path: Path, kernels: Kernels) -> None:
    sources = []
    for name in "ab":
        (tmp_path / name).mkdir()
        sources.append(
            write(tmp_path / name, "import os, json; print(hasattr(json, 'mark')); json.mark = 1")
        )
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda source: execute(kernels, source)[-1], sources))
    assert answers == ["False\n", "False\n"]


def test_an_error_of_ours_is_told_by_its_text_alone(tmp_path: Path, kernels: Kernels) -> None:
    source = write(tmp_path, "from mmmlib.errors import RunError; raise RunError('no such week')")
    with pytest.raises(StepError) as caught:
        execute(kernels, source)
    assert str(caught.value) == "no such week"


def test_any_other_error_is_told_with_its_kind(tmp_path: Path, kernels: Kernels) -> None:
    with pytest.raises(StepError, match="ZeroDivisionError: division by zero"):
        execute(kernels, write(tmp_path, "1 / 0"))
    copy = nbformat.read(tmp_path / "run" / "copy.ipynb", as_version=4)
    assert any(
        output.output_type == "error" for cell in copy.cells for output in cell.get("outputs", [])
    )


def test_leaving_quietly_is_no_success(tmp_path: Path, kernels: Kernels) -> None:
    with pytest.raises(StepError, match="did not run to its end"):
        execute(kernels, write(tmp_path, "import sys; sys.exit(0)", "print('after')"))


def test_a_kernel_that_dies_is_told(tmp_path: Path, kernels: Kernels) -> None:
    with pytest.raises(StepError, match="process died"):
        execute(kernels, write(tmp_path, "import os; os._exit(0)"))


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


def test_braces_in_a_path_are_no_format_fields(tmp_path: Path, kernels: Kernels) -> None:
    folder = tmp_path / "a{b} {run}"
    folder.mkdir()
    assert execute(kernels, write(folder, "print(run)"))[-1] == "r1\n"


def test_lines_are_told_while_the_notebook_runs(tmp_path: Path, kernels: Kernels) -> None:
    source = write(tmp_path, "for k in range(3): print('fit', k, flush=True)")
    lines: list[str] = []
    manager = kernels.manager(tmp_path, {})
    execute_notebook(source, tmp_path / "copy.ipynb", {"run": ""}, manager, lines.append)
    assert lines == ["fit 0", "fit 1", "fit 2"]
