"""How well specifications predict weeks that they have not seen: several cut-offs, one after the other.

Weeks of a time series are no independent draws, so that leaving one out between its neighbours says
little of a forecast. The model is fitted to the weeks before a cut-off and predicts those after it
(leave-future-out: Bürkner, Gabry and Vehtari, 2020). Where the noise is independent, PSIS-LOO is told,
too (Vehtari, Gelman and Gabry, 2017).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr
from scipy.stats import gaussian_kde, nbinom, norm, t

from mmmlib.errors import MMMError
from mmmlib.estimates import Estimate
from mmmlib.model.chains import MAX_RHAT, largest_rhat
from mmmlib.model.derive import thin
from mmmlib.model.fit import fit_each
from mmmlib.model.noise import floored
from mmmlib.model.one_fit import FitRequest, quick
from mmmlib.model.spec import too_young
from mmmlib.model.start import learned
from mmmlib.phrases import count_text
from mmmlib.reports.blocks import Block, Prose
from mmmlib.reports.cells import Cell, Column, Observed
from mmmlib.reports.table import Table
from mmmlib.workbench.bar import progress_bar
from mmmlib.workbench.side import Side

ROUNDS = 1000
"""Of the search for stacking weights."""
TINY = 1e-12


def unseen_blocks(sides: Sequence[Side], cuts: int) -> Iterator[Block]:
    """Yield what each specification says of weeks that it has not seen.

    They come after so many cut-offs (none if zero), each ``health.holdout_weeks`` before the next.
    """
    if not cuts:
        yield Prose(
            "Not asked: compare(…, holdouts=4) predicts the weeks after four cut-offs from those before."
        )
    elif any(side.trial.custom for side in sides):
        yield Prose(
            "A custom model cannot be fitted without its last weeks by itself: no holdout is shown."
        )
    else:
        yield from _future(sides, cuts)
    yield from _loo(sides)


def _future(sides: Sequence[Side], cuts: int) -> Iterator[Block]:
    found: list[tuple[Side, np.ndarray, np.ndarray]] = []
    for side in sides:
        try:
            predicted, observed = _predicted(side, cuts)
        except MMMError as error:
            yield Prose(f"{side.label} cannot be fitted without its last weeks: {error}")
            continue
        found.append((side, predicted, observed))
    weeks = min((observed.size for _, _, observed in found), default=0)
    if not weeks:
        return
    # The same weeks for all: a specification of more weeks is held against no others.
    scores = np.stack(
        [_log_scores(predicted, observed)[-weeks:] for _, predicted, observed in found]
    )
    weights = stacking_weights(scores)
    rows = []
    for place, (side, predicted, observed) in enumerate(found):
        predicted, observed = predicted[:, -weeks:], observed[-weeks:]
        off = np.abs(np.median(predicted, axis=0) - observed)
        low, high = np.quantile(predicted, [0.05, 0.95], axis=0)
        inside = int(((low <= observed) & (observed <= high)).sum())
        better = scores[place] - scores[0]
        difference: Cell = None
        if place:
            spread = float(np.sqrt(weeks) * better.std(ddof=1))
            difference = Estimate.from_measurement(float(better.sum()), max(spread, TINY))
        rows.append(
            (
                side.label,
                _error(off / observed.mean()),
                f"{inside} of {weeks}",
                difference,
                Observed(float(weights[place]), "share"),
            )
        )
    heads = (
        "Specification",
        "Mean error",
        "Inside 90 % band",
        f"Log score, against {found[0][0].label}",
        "Stacking weight",
    )
    yield Table(
        "unseen",
        f"{count_text(weeks, 'week')} after {count_text(cuts, 'cut-off')}, each predicted from the weeks before it. "
        f"A log score above zero, with its 90 % range, predicts better. The stacking weight is the share that each "
        f"has in the mixture that predicts best: two that say the same share it, so that a small one is no verdict.",
        tuple(map(Column, heads)),
        tuple(rows),
    )


def _error(off: np.ndarray) -> Cell:
    """Mean of relative errors, with what the choice of weeks does to it."""
    return Estimate.from_measurement(
        float(off.mean()), max(float(off.std(ddof=1)) / np.sqrt(off.size), TINY), "share"
    )


def _predicted(side: Side, cuts: int) -> tuple[np.ndarray, np.ndarray]:
    """Predict the weeks after every cut-off: draws ``(draw, week)`` and what came ``(week,)``."""
    trial = side.trial
    params = quick(trial.params)
    step = params.health.holdout_weeks
    requests = [
        FitRequest(
            part,
            (cut + 1) * step,
            "rolling",
            without=too_young(trial.panel, params, (cut + 1) * step),
        )
        for cut in range(cuts)
        for part in side.parts
    ]
    whole: dict[int, list[xr.Dataset]] = {}
    earlier = {part: learned(trial.fits[part].posterior) for part in side.parts}
    with progress_bar(requests) as progress:
        for fit in fit_each(trial.panel, params, requests, progress, trial.scales, earlier):
            rhat = largest_rhat(fit.posterior)
            if not rhat <= MAX_RHAT:
                raise MMMError(f"the chains of {fit.request} do not agree (R-hat {rhat:.2f}).")
            whole.setdefault(fit.request.holdout_weeks, []).append(fit.effects)
    draws, seen = [], []
    for held in sorted(whole, reverse=True):
        parts = whole[held]
        first = int(parts[0]["in_sample"].sum())
        weeks = slice(first, first + step)
        draws.append(sum(part["predicted"].to_numpy()[:, weeks] for part in parts))
        seen.append(sum(part["observed"].to_numpy()[weeks] for part in parts))
    return np.concatenate(draws, axis=1), np.concatenate(seen)


def _log_scores(predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Log density of what came under the predictive draws of each week; ``(week,)``."""
    scores = []
    for draws, came in zip(predicted.T.astype(float), observed, strict=True):
        # Beyond all draws a smoothed density is nothing: the normal one of the same spread is the floor.
        smooth = gaussian_kde(draws)(came)[0]
        scores.append(
            np.logaddexp(
                np.log(smooth + 1e-300), norm.logpdf(came, draws.mean(), draws.std()) - np.log(100)
            )
        )
    return np.array(scores)


