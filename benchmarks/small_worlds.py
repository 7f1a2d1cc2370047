"""Small worlds with known effects: a panel and what really caused it.

For benchmarks and tests of a model over many seeds, and for how many of its ranges hold the
truth. Every channel's truth is drawn from what the default priors call usual, so that a sound
model's 90 % ranges hold it nine times out of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import MASS
from mmmlib.model.effects import contribution
from mmmlib.params import Params
from mmmlib.params.lift import LiftTest
from mmmlib.simulate.structure import Response, activity, autoregressive
from mmmlib.transforms import ADSTOCKS, SATURATIONS

MODEL = "revenue.pooled"
LEVEL = 1_000_000.0
"""Mean weekly outcome without media, all regions, USD."""
PRICE_EFFECT = -0.05
"""Effect of the control, one standard deviation, as a share of the level."""


@dataclass(frozen=True)
class World:
    """A panel, what it asks of a model, and the truth behind it.

    Parameters
    ----------
    panel
        One outcome (``revenue.pooled``), the channels' spend, the control ``price``.
    truth
        ``contribution`` (channel, region, week), ``baseline`` (region, week), ``roi``
        and ``half_life`` (channel), ``coefficient`` (channel, region).
    params
        Parameters that a model of this world is fitted with.
    responses
        How the outcome answers to each channel.
    """

    panel: Panel
    truth: xr.Dataset
    params: Params
    responses: tuple[Response, ...]

    def lift(self, test: LiftTest) -> float:
        """Return what a lift test (a share of spend, whole weeks) would see without any error."""
        truth, spend = self.truth, self.panel.array("spend")
        row = list(truth["channel"].to_numpy()).index(test.channel)
        regions = list(test.regions) or self.panel.regions
        where = {"channel": test.channel, "region": regions}
        tested = spend.copy()
        tested.loc[where | {"week": slice(str(test.start), str(test.end))}] *= 1 + float(
            test.spend_change_share or 0.0
        )
        level = (spend.sum("week") / (spend > 0).sum("week")).sel(channel=[test.channel])
        gain = [
            activity(
                path.sel(channel=[test.channel]).to_numpy(),
                level.to_numpy(),
                [self.responses[row]],
                self.params.model.adstock_weeks,
            )[0]
            for path in (tested, spend)
        ]
        change = truth["coefficient"].sel(channel=test.channel).to_numpy()[:, None] * (
            gain[0] - gain[1]
        )
        counted = xr.DataArray(change, coords=[self.panel.regions, self.panel.weeks],
                               dims=["region", "week"])  # fmt: skip
        window = slice(str(test.start), str(test.counted_until))
        return float(counted.sel(region=regions, week=window).sum())


def make_world(
    seed: int,
    weeks: int = 130,
    channels: int = 4,
    regions: int = 1,
    *,
    noise: float = 0.04,
    autocorrelation: float = 0.0,
    adstock: Sequence[str] = ("geometric",),
    saturation: Sequence[str] = ("logistic",),
    media_share: float = 0.3,
    adstock_weeks: int = 8,
) -> World:
    """Make a world.

    Parameters
    ----------
    seed
        The same one gives the same world.
    weeks, channels, regions
        Size; one region is a national world.
    noise
        Standard deviation of a week, all regions together, as a share of the level.
    autocorrelation
        How far a week's noise follows the week before, in [0, 1).
    adstock, saturation
        Forms by channel, in turn: two names make every other channel the second one.
    media_share
        Spend of all channels as a share of the level; returns are near one, so
        about the share of the outcome that is contributed.
    adstock_weeks
        Weeks that an effect lasts.

    Returns
    -------
    World
    """
    rng = np.random.default_rng([seed, 0x5EED])
    names = [f"channel_{number + 1}" for number in range(channels)]
    places = [NATIONAL] if regions == 1 else [f"region_{n + 1}" for n in range(regions)]
    dates = pd.date_range("2023-01-02", periods=weeks, freq="7D", name="week")
    size = rng.dirichlet(np.full(regions, 8.0))
    forms = [
        (adstock[number % len(adstock)], saturation[number % len(saturation)])
        for number in range(channels)
    ]
    responses = [_draw_response(rng, *form) for form in forms]

    mean = LEVEL * media_share * rng.dirichlet(np.full(channels, 6.0))
    wandering = autoregressive(rng, (channels, regions, weeks), 0.6, 0.55)
    running = rng.random((channels, 1, weeks // 6 + 1)) < 0.8  # pauses of six weeks
    running[..., 0] = True
    spend = np.exp(wandering) * np.repeat(running, 6, axis=2)[..., :weeks]
    spend *= mean[:, None, None] * size[:, None] / spend.mean(axis=2, keepdims=True)
    scale = spend.sum(axis=2) / (spend > 0).sum(axis=2)

    # To the end of what the last week's spend brings: a return counts all of it.
    to_end = np.pad(spend, ((0, 0), (0, 0), (0, adstock_weeks - 1)))
    active = activity(to_end, scale, responses, adstock_weeks)
    works = rng.lognormal(0, 0.2, (channels, regions)) if regions > 1 else np.ones((channels, 1))
    contributed = works[..., None] * spend.sum(axis=2, keepdims=True) * active
    contributed /= active.sum(axis=2, keepdims=True)
    roi = np.exp(rng.normal(-0.1, 0.6, channels))
    contributed *= (roi * spend.sum(axis=(1, 2)) / contributed.sum(axis=(1, 2)))[:, None, None]
    coefficient = contributed.sum(axis=2) / active.sum(axis=2)
    contributed = contributed[..., :weeks]

    price = autoregressive(rng, (weeks,), 0.8, 1.0)
    years = np.arange(weeks) / 52.18
    season = np.sin(2 * np.pi * years + rng.uniform(0, 2 * np.pi))
    share = 1 + 0.05 * years + 0.06 * season + PRICE_EFFECT * price
    baseline = LEVEL * size[:, None] * share
    # Independent between regions, so that all together have the spread that was asked for.
    unexplained = autoregressive(rng, (regions, weeks), autocorrelation, noise)
    unexplained *= LEVEL * np.sqrt(size)[:, None]
    outcome = np.maximum(baseline + contributed.sum(axis=0) + unexplained, 0)

    frame = pd.DataFrame({"region": np.repeat(places, weeks), "week": np.tile(dates, regions)})
    frame[f"outcome:{MODEL}"] = outcome.ravel()
    for name, values in zip(names, spend, strict=True):
        frame[f"spend:{name}"] = values.ravel()
    frame["control:price"] = np.tile(price, regions)
    frame["imputed"] = ""
    truth = xr.Dataset(
        {
            "contribution": (("channel", "region", "week"), contributed),
            "baseline": (("region", "week"), baseline),
            "noise": (("region", "week"), unexplained),
            "roi": ("channel", roi),
            "half_life": ("channel", [r.half_life(adstock_weeks) for r in responses]),
            "coefficient": (("channel", "region"), coefficient),
        },
        coords={"channel": names, "region": places, "week": dates},
        attrs={"seed": seed},
    )
    params = _params(dict(zip(names, forms, strict=True)), regions, adstock_weeks)
    return World(Panel(frame, "USD"), truth, params, tuple(responses))


def _draw_response(rng: np.random.Generator, adstock: str, saturation: str) -> Response:
    """Draw a channel's carryover and saturation from a usual range."""
    for kind, known in ((adstock, ADSTOCKS), (saturation, SATURATIONS)):
        if kind not in known:
            raise ValueError(f"should be one of {', '.join(known)} but got {kind!r}")
    carryover: tuple[float, ...]
    if adstock == "weibull":
        carryover = _lognormal(rng, (1.5, 2.5), (0.25, 0.35))
    else:
        carryover = (rng.uniform(*((0.55, 0.8) if adstock == "delayed" else (0.2, 0.65))),)
    if saturation == "logistic":
        shape = _lognormal(rng, (np.exp(0.3),), (0.5,))
    elif saturation == "hill":
        shape = _lognormal(rng, (1.2, 1.2), (0.4, 0.2))
    else:
        shape = _lognormal(rng, (1.2,), (0.4,))
    if adstock == "delayed":
        carryover += (rng.uniform(0.8, 2.5),)
    return Response(adstock, carryover, saturation, shape)


