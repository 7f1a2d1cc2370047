"""What a modeller looks at after a fit: beliefs before and after, and the sampler's health."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.estimates import Estimate, format_range
from mmmlib.model.effects import contribution, roi, share

DIAGNOSTICS = ("parameter", "R-hat", "bulk ESS", "tail ESS")


def prior_table(effects: xr.Dataset) -> pd.DataFrame:
    """Prior of every channel: as it was stated, and what it means for this model, as ranges.

    How to read it: what is stated on an outcome is split over its motions, so that they add
    up to it; the return and the share are those of this model alone. Together the channels
    cannot cause the whole outcome, which takes the upper end off a high prior. Where a share
    looks absurd, the prior is not what was meant.
    """
    believed = effects["prior_roi"]
    seen = effects["in_sample"].to_numpy()
    spend = effects["spend"].isel(week=seen).sum("week")
    total = effects["observed"].isel(week=seen).sum("week")
    table = _by_channel(
        effects,
        {
            "return before the fit": (believed, effects.attrs["return_unit"]),
            "share before the fit": (believed * spend / total, "share"),
        },
    )
    stated = json.loads(effects.attrs["told"]).get("stated", {})
    table.insert(0, "as stated", [_stated_text(effects, stated.get(name)) for name in table.index])
    return table


def _stated_text(effects: xr.Dataset, stated: Mapping[str, Any] | None) -> str:
    """Write a prior as the parameter file has it; see :class:`mmmlib.model.priors.Stated`."""
    if stated is None:
        return "not kept with the fit"
    units = {
        "roi": effects.attrs["return_unit"],
        "cost_per": effects.attrs["currency"],
    }
    text = format_range(stated["low"], stated["high"], units.get(stated["kind"], "share"))
    words = {
        "roi": f"return of {text}",
        "cost_per": f"{text} per unit",
        "share": f"{text} of the outcome",
        "default_share": f"{text} of the outcome, at the usual spend",
    }
    over = stated["of"] != effects.attrs["model"]
    return words[stated["kind"]] + (", over all motions" if over else "")


def posterior_table(effects: xr.Dataset) -> pd.DataFrame:
    """What the fit says of every channel, as ranges.

    How to read it: the marginal return is that of the next unit of money at today's
    spend; it is what a change of budget earns, and it is below the return where a
    channel saturates. The half-life is in weeks.
    """
    unit = effects.attrs["return_unit"]
    return _by_channel(
        effects,
        {
            "return": (roi(effects), unit),
            "marginal return": (effects["marginal_roi"], unit),
            "contribution": (contribution(effects), effects.attrs["outcome_unit"]),
            "share of outcome": (share(effects), "share"),
            "half-life": (effects["half_life"], "weeks"),
        },
    )


def calibration_table(effects: xr.Dataset, uncalibrated: xr.Dataset | None) -> pd.DataFrame:
    """Return of every channel without lift tests and with them; no row without lift tests.

    How to read it: a test moves the channel that it tested, and a little those that share
    its weeks. A range that got narrower is what the test was worth.
    """
    columns = ["channel", "without lift tests", "with them"]
    if uncalibrated is None:
        return pd.DataFrame(columns=columns)
    unit = effects.attrs["return_unit"]
    fits = [roi(fit).dropna("channel") for fit in (uncalibrated, effects)]
    rows = [
        (name, *(str(Estimate.from_draws(fit.sel(channel=name).to_numpy(), unit)) for fit in fits))
        for name in fits[0]["channel"].to_numpy()
    ]
    return pd.DataFrame(rows, columns=columns)


def diagnostics_table(posterior: xr.DataTree, worst: int = 10) -> pd.DataFrame:
    """Convergence of the parameters that converged least.

    How to read it: R-hat above 1.01 means that chains disagree; an effective sample
    size below 400 means that ranges are still noisy. Bulk is for medians, tail for
    the ends of ranges.
    """
    import arviz_stats

    summary = arviz_stats.summary(
        posterior["posterior"].to_dataset(), kind="diagnostics", round_to="none"
    )
    table = summary[["r_hat", "ess_bulk", "ess_tail"]].astype(float)
    table = table.sort_values("ess_bulk").head(worst).reset_index()
    table.columns = pd.Index(DIAGNOSTICS)
    return table.round({"R-hat": 3, "bulk ESS": 0, "tail ESS": 0})


def sampler_table(posterior: xr.DataTree) -> pd.DataFrame:
    """Divergences, steps and energy of every chain.

    How to read it: divergences should be zero; an energy fraction (E-BFMI) below 0.3
    means that the sampler had trouble to move between levels of energy.
    """
    stats = posterior["sample_stats"]
    energy = stats["energy"].to_numpy()
    moves = np.square(np.diff(energy, axis=1)).mean(axis=1) / energy.var(axis=1)
    return pd.DataFrame(
        {
            "chain": stats["chain"].to_numpy() + 1,
            "divergences": stats["diverging"].sum("draw").to_numpy(),
            "steps per draw": stats["n_steps"].mean("draw").to_numpy().round(1),
            "E-BFMI": moves.round(2),
        }
    )


def _by_channel(effects: xr.Dataset, columns: dict[str, tuple[xr.DataArray, str]]) -> pd.DataFrame:
    names = effects["channel"].to_numpy()
    return pd.DataFrame(
        {
            title: [
                str(Estimate.from_draws(draws.sel(channel=name).to_numpy(), unit)) for name in names
            ]
            for title, (draws, unit) in columns.items()
        },
        index=pd.Index(names, name="channel"),
    )
