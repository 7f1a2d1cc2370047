"""Readiness, health and effects for tests of scenarios and governance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import xarray as xr

from mmmlib.findings import Finding, FindingList, Level, Status
from mmmlib.model.effects import check_effects
from mmmlib.model.prices import UNIT_PRICES
from mmmlib.params import Params
from mmmlib.readiness.verdict import Readiness, Verdict
from mmmlib.scenarios.history import regional_split
from tests.fakes import fake_effects, fake_panel, fake_params


def ready(params: Params, **verdicts: Verdict) -> Readiness:
    """Every channel ready, but for those named."""
    channels = dict.fromkeys(params.channels, Verdict.READY) | verdicts
    return Readiness(overall=Verdict.READY, channels=channels, findings=())


def finding(
    check: str = "health.rhat",
    subject: str = "revenue.pooled",
    *,
    passed: bool = True,
    level: Level = Level.BLOCK,
    message: str = "seen",
    value: float | str | None = None,
) -> Finding:
    """A finding with little in it."""
    return Finding(
        check=check,
        subject=subject,
        level=Level.INFO if passed else level,
        status=Status.OK if passed else Status.FLAG,
        message=message,
        value=value,
    )


def healthy(*models: str) -> dict[str, FindingList]:
    """Health in which everything passed."""
    return {m: FindingList(findings=(finding(subject=m),)) for m in models}


def known_effects(
    gains: dict[str, float], *, draws: int = 50, money: bool = True
) -> tuple[Params, xr.Dataset]:
    """Effects of which every channel returns a known amount per unit of money, nearly linear.

    Saturation is so far away that ``outcome = gain * spend`` holds to better than 0.1 %. Spend
    was even in the last quarter.
    """
    params = fake_params(
        channels={name: {"label": name.title(), "spend": f"{name}_spend"} for name in gains},
        key_questions=[],
    )
    model = "revenue.pooled" if money else "signups.pooled"
    effects = fake_effects(params, fake_panel(params), model, draws=draws)
    latest = {"week": effects["week"][-13:]}
    for name in ("spend", "media"):
        effects[name].loc[latest] = effects[name].loc[latest].mean("week")
    gain = xr.DataArray(list(gains.values()), dims="channel", coords={"channel": list(gains)})
    far = 1000.0 * effects["spend_high"]
    steepness = 2.0
    effects["saturation"][..., 0] = steepness
    effects["media_scale"] = (far.expand_dims(region=effects["region"])).transpose(
        "channel", "region"
    )
    one = xr.ones_like(effects["coefficient"])
    # tanh(steepness * x / 2) is x for small x: a coefficient of gain * scale is a slope of gain.
    effects["coefficient"] = one * (gain * far)
    effects["marginal_roi"] = xr.ones_like(effects["marginal_roi"]) * gain
    return params, check_effects(effects)


def with_rising(
    effects: xr.Dataset,
    weekly: Mapping[str, Sequence[float]],
    price: Sequence[float] = (0.8, 1, 1.9),
) -> xr.Dataset:
    """Effects of which some channels pay more for a unit the more they spend in a week.

    ``weekly`` has the money by channel at which a unit costs each ``price``, over today's.
    """
    share = regional_split(effects, 13).to_series()
    stated = {
        name: {
            "weekly": [float(one) for one in points],
            "price": list(price),
            "share": share[name].to_dict(),
        }
        for name, points in weekly.items()
    }
    return effects.assign_attrs({UNIT_PRICES: json.dumps(stated)})
