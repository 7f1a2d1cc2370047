"""Did the sampler find the posterior? (H2)

R-hat and effective draws of every parameter in the posterior, returns included,
divergent steps, and E-BFMI. Diagnostics are ArviZ's, after Vehtari et al. (2021),
*Rank-normalization, folding, and localization: an improved R-hat*, and Betancourt
(2016), *Diagnosing suboptimal cotangent disintegrations in HMC* (E-BFMI).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_least, at_most, not_run
from mmmlib.health import REQUIRED_CHECKS
from mmmlib.model.chains import Chains, diagnose, sort_parameters
from mmmlib.params.limits import HealthParams
from mmmlib.phrases import some_of

SAMPLER_CHECKS = REQUIRED_CHECKS[:5]
APART = 1.0
"""Standard deviations of a chain's draws by which the means of two chains are apart where each found
an explanation of its own."""
TRADED = 0.6
"""Rank correlation from which one parameter goes up as another goes down."""
SHOWN = 3
"""Names of parameters that a message shows."""
SEVERE_DIVERGENT_SHARE = 0.01
"""Above this share of divergent draws the posterior is not trusted at all."""


def check_convergence(
    model: str, posterior: xr.DataTree | None, limits: HealthParams
) -> list[Finding]:
    """Check whether the chains agree, are long enough and went everywhere: :data:`SAMPLER_CHECKS`.

    ``posterior`` has the groups ``posterior`` and ``sample_stats`` (``diverging``, ``energy``),
    each variable with dimensions ``chain`` and ``draw``; None where the engine kept none. Limits
    are ``max_rhat``, ``min_ess``, ``max_divergent_share`` and ``min_bfmi``.

    How to read it: R-hat above the limit blocks, because chains that disagree have no common
    posterior. Too few effective draws warn, and block below a quarter of the limit. A parameter
    that is constant in all chains has no R-hat and is named; an R-hat that is not a number for any
    other reason fails.
    """
    if posterior is None or "posterior" not in posterior.children:
        why = "There are no chains of this model, so nobody knows whether it converged."
        return [not_run(check, model, why) for check in SAMPLER_CHECKS]
    chains = sort_parameters(posterior["posterior"].to_dataset())
    tree = posterior.children.get("sample_stats")
    stats = None if tree is None else tree.to_dataset()
    return [
        _rhat(model, chains, limits),
        _ess("health.ess_bulk", model, chains, limits, "the centre", method="bulk"),
        _ess(
            "health.ess_tail", model, chains, limits, "the ends", method="tail", prob=(0.05, 0.95)
        ),
        _divergences(model, stats, limits),
        _bfmi(model, stats, limits),
    ]


def _rhat(model: str, chains: Chains, limits: HealthParams) -> Finding:
    values = diagnose(chains, "rhat")
    value, name = _worst(chains, values, np.argmax)
    cause = "" if value <= limits.max_rhat else why_apart(chains, name.removeprefix(", at "))
    return at_most(
        "health.rhat",
        model,
        value,
        limits.max_rhat,
        f"The largest R-hat of {len(values)} parameters is {_number(value, 3)}"
        f" (limit {limits.max_rhat:g}){name}.{cause}{_aside(chains)}",
    )


def why_apart(chains: Chains, name: str) -> str:
    """Say what the draws of a parameter (``roi[search]``) show of why its chains do not agree.

    A sentence with a blank before it: a parameter that it is traded against, or values at which
    chains stay. Empty where the parameter's draws are not finite.
    """
    if name not in chains.draws:
        return ""
    draws = chains.draws[name]
    own = _ranks(draws)
    others = {other: _ranks(one) for other, one in chains.draws.items() if other != name}
    with_other = {other: float(np.mean(own * one)) for other, one in others.items()}
    nearest = max(with_other, key=lambda other: abs(with_other[other]), default="")
    means = draws.mean(axis=1)
    if np.ptp(means) > APART * draws.std(axis=1).mean():
        low, high = float(means.min()), float(means.max())
        what = (
            f" Its chains stay at different values, {low:.3g} to {high:.3g}: two explanations fit."
        )
    else:
        what = " Its chains move slowly over one range."
    if nearest and abs(with_other[nearest]) >= TRADED:
        what += (
            f" It is traded against {nearest} (rank correlation {format_number(round(with_other[nearest], 2))}): the data "
            f"hardly tell the two apart."
        )
    return what


def _ranks(draws: np.ndarray) -> np.ndarray:
    """Rank the draws of all chains, with mean zero and variance one."""
    from scipy.stats import rankdata, zscore

    return np.asarray(zscore(rankdata(draws, axis=None)))


def _ess(
    check: str, model: str, chains: Chains, limits: HealthParams, where: str, **options: object
) -> Finding:
    value, name = _worst(chains, diagnose(chains, "ess", **options), np.argmin)
    enough_to_read = value >= limits.min_ess / 4
    return at_least(
        check,
        model,
        value,
        limits.min_ess,
        f"For {where} of its range the least sure parameter has "
        f"{_number(value, 0)} effective draws (limit {limits.min_ess:g}){name}.",
        level=None if enough_to_read else Level.BLOCK,
    )


def _divergences(model: str, stats: xr.Dataset | None, limits: HealthParams) -> Finding:
    if stats is None or "diverging" not in stats:
        return not_run(
            "health.divergences", model, "The sampler kept no record of divergent steps."
        )
    diverging = stats["diverging"].to_numpy()
    value = float(np.mean(diverging)) if diverging.size else float("nan")
    count = int(np.sum(diverging))
    mild = value <= max(SEVERE_DIVERGENT_SHARE, limits.max_divergent_share)
    return at_most(
        "health.divergences",
        model,
        value,
        limits.max_divergent_share,
        f"{count} of {diverging.size} draws {'was' if count == 1 else 'were'} divergent "
        f"(limit {100 * limits.max_divergent_share:g} %).",
        level=None if mild else Level.BLOCK,
    )


def _bfmi(model: str, stats: xr.Dataset | None, limits: HealthParams) -> Finding:
    if stats is None or "energy" not in stats:
        return not_run("health.bfmi", model, "The sampler kept no record of its energy.")
    import arviz_stats

    energy = stats["energy"].transpose("chain", "draw").to_numpy()
    each = np.atleast_1d(arviz_stats.bfmi(energy)) if _varies(energy) else np.array([np.nan])
    value = float(np.min(each))  # NaN of one chain is NaN of all
    return at_least(
        "health.bfmi",
        model,
        value,
        limits.min_bfmi,
        f"The lowest E-BFMI of {len(energy)} chains is {_number(value, 2)} "
        f"(limit {limits.min_bfmi:g}).",
    )


def _worst(chains: Chains, values: np.ndarray, pick: object) -> tuple[float, str]:
    """Return the worst value and the parameter's name; NaN is worse than any number."""
    if not len(values):
        return float("nan"), " (the posterior holds no parameter that varies)"
    names = [*chains.draws, *chains.broken]
    bad = np.flatnonzero(np.isnan(values))
    place = int(bad[0]) if len(bad) else int(pick(values))  # type: ignore[operator]
    return float(values[place]), f", at {names[place]}"


def _aside(chains: Chains) -> str:
    """Say what was left out of the comparison, and what is not a number."""
    parts = []
    if chains.constant:
        parts.append(f" Constant, so without R-hat: {some_of(chains.constant, SHOWN)}.")
    if chains.broken:
        parts.append(f" Not finite: {some_of(chains.broken, SHOWN)}.")
    return "".join(parts)


def _number(value: float, decimals: int) -> str:
    return "not a number" if np.isnan(value) else f"{value:.{decimals}f}"


def _varies(energy: np.ndarray) -> bool:
    return bool(np.isfinite(energy).all() and (np.ptp(energy, axis=1) > 0).all())
