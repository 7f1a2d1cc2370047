"""Was the last refresh right about the weeks that are known by now? (H1, M7)

The last refresh's own draws are asked about the weeks that came since: told what was spent in
them and what the controls did, what would it have said of the outcome? Nothing is fitted again.
It is the cheapest proof that a model is alive, and the only one that looks at what was not known
when the model was made.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.panel.panel import Panel, panel_of
from mmmlib.errors import MMMError, RunError
from mmmlib.estimates import MASS, Estimate, format_number
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.model.arrays import Scales
from mmmlib.model.effects import effects_of
from mmmlib.model.fit import posterior_of
from mmmlib.model.inputs import carried_scales
from mmmlib.params.limits import ComparisonParams
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.refresh.comparison import Comparison, ForecastScore, in_order
from mmmlib.runs import Run

__all__ = ["score_forecasts"]

CHECK = "refresh.forecast"
SEED = 0xF0CA57
YEAR = 52
"""Weeks after which the season is the same."""


def forecast_of(
    posterior: xr.Dataset,
    params: Params,
    model: str,
    panel: Panel,
    last_week: pd.Timestamp,
    scales: Scales | None,
) -> xr.Dataset:
    """Return effects of an earlier fit over later weeks, see :mod:`mmmlib.model.effects`.

    ``posterior``, ``params`` and ``scales`` are those of the earlier fit, ``panel`` is today's with
    the series of then. After ``last_week``, the last that the earlier fit saw, ``in_sample`` is
    false.
    """
    from mmmlib.model.derive import derive_effects
    from mmmlib.model.spec import prepare

    later = int((panel.weeks > last_week).sum())
    data = prepare(panel, params, model, later, scales, calibrated=False)
    return derive_effects(data, params, posterior, SEED)[0]


def score(model: str, effects: xr.Dataset) -> ForecastScore:
    """Score a forecast on the weeks that its fit did not see; see :func:`forecast_of`."""
    new = ~effects["in_sample"].to_numpy()
    observed = effects["observed"].to_numpy()[new].astype(float)
    draws = effects["predicted"].transpose("draw", "week").to_numpy()[:, new].astype(float)
    low, middle, high = np.quantile(draws, [(1 - MASS) / 2, 0.5, (1 + MASS) / 2], axis=0)
    outside = np.maximum(low - observed, 0) + np.maximum(observed - high, 0)
    total = draws.sum(1)
    return ForecastScore(
        model=model,
        weeks=len(observed),
        inside=int(((low <= observed) & (observed <= high)).sum()),
        error=float(np.abs(observed - middle).mean() / observed.mean()),
        naive_error=_naive_error(effects, new),
        interval_score=float((high - low + 2 / (1 - MASS) * outside).mean() / observed.mean()),
        distance=float((observed.sum() - total.mean()) / total.std()),
        observed=float(observed.sum()),
        expected=Estimate.from_draws(total, str(effects.attrs["outcome_unit"])),
    )


def _naive_error(effects: xr.Dataset, new: np.ndarray) -> float | None:
    """Error of repeating the same weeks of last year; None where there is no such year."""
    observed = effects["observed"].to_numpy().astype(float)
    places = np.flatnonzero(new)
    if places[0] < YEAR:
        return None
    return float(
        np.abs(observed[places] - observed[places - YEAR]).mean() / observed[places].mean()
    )


def score_forecasts(run: Run, comparison: Comparison) -> Comparison:
    """Score what the last refresh's models say of the weeks that came since.

    Parameters
    ----------
    run
        This refresh.
    comparison
        Of it with the last one.

    Returns
    -------
    Comparison
        With a score and a finding for each model. Without a last refresh, as it was.

    Examples
    --------
    ::

        comparison = score_forecasts(run, compare_refreshes(run, run.manifest.parent))
    """
    if comparison.parent is None or not comparison.readable:
        return comparison
    scores, findings = [], []
    params = params_of(run)
    for model in params.model_names:
        try:
            parent = Run(run.runs_dir / comparison.parent, exploring=True)
            found = _score_model(run, parent, model)
        except (MMMError, OSError, KeyError, ValueError, TypeError) as error:
            why = f"What the last refresh says of the new weeks is not known: {str(error).splitlines()[0]}"
            findings.append(not_run(CHECK, model, why, level=Level.WARN))
            continue
        if found is None:
            findings.append(judge(CHECK, model, passed=True, message="No week came since."))
            continue
        scores.append(found)
        findings.append(_finding(found, params.comparison))
    kept = [one for one in comparison.findings if one.check != CHECK]
    every = in_order([*kept, *findings])
    return comparison.model_copy(update={"forecasts": tuple(scores), "findings": every})


def _score_model(run: Run, parent: Run, model: str) -> ForecastScore | None:
    before, now, params = panel_of(parent), panel_of(run), params_of(parent)
    last = before.weeks[-1]
    if not (now.weeks > last).any():
        return None
    missing = [name for name in before.series if name not in now.series]
    if missing:
        raise RunError(f"{missing[0]} is not in the data any more.")
    frame = now.frame[[name for name in now.frame if name in before.frame]]
    panel = replace(now, frame=frame, lift_tests=())
    scales = carried_scales(effects_of(parent, model), before, params)
    draws = posterior_of(parent, model)["posterior"].to_dataset()
    return score(model, forecast_of(draws, params, model, panel, last, scales))


def _finding(found: ForecastScore, limits: ComparisonParams) -> Finding:
    unit = found.expected.unit
    naive = (
        f", {format_number(found.naive_error, 'share')} for repeating last year's weeks"
        if found.naive_error is not None
        else ""
    )
    return at_most(
        CHECK,
        found.model,
        abs(found.distance),
        limits.max_forecast_distance,
        f"Over the {found.weeks} weeks since, the last refresh's model expects {found.expected.text()}; "
        f"seen were {format_number(found.observed, unit)}. {found.inside} of {found.weeks} weeks lie in "
        f"their 90 % range; a week was missed by {format_number(found.error, 'share')}{naive}.",
    )
