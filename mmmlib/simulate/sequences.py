"""Sequences of refreshes of small companies, in worlds where one known thing happens.

A sequence is what a workbook would have seen refresh after refresh: the same weeks again, four
more each time, and at one of them whatever its world is named after. What a check says of it can
so be held against what happened: a flag in a stable world is a false alarm, silence in another one
is a miss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.panel import Panel
from mmmlib.params.schema import Params
from mmmlib.runs import write_atomic
from mmmlib.simulate.structure import Response, activity, autoregressive

FIRST_WEEKS, STEP_WEEKS, REFRESHES = 104, 4, 12
"""Weeks that the first refresh sees, weeks that each later one adds, and how many of those."""
EVENT = 4
"""Number of the later refresh that is the first to see what happens in its world."""
MODEL = "revenue.pooled"
LEVEL = 1_000_000.0
CHANNELS = 6
MEMORY = 8
"""Weeks that an effect lasts."""


@dataclass(frozen=True)
class World:
    """What happens, and what should be said of it.

    Parameters
    ----------
    what
        In a sentence.
    step
        The step of the movement bridge that a movement belongs to.
    on_channel
        Whether it happens to one channel.
    """

    what: str
    step: str
    on_channel: bool = True


WORLDS: dict[str, World] = {
    "stable": World("Nothing happens.", "new periods", on_channel=False),
    "restated history": World(
        "The spend of one channel is corrected by 10 % in its last 30 weeks.", "restated history"
    ),
    "tracking break": World("From a week on, 30 % of a channel's spend is missing.", "new periods"),
    "effect change": World("From a week on, a channel's effect is half.", "new periods"),
    "new channel": World("From a week on there is one more channel.", "specification"),
    "taxonomy move": World(
        "A third of a channel's spend is booked to another one, in all weeks.", "restated history"
    ),
    "collinear spend": World("Two channels always move together; nothing else.", "new periods"),
    "seasonality shift": World(
        "From a week on the season comes six weeks earlier.", "new periods", on_channel=False
    ),
    "outlier weeks": World("Two new weeks are 60 % too high.", "new periods", on_channel=False),
    "level break": World(
        "From a week on the outcome without media is a fifth lower.",
        "new periods",
        on_channel=False,
    ),
}
"""By name."""


@dataclass(frozen=True)
class Sequence:
    """A company over all its refreshes.

    Parameters
    ----------
    world, seed
        Which one.
    channel
        To which it happens: the largest, which has at least a tenth of all spend.
    spend
        True weekly money, ``(channel, week)``.
    contribution
        What it truly caused, ``(channel, week)``.
    outcome
        As it is measured, ``(week,)``.
    restated
        Share of a channel's spend that was missing where history is restated.
    """

    world: str
    seed: int
    channel: int
    spend: np.ndarray
    contribution: np.ndarray
    outcome: np.ndarray
    restated: float = 0.1

    @property
    def refreshes(self) -> int:
        """Number of refreshes after the first."""
        return (self.spend.shape[1] - FIRST_WEEKS) // STEP_WEEKS

    def names(self, refresh: int) -> list[str]:
        """Channels that the company knows of at a refresh."""
        count = len(self.spend) - (self.world == "new channel" and refresh < EVENT)
        return [f"channel_{number}" for number in range(count)]

    def seen_spend(self, refresh: int) -> np.ndarray:
        """Spend as the data of a refresh have it, ``(channel, week)``."""
        weeks = weeks_at(refresh)
        spend = self.spend[: len(self.names(refresh)), :weeks].copy()
        changed = weeks_at(EVENT - 1)
        if self.world == "tracking break":
            spend[self.channel, changed:] *= 0.7
        elif self.world == "restated history" and refresh < EVENT:
            spend[self.channel, changed - 30 : changed] *= 1 - self.restated
        elif self.world == "taxonomy move" and refresh >= EVENT:
            moved = spend[self.channel] / 3
            spend[self.channel] -= moved
            spend[(self.channel + 1) % CHANNELS] += moved
        return spend

    def panel(self, refresh: int) -> Panel:
        """The panel of a refresh; 0 is the first."""
        weeks = weeks_at(refresh)
        frame = pd.DataFrame(
            {
                "region": NATIONAL,
                "week": pd.date_range("2023-01-02", periods=weeks, freq="7D"),
                f"outcome:{MODEL}": self.outcome[:weeks],
            }
        )
        for name, values in zip(self.names(refresh), self.seen_spend(refresh), strict=True):
            frame[f"spend:{name}"] = values
        return Panel(frame.assign(imputed=""), "USD")

    def params(self, refresh: int) -> Params:
        """Parameters of a refresh that name the channels and leave all else at its default."""
        last = pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=weeks_at(refresh))
        return Params.model_validate(
            {
                "workbook": "sequence",
                "title": f"A sequence of refreshes: {self.world}",
                "currency": "USD",
                "refresh": {"period": f"{last:%Y-%m}", "kind": "monthly"},
                "audience": {"serves": "growth", "supports": ["compare"], "not_for": ["decide"]},
                "data": {"sources": {"data": {"path": "data.csv", "date": "week"}}},
                "channels": {name: {"spend": name} for name in self.names(refresh)},
                "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
                "model": {"geography": "national"},
            }
        )

    def returns(self, refresh: int) -> dict[str, float]:
        """True return of every channel over the weeks of a refresh, on the true spend."""
        weeks = weeks_at(refresh)
        return {
            name: float(self.contribution[c, :weeks].sum() / self.spend[c, :weeks].sum())
            for c, name in enumerate(self.names(refresh))
        }


def weeks_at(refresh: int) -> int:
    """Weeks that a refresh sees."""
    return FIRST_WEEKS + STEP_WEEKS * refresh


def make_sequence(world: str, seed: int, refreshes: int = REFRESHES) -> Sequence:
    """Make a sequence of refreshes.

    The same world (of :data:`WORLDS`) and seed give the same sequence; the same seed gives the same
    company in every world, so that worlds differ by what happens in them only. ``refreshes`` are
    those after the first.

    Raises
    ------
    ValueError
        If there is no such world, or it would end before anything happens.
    """
    if world not in WORLDS:
        raise ValueError(f"world should be one of {', '.join(WORLDS)} but got {world!r}")
    if refreshes < EVENT:
        raise ValueError(f"refreshes should be at least {EVENT} but got {refreshes}")
    rng = np.random.default_rng([seed, 0x5E9])
    weeks, changed = weeks_at(refreshes), weeks_at(EVENT - 1)
    spend = _spend(rng, weeks)
    channel = int(spend[:CHANNELS].sum(1).argmax())
    if world == "collinear spend":
        other = (channel + 1) % CHANNELS
        spend[other] = spend[channel] * spend[other].mean() / spend[channel].mean()
        spend[other] *= np.exp(rng.normal(0, 0.05, weeks))
    spend[CHANNELS, :changed] = 0.0
    contribution = _contribution(rng, spend)
    if world == "effect change":
        contribution[channel, changed:] *= 0.5
    if world != "new channel":
        spend, contribution = spend[:CHANNELS], contribution[:CHANNELS]
    outcome = _baseline(rng, world, weeks, changed) + contribution.sum(0)
    if world == "outlier weeks":
        outcome[[changed, changed + 2]] *= 1.6
    made = Sequence(world, seed, channel, spend, contribution, np.maximum(outcome, 0))
    return replace(made, channel=CHANNELS) if world == "new channel" else made


def write_sequence(sequence: Sequence, folder: Path) -> Iterator[Path]:
    """Write what every refresh of a sequence would have seen, with the truth beside it.

    Yields the folder of each refresh, with ``data.csv``, ``params.json`` (YAML, too, as all JSON
    is) and ``truth.json``. ``mmm refresh REFRESH/params.json --set data.root=REFRESH`` refreshes on
    it, with a policy and roles beside the parameters.
    """
    for refresh in range(sequence.refreshes + 1):
        place = folder / f"refresh-{refresh:02d}"
        frame = sequence.panel(refresh).frame.drop(columns=["region", "imputed"])
        frame.columns = frame.columns.str.replace(r".*:|\.pooled", "", regex=True)
        write_atomic(place / "data.csv", frame.to_csv(index=False).encode())
        params = sequence.params(refresh).model_dump(mode="json", exclude_unset=True)
        write_atomic(place / "params.json", json.dumps(params, indent=2).encode())
        truth = {
            "world": sequence.world,
            "what": WORLDS[sequence.world].what,
            "seen": refresh >= EVENT,
            "channel": f"channel_{sequence.channel}" if WORLDS[sequence.world].on_channel else None,
            "returns": sequence.returns(refresh),
        }
        write_atomic(place / "truth.json", json.dumps(truth, indent=2).encode())
        yield place


def _spend(rng: np.random.Generator, weeks: int) -> np.ndarray:
    """Money by channel and week: it wanders, and half of the channels pause for six weeks."""
    count = CHANNELS + 1
    wandering = autoregressive(rng, (count, weeks), 0.6, 1.0) * rng.uniform(0.25, 0.6, (count, 1))
    running = np.repeat(rng.random((count, weeks // 6 + 1)) < 0.85, 6, axis=1)[:, :weeks]
    running |= rng.random((count, 1)) < 0.5
    running[:, :6] = running[:, -6:] = True
    mean = LEVEL * rng.uniform(0.15, 0.3) * rng.dirichlet(np.full(count, 6.0))
    spend = np.exp(wandering) * running
    return np.asarray(spend * (mean / spend.mean(1))[:, None])


def _contribution(rng: np.random.Generator, spend: np.ndarray) -> np.ndarray:
    """What the spend truly causes, with returns around 1.2."""
    responses = [
        Response(
            "geometric",
            (rng.uniform(0.2, 0.65),),
            "logistic",
            (float(np.exp(rng.normal(0.3, 0.4))),),
        )
        for _ in spend
    ]
    scale = spend.sum(1) / np.maximum((spend > 0).sum(1), 1)
    active = activity(spend[:, None], scale[:, None], responses, MEMORY)[:, 0]
    total = np.exp(rng.normal(np.log(1.2), 0.5, len(spend))) * spend.sum(1)
    return np.asarray(active * (total / active.sum(1))[:, None])


def _baseline(rng: np.random.Generator, world: str, weeks: int, changed: int) -> np.ndarray:
    """Outcome without media: trend, season, demand that wanders, and noise."""
    week = np.arange(weeks)
    phase = rng.uniform(0, 52.18)
    ahead = np.where((week >= changed) & (world == "seasonality shift"), 6, 0)
    season = 0.08 * np.sin(2 * np.pi * (week + phase + ahead) / 52.18)
    demand = autoregressive(rng, (weeks,), 0.8, 0.05)
    level = np.where((week >= changed) & (world == "level break"), 0.8, 1.0)
    share = level * (1 + 0.03 * week / 52.18 + season + demand) + rng.normal(0, 0.03, weeks)
    return np.asarray(LEVEL * share)
