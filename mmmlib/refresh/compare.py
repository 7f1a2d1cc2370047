"""The comparison with the parent run, put together (H3)."""

from __future__ import annotations

import pandas as pd

from mmmlib.data.panel.panel import Panel, panel_file, panel_of
from mmmlib.errors import MMMError, RunError
from mmmlib.findings import Finding, Level, at_least, checks_of, judge, not_run
from mmmlib.model.effects import effects_of, parts_of
from mmmlib.params.limits import ComparisonParams
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.refresh.causes import Changes, explained_channels
from mmmlib.refresh.changes import (
    code_changes,
    code_finding,
    parameter_changes,
    parameter_findings,
    parameters_of,
)
from mmmlib.refresh.comparison import Comparison, Movement, in_order
from mmmlib.refresh.data_changes import CELLS, data_changes, restated_cells, restated_findings
from mmmlib.refresh.drift import detail_finding, movement_findings, rank_finding
from mmmlib.refresh.lift_changes import lift_change_findings, lift_changes
from mmmlib.refresh.movement import channel_movements, common_weeks, detail_movements
from mmmlib.refresh.parent import doubts_of, why_alone
from mmmlib.refresh.structure import structure_findings
from mmmlib.runs import Run
from mmmlib.verify import altered_files

NOTHING_IN_COMMON = (
    "Read this refresh as a first one: its numbers stand alone. 'refresh.parent: none' says that "
    "it is meant."
)
"""What to do where two refreshes have nothing that could be compared."""

__all__ = ["compare_refreshes", "restated_values"]

UNREADABLE = (MMMError, OSError, ValueError, KeyError, TypeError)
"""What reading a damaged run can raise."""


def compare_refreshes(run: Run, parent: Run | str | None) -> Comparison:
    """Compare a run with its parent on the weeks that both fitted.

    Parameters
    ----------
    run
        With its panel and the effects of its models.
    parent
        The other run or its id, as ``run.manifest.parent`` has it; None where there is
        none to compare with.

    Returns
    -------
    Comparison
        Movements with the largest first, changes of data, parameters and software,
        and findings: at least one for each of :func:`mmmlib.refresh.required_checks`.
        Where the parent is missing or damaged, every finding says that it was not
        run, and blocks. Where there is no parent, or it cannot be read, ``reason`` says so.

    Raises
    ------
    RunError
        If no model was fitted in this run.

    Examples
    --------
    ::

        run = open_run()
        comparison = compare_refreshes(run, run.manifest.parent)
    """
    if run.manifest.left_out:
        raise RunError(run.manifest.why_missing("what to compare"))
    if parent is None:
        return _alone(run)
    name = parent if isinstance(parent, str) else parent.name
    try:
        other = Run(run.runs_dir / parent, exploring=True) if isinstance(parent, str) else parent
        panel, parameters = _read_parent(other)
    except UNREADABLE as error:
        return Comparison(
            parent=name,
            reason=f"The last refresh, {name}, cannot be read, so it is not known what changed.",
            findings=_not_compared(name, _first_line(error)),
        )
    return _compare(run, other, panel, parameters)


def restated_values(run: Run, comparison: Comparison) -> pd.DataFrame:
    """List every restated value behind a comparison, see ``restated_cells``.

    Empty on a first refresh and where nothing was restated.

    Parameters
    ----------
    run
        The run that was compared.
    comparison
        What :func:`compare_refreshes` found.

    Returns
    -------
    pandas.DataFrame
        One row per value: series, region, week, the value then and now.

    Examples
    --------
    ::

        comparison = compare_refreshes(run, run.manifest.parent)
        restated_values(run, comparison)
    """
    if not any(change.kind == "restated" for change in comparison.data_changes):
        return pd.DataFrame(columns=CELLS)
    parent = Run(run.runs_dir / str(comparison.parent), exploring=True)
    return restated_cells(panel_of(parent), panel_of(run))


def _compare(run: Run, parent: Run, before: Panel, old_parameters: dict[str, object]) -> Comparison:
    params = params_of(run)
    limits = params.comparison
    after = panel_of(run)
    changed_data = data_changes(before, after)
    parameters = parameters_of(run)
    changed_parameters = parameter_changes(old_parameters, parameters)
    changed_code = code_changes(parent.manifest, run.manifest)
    changed_lifts = lift_changes(before, after)
    changed = {change.test for change in changed_lifts}
    lifts = [*before.lift_tests, *after.lift_tests]
    changes = Changes(
        before=old_parameters,
        after=parameters,
        parameters=changed_parameters,
        data=changed_data,
        tested=frozenset(lift.model for lift in lifts if lift.name in changed),
    )
    findings = [_has_parent(run, parent, params), *structure_findings(before, after)]
    moved: list[Movement] = []
    details: list[Movement] = []
    windows: dict[str, pd.DatetimeIndex] = {}
    for model in params.views:
        if not _same_parts(model, params.parts_of(model), before.names("outcome")):
            continue  # an outcome or motion that is new or gone; the structure finding says so
        found, behind, weeks, judged = _compare_model(run, parent, model, limits, changes)
        moved += found
        details += behind
        findings += judged
        if weeks is not None:
            windows[model] = weeks
    if not any(finding.check == "refresh.movement" for finding in findings):
        why = "The two refreshes have no model in common."
        findings += _model_not_compared("workbook", why, Level.WARN)
    findings += restated_findings(changed_data, limits)
    findings += parameter_findings(changed_parameters)
    findings += lift_change_findings(changed_lifts)
    findings.append(code_finding(changed_code))
    window = windows.get(params.primary, next(iter(windows.values()), pd.DatetimeIndex([])))
    return Comparison(
        parent=parent.name,
        first_week=window[0].date() if len(window) else None,
        last_week=window[-1].date() if len(window) else None,
        weeks=len(window),
        movements=tuple(moved),
        details=tuple(details),
        data_changes=tuple(changed_data),
        parameter_changes=tuple(changed_parameters),
        lift_changes=tuple(changed_lifts),
        code_changes=tuple(changed_code),
        findings=in_order(findings),
    )


