"""Is a channel large enough, and moved enough, for its return to be seen at all? (R2)

A channel that is a thousandth of the outcome may vary as it likes: what it brings is lost in the
outcome's noise, and the return that is told of it is the prior's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mmmlib.data.checks.signals import residual_noise, trend_and_season
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.findings import at_least
from mmmlib.params import Params
from mmmlib.readiness.design import believed_share, controls_as_columns, primary_outcome
from mmmlib.readiness.power import DETECTABLE
from mmmlib.readiness.variation import YEAR, Judged
from mmmlib.readiness.verdict import Verdict

CHECK = "readiness.signal"


def check_signal(panel: Panel, params: Params) -> Iterator[Judged]:
    """Hold the largest return that is believed of a channel against the smallest that could be seen.

    The belief is the high end of the prior's 90 % range. A channel that does not run, or an outcome
    that says nothing, is told by other checks, and there is nothing to judge.
    """
    limit = params.readiness.min_signal
    outcome = float(primary_outcome(panel, params).isel(week=slice(-YEAR, None)).sum())
    spend = panel.array("spend").isel(week=slice(-YEAR, None)).sum(["region", "week"])
    unit = params.return_unit(params.primary)
    for name, smallest in smallest_returns(panel, params).items():
        spent = float(spend.sel(channel=name))
        if not (spent > 0 and np.isfinite(smallest)):
            continue
        highest = believed_share(name, panel, params)[2] * outcome / spent
        value = highest / smallest
        finding = at_least(
            CHECK,
            name,
            value,
            limit,
            f"The smallest return that its spend could show in the outcome's noise is about "
            f"{format_number(smallest, unit)}; the highest that is believed before the fit is "
            f"{format_number(highest, unit)}.",
        )
        yield Judged(finding, Verdict.READY if value >= limit else Verdict.CAVEATS)


def smallest_returns(panel: Panel, params: Params) -> dict[str, float]:
    """Return the smallest return of each channel that its spend could show in the outcome.

    It is 2.8 standard errors (see :mod:`mmmlib.readiness.power`) of a straight line through spend
    and the primary outcome, all regions together, trend, season and controls taken off both and the
    noise's autocorrelation allowed for. Neither other channels nor carryover nor saturation are,
    which only make it harder: what is lost here is lost. NaN where spend or outcome does not move.
    """
    columns = np.concatenate(
        [trend_and_season(len(panel.weeks)), controls_as_columns(panel)], axis=1
    )
    if columns.shape[1] * 2 > len(panel.weeks):
        columns = columns[:, :2]
    basis, _ = np.linalg.qr(columns)
    outcome = primary_outcome(panel, params).to_numpy()
    information = {str(name): 0.0 for name in panel.names("spend")}
    for row, values in enumerate(outcome):
        noise, carry = residual_noise(values, columns)
        for name, spend in zip(information, panel.values("spend")[:, row], strict=True):
            moved = spend - basis @ (basis.T @ spend)
            if noise > 0 and np.ptp(spend) > 0:
                fresh = moved[1:] - carry * moved[:-1]
                information[name] += float(fresh @ fresh) / (noise**2 * (1 - carry**2))
    return {
        name: DETECTABLE / np.sqrt(one) if one > 0 else np.nan for name, one in information.items()
    }
