"""Did each channel's spend vary enough, and apart from the others'? (R2)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.checks.signals import trend_and_season
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_least, at_most, catalogue, not_run
from mmmlib.params import Params
from mmmlib.readiness.verdict import Verdict

YEAR = 52
"""Weeks of the last year."""
AROUND = 13
"""Weeks on either side whose middle half gives the level of a week: what moves more slowly is as well
trend or season."""


@dataclass(frozen=True)
class Judged:
    """A finding on a channel, and what it makes of the channel's verdict."""

    finding: Finding
    verdict: Verdict


def check_variation(panel: Panel, params: Params) -> Iterator[Judged]:
    """Ask of every channel how often its spend (without one, its exposure) stayed near its level (R2).

    Two checks per channel: the share of flat weeks, over all weeks, because the fit learns from
    all of them; and the number of weeks with spend over the last year, because a return of a
    channel that does not run any more is history.
    """
    limits = params.readiness
    for channel, row in _rows(variation_table(panel, params)):
        flat, active = float(row["flat_share"]), int(row["active_weeks"])
        idle = active == 0
        what = "exposure" if channel in panel.unpaid else "spend"
        too_flat = idle or not flat <= limits.flat_limit
        finding = at_most(
            "readiness.variation",
            channel,
            1.0 if idle else flat,
            limits.flat_limit if too_flat else limits.flat_warn,
            f"No {what} in the last year."
            if idle
            else f"{format_number(flat, 'share')} of all weeks are within "
            f"{format_number(limits.flat_band, 'share')} of the channel's level in the half year "
            f"around them, {format_number(float(row['flat_lately']), 'share')} of the last year's.",
        )
        yield Judged(finding, _verdict(finding, too_flat))
        finding = at_least(
            "readiness.active_weeks",
            channel,
            active,
            limits.min_active_weeks,
            f"{what.capitalize()} in {active} of the last {row['weeks']} weeks.",
        )
        yield Judged(finding, _verdict(finding, idle))


def variation_table(panel: Panel, params: Params) -> pd.DataFrame:
    """Return how each channel's spend moved, indexed by channel.

    Of all weeks: ``flat_share``, the share within the band around the level; ``flat_lately`` is
    that of the last year. Of the last year: ``weeks`` looked at, ``active_weeks`` with spend
    anywhere, ``level`` of its last week (sum of the regions' levels), ``total`` and ``share`` of
    all channels' spend; NaN for a channel without spend, whose exposure is looked at.

    Regions are weighted by what they spend, because a channel that is flat in every region is flat,
    whatever their sum does.
    """
    spend = panel.spend_or_exposure()
    values = spend.to_numpy()
    level, flat = flat_weeks(values, params.readiness.flat_band)
    weight = values.sum(axis=-1)
    weight = weight / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    late = values[..., -YEAR:]
    total = late.sum(axis=(1, 2))
    total[len(panel.names("spend")) :] = np.nan
    everything = np.nansum(total)
    return pd.DataFrame(
        {
            "weeks": late.shape[-1],
            "active_weeks": (late > 0).any(axis=1).sum(axis=-1),
            "flat_share": (flat.mean(axis=-1) * weight).sum(axis=1),
            "flat_lately": (flat[..., -YEAR:].mean(axis=-1) * weight).sum(axis=1),
            "level": level[..., -1].sum(axis=1),
            "total": total,
            "share": total / everything if everything > 0 else np.nan,
        },
        index=pd.Index(list(spend["channel"].to_numpy()), name="channel"),
    )


