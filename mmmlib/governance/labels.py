"""Labels of what is said on each channel's return (O8)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.findings import FindingList
from mmmlib.governance.verdict import Claim
from mmmlib.model.effects import roi
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.refresh.comparison import Comparison
from mmmlib.scenarios.evidence import channel_evidence, model_evidence
from mmmlib.scenarios.labels import decide
from mmmlib.scenarios.pack import Label


def label_channels(
    effects: xr.Dataset,
    readiness: Readiness,
    health: FindingList | None,
    comparison: Comparison | None,
    params: Params,
) -> dict[str, Claim]:
    """Label the statement "this channel returned between low and high", per channel.

    Parameters
    ----------
    effects
        Of one model.
    readiness, health, comparison
        Of the same run; None for what was not made. Missing health speaks against
        every claim.
    params
        ``governance.wide_ratio`` is the limit of a range's ends.

    Returns
    -------
    dict
        ``do not infer`` where the model or the channel is blocked, not ready, or
        has no spend; ``needs review`` where there are doubts, the range is wide, or
        the return moved by more than noise since the last refresh; else ``safe to
        act on``. Every claim carries its reasons.
    """
    model = str(effects.attrs["model"])
    names = [str(name) for name in effects["channel"].to_numpy()]
    on_model = model_evidence(model, health, names)
    returns = roi(effects).transpose("draw", "channel").to_numpy()
    claims = {}
    for column, name in enumerate(names):
        draws = returns[:, column]
        against, doubts = [], []
        if not np.isfinite(draws).all():
            against.append(
                f"{params.channel_label(name)} has no spend in this window, so it has no return."
            )
        else:
            estimate = Estimate.from_draws(draws, str(effects.attrs["return_unit"]))
            limit = params.governance.wide_ratio
            if not (estimate.low > 0 and estimate.high <= limit * estimate.low):
                doubts.append(
                    f"The range is wide ({estimate}): its ends differ by more than a factor "
                    f"of {limit:g}."
                )
        doubts += _moved(comparison, model, name)
        evidence = on_model + channel_evidence(
            name, model, readiness, health, params.channel_label(name)
        )
        label, reasons = decide(evidence, more_against=against, more_doubts=doubts)
        if label is None:
            label = Label.SAFE
            reasons = ("Readiness and health speak for it, and its range is narrow enough.",)
        claims[name] = Claim(label=label, reasons=reasons)
    return claims


def _moved(comparison: Comparison | None, model: str, channel: str) -> list[str]:
    if comparison is None:
        return []
    return [
        f"It moved by more than noise since {comparison.parent}: "
        f"from {move.before} to {move.after}."
        for move in comparison.movements
        if (move.model, move.channel, move.quantity) == (model, channel, "roi")
        and move.beyond_noise
    ]
