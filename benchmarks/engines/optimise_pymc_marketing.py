"""Share a budget with PyMC-Marketing's optimiser; started by ``scenarios.py`` in the peer's environment.

What is compared are optimisers, so the draws need no fit: they are those of the model's own prior,
which both optimisers are given. ``budget_optimizer`` is called as its documentation says.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import xarray as xr
from pymc_extras.prior import Prior
from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

LAGS = 8


def main() -> None:
    """Read the case, make draws, optimise, and write draws and budget."""
    asked = json.loads(sys.argv[1])
    with np.load(asked["case"]) as stored:
        spend, outcome = stored["spend"][:, 0], stored["outcome"][0]
    channels = [f"channel_{n}" for n in range(len(spend))]
    dates = pd.date_range("2023-01-02", periods=spend.shape[1], freq="7D")
    table = pd.DataFrame(dict(zip(channels, spend, strict=True))).assign(date=dates)
    model = MMM(
        date_column="date",
        channel_columns=channels,
        target_column="y",
        adstock=GeometricAdstock(
            l_max=LAGS, priors={"alpha": Prior("Beta", alpha=2, beta=3, dims="channel")}
        ),
        saturation=LogisticSaturation(
            priors={
                "lam": Prior("LogNormal", mu=0.5, sigma=0.5, dims="channel"),
                "beta": Prior("LogNormal", mu=-2.5, sigma=0.6, dims="channel"),
            }
        ),
    )
    target = pd.Series(outcome, name="y")
    model.build_model(table, target)
    with model.model:
        import pymc as pm

        drawn = pm.sample_prior_predictive(asked["draws"], random_seed=1)
    model.idata = xr.DataTree.from_dict(
        {
            "/posterior": drawn["prior"].to_dataset(),
            "/fit_data": table.assign(y=outcome).set_index("date").to_xarray(),
        }
    )
    prior = drawn["prior"].to_dataset().isel(chain=0)
    first = dates[-1] + pd.Timedelta(days=7)
    last = first + pd.Timedelta(days=7 * (asked["weeks"] - 1))
    bounds = xr.DataArray(
        np.array(asked["bounds"]),
        dims=("channel", "bound"),
        coords={"channel": channels, "bound": ["lower", "upper"]},
    )
    began = time.time()
    optimiser = model.budget_optimizer(str(first.date()), str(last.date()))
    made = time.time()
    result = optimiser.allocate_budget(asked["budget"], budget_bounds=bounds)
    done = time.time()
    scales = model.scalers if hasattr(model, "scalers") else None
    np.savez(
        asked["out"],
        alpha=prior["adstock_alpha"].transpose("draw", "channel").to_numpy(),
        lam=prior["saturation_lam"].transpose("draw", "channel").to_numpy(),
        beta=prior["saturation_beta"].transpose("draw", "channel").to_numpy(),
        channel_scale=np.asarray(scales["_channel"]),
        target_scale=np.asarray(scales["_target"]),
        budgets=result.budgets.sel(channel=channels).to_numpy(),
        seconds=np.array([made - began, done - made]),
        success=np.array(bool(result.scipy_result.success)),
        evaluations=np.array(int(result.scipy_result.nfev)),
    )


if __name__ == "__main__":
    main()
