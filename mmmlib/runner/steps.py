"""The steps of a refresh, as data: what each runs, needs and leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mmmlib.params.schema import Params
from mmmlib.provenance import workbook_folder
from mmmlib.runs import Run, sha256_file, sha256_json


@dataclass(frozen=True)
class Step:
    """One step."""

    name: str
    """How manifest, command line and tests call it."""
    needs: tuple[str, ...]
    """Steps that must be over before; their artefacts are this step's inputs."""
    outputs: tuple[str, ...]
    """Files that it leaves, relative to the run; ``{model}`` stands for every model. Each must be there
    afterwards."""
    notebook: str = ""
    """Notebook to execute, relative to the project. Empty for a step that runs in the process of the
    refresh."""
    more_outputs: tuple[str, ...] = ()
    """Patterns of files that it may leave."""
    taken_up: tuple[str, ...] = ()
    """Patterns of files that it may leave, and takes up again where it was cut off: each says what it was
    made from."""
    files_read: tuple[str, ...] = ()
    """Files of the run (patterns) that it reads beside parameters and artefacts."""
    fitting: bool = False
    """It fits models or reads their effects: left out when the data is not ready."""

    @property
    def executed(self) -> str:
        """Where the executed copy goes, relative to the run; empty without a notebook."""
        if not self.notebook:
            return ""
        path = Path(self.notebook)
        folder = "notebooks/reports" if path.parts[0] == "reports" else "notebooks"
        return f"{folder}/{path.name}"

    def files(self, params: Params) -> list[str]:
        """Return the files that must be there when the step is done."""
        files = [self.executed] if self.notebook else []
        for output in self.outputs:
            names = params.model_names if "{model}" in output else ("",)
            files += [output.replace("{model}", name) for name in names]
        return files


def _report(name: str, *needs: str, fitting: bool = True) -> Step:
    return Step(
        name,
        needs=("review", *needs),
        outputs=(),
        notebook=f"reports/{name}.ipynb",
        more_outputs=(f"notebooks/reports/figures/{name}*",),
        fitting=fitting,
    )


REPORTS = (
    _report("contribution_roi"),
    _report("executive_summary"),
    _report("briefing"),
    _report("scenario_pack"),
    _report("health_panel", fitting=False),
    _report("change_log", "model_choice"),
)
STEPS = (
    Step(
        "data",
        needs=(),
        files_read=("taxonomy.yaml",),
        outputs=("artefacts/panel.parquet/_index.json", "artefacts/data.json"),
        more_outputs=(
            "artefacts/panel.parquet/*.parquet",
            "artefacts/taxonomy_moves.parquet",
            "artefacts/revisions.parquet",
            "inputs/*/*",
            "simulated/*",
        ),
    ),
    Step(
        "readiness",
        needs=("data",),
        files_read=("policy.yaml",),
        outputs=("artefacts/readiness.json",),
        notebook="notebooks/01_readiness.ipynb",
    ),
    Step(
        "model_fit",
        needs=("data", "readiness"),
        outputs=(
            "artefacts/models/{model}/posterior.nc",
            "artefacts/models/{model}/effects.nc",
        ),
        more_outputs=("artefacts/models/*/uncalibrated.nc",),
        notebook="notebooks/02_model_fit.ipynb",
        fitting=True,
    ),
    Step(
        "health",
        needs=("data", "model_fit"),
        outputs=("artefacts/models/{model}/health.json",),
        # None of a model whose data cannot be fitted without the last weeks.
        more_outputs=("artefacts/models/*/holdout.nc",),
        notebook="notebooks/03_health.ipynb",
        fitting=True,
    ),
    Step(
        "refresh",
        needs=("data", "model_fit"),
        outputs=("artefacts/refresh.json", "artefacts/restated.parquet"),
        notebook="notebooks/04_refresh.ipynb",
        files_read=("taxonomy.yaml",),
        fitting=True,
    ),
    Step(
        "model_choice",
        needs=("data", "readiness", "model_fit"),
        outputs=("artefacts/model_choice.json",),
        taken_up=("artefacts/candidates/*/*.nc",),
        notebook="notebooks/07_model_choice.ipynb",
        files_read=("plans/*",),
        fitting=True,
    ),
    Step(
        "scenarios",
        needs=("data", "readiness", "model_fit", "health"),
        outputs=("artefacts/scenarios.json", "artefacts/forecast.json"),
        notebook="notebooks/05_scenarios.ipynb",
        files_read=("plans/*",),
        fitting=True,
    ),
    Step(
        "review",
        needs=("data", "readiness", "model_fit", "health", "refresh", "scenarios"),
        outputs=("artefacts/gates.json", "artefacts/agenda.json", "artefacts/follow_up.json"),
        notebook="notebooks/06_review.ipynb",
        files_read=("policy.yaml", "roles.yaml", "taxonomy.yaml", "store.jsonl"),
    ),
    *REPORTS,
    Step(
        "render",
        needs=tuple(report.name for report in REPORTS),
        outputs=("pack/index.html", "pack/health_panel.html", "pack/pack.pdf", "pack/tables.xlsx"),
        more_outputs=("pack/*", "artefacts/rendering.json"),
    ),
)
LEFT_OUT = {"monthly": ("scenarios", "scenario_pack"), "quarterly": ()}
"""Steps that a kind of refresh does without (G1): a monthly one proposes nothing."""
FIT = ("model_fit", "health", "refresh", "model_choice")
"""Steps that fit models, for which the worker pool is started."""