def stacking_weights(scores: np.ndarray) -> np.ndarray:
    """Return the weights of the mixture that predicts best (Yao et al., 2018); they sum to one.

    ``scores`` are log predictive densities, ``(specification, week)``. The weights are those of a mixture, not
    probabilities that a model is true.
    """
    density = np.exp(scores - scores.max(axis=0))
    weights = np.full(len(scores), 1 / len(scores))
    for _ in range(ROUNDS):
        weights = weights * (density / (weights @ density)).mean(axis=1)
    return weights / weights.sum()


# --- where weeks are independent ---------------------------------------------------------


def _loo(sides: Sequence[Side]) -> Iterator[Block]:
    """Yield PSIS-LOO, where the noise of all is independent from week to week."""
    each = [_log_likelihood(side) for side in sides]
    known = [one for one in each if one is not None]
    if len(known) < len(sides):
        correlated = ", ".join(
            side.label for side, one in zip(sides, each, strict=True) if one is None
        )
        yield Prose(
            f"PSIS-LOO is not shown: weeks are not independent given {correlated} (its errors follow their past, or "
            f"it has regions), so that a week is told by its neighbours. Weeks after a cut-off are the fair question."
        )
        return
    import arviz_stats

    rows, first = [], None
    for side, values in zip(sides, known, strict=True):
        draws = values[None]
        tree = xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset({"one": (("chain", "draw"), np.zeros(draws.shape[:2]))}),
                "log_likelihood": xr.Dataset({"outcome": (("chain", "draw", "week"), draws)}),
            }
        )
        found = arviz_stats.loo(tree, pointwise=True, reff=1.0)
        point = np.asarray(found.elpd_i)
        better: Cell = None
        if first is None:
            first = point
        elif point.size == first.size:
            off = point - first
            better = Estimate.from_measurement(
                float(off.sum()), max(float(np.sqrt(off.size) * off.std(ddof=1)), TINY)
            )
        bad = int((np.asarray(found.pareto_k) > 0.7).sum())
        rows.append((side.label, better, Observed(float(bad))))
    yield Table(
        "loo",
        "PSIS-LOO: log score of each week, told by all others, with the 90 % range of the difference. Weeks whose "
        "Pareto k is above 0.7 are not to be relied on.",
        (
            Column("Specification"),
            Column(f"Against {sides[0].label}"),
            Column("Weeks with k above 0.7"),
        ),
        tuple(rows),
    )


def _log_likelihood(side: Side) -> np.ndarray | None:
    """Log density of every week in every draw; None where weeks are not independent given the draw."""
    if side.trial.custom or len(side.parts) != 1:
        return None
    data = side.trial.prepare(side.parts[0])
    if data.autocorrelated or len(data.regions) > 1:
        return None
    effects = side.effects
    parameters = thin(
        side.trial.fits[side.parts[0]].posterior["posterior"].to_dataset(), effects.sizes["draw"]
    )
    seen, scale = data.fitted_weeks, float(data.scales.outcome[0])
    expected = (
        effects["baseline_part"].sum("component") + effects["contribution"].sum("channel")
    ).to_numpy()[:, :seen]
    observed, sigma = data.outcome[0, :seen], parameters["sigma"][:, :1]
    if data.likelihood == "negative_binomial":
        size = sigma**-2
        mean = scale * floored(expected / scale)
        return np.asarray(nbinom.logpmf(np.rint(observed), size, size / (size + mean)))
    if data.likelihood == "student_t":
        return np.asarray(t.logpdf(observed, parameters["degrees"], expected, sigma * scale))
    return np.asarray(norm.logpdf(observed, expected, sigma * scale))
