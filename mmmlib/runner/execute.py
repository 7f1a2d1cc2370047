"""Execute one notebook with papermill, and take nothing on trust.

papermill only warns of a parameter that the notebook does not have, reads braces in a
path as format fields, and takes ``sys.exit(0)`` in a cell for success. Each of these is
an error here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.errors import StepError
from mmmlib.notebook_files import read_notebook, skip_iri_grammar

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

ENGINE = "mmm"
UNCHOSEN: dict[str, object] = {"model": "", "parent": "", "refit": False}
"""What the notebooks' other parameters are in a refresh, whatever was saved in the file."""
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute_notebook(
    source: Path,
    target: Path,
    parameters: dict[str, str],
    manager: AsyncKernelManager,
    say: Callable[[str], None] | None = None,
) -> None:
    """Execute a notebook into ``target``, whose folder it runs in, with parameters that it must have.

    ``say`` is called with every line that it prints, while it runs. StepError if it may not be run, or
    stopped; the executed copy then holds the error.
    """
    papermill = _papermill()
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    known = check_notebook(source, parameters)
    # What a person chose and saved in the notebook is no part of a refresh.
    chosen = {name: value for name, value in UNCHOSEN.items() if name in known}
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            _as_format(source),
            _as_format(target),
            chosen | parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            manager=manager,
            stdout_file=_Lines(say) if say else None,
        )
    except PapermillExecutionError as error:
        raise StepError(_what_happened(error)) from error
    except DeadKernelError as error:
        raise StepError("the notebook's process died; see logs/kernels.log in the run.") from error
    _check_executed(target)


class _Lines:
    """A stream that hands on whole lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._rest = ""

    def write(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)

    def flush(self) -> None:
        """Whole lines were handed on already."""


def check_notebook(source: Path, parameters: dict[str, str]) -> set[str]:
    """Refuse a notebook without a parameters cell, or that lacks one of these; return all that it has."""
    papermill = _papermill()
    if not source.is_file():
        raise StepError(f"{source}: the notebook is missing.")
    notebook = read_notebook(source)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise StepError(
            f"{source.name}: found {len(tagged)} cells tagged 'parameters'; expected one."
        )
    known = papermill.inspect_notebook(_as_format(source))
    for name in parameters:
        if name not in known:
            raise StepError(
                f"{source.name}: the parameters cell does not set '{name}'; "
                f"it sets {', '.join(known) or 'nothing'}."
            )
    return set(known)


def _as_format(path: Path) -> str:
    """Write a path so that papermill, which reads braces as format fields, reads it as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


@cache
def _papermill() -> Any:
    """Import papermill and register our engine once."""
    skip_iri_grammar()
    import papermill
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class ForkedEngine(NBClientEngine):
        """Runs a notebook in the kernel of the manager that it is given."""

        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, *, manager: Any, stdout_file: Any, **_: Any
        ) -> Any:
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                kernel_name=kernel_name,
                shutdown_kernel="immediate",
                stdout_file=stdout_file,
                log=logging.getLogger(__name__),
            )
            client.owns_km = True  # so that it ends the kernel when it is done
            return client.execute()

    papermill_engines.register(ENGINE, ForkedEngine)
    # What goes wrong is told by the error that follows.
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    logging.getLogger(__name__).setLevel(logging.CRITICAL)
    return papermill


def _what_happened(error: Any) -> str:
    """Say what stopped a notebook: our own errors by their text, others with their place."""
    text = str(error.evalue).strip()
    if error.ename in _own_errors():
        return text
    frames = [ANSI.sub("", line) for line in error.traceback]
    places = re.findall(r"^File (.+?):(\d+)", "\n".join(frames), flags=re.MULTILINE)
    where = f" ({places[-1][0]}, line {places[-1][1]})" if places else ""
    return f"{error.ename}: {text}{where}"


def _own_errors() -> set[str]:
    from mmmlib import errors

    return {name for name, kind in vars(errors).items() if isinstance(kind, type)}


def _check_executed(target: Path) -> None:
    """Refuse a copy in which a code cell did not run to its end."""
    notebook = read_notebook(target)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        failed = any(output.output_type == "error" for output in cell.outputs)
        if cell.execution_count is None or failed:
            raise StepError(f"{target.name}: cell {number} did not run to its end.")