def flat_weeks(
    spend: NDArray[np.float64], band: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the level of spend and the weeks that are flat: within a band around it (R2).

    ``spend`` has the shape ``(..., week)``, and so have both results; ``band`` is half the band's
    width, as a share of the level. The level of a week is the mean of the middle half of the weeks
    with spend, of those in the :data:`AROUND` weeks on either side; 0 if there are none.

    Notes
    -----
    The level follows a trend and a step, so that two flat levels with one step between them are
    flat: a step is as well a change of anything else. A few bursts do not move it, and of two
    levels that alternate it is between them. A week without spend is not flat, because
    being off is the strongest contrast there is, as long as the channel ran in the half year
    around it; one start, or one end, is a step like another.
    """
    running = spend > 0
    edges = [(0, 0)] * (spend.ndim - 1) + [(AROUND, AROUND)]
    padded = np.pad(np.where(running, spend, np.nan), edges, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1, axis=-1)
    count = np.isfinite(windows).sum(axis=-1)
    cut = count // 4
    sums = np.cumsum(np.nan_to_num(np.sort(windows, axis=-1)), axis=-1)  # NaN sorts last
    sums = np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)
    ends = (np.take_along_axis(sums, at[..., None], -1)[..., 0] for at in (count - cut, cut))
    level = np.subtract(*ends) / np.maximum(count - 2 * cut, 1)
    # A hair wider, so that a week exactly on the edge is inside whatever its rounding.
    width = band * level * (1 + 1e-9)
    return level, np.where(running, np.abs(spend - level) <= width, count == 0)


# --- apart from the others ---------------------------------------------------------------


def check_separation(panel: Panel, params: Params) -> Iterator[Judged]:
    """Ask of every channel whether its movement can be told from what else moved."""
    limits = params.readiness
    table = separation_table(panel, params)
    for channel, row in _rows(table):
        correlation, own = float(row["correlation"]), float(row["own_share"])
        if not np.isfinite(own):
            for check in ("readiness.collinearity", "readiness.own_variation"):
                why = "It never changes, so there is nothing to compare."
                action = catalogue()[check].action
                finding = not_run(check, channel, why, level=Level.WARN, action=action)
                yield Judged(finding, Verdict.NOT_READY)
            continue
        if np.isfinite(correlation):
            inseparable = not correlation <= limits.collinear_limit
            finding = at_most(
                "readiness.collinearity",
                channel,
                correlation,
                limits.collinear_limit if inseparable else limits.collinear_warn,
                f"It moves most like {row['like']}: correlation {format_number(round(correlation, 2))} in size.",
            )
            yield Judged(finding, _verdict(finding, inseparable))
        finding = at_least(
            "readiness.own_variation",
            channel,
            own,
            limits.min_own_variation,
            f"{format_number(own, 'share')} of its variation is its own: not explained by other "
            f"channels, controls, trend or season.",
        )
        yield Judged(finding, _verdict(finding, False))


def separation_table(panel: Panel, params: Params) -> pd.DataFrame:
    """Return how far each channel moves apart from everything else, indexed by channel.

    ``like`` is the channel that it moves most like, ``correlation`` that with it (absolute; NaN
    where there is no other that moves) and ``own_share`` the part of its variation that other
    channels, controls, trend and season leave unexplained. NaN for a channel that never changes.

    Notes
    -----
    Looks at what the response follows: exposure where it is given, else spend.
    Regions are centred first, as each has a level of its own in the model.
    ``own_share`` is the tolerance, the inverse of the variance inflation factor;
    below 0.1 is the usual alarm (Belsley, Kuh and Welsch, 1980, *Regression
    diagnostics*).
    """
    media = _centred(panel, "spend")
    for name, values in _centred(panel, "exposure").items():
        media[name] = values
    media = {name: media[name] for name in panel.channels}
    season = trend_and_season(len(panel.weeks), params.model.seasonality or 1)
    rest = [np.tile(column, len(panel.regions)) for column in season[:, 1:].T]
    rest += list(_centred(panel, "control").values())
    moving = {name: values for name, values in media.items() if values.std() > 0}
    rows = {}
    for name, values in media.items():
        others = {other: held for other, held in moving.items() if other != name}
        if name not in moving:
            rows[name] = ("", np.nan, np.nan)
            continue
        sizes = {other: _correlation(values, held) for other, held in others.items()}
        likest = max(sizes, key=lambda other: sizes[other], default="")
        columns = np.stack([np.ones_like(values), *rest, *others.values()], axis=1)
        rows[name] = (likest, sizes.get(likest, np.nan), _unexplained(values, columns))
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["like", "correlation", "own_share"]
    ).rename_axis("channel")


def _centred(panel: Panel, role: str) -> dict[str, NDArray[np.float64]]:
    if not panel.names(role):
        return {}
    array = panel.array(role)
    centred = (array - array.mean("week")).to_numpy()
    # Rounding leaves a trace of a constant; it must not count as movement.
    still = np.ptp(array.to_numpy(), axis=-1, keepdims=True) == 0
    centred = np.where(still, 0.0, centred)
    return dict(zip(panel.names(role), centred.reshape(len(centred), -1), strict=True))


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return abs(float(one @ other) / float(np.sqrt((one @ one) * (other @ other))))


def _unexplained(values: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    scale = np.abs(columns).max(axis=0)
    scaled = columns / np.where(scale > 0, scale, 1)
    coefficients, *_ = np.linalg.lstsq(scaled, values, rcond=None)
    residual = values - scaled @ coefficients
    return float(residual @ residual) / float(values @ values)


def _rows(table: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    for channel, row in table.to_dict("index").items():
        yield str(channel), {str(name): value for name, value in row.items()}


def _verdict(finding: Finding, beyond: bool) -> Verdict:
    if beyond:
        return Verdict.NOT_READY
    return Verdict.READY if finding.status == "ok" else Verdict.CAVEATS
