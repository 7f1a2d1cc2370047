"""Fit cases with Google's Meridian and tell the times; started by ``cell.py``, not by hand.

Meridian compiles inside its sampling function; JAX's own events tell how long that took.
"""

from __future__ import annotations

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

import jax
import numpy as np
import pandas as pd
from cases import ADSTOCK_WEEKS, Case
from meridian import backend
from meridian.data.nd_array_input_data_builder import NDArrayInputDataBuilder
from meridian.model import model as meridian_model
from meridian.model import prior_distribution, spec

marks.at("imported")


class Fixed(dict[str, float]):
    """Options that JAX can take as static, which must be hashable."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


compiling: list[tuple[float, float]] = []


def note_compiling(event: str, seconds: float, **_: Any) -> None:
    """Note from when to when JAX traced, lowered or compiled; such times lie in each other."""
    if event.startswith("/jax/core/compile"):
        now = time.time()
        compiling.append((now - seconds, now))


def seconds_of_compiling() -> float:
    """Length of all those times together."""
    total, reached = 0.0, 0.0
    for start, end in sorted(compiling):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def model_of(case: Case) -> Any:
    """Make Meridian's model of a case."""
    regions, weeks = case.outcome.shape
    dates = pd.date_range(case.first, periods=weeks, freq="7D").strftime("%Y-%m-%d").tolist()
    channels = [f"channel_{n}" for n in range(len(case.spend))]
    builder = NDArrayInputDataBuilder(kpi_type="revenue")
    builder.time_coords = dates
    builder.media_time_coords = dates
    if regions > 1:
        builder.geos = [f"region_{n:02}" for n in range(regions)]
    media = np.moveaxis(case.spend, 0, -1)
    controls = np.moveaxis(case.controls, 0, -1)
    builder.with_kpi(case.outcome)
    builder.with_media(media, media, media_channels=channels)
    if len(case.controls):
        builder.with_controls(controls, [f"control_{n}" for n in range(len(case.controls))])
    if regions > 1:
        builder.with_population(case.population if case.population.size else case.outcome.mean(1))
    low, high = np.log(0.1), np.log(6.0)
    prior = prior_distribution.PriorDistribution()
    if ASKED["priors"] == "near":
        law = backend.tfd.LogNormal((low + high) / 2, (high - low) / 2 / 1.645, name="roi_m")
        prior = prior_distribution.PriorDistribution(roi_m=law)
    return meridian_model.Meridian(
        input_data=builder.build(),
        model_spec=spec.ModelSpec(
            prior=prior,
            max_lag=ADSTOCK_WEEKS - 1,
            # Trend and seasonality are Meridian's spline: one knot a quarter.
            knots=round(weeks / 13),
        ),
    )


def draws_of(posterior: Any, case: Case) -> dict[str, np.ndarray]:
    """Name the channels' parameters; Meridian's return is that of the whole window."""
    roi = posterior["roi_m"].to_numpy()
    named = {
        "adstock": posterior["alpha_m"].to_numpy(),
        "saturation": posterior["ec_m"].to_numpy(),
        "effect": posterior["beta_gm"].to_numpy(),
        "roi": roi,
        "contribution": roi * case.spend.sum((1, 2)),
    }
    if len(case.outcome) > 1:
        named["spread"] = posterior["eta_m"].to_numpy()
    return named


def main() -> None:
    jax.monitoring.register_event_duration_secs_listener(note_compiling)
    named: dict[str, np.ndarray] = {}
    steps = 0
    for number, file in enumerate(ASKED["cases"]):
        case = Case.load(file)
        model = model_of(case)
        model.sample_posterior(
            n_chains=ASKED["chains"],
            n_adapt=ASKED["tune"] // 2,
            n_burnin=ASKED["tune"] - ASKED["tune"] // 2,
            n_keep=ASKED["draws"],
            seed=ASKED["seed"],
            dual_averaging_kwargs=Fixed(target_accept_prob=ASKED["target_accept"]),
        )
        data = model.inference_data
        named |= numbered(draws_of(data.posterior, case), number)
        steps += int(data.sample_stats["n_steps"].sum())
    marks.at("sampled")
    marks.add("compile", seconds_of_compiling())
    finish(ASKED, marks, named, gradients=steps)


main()
