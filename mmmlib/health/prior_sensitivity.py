"""Would another reasonable prior have given another answer? (H2, M5)

A return can be narrower than its prior and still stand where the prior put it: what the
data said little of keeps the prior's middle. So every fit is asked what it would have
said under priors a little higher, lower and wider (:mod:`mmmlib.model.power_scaling`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number, format_range, is_money, span_text
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.model.effects import roi
from mmmlib.model.power_scaling import MAX_PARETO_K, Reweighted, reweigh
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

PRIOR = "health.prior_sensitivity"
OUR_ASSUMPTION = "This is our assumption more than the data."


@dataclass(frozen=True)
class Moved:
    """How far a quantity would move under other reasonable priors.

    ``low`` and ``high`` are the smallest and largest of its medians under them, ``share`` the
    farther of the two from its median now, as a ratio minus one (NaN where it could not be told),
    and ``error`` its Monte Carlo error, with no credit for the draws that both medians share.
    """

    low: float
    high: float
    share: float
    error: float


def moved(draws: np.ndarray, under: Reweighted) -> Moved:
    """Measure how far the median of positive draws would move; NaN where nobody can tell."""
    now = float(np.median(draws))
    if not (under.known and np.isfinite(draws).all() and now > 0):
        return Moved(math.nan, math.nan, math.nan, math.nan)
    medians = [now, *under.medians(draws).tolist()]
    low, high = min(medians), max(medians)
    share = max(high / now, now / low) - 1 if low > 0 else math.inf
    error = math.sqrt(2) * monte_carlo_error(draws) / now * (1 + share)
    return Moved(low, high, share, error if share > 0 else 0.0)


def check_prior_sensitivity(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check how far each return, and the total, would move under another reasonable prior.

    One finding for all channels together and one per channel (``max_prior_sensitivity``). Where the
    draws cannot tell, it counts as if it would move; where the priors are not known, or a channel
    had no spend, the check could not run.

    How to read it: 0.2 means that the median would be 20 % higher, or lower by as large a factor,
    had the prior been a little different. A channel's return and its marginal return are both
    looked at; the one that moves more counts.
    """
    model = str(effects.attrs["model"])
    under = reweigh(effects)
    numbers = {"the return": roi(effects), "the marginal return": effects["marginal_roi"]}
    total = effects["contribution"].sum(["channel", "week"], skipna=False).to_numpy().astype(float)
    findings = [_judge_total(model, total, str(effects.attrs["outcome_unit"]), under, limits)]
    for name in effects["channel"].to_numpy():
        quantities = {
            word: one.sel(channel=name).to_numpy().astype(float) for word, one in numbers.items()
        }
        findings.append(
            _judge_channel(f"{model}/{name}", quantities, under.get(str(name)), effects, limits)
        )
    return findings


def _judge_total(
    model: str,
    draws: np.ndarray,
    unit: str,
    under: dict[str | None, Reweighted],
    limits: HealthParams,
) -> Finding:
    if None not in under:
        return _unknown(model)
    found = moved(draws, under[None])
    if math.isnan(found.share):
        return _unclear(model, under[None])
    return _finding(
        model,
        found,
        limits,
        f"Under other reasonable priors of all returns, the channels together would contribute "
        f"{format_range(found.low, found.high, unit)} in the middle, now {format_number(float(np.median(draws)), unit)}",
    )


def _judge_channel(
    subject: str,
    quantities: dict[str, np.ndarray],
    under: Reweighted | None,
    effects: xr.Dataset,
    limits: HealthParams,
) -> Finding:
    if under is None:
        return _unknown(subject)
    if np.isnan(quantities["the return"]).all():
        why = "The channel had no spend, so it has no return."
        return not_run(PRIOR, subject, why, level=Level.WARN)
    each = {name: moved(draws, under) for name, draws in quantities.items()}
    if any(math.isnan(one.share) for one in each.values()):
        return _unclear(subject, under)
    name = max(each, key=lambda one: each[one].share)
    draws, unit = quantities[name], str(effects.attrs["return_unit"])
    message = (
        f"Under another reasonable prior {name} would be {format_range(each[name].low, each[name].high, unit)} in the middle, "
        f"now {format_number(float(np.median(draws)), unit)}"
    )
    if is_money(str(effects.attrs["outcome_unit"])):
        pays = draws > 1
        chances = [float(pays.mean()), *under.chances(pays).tolist()]
        message += f", and the probability that it pays {span_text(chances, 'share')}"
    return _finding(subject, each[name], limits, message)


def _finding(subject: str, found: Moved, limits: HealthParams, message: str) -> Finding:
    limit = limits.max_prior_sensitivity
    size, most = (format_number(one, "share") for one in (found.share, limit))
    message += f": it moves by up to {size} (limit {most})."
    return at_most(PRIOR, subject, found.share, limit, message, error=found.error)


def _unknown(subject: str) -> Finding:
    why = "The engine does not say what it believed before the fit."
    return not_run(PRIOR, subject, why, level=Level.WARN)


def _unclear(subject: str, under: Reweighted) -> Finding:
    if under.known or math.isnan(under.pareto_k):
        return not_run(PRIOR, subject, "Not all draws are numbers.", level=Level.WARN)
    why = (
        f"How far this hangs on the prior could not be told: too few draws lie where another prior "
        f"would put them (Pareto's k {under.pareto_k:.2f}, limit {MAX_PARETO_K:g})."
    )
    # Nobody can say that it does not hang on it: so it counts as if it did.
    return judge(PRIOR, subject, passed=False, message=why, value="not known")
