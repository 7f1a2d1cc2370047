from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mmmlib.cli.app import app
from mmmlib.data.panel.panel import Panel
from mmmlib.errors import RunError
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.params import Params
from mmmlib.refresh import reproduce as module
from mmmlib.refresh.reproduce import recreate_run
from mmmlib.runs import Run
from tests.refresh.test_compare import make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make(tmp_path / "runs")


def refitted(
    monkeypatch: pytest.MonkeyPatch, run: Run, factor: float = 1.0, draws: int = 100
) -> None:
    def fit_each(
        panel: Panel, params: Params, requests: Sequence[FitRequest], *_: Any
    ) -> Iterator[Fit]:
        for request in requests:
            effects = run.load_dataset(f"models/{request.model}/effects.nc").isel(draw=slice(draws))
            for name in ("contribution", "spend_effect"):
                effects[name] = factor * effects[name]
            yield Fit(request, None, effects, (0.0, 0.0, 0.0))  # type: ignore[arg-type]

    monkeypatch.setattr(module, "fit_each", fit_each)
    monkeypatch.setattr(module, "carried_scales", lambda *_: None)


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({}, "same"),
        ({"draws": 60}, "same within sampling error"),
        ({"factor": 1.5}, "different"),
    ],
)
def test_a_run_is_recreated_or_not(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], verdict: str
) -> None:
    refitted(monkeypatch, run, **options)
    found = recreate_run(run)
    assert found.verdict == verdict
    assert set(found.numbers) == {"revenue.pooled", "signups.pooled"}
    done = CliRunner().invoke(app, ["reproduce", str(run.path)])
    assert done.exit_code == (verdict == "different")
    if verdict != "different":
        assert done.output.strip().endswith(verdict)


def test_a_changed_environment_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refitted(monkeypatch, run)
    packages = {"numpy": "0.1"}
    run.write_manifest(run.manifest.model_copy(update={"packages": packages}))
    told = "; ".join(recreate_run(run).lines())
    assert "The software is not what it was" in told
    assert "numpy: 0.1 then" in told


def test_a_run_that_was_altered_or_is_not_finished_is_not_recreated(run: Run) -> None:
    manifest = run.manifest
    files = {"params.json": "0" * 64}
    run.write_manifest(manifest.model_copy(update={"files": files}))
    with pytest.raises(RunError, match=r"params.json is altered"):
        recreate_run(run)
    run.write_manifest(manifest.model_copy(update={"status": "stopped"}))
    with pytest.raises(RunError, match="stopped"):
        recreate_run(run)
