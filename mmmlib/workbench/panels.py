"""The panel of a changed specification: cut from the run's where it can be, read anew where not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd

from mmmlib.data.contract.declared_series import declared_series
from mmmlib.data.naming.taxonomy import read_taxonomy
from mmmlib.data.panel.build import build_panel, measured_days
from mmmlib.data.panel.grid import WEEK
from mmmlib.data.panel.lift_grid import Lift
from mmmlib.data.panel.lift_tests import Declared, lifts_of
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.files import data_folder
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.weekly import share_of_week
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.runs import Run

TAXONOMY = "taxonomy.yaml"
type Days = tuple[dt.date | None, dt.date | None]


def panel_for(run: Run, panel: Panel, was: Params, params: Params) -> tuple[Panel, bool]:
    """Return the panel that changed parameters ask for, beside the run's panel and what it ``was`` asked by.

    Also whether the sources were read anew for it: they may tell otherwise today than the run saw them.
    InputError if a series is not in the sources, no week is left, or a lift test does not fit the data.
    """
    if _cannot_be_cut(panel, was, params):
        taxonomy = run.path / TAXONOMY
        known = read_taxonomy(taxonomy) if params.data.taxonomy else None
        return build_panel(params, data_folder(params), known), True
    panel = _windowed(panel, params)
    names = [
        one.series for one in declared_series(params) if one.role not in ("value", "population")
    ]
    names += [f"event:{name}" for name, event in params.events.items() if event.start is not None]
    frame = panel.frame.copy()
    for name, event in params.events.items():
        if event.start is not None and event.end is not None:
            share = share_of_week(panel.weeks, event.start, event.end)
            frame[f"event:{name}"] = list(share) * len(panel.regions)
    kept = [name for name in panel.series if name in names]
    kept += [name for name in names if name not in kept]
    beside = [name for name in ("population", "imputed") if name in frame]
    frame = frame[["region", "week", *dict.fromkeys(kept), *beside]]
    frame["imputed"] = [_still_there(cell, kept) for cell in frame["imputed"]]
    units = {f"outcome:{model}": params.outcome_unit(model) for model in params.model_names}
    cut = replace(panel, frame=frame, units=units)
    return replace(cut, lift_tests=_lift_tests(cut, was, params)), False


def _cannot_be_cut(panel: Panel, was: Params, params: Params) -> bool:
    """Whether something is asked for that the panel has not kept."""
    if params.data != was.data or params.currency != was.currency:
        return True
    if params.model.geography == "regional" and was.model.geography == "national":
        return True
    before = {
        (one.series, one.reference): _measured(was, one.role, one.name)
        for one in declared_series(was)
    }
    for one in declared_series(params):
        known = before.get((one.series, one.reference))
        if known is None or known != _measured(params, one.role, one.name):
            return True
    if _wider(
        measured_days(was, declared_series(was)), measured_days(params, declared_series(params))
    ):
        return True
    tests = [test for name, test in params.lift_tests.items() if was.lift_tests.get(name) != test]
    return len(panel.regions) == 1 and any(test.regions for test in tests)


def _wider(was: Days, now: Days) -> bool:
    """Whether days are asked for that the run left out of its panel."""
    (was_first, was_last), (first, last) = was, now
    early = was_first is not None and (first is None or first < was_first)
    return early or (was_last is not None and (last is None or last > was_last))


def _measured(params: Params, role: str, name: str) -> tuple[object, ...]:
    """Return what changes a series beside its column: how it is filled, corrected and weighed."""
    if role == "control":
        return (params.controls[name].week,)
    if role == "event":
        return (params.events[name].equals,)
    if role == "spend":
        return (params.channels[name].credit_notes,)
    if role == "outcome":
        outcome = params.outcome_of(name)
        return outcome.kind, outcome.value_per_unit
    return ()


def _windowed(panel: Panel, params: Params) -> Panel:
    first, last = measured_days(params, declared_series(params))
    weeks = panel.weeks
    inside = weeks == weeks
    if first is not None:
        inside &= weeks >= pd.Timestamp(first)
    if last is not None:
        inside &= weeks + WEEK <= pd.Timestamp(last) + pd.Timedelta(days=1)
    if not inside.any():
        raise InputError.one(
            "the changed parameters",
            "'starts' and 'ends' of outcomes and channels",
            f"no week from {first or 'the first'} to {last or 'the last'} among those of "
            f"{weeks[0].date()} to {weeks[-1].date()}",
            "days that leave some weeks",
        )
    if inside.all():
        return panel
    frame = panel.frame[panel.frame["week"].isin(weeks[inside])].reset_index(drop=True)
    return replace(panel, frame=frame, kept_out=())


def _still_there(cell: str, kept: list[str]) -> str:
    return ";".join(name for name in cell.split(";") if name in kept)


def _lift_tests(panel: Panel, was: Params, params: Params) -> tuple[Lift, ...]:
    """Keep the tests that stay as they were, and lay out those that are new or changed."""
    first, last = panel.weeks[0].date(), panel.weeks[-1].date()
    models = set(params.model_names)
    same = [
        lift
        for lift in panel.lift_tests
        if (
            lift.name not in was.lift_tests
            or params.lift_tests.get(lift.name) == was.lift_tests[lift.name]
        )
        and lift.channel in params.channels
        and lift.model in models
        and first <= lift.weeks[0]
        and lift.weeks[-1] <= last
    ]
    known = {lift.name for lift in same}
    new = [
        Declared(name, test, "the changed parameters", f"lift_tests.{name}")
        for name, test in params.lift_tests.items()
        if name not in known and was.lift_tests.get(name) != test
    ]
    spend = panel.array("spend")
    values = {
        one.test.channel: (panel.regions, spend.sel(channel=one.test.channel).to_numpy())
        for one in new
    }
    problems = Problems(None)
    laid = lifts_of(new, values, panel.weeks, panel.weeks[-1], None, problems)
    problems.raise_if_any()
    return (*same, *laid)
