"""Fakes with channels without spend: what :mod:`tests.fakes` makes, their spend taken for exposure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.effects import check_effects
from mmmlib.model.unpaid import set_apart
from mmmlib.params import Params
from tests.fakes import believed, fake_effects, fake_panel


def unpaid_panel(params: Params, **options: Any) -> Panel:
    """A panel whose channels without spend have an exposure alone."""
    return _renamed(fake_panel(params, **options), params, "spend", "exposure")


def unpaid_effects(params: Params, panel: Panel, model: str, **options: Any) -> xr.Dataset:
    """Effects of such a panel."""
    paid = _renamed(panel, params, "exposure", "spend")
    effects = set_apart(fake_effects(params, paid, model, **options), panel.unpaid)
    inputs = json.loads(effects.attrs["inputs"])
    unit = 1.0 if params.outcome_unit(model) == params.currency else 0.01
    inputs["priors"]["roi"] = believed(unit * options.get("scale", 1.0), effects.sizes["channel"])
    return check_effects(effects.assign_attrs(inputs=json.dumps(inputs)))


def _renamed(panel: Panel, params: Params, old: str, new: str) -> Panel:
    names = {f"{old}:{name}": f"{new}:{name}" for name in params.unpaid_channels}
    return replace(panel, frame=panel.frame.rename(columns=names))