def steps_of(params: Params) -> tuple[Step, ...]:
    """Return the steps of a refresh: without candidates there is no choice of a model."""
    return tuple(step for step in STEPS if params.candidates or step.name != "model_choice")


def steps_left_out(params: Params) -> tuple[str, ...]:
    """Return the steps that this refresh does without: its kind has none, or nothing asks for them."""
    asked = {step.name for step in steps_of(params)}
    return (*LEFT_OUT[params.refresh.kind], *(s.name for s in STEPS if s.name not in asked))


def taking_part(needs: Iterable[str], leaving_out: set[str]) -> list[str]:
    """Return those steps among ``needs`` that are part of this refresh."""
    return [name for name in needs if name not in leaving_out]


def key_of(
    step: Step, run: Run, params: Params, inputs: dict[str, str], outputs: dict[str, str]
) -> str:
    """Hash everything that a step depends on.

    ``inputs`` are hashes of the data set's files, which only the first step reads; ``outputs`` of what the steps
    that it needs have left, by path. Executed notebooks hold times of day, so they count only where they
    are what is read: for the renderer.
    """
    manifest = run.manifest
    notebook = workbook_folder() / step.notebook
    if step.name != "render":
        outputs = {path: sha for path, sha in outputs.items() if path.startswith("artefacts/")}
    return sha256_json(
        {
            "step": step.name,
            "notebook": sha256_file(notebook) if notebook.is_file() else "",
            "params": params.model_dump(mode="json", exclude={"compute"}),
            "files": {
                path.relative_to(run.path).as_posix(): sha256_file(path)
                for pattern in step.files_read
                for path in sorted(run.path.glob(pattern))
                if path.is_file()
            },
            "library": manifest.library,
            "packages": manifest.packages,
            "python": manifest.python,
            "parent": manifest.parent,
            "inputs": inputs if step.name == "data" else {},
            "needs": outputs,
        }
    )


def outputs_of(step: Step, run: Run, params: Params) -> tuple[dict[str, str], list[str]]:
    """Hash what a step has left; also name what is missing."""
    files = step.files(params)
    missing = [name for name in files if not (run.path / name).is_file()]
    found = {name for name in files if name not in missing}
    for pattern in (*step.more_outputs, *step.taken_up):
        found |= {str(path.relative_to(run.path)) for path in run.path.glob(pattern)}
    return {name: sha256_file(run.path / name) for name in sorted(found)}, missing


def remove_outputs(step: Step, run: Run, params: Params) -> None:
    """Remove what an earlier attempt has left, so that it is not taken for the new one's."""
    for name in step.files(params):
        (run.path / name).unlink(missing_ok=True)
    for pattern in step.more_outputs:
        for path in run.path.glob(pattern):
            path.unlink()
