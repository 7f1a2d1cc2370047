"""The price of data debt: what restated history moved, and how far the next restatement may go (D4)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from mmmlib.errors import RunError
from mmmlib.monte_carlo import ERRORS
from mmmlib.params.load import params_of
from mmmlib.refresh.bridge import STEPS
from mmmlib.refresh.comparison import Bridge, BridgeStep, Comparison
from mmmlib.runs import Run
from mmmlib.scenarios.pack import Scenario, ScenarioPack

__all__ = ["NextRestatement", "Restated", "next_restatements", "restated_by_refresh"]

YOUNG = 4
"""Youngest weeks of a delivery whose next restatement is told: about a month."""
MOST_REFRESHES = 12


@dataclass(frozen=True)
class NextRestatement:
    """How far the youngest weeks of a source were off when they were delivered."""

    source: str
    series: str
    """The one that moves most."""
    moved: tuple[float, ...]
    """By past delivery, the oldest first: by what share these weeks, together, were too low."""

    @property
    def chance(self) -> float:
        """Probability that the next one lies between the least and the most that was seen.

        Of ``n`` values and the next, each is as likely the largest or the smallest, so
        ``(n - 1) / (n + 1)``, whatever their distribution; zero where only one is known.
        """
        return (len(self.moved) - 1) / (len(self.moved) + 1)


@dataclass(frozen=True)
class Restated:
    """What restated history moved in one refresh of the leading outcome; None where it is not known."""

    period: str
    series: int
    """How many were restated."""
    worst_share: float | None
    """The largest share of any 13 weeks of one of them."""
    returns: tuple[tuple[str, float, BridgeStep], ...] | None
    """Steps of the returns by channel with the return that they started from, the largest relative one
    first, only those beyond the noise of the draws."""
    total: BridgeStep | None
    """The step of all contributions together."""
    unit: str
    plan: str = ""
    """Title of the plan that the refresh before put forward; empty where there was none."""
    gain: BridgeStep | None = None
    """What the plan gains more, at the mean returns that history now tells."""
    plan_unit: str = ""


def next_restatements(moves: pd.DataFrame) -> list[NextRestatement]:
    """Say how far the youngest weeks of every source were off, delivery by delivery.

    Parameters
    ----------
    moves
        See :func:`mmmlib.data.history.restatement.restatements`. Of an earlier version, which did
        not tell deliveries apart, nothing is said.

    Returns
    -------
    list of NextRestatement
        Sources by name.
    """
    if moves.empty or "delivery" not in moves:
        return []
    young = moves[moves["age"] < YOUNG]
    sums = young.groupby(["source", "series", "delivery"])[["shift", "of"]].sum()
    shares = (sums["shift"] / sums["of"])[sums["of"] > 0]
    found = []
    for source, of_source in shares.groupby(level="source"):
        sizes = of_source.abs().groupby(level="series").mean()
        most = str(sizes.idxmax())
        known = of_source.xs(most, level="series").sort_index()
        found.append(NextRestatement(str(source), most, tuple(map(float, known))))
    return found


def restated_by_refresh(run: Run) -> Iterator[Restated]:
    """Say what restated history moved, this refresh first, then those before that are still there.

    Parameters
    ----------
    run
        An open run.

    Yields
    ------
    Restated
        A refresh each, as far back as parents are there and readable.
    """
    for _ in range(MOST_REFRESHES):
        if not run.has("refresh.json"):
            return
        try:
            comparison = run.load_json("refresh.json", Comparison)
            parent = run.parent
        except RunError:  # gone or damaged: the summary says so of the newest
            return
        if parent is None or not comparison.readable:
            return
        yield _restated(run, parent, comparison)
        run = parent


def _restated(run: Run, parent: Run, comparison: Comparison) -> Restated:
    params = params_of(run)
    model = params.primary
    changes = [one for one in comparison.data_changes if one.kind == "restated"]
    shares = [one.worst_share for one in changes if one.worst_share is not None]
    ways = {b.channel: b for b in comparison.bridges if (b.model, b.quantity) == (model, "roi")}
    total = comparison.bridge_of(model, "", "contribution")
    plan = _put_forward(parent)
    worth = params.worth_of(model) or 1.0
    return Restated(
        period=run.manifest.period,
        series=len(changes),
        worst_share=max(shares, default=None),
        returns=_beyond_noise(ways) if ways else None,
        total=_step(total) if total else None,
        unit=total.unit if total else "",
        plan=plan[0].title if plan else "",
        gain=_gain(*plan, ways, worth) if plan and ways else None,
        plan_unit=params.outcome_unit(model),
    )


def _step(bridge: Bridge) -> BridgeStep:
    return next(step for step in bridge.steps if step.name == STEPS[2])


def _beyond_noise(ways: dict[str, Bridge]) -> tuple[tuple[str, float, BridgeStep], ...]:
    steps = [(name, way.before, _step(way)) for name, way in ways.items()]
    found = [one for one in steps if abs(one[2].shift) > ERRORS * one[2].error]
    return tuple(sorted(found, key=lambda one: -abs(one[2].shift / (one[1] or math.nan))))


def _put_forward(parent: Run) -> tuple[Scenario, int] | None:
    """The plan that a refresh recommended, or put forward for the meeting to judge; its weeks."""
    if not parent.has("scenarios.json"):
        return None
    pack = parent.load_json("scenarios.json", ScenarioPack)
    return (pack.proposed, pack.weeks) if pack.proposed else None


def _gain(plan: Scenario, weeks: int, ways: dict[str, Bridge], worth: float) -> BridgeStep | None:
    """The change of the plan's money times what its returns moved."""
    moved = [line for line in plan.plan if line.change]
    if not all(line.channel in ways for line in moved):
        return None
    money = [(line.change * weeks * worth, _step(ways[line.channel])) for line in moved]
    return BridgeStep(
        name=STEPS[2],
        shift=sum(part * step.shift for part, step in money),
        error=math.hypot(*(part * step.error for part, step in money)),
    )
