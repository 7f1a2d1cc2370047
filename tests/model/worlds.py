"""Small data for the tests of this room, over all forms."""

from __future__ import annotations

from typing import Any

from mmmlib.model.spec import ModelData, prepare
from mmmlib.params import Params
from tests.fakes import fake_panel, fake_params

REGIONS = ("north", "south", "west")
MODEL = "revenue.pooled"


def mixed_params(**model: Any) -> Params:
    """Parameters in which every adstock and saturation occurs."""
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["social"] |= {"adstock": "weibull", "saturation": "hill"}
    channels["video"] |= {"adstock": "delayed", "saturation": "michaelis_menten"}
    channels["events"] |= {"adstock": "delayed", "saturation": "hill"}
    return fake_params(channels=channels, model=model)


def mixed_data(
    regional: bool = False, holdout_weeks: int = 0, weeks: int = 60, **model: Any
) -> ModelData:
    """Arrays of a fit in which every form occurs."""
    geography = "regional" if regional else "national"
    params = mixed_params(geography=geography, **model)
    panel = fake_panel(params, weeks=weeks, regions=REGIONS if regional else ("national",))
    return prepare(panel, params, MODEL, holdout_weeks)
