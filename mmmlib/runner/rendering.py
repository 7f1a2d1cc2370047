"""The pack of a finished run, rendered again from what the run has kept."""

from __future__ import annotations

from mmmlib.errors import RunError
from mmmlib.params.load import params_of
from mmmlib.reports.documents import EXECUTED
from mmmlib.reports.render import render_pack
from mmmlib.runner.lifecycle import locked
from mmmlib.runner.steps import STEPS, outputs_of
from mmmlib.runs import Run
from mmmlib.verify import MANIFEST, altered_files


def render_again(run: Run) -> None:
    """Render the pack of a finished run: the same documents, and nothing else of it is touched.

    The record is told the hashes of the new files, which differ where another renderer, or another version
    of one, has made them. RunError if the run is not finished, what its pack says was altered since, or
    another process is at work on it; RenderError if a renderer failed: the pack that was there stays.
    """
    status = run.manifest.status
    if status != "done":
        raise RunError(
            f"{run.name}: the run is {status}, and only the pack of a finished one is rendered "
            f"again. Finish it with 'mmm refresh … --resume'."
        )
    with locked(run):
        altered = [
            name
            for name in altered_files(run)
            if name == MANIFEST or name.startswith(f"{EXECUTED}/")
        ]
        if altered:
            raise RunError(
                f"{run.name}: {', '.join(altered)} is not as its refresh left it, so a pack of it "
                f"would be none of this run. Restore it, or make the refresh again."
            )
        run.exploring = False
        try:
            render_pack(run)
            manifest = run.manifest
            (step,) = [step for step in STEPS if step.name == "render"]
            (record,) = [record for record in manifest.steps if record.name == step.name]
            record.outputs, _ = outputs_of(step, run, params_of(run))
            run.write_manifest(manifest)
        finally:
            run.exploring = True
