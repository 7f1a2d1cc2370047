"""Does the model find an effect where there can be none? (H2)

A placebo channel has the spend of a real one, shuffled in blocks of weeks: it moves as spend does and
cannot have worked. A return of a channel is positive in this model, so that no range reaches zero;
what a placebo must not do is to be raised by the data above what was stated of it. It takes a fit of
its own, so it is asked on demand (``health.placebo``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, Level, at_most, not_run
from mmmlib.model.chains import MAX_RHAT, largest_rhat
from mmmlib.model.effects import roi
from mmmlib.model.one_fit import Fit
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params import Params
from mmmlib.params.limits import HealthParams
from mmmlib.params.load import change_params
from mmmlib.params.strict import KeyChange

CHECK = "health.placebo"
PLACEBO = "placebo"
BLOCK = 8
"""Weeks of a block: carryover and bursts stay inside of most."""
LOW = 0.05
"""Probability below the low end of a 90 % range."""


def placebo_panel(panel: Panel, channel: str, rng: np.random.Generator) -> Panel:
    """Return the panel with a channel more, whose spend is another's in shuffled blocks of weeks.

    It is shuffled in all regions alike.
    """
    weeks = len(panel.weeks)
    starts = rng.permutation(np.arange(0, weeks, BLOCK))
    order = np.concatenate([np.arange(start, min(start + BLOCK, weeks)) for start in starts])
    spend = panel.array("spend").sel(channel=channel).to_numpy()
    frame = panel.frame.copy()
    at = list(frame.columns).index(f"spend:{panel.names('spend')[-1]}") + 1
    frame.insert(at, f"spend:{PLACEBO}", spend[:, order].ravel())
    return replace(panel, frame=frame)


def with_placebo(params: Params, model: str) -> Params:
    """Return parameters with the placebo among the channels.

    It has the prior of a channel that nothing is said of, but by itself: what the other channels
    return says nothing of one that cannot have worked.
    """
    money = params.outcome_unit(model) == params.currency
    stated = params.model.default_roi if money else params.model.default_share
    prior = {"roi" if money else "share": stated.model_dump(mode="json")}
    about = {"label": "Placebo", "spend": PLACEBO, "prior": prior}
    return change_params(params, [KeyChange(("channels", PLACEBO), about, "the placebo")])


def most_spend(panel: Panel, params: Params) -> str:
    """Return the channel with the most spend: what it does is seen best."""
    spend = panel.array("spend").sum(("region", "week"))
    return max(params.paid_channels, key=lambda name: float(spend.sel(channel=name)))


def raised(effects: xr.Dataset) -> float:
    """Return the low end of the placebo's 90 % range over the middle of what was stated of it.

    Above one, the data raised what cannot have worked.
    """
    found = roi(effects).sel(channel=PLACEBO).to_numpy()
    return float(np.quantile(found, LOW) / np.median(effects["prior_roi"].sel(channel=PLACEBO)))


def check_placebo(model: str, fit: Fit | None, limits: HealthParams, why: str = "") -> Finding:
    """Check that the data did not raise the return of a channel that cannot have worked.

    The limit is ``max_placebo``. Not run, and a warning, where there is no fit with the placebo
    among its channels (``why`` says why not) or its chains did not agree.

    How to read it: one in twenty placebos is above any limit by chance. One that is far above it
    says that the model takes something else (a season, a trend that bends too little) for an effect
    of money, and may do so with real channels.
    """
    action = "Raise model.draws, or look at the placebo in the workbench: trial.sensitivity()."
    if fit is None:
        return not_run(CHECK, model, why, level=Level.WARN, action=action)
    rhat = largest_rhat(fit.posterior)
    if not rhat <= MAX_RHAT:
        why = f"The fit with a placebo did not converge (R-hat {rhat:.2f})."
        return not_run(CHECK, model, why, level=Level.WARN, action=action)
    effects = fit.effects
    unit = str(effects.attrs["return_unit"])
    found = roi(effects).sel(channel=PLACEBO).to_numpy()
    stated = effects["prior_roi"].sel(channel=PLACEBO).to_numpy()
    value = raised(effects)
    return at_most(
        CHECK,
        model,
        value,
        limits.max_placebo,
        f"A channel that cannot have worked (spend in shuffled blocks of weeks) returned "
        f"{Estimate.from_draws(found, unit)}; stated was {Estimate.from_draws(stated, unit)}. Its low end is "
        f"{value:.2f} times that middle (limit {limits.max_placebo:g}).",
        error=monte_carlo_error(found, "quantile", LOW) / float(np.median(stated)),
    )