def _lognormal(
    rng: np.random.Generator, middle: Sequence[float], spread: Sequence[float]
) -> tuple[float, ...]:
    return tuple(np.exp(rng.normal(np.log(middle), spread)).tolist())


def _params(forms: dict[str, tuple[str, str]], regions: int, adstock_weeks: int) -> Params:
    return Params.model_validate(
        {
            "workbook": "world",
            "title": "A small world",
            "currency": "USD",
            "refresh": {"period": "2025-Q2"},
            "audience": {
                "serves": "growth",
                "supports": ["Hold a model against the truth"],
                "not_for": ["Decide on real money"],
            },
            "data": {"sources": {"world": {"path": "world.csv"}}},
            "channels": {
                name: {"spend": name, "adstock": adstock, "saturation": saturation}
                for name, (adstock, saturation) in forms.items()
            },
            "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
            "controls": {"price": {"column": "price"}},
            "model": {
                "geography": "national" if regions == 1 else "regional",
                "adstock_weeks": adstock_weeks,
                "trend": "linear",
                "seasonality": 1,
            },
        }
    )


def cover(effects: xr.Dataset, truth: xr.DataArray, mass: float = MASS) -> pd.DataFrame:
    """Hold a model's contributions against the true ones.

    Parameters
    ----------
    effects
        See :mod:`mmmlib.model.effects`.
    truth
        True contribution of the same model and window, dimensions
        ``(channel, region, week)``.
    mass
        Probability of the range.

    Returns
    -------
    DataFrame
        One row per channel: ``truth``, ``low``, ``median``, ``high`` (outcome over
        all weeks), ``covered`` and ``rank``, the share of draws below the truth.

    Notes
    -----
    How to read it: over many channels and worlds about ``mass`` of them should be
    covered, and ranks should be spread evenly between 0 and 1. Ranks that crowd at
    one end say that returns are told too low (near 1) or too high (near 0).
    """
    draws = contribution(effects)
    true = truth.sel(channel=draws["channel"]).sum(["region", "week"])
    tail = (1 - mass) / 2
    low, median, high = draws.quantile([tail, 0.5, 1 - tail], "draw").to_numpy()
    values = true.to_numpy()
    return pd.DataFrame(
        {
            "truth": values,
            "low": low,
            "median": median,
            "high": high,
            "covered": (low <= values) & (values <= high),
            "rank": (draws < true).mean("draw").to_numpy(),
        },
        index=pd.Index(draws["channel"].to_numpy(), name="channel"),
    )


def fewest_covered(count: int, mass: float = MASS, chance: float = 0.01) -> int:
    """Return how many of ``count`` ranges must hold the truth at least.

    The largest number that ranges of true probability ``mass``, independent of
    each other, stay below with a chance of less than ``chance``.
    """
    from scipy.stats import binom

    numbers = np.arange(count + 1)
    return int(numbers[binom.cdf(numbers - 1, count, mass) < chance].max())
