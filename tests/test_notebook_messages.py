"""What a notebook says where it cannot work: the cells that a person runs first, on such runs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from mmmlib.errors import InputError, MMMError, RunError
from mmmlib.model.fit import fit_run
from mmmlib.runs import Run
from tests.fake_run import finish, make_fake_run
from tests.test_notebooks import ROOT

ON_FITS = ["02_model_fit", "03_health", "04_refresh", "05_scenarios"]


def run_cells(notebook: str, run: Run, **parameters: str) -> None:
    """Run the code of a notebook, cell by cell, as on the run that is given."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    space: dict[str, object] = {}
    for cell in cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
            if "parameters" in cell.metadata.get("tags", []):
                assert set(parameters) <= set(space)
                space |= parameters | {"run": str(run.path)}


@pytest.fixture(scope="module")
def blocked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of data that was not ready for a model."""
    return finish(make_fake_run(tmp_path_factory.mktemp("runs"), not_ready=True))


@pytest.mark.parametrize("notebook", ON_FITS)
def test_a_run_whose_data_blocked_is_not_fitted_by_a_notebook(blocked: Run, notebook: str) -> None:
    with pytest.raises(RunError) as told:
        run_cells(notebook, blocked)
    assert "no model was fitted in this run. The data is not ready for a model." in str(told.value)
    assert "Notebook 01 and" in str(told.value)
    assert "--resume" not in str(told.value)
    assert not list(blocked.path.rglob("*.nc"))


@pytest.mark.parametrize("notebook", ["01_readiness", "06_review"])
def test_the_notebooks_that_tell_why_work_on_it(blocked: Run, notebook: str) -> None:
    run_cells(notebook, blocked)


@pytest.mark.parametrize("notebook", ON_FITS[:3])
def test_a_model_that_there_is_not_is_told_with_those_that_there_are(
    tmp_path: Path, notebook: str
) -> None:
    motions = {name: {"column": name} for name in ("self_serve", "sales_assisted")}
    outcomes = {"revenue": {"kind": "revenue", "motions": motions}}
    run = finish(make_fake_run(tmp_path, outcomes=outcomes))
    for asked, hint in (("revenue.self", "Did you mean 'revenue.self_serve'?"), ("revenues", "")):
        with pytest.raises(InputError) as told:
            run_cells(notebook, run, model=asked)
        assert f"the parameters cell: model: found '{asked}'" in str(told.value)
        assert "revenue.self_serve, revenue.sales_assisted" in str(told.value)
        assert hint in str(told.value)
    if notebook != "04_refresh":  # there the sum over motions can be shown
        with pytest.raises(InputError, match="The outcome 'revenue' has the models revenue"):
            run_cells(notebook, run, model="revenue")


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("done", "was lost since"),
        ("running", "wait for its end"),
        ("stopped", "finish it with 'mmm refresh … --resume'"),
    ],
)
def test_what_is_not_there_is_told_by_how_far_the_run_has_come(
    tmp_path: Path, status: str, advice: str
) -> None:
    run = make_fake_run(tmp_path)
    run.write_manifest(run.manifest.model_copy(update={"status": status}))
    run.artefact("models/revenue.pooled/effects.nc").unlink()
    with pytest.raises(RunError) as told:
        run_cells("03_health", run)
    assert "artefacts/models/revenue.pooled/effects.nc is not there" in str(told.value)
    assert advice in str(told.value)


def test_a_run_at_work_is_not_fitted_beside_its_refresh(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path)
    run.exploring = True
    with pytest.raises(MMMError, match="The refresh is at work on it"):
        fit_run(run)
    assert not (run.path / "explore").exists()
