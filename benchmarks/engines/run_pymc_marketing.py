"""Fit cases with PyMC-Marketing and nutpie and tell the times; started by ``cell.py``.

``MMM.fit`` is called as a user calls it; nutpie's two functions are wrapped to take
their times, nothing else. Priors ``near`` are those of this project, as near as the package
can state them; ``default`` are the package's own.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from marks import Marks, finish, numbered, request

ASKED = request()
marks = Marks()
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import numpy as np
import nutpie
import pandas as pd
from cases import ADSTOCK_WEEKS, SEASONALITY, Case
from pymc_extras.prior import Prior
from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
from pymc_marketing.mmm.multidimensional import MMM

marks.at("imported")


class CompiledError(Exception):
    """Raised where only the compiled model was asked for."""


def timed_functions() -> None:
    """Take the times of nutpie's compiling and sampling."""
    compile_model, sample = nutpie.compile_pymc_model, nutpie.sample

    def compiling(*args: Any, **kwargs: Any) -> Any:
        start = time.time()
        done = compile_model(*args, **kwargs)
        marks.add("compile", time.time() - start)
        marks.at("compiled")
        if ASKED["stage"] == "compile":
            raise CompiledError
        return done

    def sampling(*args: Any, **kwargs: Any) -> Any:
        total = ASKED["chains"] * (ASKED["draws"] + ASKED["tune"])
        kwargs["progress_callback"] = lambda chains: marks.progress(
            sum(chain.finished_draws for chain in chains) / total
        )
        return sample(*args, **kwargs)

    nutpie.compile_pymc_model, nutpie.sample = compiling, sampling


def model_of(case: Case) -> tuple[Any, pd.DataFrame, pd.Series]:
    """Make the model and the long table that it eats."""
    regions, weeks = case.outcome.shape
    channels = [f"channel_{n}" for n in range(len(case.spend))]
    controls = [f"control_{n}" for n in range(len(case.controls))]
    table = pd.DataFrame(
        {
            "date": np.tile(pd.date_range(case.first, periods=weeks, freq="7D"), regions),
            "geo": np.repeat([f"region_{n:02}" for n in range(regions)], weeks),
            **{name: one.ravel() for name, one in zip(channels, case.spend, strict=True)},
            **{name: one.ravel() for name, one in zip(controls, case.controls, strict=True)},
            "trend": np.tile((np.arange(weeks) - (weeks - 1) / 2) / 104, regions),
            "y": case.outcome.ravel(),
        }
    )
    dims = ("geo",) if regions > 1 else None
    adstock, saturation = GeometricAdstock(l_max=ADSTOCK_WEEKS), LogisticSaturation()
    config = None
    if ASKED["priors"] == "near":
        config = near_priors(case, dims)
        adstock = GeometricAdstock(
            l_max=ADSTOCK_WEEKS, priors={"alpha": Prior("Beta", alpha=2, beta=3, dims="channel")}
        )
        saturation = LogisticSaturation(priors=curve_priors(case, dims))
    model = MMM(
        date_column="date",
        target_column="y",
        channel_columns=channels,
        control_columns=[*controls, "trend"],
        dims=dims,
        adstock=adstock,
        saturation=saturation,
        yearly_seasonality=SEASONALITY,
        model_config=config,
        scaling={
            # Every region by its own size, as this project does.
            "channel": {"method": "max", "dims": ()},
            "target": {"method": "max", "dims": ()},
        },
    )
    if regions == 1:
        table = table.drop(columns="geo")
    return model, table.drop(columns="y"), table["y"]