def _compare_model(
    run: Run, parent: Run, model: str, limits: ComparisonParams, changes: Changes
) -> tuple[list[Movement], list[Movement], pd.DatetimeIndex | None, list[Finding]]:
    """Return a model's movements, what lies behind them, the common window, and findings on it."""
    try:
        parts = parts_of(parent, model)
        altered = altered_files(parent, [f"artefacts/models/{part}/effects.nc" for part in parts])
        if altered:
            return [], [], None, _model_not_compared(model, _damage(parent, altered))
        before = effects_of(parent, model)
    except UNREADABLE as error:
        return [], [], None, _model_not_compared(model, _first_line(error))
    after = effects_of(run, model)
    weeks = common_weeks(before, after)
    window, found = _window(model, weeks, limits), []
    unit, then = (one.attrs["return_unit"] for one in (after, before))
    if window.level is Level.BLOCK:
        why = "There are too few weeks that both refreshes fitted."
    elif then != unit:
        why = f"Returns are in {unit}, and were in {then}."
    else:
        why = "The two refreshes have no channel in common."
        found = channel_movements(before, after, weeks, limits)
    if not found:
        return [], [], weeks, [window, *_model_not_compared(model, why, Level.WARN)[1:]]
    channels = {movement.channel for movement in found}
    explained = explained_channels(changes, parts_of(run, model), channels, weeks, limits)
    judged = movement_findings(found, limits, explained=explained)
    label = params_of(run).channel_label
    behind = detail_movements(before, after, weeks, limits)
    judged += [rank_finding(model, found, label), detail_finding(model, behind, label)]
    return found, behind, weeks, [window, *judged]


def _same_parts(model: str, parts: tuple[str, ...], before: list[str]) -> bool:
    """Say whether a model, or the sum over an outcome's motions, is of the same parts as before."""
    if model in parts:
        return model in before
    return set(parts) == {name for name in before if name.startswith(f"{model}.")}


def _read_parent(parent: Run) -> tuple[Panel, dict[str, object]]:
    altered = altered_files(parent, [f"artefacts/{panel_file(parent)}", "params.json"])
    if altered:
        raise RunError(_damage(parent, altered))
    return panel_of(parent), parameters_of(parent)


def _damage(parent: Run, altered: dict[str, str]) -> str:
    name, fault = next(iter(altered.items()))
    return f"{name} of {parent.name} is {fault}."


def _window(model: str, weeks: pd.DatetimeIndex, limits: ComparisonParams) -> Finding:
    span = f", {weeks[0].date()} to {weeks[-1].date()}" if len(weeks) else ""
    return at_least(
        "refresh.common_window",
        model,
        len(weeks),
        limits.min_common_weeks,
        f"Both refreshes fitted {len(weeks)} weeks{span} (at least {limits.min_common_weeks}).",
    )


def _alone(run: Run) -> Comparison:
    """Return the comparison of a run without a parent: it says why there is none."""
    reason, expected = why_alone(run)
    finding = judge(
        "refresh.parent",
        "workbook",
        passed=expected,
        case="" if expected else "none",
        message=reason,
    )
    return Comparison(parent=None, reason=reason, findings=(finding,))


def _has_parent(run: Run, parent: Run, params: Params) -> Finding:
    doubts = doubts_of(parent, params)
    chosen = run.manifest.parent_reason if parent.name == run.manifest.parent else ""
    which = f", which {' and '.join(doubts)}" if doubts else ""
    return judge(
        "refresh.parent",
        "workbook",
        passed=not doubts,
        case="doubted" if doubts else "",
        value=parent.name,
        message=f"Compared with {parent.name}{which}. {chosen}".strip(),
    )


def _not_compared(parent: str, why: str) -> tuple[Finding, ...]:
    action = f"Restore {parent}, or name another run in refresh.parent."
    return tuple(
        not_run(check, "workbook", f"The last refresh cannot be read: {why}", action=action)
        for check in checks_of("refresh")
    )


def _model_not_compared(model: str, why: str, level: Level = Level.BLOCK) -> list[Finding]:
    """Say that a model was not compared; only a warning where there is nothing to be compared."""
    checks = (
        "refresh.common_window",
        "refresh.movement",
        "refresh.range",
        "refresh.rank",
        "refresh.details",
    )
    action = "" if level is Level.BLOCK else NOTHING_IN_COMMON
    return [not_run(check, model, why, level=level, action=action) for check in checks]


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
