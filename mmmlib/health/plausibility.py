"""Are the results ones that a marketer can believe? (H2)"""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate, format_number, is_money
from mmmlib.findings import Finding, Level, at_most, judge, not_run
from mmmlib.model.effects import fitted, roi, still_to_come
from mmmlib.monte_carlo import monte_carlo_error
from mmmlib.params.limits import HealthParams

TO_COME = "health.effect_to_come"


def check_returns(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check that no channel returns more than can be believed.

    Parameters
    ----------
    effects
        The return is that of all weeks.
    limits
        ``max_plausible_roi``, in money per money.

    Returns
    -------
    list of Finding
        One per channel, subject ``model/channel``. The limit is stated in money per
        money; where the outcome is a count one finding says that it does not apply.

    Notes
    -----
    How to read it: a channel is flagged when its return is more likely above the
    limit than below it. Such a channel mostly stands where demand already is
    (brand search) and takes credit for it.
    """
    model = str(effects.attrs["model"])
    check = "health.high_return"
    if not is_money(effects.attrs["outcome_unit"]):
        return [
            judge(
                check,
                model,
                passed=True,
                message=f"Not applicable: the outcome is counted in {effects.attrs['outcome_unit']}, "
                "and the limit is stated in money per money.",
            )
        ]
    returns = roi(effects)
    return [
        _judge_return(
            f"{model}/{channel}",
            returns.sel(channel=channel).to_numpy().astype(float),
            effects.attrs["return_unit"],
            limits.max_plausible_roi,
        )
        for channel in effects["channel"].to_numpy()
    ]


def check_to_come(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check for every channel that most of what its spend brings has come.

    Parameters
    ----------
    effects
        Of all weeks.
    limits
        ``max_still_to_come``.

    Returns
    -------
    list of Finding
        One per channel, subject ``model/channel``.

    Notes
    -----
    How to read it: a return counts the effect of the spend to its end. What comes after the
    last week nobody has seen: the model expects it by the carryover of the weeks before. Much
    is still to come of a young channel whose effect is late.
    """
    coming = still_to_come(effects)
    found = []
    for channel in effects["channel"].to_numpy():
        draws = coming.sel(channel=channel).to_numpy().astype(float)
        words = "an unknown share"
        if np.isfinite(draws).all():
            words = Estimate.from_draws(draws, "share").text()
        found.append(
            at_most(
                TO_COME,
                f"{effects.attrs['model']}/{channel}",
                float(np.median(draws)),
                limits.max_still_to_come,
                f"Of what this spend brings, {words} is still to come after the last week "
                f"(limit {format_number(limits.max_still_to_come, 'share')}, held against the "
                f"median).",
                error=monte_carlo_error(draws),
            )
        )
    return found


def check_media_share(effects: xr.Dataset, limits: HealthParams) -> list[Finding]:
    """Check the share of the outcome that all channels explain together.

    Notes
    -----
    How to read it: the median share of the fitted outcome. Most businesses would keep
    most of their sales for a while without any marketing.
    """
    media = effects["contribution"].sum(["channel", "week"], skipna=False)
    draws = (media / fitted(effects).sum("week", skipna=False)).to_numpy().astype(float)
    words = "an unknown share"
    if np.isfinite(draws).all():
        words = Estimate.from_draws(draws, "share").text()
    return [
        at_most(
            "health.media_share",
            str(effects.attrs["model"]),
            float(np.median(draws)),
            limits.max_media_share,
            f"All channels together explain {words} of the outcome "
            f"(limit {format_number(limits.max_media_share, 'share')}, held against the median).",
            error=monte_carlo_error(draws),
        )
    ]


def _judge_return(subject: str, draws: np.ndarray, unit: str, limit: float) -> Finding:
    check = "health.high_return"
    if np.isnan(draws).all():
        return not_run(
            check,
            subject,
            "The channel had no spend, so it has no return.",
            level=Level.WARN,
        )
    words = "not a number"
    if np.isfinite(draws).all():
        words = Estimate.from_draws(draws, unit).text()
    return at_most(
        check,
        subject,
        float(np.median(draws)),
        limit,
        f"The return is {words} (limit {limit:g}, held against the median).",
        unit=unit,
        error=monte_carlo_error(draws),
    )
