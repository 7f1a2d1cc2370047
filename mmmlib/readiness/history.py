"""Is there enough history, and an outcome that can be explained? (R1)"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, Level, at_least, judge
from mmmlib.params import Params
from mmmlib.phrases import date_text
from mmmlib.transforms import ADSTOCKS, SATURATIONS

HISTORY = "readiness.history"


def check_history(panel: Panel, params: Params) -> Iterator[Finding]:
    """Hold the weeks of history against the bar, which rises by the sales cycle (R1).

    Between the bar and two years it warns: on simulated worlds of 78 to 104 weeks returns came out
    less than half as high as they were.
    """
    limits = params.readiness
    weeks = len(panel.weeks)
    needed = limits.min_weeks + limits.sales_cycle_weeks
    bar = f"{needed} are needed"
    if limits.sales_cycle_weeks:
        bar += f" ({limits.min_weeks}, and {limits.sales_cycle_weeks} of the sales cycle)"
    said = f"{weeks} weeks, {date_text(panel.weeks[0])} to {date_text(panel.weeks[-1])}; {bar}"
    usual = max(needed, limits.caveat_weeks + limits.sales_cycle_weeks)
    if needed <= weeks and needed < usual:
        said += f", and below {usual} all that is told carries a caveat"
    enough = weeks >= needed
    yield at_least(
        HISTORY,
        "workbook",
        weeks,
        usual if enough else needed,
        f"{said}.",
        level=Level.WARN if enough else None,
    )
    parameters = count_parameters(panel, params)
    values = weeks * len(panel.regions)
    yield at_least(
        "readiness.parameters",
        "workbook",
        values,
        parameters,
        f"{values} observed values for {parameters} parameters of the model.",
    )


def count_parameters(panel: Panel, params: Params) -> int:
    """Count what one model has to learn.

    Level and noise, trend, season, events, controls; per channel its carryover,
    saturation and effect; by region a level and an effect of every channel.
    """
    model = params.model
    regions = len(panel.regions) if model.geography == "regional" else 1
    trend = {"none": 0, "linear": 1, "piecewise": model.trend_knots}.get(
        model.trend, 1 + model.trend_knots
    )
    shared = 1 + trend + 2 * model.seasonality + len(params.controls) + len(params.events)
    shapes = sum(
        len(ADSTOCKS[channel.adstock]) + len(SATURATIONS[channel.saturation])
        for channel in params.channels.values()
    )
    return shared + shapes + regions * (1 + len(params.channels))


def check_outcomes(panel: Panel, params: Params) -> Iterator[Finding]:
    """Ask of every outcome whether there is something to explain.

    A flag blocks for the model that leads the pack, and warns for the others.
    """
    limit = params.readiness.max_zero_outcome
    for model in params.model_names:
        values = panel.outcome(model).sum("region").to_numpy()
        empty = float((values == 0).mean())
        spread = float(values.std() / values.mean()) if values.mean() > 0 else 0.0
        varied = bool(np.isfinite(spread) and spread > 1e-6)
        said = f"{empty * 100:.0f} % of its weeks are zero"
        yield judge(
            "readiness.outcome",
            model,
            passed=empty <= limit and varied,
            level=Level.BLOCK if model in params.parts_of(params.primary) else None,
            value=empty,
            limit=limit,
            message=f"{said}." if varied else f"{said}, and it does not vary.",
        )
