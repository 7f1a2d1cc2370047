"""Fit cases with this project and tell the times; started by ``cell.py``, not by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from marks import Marks, finish, numbered, request

ASKED = request()
marks = Marks()

import numba  # noqa: F401
import numpy as np
import nutpie  # type: ignore[import-untyped]  # noqa: F401
import pandas as pd  # noqa: F401
import xarray as xr  # noqa: F401
from cases import Case, workbook_panel, workbook_params

from mmmlib.model.one_fit import FitRequest, available_cores, fit_one
from mmmlib.model.spec import prepare

marks.at("imported")
from mmmlib.model import sample
from mmmlib.model.kernel.compiled import machine_code

machine_code("integrated")  # compiles, or loads what was compiled
marks.at("compiled")
MODEL = "revenue.pooled"


def draws_of(posterior: Any, spend: np.ndarray) -> dict[str, np.ndarray]:
    """Name the channels' parameters as the other engines do."""
    found = {name: posterior[name].to_numpy() for name in ("roi", "retention", "steepness")}
    roi = found["roi"]
    named = {
        "adstock": found["retention"],
        "saturation": found["steepness"],
        "roi": roi,
        "effect": roi[..., None],
        "contribution": roi * spend,
    }
    if "pooling" in posterior:
        named["spread"] = posterior["pooling"].to_numpy()
        deviation = posterior["deviation"].to_numpy()
        named["effect"] = roi[..., None] * np.exp(named["spread"][..., None] * deviation)
    return named


def main() -> None:
    if ASKED["stage"] == "compile":
        finish(ASKED, marks, {})
        return
    named: dict[str, np.ndarray] = {}
    steps = 0
    for number, file in enumerate(ASKED["cases"]):
        case = Case.load(file)
        params, panel = workbook_params(case, ASKED), workbook_panel(case)
        if ASKED["stage"] == "refresh":
            fit = fit_one(panel, params, FitRequest(MODEL))
            posterior = fit.posterior
        else:
            data = prepare(panel, params, MODEL)
            posterior = sample.sample(data, params.model, ASKED["seed"], available_cores())
        steps += int(posterior["sample_stats"]["n_steps"].sum())
        one = draws_of(posterior["posterior"].to_dataset(), case.spend.sum(axis=(1, 2)))
        named |= numbered(one, number)
    marks.at("sampled")
    finish(ASKED, marks, named, gradients=steps)


main()
