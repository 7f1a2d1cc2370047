"""Recreate a run from its folder alone (H4): the panel, parameters, scales and seeds that it kept.

Beside the numbers stands what differs of the software, since the same seed gives the same draws only
where code and packages are the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import RunError
from mmmlib.model.effects import effects_of
from mmmlib.model.fit import fit_each
from mmmlib.model.inputs import carried_scales
from mmmlib.model.one_fit import FitRequest, Progress
from mmmlib.params.load import params_of
from mmmlib.provenance import code_facts
from mmmlib.refresh.changes import code_changes
from mmmlib.refresh.comparison import ParameterChange
from mmmlib.refresh.reproduction import Recreated, Verdict, recreated_numbers
from mmmlib.runs import Run
from mmmlib.verify import refuse_altered

__all__ = ["Reproduction", "recreate_run"]

WORST_FIRST: tuple[Verdict, ...] = ("different", "same within sampling error", "same")


@dataclass(frozen=True)
class Reproduction:
    """A run beside itself, made again.

    Parameters
    ----------
    numbers
        Every number of every model, beside the recreated one.
    software
        What differs between the software of then and that of now.
    """

    numbers: dict[str, tuple[Recreated, ...]]
    software: tuple[ParameterChange, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all numbers; different where nothing could be held against anything."""
        found = {one.verdict for numbers in self.numbers.values() for one in numbers}
        return next((verdict for verdict in WORST_FIRST if verdict in found), "different")

    def lines(self) -> list[str]:
        """Say it in lines: each model's numbers, counted, with those that differ; the software."""
        lines = []
        for model, numbers in self.numbers.items():
            counts = Counter(one.verdict for one in numbers)
            found = [f"{counts[verdict]} {verdict}" for verdict in WORST_FIRST if counts[verdict]]
            lines.append(f"{model}: {', '.join(found) or 'nothing to compare'}")
            lines += [
                f"  {one.channel}, {one.quantity}: {one.before:.4g} then, {one.after:.4g} made again "
                f"(a factor of {one.factor:.3g}; sampling explains {one.limit:.3g})"
                for one in numbers
                if one.verdict == "different"
            ]
        if self.software:
            lines.append("The software is not what it was:")
            lines += [f"  {one.key}: {one.before} then, {one.after} now" for one in self.software]
        else:
            lines.append("Library, Python and packages are those of then.")
        return lines


def recreate_run(run: Run, progress: Progress | None = None) -> Reproduction:
    """Fit every model of a run again, as it was fitted, and hold the results against its own.

    Nothing is written into the run.

    Parameters
    ----------
    run
        A finished run.
    progress
        See :data:`mmmlib.model.one_fit.Progress`.

    Returns
    -------
    Reproduction
        Returns, contributions and half-lives of every model: same, same within sampling error, or
        different.

    Raises
    ------
    RunError
        If the run is not finished, fitted no model, or is not as its refresh left it.

    Examples
    --------
    ::

        recreate_run(open_run()).verdict
    """
    manifest = run.manifest
    if manifest.status != "done" or manifest.left_out:
        raise RunError(manifest.why_missing("what to recreate"))
    refuse_altered(run)
    params, panel = params_of(run), panel_of(run)
    effects = {model: effects_of(run, model) for model in params.model_names}
    scales = {model: carried_scales(one, panel, params) for model, one in effects.items()}
    known = {model: one for model, one in scales.items() if one is not None}
    requests = [FitRequest(model) for model in params.model_names]
    made = {
        fit.request.model: fit.effects for fit in fit_each(panel, params, requests, progress, known)
    }
    now = manifest.model_copy(update=code_facts())
    return Reproduction(
        {model: tuple(recreated_numbers(effects[model], made[model])) for model in effects},
        tuple(code_changes(manifest, now)),
    )
