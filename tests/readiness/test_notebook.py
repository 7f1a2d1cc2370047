"""Notebook 01, run as a person or a refresh runs it."""

from __future__ import annotations

import gc
from pathlib import Path

import nbclient
import nbformat
import pytest

from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.runs import Run
from tests.fake_run import make_fake_run

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_readiness.ipynb"


def execute(run: Run) -> str:
    """Run all cells on a run; return all text that they put out."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells[1].source = f"run = {str(run.path)!r}"
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    gc.collect()  # nbclient leaves its event loop open; here nobody minds
    return "\n".join(
        str(output.get("text", "")) + str(output.get("data", {}).get("text/html", ""))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_saves_the_verdict_beside_a_finished_run(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path, nasty_names=True)
    run.write_manifest(run.manifest.model_copy(update={"status": "done"}))
    before = run.artefact("readiness.json").read_bytes()
    text = execute(run)
    assert "READY" in text
    saved = run.path / "explore" / "artefacts" / "readiness.json"
    readiness = Readiness.model_validate_json(saved.read_bytes())
    assert readiness.overall in set(Verdict)
    assert run.artefact("readiness.json").read_bytes() == before
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
