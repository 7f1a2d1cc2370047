"""The result of a lift test, predicted by a run's model and written down before it is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmmlib.errors import InputError
from mmmlib.estimates import Estimate
from mmmlib.governance.records import RangePromise, TestPrediction
from mmmlib.governance.store import Entry, Store
from mmmlib.model.effects import effects_of, parts_of
from mmmlib.params.load import params_of
from mmmlib.params.messages import refuse_unknown, shown
from mmmlib.runs import Run
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.projection import outcome_function
from mmmlib.verify import refuse_altered


def predict_test(
    store: Store,
    run: Run,
    name: str,
    channel: str,
    model: str,
    days: tuple[dt.date, dt.date],
    change: float,
) -> RangePromise:
    """Predict the result of a lift test by a run's model, and write it down; once, by its name.

    The test changes the channel's spend by a share of the baseline (0.5; -1 for a pause) in every region,
    on ``days`` within a year after the run's data. The range is the incremental outcome in these weeks,
    in the unit of the ``model``'s outcome, without the error of the measurement. What does not do is told
    by InputError.
    """
    params = params_of(run)
    refuse_unknown("channel", channel, params.paid_channels)
    refuse_unknown("outcome", model, params.model_names)
    refuse_altered(run, [f"artefacts/models/{part}/effects.nc" for part in parts_of(run, model)])
    effects = effects_of(run, model)
    first = pd.Timestamp(effects["week"].to_numpy()[-1]) + pd.Timedelta(days=7)
    start, end = (pd.Timestamp(day) for day in days)
    if not first <= start <= end < first + pd.Timedelta(weeks=52):
        raise InputError.one(
            None, "days", f"{days[0]} to {days[1]}", f"days within a year from {first.date()}"
        )
    if not (change >= -1 and change):
        raise InputError.one(None, "change", f"{change:g}", "a share from -1, and not 0")
    weeks = (end - first).days // 7 + 1
    base = baseline_of(effects, params, weeks=weeks, kind="recent_mean").spend[channel]
    ahead = first + pd.Timedelta(days=7) * np.arange(weeks)
    changed = np.array([week + pd.Timedelta(days=6) >= start for week in ahead])
    project = outcome_function(effects)
    tested = np.where(changed, base * (1 + change), base)
    draws = project(channel, tested).within - project(channel, base).within
    promise = RangePromise(
        promise=f"lift_test {params.workbook} {name}",
        kind="lift_test",
        about=f"{name}: {params.channel_label(channel)} on {params.model_label(model)}",
        subject=name,
        start=days[0],
        end=days[1],
        expected=Estimate.from_draws(draws, params.outcome_unit(model)),
    )

    def body(entries: Sequence[Entry]) -> dict[str, object]:
        for one in entries:
            if one.kind == "prediction" and one.body["promise"]["promise"] == promise.promise:
                raise InputError.one(None, "test", shown(name), "one that was not predicted before")
        return TestPrediction(workbook=params.workbook, run=run.name, promise=promise).body()

    store.append("prediction", name, body)
    return promise