def near_priors(case: Case, dims: tuple[str, ...] | None) -> dict[str, Any]:
    """State this project's priors of the baseline on the package's scale (share of the maximum)."""
    mean = float((case.outcome.mean(1) / case.outcome.max(1)).mean())
    spread = np.array([0.2] * len(case.controls) + [0.3]) * mean
    return {
        "intercept": Prior("Normal", mu=0.7 * mean, sigma=0.5 * mean, dims=dims),
        "gamma_control": Prior("Normal", mu=0, sigma=spread, dims="control"),
        "gamma_fourier": Prior("Normal", mu=0, sigma=0.08 * mean, dims="fourier_mode"),
        "likelihood": Prior(
            "Normal",
            sigma=Prior("LogNormal", mu=np.log(0.08 * mean), sigma=0.8, dims=dims),
            dims=("date", *(dims or ())),
        ),
    }


def curve_priors(case: Case, dims: tuple[str, ...] | None) -> dict[str, Any]:
    """State this project's priors of return and saturation as the package's ``beta`` and ``lam``."""
    largest = case.spend.max(2, keepdims=True)
    scaled = case.spend / np.where(largest > 0, largest, 1)
    used = scaled.sum((1, 2)) / (scaled > 0).sum((1, 2))
    steepness = 0.3 - np.log(used)  # of media divided by the mean of its weeks with spend
    response = np.tanh(np.exp(steepness)[:, None, None] * scaled / 2)
    # A return of one is this beta: spend over what full effect would cause.
    per_return = case.spend.sum((1, 2)) / np.einsum("crt,r->c", response, case.outcome.max(1))
    low, high = np.log(0.1), np.log(6.0)
    middle, spread = (low + high) / 2 + np.log(per_return), (high - low) / 2 / 1.645
    lam = Prior("LogNormal", mu=steepness, sigma=0.8, dims="channel")
    if dims is None:
        return {"lam": lam, "beta": Prior("LogNormal", mu=middle, sigma=spread, dims="channel")}
    # Non-centred: it gives more effective draws a second here than the centred form.
    beta = Prior(
        "Normal",
        mu=Prior("Normal", mu=middle, sigma=spread, dims="channel"),
        sigma=Prior("LogNormal", mu=np.log(0.2), sigma=0.5, dims="channel"),
        dims=(*dims, "channel"),
        centered=False,
        transform="exp",
    )
    return {"lam": lam, "beta": beta}


def draws_of(model: Any, posterior: Any, case: Case) -> dict[str, np.ndarray]:
    """Name the channels' parameters; the return is the whole contribution by the whole spend."""
    scale = model.get_scales_as_xarray()["target_scale"]
    caused = (posterior["channel_contribution"].sum("date") * scale).transpose(
        "chain", "draw", ..., "channel"
    )
    total = caused.sum("geo") if "geo" in caused.dims else caused
    named = {
        "adstock": posterior["adstock_alpha"],
        "saturation": posterior["saturation_lam"],
        "effect": posterior["saturation_beta"],
    }
    for name in posterior:
        if str(name).startswith("saturation_beta") and str(name).endswith("sigma"):
            named["spread"] = posterior[name]
    contribution = total.to_numpy()
    return {name: one.to_numpy() for name, one in named.items()} | {
        "contribution": contribution,
        "roi": contribution / case.spend.sum((1, 2)),
    }


def main() -> None:
    timed_functions()
    named: dict[str, np.ndarray] = {}
    steps = 0
    for number, file in enumerate(ASKED["cases"]):
        case = Case.load(file)
        model, X, y = model_of(case)
        start = time.time()
        try:
            model.build_model(X, y)
            marks.add("compile", time.time() - start)
            trace = model.fit(
                X,
                y,
                nuts_sampler="nutpie",
                chains=ASKED["chains"],
                cores=ASKED["cores"],
                tune=ASKED["tune"],
                draws=ASKED["draws"],
                target_accept=ASKED["target_accept"],
                random_seed=ASKED["seed"],
                progressbar=False,
            )
        except CompiledError:
            finish(ASKED, marks, {})
            return
        steps += int(trace["sample_stats"]["n_steps"].sum())
        named |= numbered(draws_of(model, trace["posterior"].to_dataset(), case), number)
    marks.at("sampled")
    finish(ASKED, marks, named, gradients=steps)


if __name__ == "__main__":
    main()
