"""Data from which no answer can come, and priors that leave no room for them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from mmmlib.errors import MMMError
from mmmlib.model.arrays import ModelData
from mmmlib.model.quantiles import Z90

SPLIT = 1e-3
"""Share of the regions' movement that is their own, below which they are one series, divided."""


def refuse_faults(
    model: str,
    channels: tuple[str, ...],
    outcome: np.ndarray,
    spend: np.ndarray,
    media: np.ndarray,
    seen: int,
    likelihood: str,
    unpaid: Collection[str] = (),
) -> None:
    """Refuse data from which no answer can come, with all reasons at once."""
    faults: list[str] = []
    visible = media[:, :, : max(seen, 0)]
    later = outcome.shape[1] - seen
    which = f"{model} without its last {later} weeks" if later else model
    if seen < 2 * len(channels) + 10:
        faults.append(
            f"{max(seen, 0)} weeks are too few for {len(channels)} channels "
            f"(at least {2 * len(channels) + 10} are needed): bring more history, "
            f"join channels, or shorten the holdout"
        )
    elif not (outcome[:, :seen].mean(-1) > 0).all():
        faults.append("a region's outcome is zero in all weeks: take the region out")
    elif not (outcome[:, :seen].std(-1) > 0).all():
        faults.append("a region's outcome never changes, so nothing can explain it")
    elif (
        likelihood == "negative_binomial"
        and (np.rint(outcome[:, :seen]) != outcome[:, :seen]).any()
    ):
        faults.append(
            "counts are whole numbers, and the outcome has fractions: take another likelihood"
        )
    elif _is_divided(outcome[:, :seen]):
        faults.append(
            "the regions' outcomes are one series, divided by fixed shares, so they tell "
            "nothing of the regions: set model.geography to national"
        )
    else:
        # What only the weeks that are held out tell is there once fewer of them are.
        shorter = "shorten health.holdout_weeks until"
        for row, name in enumerate(channels):
            if not visible[row].any() or not spend[row, :, :seen].any():
                young = later and spend[row].any()
                advice = f"{shorter} it has" if young else "remove it"
                what = "exposure" if name in unpaid else "spend"
                faults.append(f"channel {name} has no {what} in the fitted weeks: {advice}")
            elif np.ptp(visible[row], axis=-1).max() == 0:
                still = np.ptp(media[row], axis=-1).max() == 0
                advice = "leave it out, or vary it" if still else f"{shorter} it does"
                faults.append(
                    f"channel {name} never changes, so its effect cannot be told from "
                    f"the level: {advice}"
                )
            for other in range(row):
                if visible[row].any() and np.array_equal(visible[row], visible[other]):
                    same = np.array_equal(media[row], media[other])
                    advice = "join them" if same else f"{shorter} they are not"
                    faults.append(f"channels {channels[other]} and {name} are identical: {advice}")
    if faults:
        raise MMMError(f"{which} cannot be fitted. " + "; ".join(faults) + ".")


def _is_divided(outcome: np.ndarray) -> bool:
    """Whether regions move alike but for rounding: what they share is all that there is."""
    if len(outcome) == 1:
        return False
    own = outcome / outcome.mean(-1, keepdims=True) - 1
    return not float((own - own.mean(0)).var()) > SPLIT * float(own.var())


def refuse_priors(data: ModelData) -> None:
    """Refuse priors whose low ends alone make the channels cause more than there is.

    The channel that takes the most room is named.
    """
    mean, sd = data.priors["roi"]
    least = np.exp(mean - Z90 * sd) * data.seen_spend / data.seen_total
    if least.sum() <= data.max_media_share:
        return
    worst = int(least.argmax())
    what = "return" if data.paid[worst] else "share"
    raise MMMError(
        f"{data.model} cannot be fitted. Even at the low ends of their priors the channels "
        f"together would cause {least.sum():.0%} of the outcome, and model.max_media_share is "
        f"{data.max_media_share:.0%}. {data.channels[worst]} alone would cause "
        f"{least[worst]:.0%}: state a lower {what} for it, or look whether its spend and the "
        f"outcome have the units that you think."
    )
