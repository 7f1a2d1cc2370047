"""A run in MLflow: what was asked, what came out with its range, and the pack."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmmlib.cli.app import app
from mmmlib.errors import InputError, RunError
from mmmlib.reports.results import results_of
from mmmlib.reports.tracking import log_to_mlflow
from tests.fake_run import make_fake_run


def test_without_mlflow_it_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match=r"mmm-workbook\[mlflow\]"):
        log_to_mlflow(results_of(make_fake_run(tmp_path)))


@pytest.mark.filterwarnings("ignore::Warning")  # MLflow's own
def test_parameters_metrics_and_pack_are_there_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mlflow = pytest.importorskip("mlflow")
    run = make_fake_run(tmp_path / "runs")
    (run.path / "pack").mkdir()
    (run.path / "pack" / "index.html").write_text("the pack")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = mlflow.MlflowClient(uri)
    client.create_experiment("shop", artifact_location=(tmp_path / "kept").as_uri())
    words = ["mlflow", str(run.path), "--experiment", "shop", "--tracking", uri]
    app(words, standalone_mode=False)
    told = client.get_run(capsys.readouterr().out.split()[-1])
    results = results_of(run)
    search = results.leading.channels[0]
    name = f"{results.leading.name}/{search.channel}/return"
    assert told.data.metrics[f"{name}/low"] == pytest.approx(search.roi.low)
    assert told.data.metrics[f"{name}/high"] == pytest.approx(search.roi.high)
    assert told.data.params["model.draws"] == str(results.params.model.draws)
    assert told.data.tags["mmm.run"] == run.name
    assert next(iter((tmp_path / "kept").rglob("index.html"))).read_text() == "the pack"
    with pytest.raises(RunError, match="already"):
        log_to_mlflow(results, "shop", uri)
