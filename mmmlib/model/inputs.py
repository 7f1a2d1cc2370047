"""Model inputs beside the panel's numbers, and what the next refit takes over from them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.arrays import ModelData, Scales
from mmmlib.model.priors import stated_prior
from mmmlib.model.spec import fresh_scales, modelled
from mmmlib.params import Params
from mmmlib.transforms import ADSTOCKS, SATURATIONS

SAME_SIZE = 3.0
"""Factor by which a scale may have grown or shrunk and still be carried on."""


def model_inputs(data: ModelData, params: Params) -> dict[str, Any]:
    """Return the model inputs as plain values: priors, scales, forms, lift tests."""
    stated = {
        name: stated_prior(params.channels[name].prior, params, data.model, paid=bool(paid))
        for name, paid in zip(data.channels, data.paid, strict=True)
    }
    priors = {name: prior for name, prior in data.priors.items() if name != "deviation"}
    priors["roi"] = tuple(one[data.paid] for one in priors["roi"])  # the others have no return
    motions = params.parts_of(data.model.partition(".")[0])
    return {
        "scales": {
            "outcome": dict(zip(data.regions, data.scales.outcome.tolist(), strict=True)),
            "media": {
                name: dict(zip(data.regions, row.tolist(), strict=True))
                for name, row in zip(data.channels, data.scales.media, strict=True)
            },
        },
        "priors": {
            name: {"mean": np.asarray(mean).tolist(), "sd": np.asarray(sd).tolist()}
            for name, (mean, sd) in priors.items()
        },
        "stated": {
            name: {
                "kind": one.kind,
                "low": one.range.low,
                "high": one.range.high,
                "of": one.name if len(motions) > 1 else data.model,
            }
            for name, one in stated.items()
        },
        "forms": {
            name: {"adstock": a, "saturation": s, "parameters": [*ADSTOCKS[a], *SATURATIONS[s]]}
            for name, a, s in zip(data.channels, data.adstock, data.saturation, strict=True)
        },
        "linear": {
            name: {"component": part, "sd": float(sd), "group": int(group)}
            for name, part, sd, group in zip(
                data.column_names,
                data.components,
                data.linear.sd,
                data.linear.group,
                strict=True,
            )
        },
        "alike": {
            "channels": [n for n, one in zip(data.channels, data.alike, strict=True) if one],
            "correlation": data.likeness,
        },
        "likelihood": data.likelihood,
        "noise": "ar1" if data.autocorrelated else "independent",
        "max_media_share": data.max_media_share,
        "fitted_weeks": data.fitted_weeks,
        "calibrated": data.calibrated,
        "lift_tests": [one.test.model_dump(mode="json") for one in data.lifts],
    }


def carried_scales(effects: xr.Dataset, panel: Panel, params: Params) -> Scales | None:
    """Scales of an earlier fit, for a refit that shall be comparable.

    None where they do not fit this panel: other channels or regions, or a size that changed by more
    than the factor ``SAME_SIZE`` (a unit or a source changed).
    """
    kept = json.loads(effects.attrs["inputs"]).get("scales", {})
    panel = modelled(panel, params)
    outcome, media = kept.get("outcome", {}), kept.get("media", {})
    if set(outcome) != set(panel.regions) or set(media) != set(params.channels):
        return None
    scales = Scales(
        outcome=np.array([outcome[region] for region in panel.regions]),
        media=np.array([[media[name][r] for r in panel.regions] for name in params.channels]),
    )
    fresh = fresh_scales(panel, params, effects.attrs["model"])
    for old, new in ((scales.outcome, fresh.outcome), (scales.media, fresh.media)):
        if not (np.abs(np.log(old / new)) < np.log(SAME_SIZE)).all():
            return None
    return scales
