"""Small data for the tests of this room, over all forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mmmlib.data.panel.panel import Panel
from mmmlib.model.arrays import ModelData
from mmmlib.model.spec import prepare
from mmmlib.params import Params
from tests.fakes import fake_lift, fake_panel, fake_params

REGIONS = ("north", "south", "west")
MODEL = "revenue.pooled"
COUNTS = "signups.pooled"


def mixed_params(**model: Any) -> Params:
    """Parameters in which every adstock and saturation occurs."""
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["social"] |= {"adstock": "weibull", "saturation": "hill"}
    channels["video"] |= {"adstock": "delayed", "saturation": "michaelis_menten"}
    channels["events"] |= {"adstock": "delayed", "saturation": "hill"}
    outcomes = {name: one.model_dump() for name, one in fake_params().outcomes.items()}
    outcomes["signups"]["likelihood"] = "negative_binomial"
    return fake_params(channels=channels, outcomes=outcomes, model=model)


def mixed_data(
    regional: bool = False,
    holdout_weeks: int = 0,
    weeks: int = 60,
    counts: bool = False,
    lift_tests: dict[str, dict[str, Any]] | None = None,
    **model: Any,
) -> ModelData:
    """Arrays of a fit in which every form occurs; of an outcome in money, or in sparse counts.

    ``lift_tests`` are given as parameters have them.
    """
    geography = "regional" if regional else "national"
    params = mixed_params(geography=geography, **model)
    panel = fake_panel(params, weeks=weeks, regions=REGIONS if regional else ("national",))
    if counts:
        frame = panel.frame.copy()
        frame[f"outcome:{COUNTS}"] = (frame[f"outcome:{COUNTS}"] / 200).round()
        panel = Panel(frame, panel.currency, panel.units)
    panel = with_tests(panel, lift_tests or {})
    return prepare(panel, params, COUNTS if counts else MODEL, holdout_weeks)


def with_tests(panel: Panel, tests: dict[str, dict[str, Any]]) -> Panel:
    """Put lift tests beside a panel; what is not said of a test is filled in."""
    lifts = tuple(fake_lift(panel, name, **options) for name, options in tests.items())
    return replace(panel, lift_tests=lifts)
