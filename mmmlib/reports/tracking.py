"""A finished run in MLflow: parameters, metrics with their ranges, and the pack (extra ``mlflow``).

MLflow is told; nothing is read from it. The run folder stays the record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mmmlib.errors import InputError, RunError
from mmmlib.reports.export import facts_of
from mmmlib.reports.results import Results

LONGEST = 6000
"""Characters of a parameter that MLflow keeps."""
ENDS = ("low", "median", "high")
FILES = ("params.yaml", "policy.yaml", "roles.yaml", "manifest.json")


def log_to_mlflow(results: Results, experiment: str = "", uri: str = "") -> str:
    """Write a run into MLflow, and return MLflow's id of it.

    The experiment is that of the workbook's name, and the tracking server what MLflow's own settings say,
    if they are not given. InputError if MLflow is not installed; RunError if the experiment has this run
    already: it is not logged twice.
    """
    try:
        import mlflow
    except ModuleNotFoundError as error:
        raise InputError.one(
            None,
            "mlflow",
            "no package of this name",
            "MLflow",
            "pip install 'mmm-workbook[mlflow]'.",
        ) from error
    run, manifest = results.run, results.run.manifest
    if uri:
        mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(experiment or manifest.workbook)
    if mlflow.search_runs(filter_string=f"tags.\"mmm.run\" = '{run.name}'", output_format="list"):
        raise RunError(f"{run.name}: found it in MLflow already; expected a run that is not.")
    release = str(results.gates.release) if results.gates else "DRAFT"
    tags = {
        "mmm.run": run.name,
        "mmm.period": manifest.period,
        "mmm.parent": manifest.parent or "",
        "mmm.verdict": manifest.verdict or "",
        "mmm.release": release,
    }
    with mlflow.start_run(run_name=run.name, tags=tags) as started:
        mlflow.log_params(dict(_leaves(results.params.model_dump(mode="json"))))
        mlflow.log_metrics(dict(_metrics(results)))
        for name in FILES:
            if (run.path / name).is_file():
                mlflow.log_artifact(str(run.path / name))
        if (run.path / "pack").is_dir():
            mlflow.log_artifacts(str(run.path / "pack"), "pack")
    return str(started.info.run_id)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Values of the parameters by their keys, ``model.draws``; lists as JSON, what is not set is left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    elif value not in (None, [], ""):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield key, text[:LONGEST]


def _metrics(results: Results) -> Iterator[tuple[str, float]]:
    """Every fact by model, channel or plan, and quantity, with its ends; and every check's number."""
    for row in facts_of(results).to_dict("records"):
        name = "/".join(filter(None, (row["model"], row["plan"], row["channel"], row["quantity"])))
        ends = ENDS if row["low"] == row["low"] else ("median",)
        yield from ((f"{name}/{end}" if len(ends) > 1 else name, row[end]) for end in ends)
    for finding, _ in results.findings():
        if isinstance(finding.value, int | float):
            subject = finding.subject.replace(":", "/")
            yield f"checks/{finding.check}/{subject}", float(finding.value)
