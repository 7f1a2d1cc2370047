"""Change, fit and compare with PyMC-Marketing; started by ``workbench.py`` in the peer's environment.

The model is the one of ``run_pymc_marketing.py``. It is fitted once, as a run would have been, which
is told apart; then a prior is changed, the changed model is built and fitted, and both are held side
by side: the return of every channel with its range, and PSIS-LOO, by the package's and ArviZ's own calls.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
ASKED = json.loads(Path(sys.argv[1]).read_text())

import run_pymc_marketing as engine


def main() -> None:
    """Time each step twice: the first trial, and a second one."""
    import numpy as np

    case = engine.Case.load(ASKED["cases"][0])
    base, X, y = engine.model_of(case)
    marks: dict[str, list[float]] = {"change": [], "fit": [], "compare": []}
    began = time.perf_counter()
    fit(base, X, y)
    marks["base"] = [time.perf_counter() - began]
    first = engine.curve_priors(case, None)["beta"].parameters["mu"][0]
    for number in range(ASKED["times"]):
        began = time.perf_counter()
        trial, X, y = engine.model_of(case)
        tighter(trial, first + 0.1 * number)
        trial.build_model(X, y)
        marks["change"].append(time.perf_counter() - began)
        began = time.perf_counter()
        fit(trial, X, y)
        marks["fit"].append(time.perf_counter() - began)
        began = time.perf_counter()
        compared = compare({"base": base, "trial": trial}, case)
        marks["compare"].append(time.perf_counter() - began)
    assert np.isfinite(compared).all()
    print(json.dumps({"seconds": marks}), flush=True)


def fit(model: Any, X: Any, y: Any) -> None:
    """Sample as the workbook does."""
    model.fit(
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


def tighter(model: Any, middle: float) -> None:
    """State a tighter prior of the first channel's effect."""
    prior = model.saturation.function_priors["beta"]
    mu, sigma = (np_array(prior.parameters[name]) for name in ("mu", "sigma"))
    mu[0], sigma[0] = middle, sigma[0] / 3
    model.saturation.function_priors = {
        **model.saturation.function_priors,
        "beta": engine.Prior("LogNormal", mu=mu, sigma=sigma, dims="channel"),
    }


def np_array(value: Any) -> Any:
    """Return a value for each channel."""
    import numpy as np

    channels = np.load(ASKED["cases"][0])["spend"].shape[0]
    return np.array(np.broadcast_to(np.asarray(value, float), (channels,)))


def compare(models: dict[str, Any], case: Any) -> Any:
    """Make a table of returns with their ranges, a column for each model, and the PSIS-LOO of both."""
    import arviz as az
    import numpy as np
    import pymc as pm

    ends = []
    for model in models.values():
        draws = engine.draws_of(model, model.idata["posterior"].to_dataset(), case)["roi"]
        ends.append(np.quantile(draws.reshape(-1, draws.shape[-1]), [0.05, 0.5, 0.95], axis=0))
        if "log_likelihood" not in model.idata:
            with model.model:
                pm.compute_log_likelihood(model.idata, progressbar=False)
    az.compare({name: model.idata for name, model in models.items()})
    return np.stack(ends)


main()
