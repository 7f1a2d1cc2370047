"""Levers in plans: controls that are declared to be set by people, such as a price or a promotion.

The baseline has each where the forecast has it. What moving it brings is read off the model's
coefficient of the control: no adstock, no saturation, the same in every week.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number, span_text
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.scenarios import LeverRule
from mmmlib.params.schema import Params
from mmmlib.phrases import count_text, listed
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.history import ROUNDING, year_ago

EVERYWHERE = "all"
"""Region of a lever that the data has with the same value in all regions."""
SAME = 1e-6
"""A value that differs from the baseline's by less than this share is the same: it was written and read."""

Refuse = Callable[[str, str, str], None]
"""Takes what was found, what was expected, and what to do."""


@dataclass(frozen=True, eq=False)
class LeverPath:
    """A lever over the horizon as the baseline has it, and what the past has seen of it.

    Parameters
    ----------
    name, label, unit
        Of the control; as people write it; what its values are counted in.
    cost
        Money that one unit more costs in a week (in each of the regions); None where it is not known.
    regions
        Those of the model, or :data:`EVERYWHERE` alone.
    values
        ``(region, week)``, one row for each of the regions.
    low, high
        By region: smallest and largest of the fitted weeks.
    """

    name: str
    label: str
    unit: str
    cost: float | None
    regions: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class LeverMove:
    """A lever as a plan sets it; ``values`` are like those of its path."""

    path: LeverPath
    values: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """What it is off the baseline by; ``(region, week)``."""
        return self.values - self.path.values

    @property
    def cost(self) -> float | None:
        """Money that the move costs over the horizon; None where that is not known."""
        return None if self.path.cost is None else float(self.path.cost * self.change.sum())

    @cached_property
    def outside(self) -> bool:
        """Whether it leaves, in any week and region, what the past has seen."""
        low, high = self.path.low[:, None], self.path.high[:, None]
        slack = ROUNDING * (high - low)
        return bool(((self.values < low - slack) | (self.values > high + slack)).any())

    @property
    def words(self) -> str:
        """Say from which to which mean value it goes, for how many weeks, and where."""
        off = self.change != 0
        rows = off.any(axis=1)
        where = [name for name, moves in zip(self.path.regions, rows, strict=True) if moves]
        before, after = (
            format_number(float(each[off].mean()), self.path.unit)
            for each in (self.path.values, self.values)
        )
        return (
            f"{self.path.label} from {before} to {after} in "
            f"{count_text(int(off.any(axis=0).sum()), 'week')}{'' if rows.all() else f' in {listed(where)}'}"
        )

    def effect(self, per_unit: np.ndarray) -> np.ndarray:
        """Outcome of the horizon that goes with the move.

        Parameters
        ----------
        per_unit
            ``(draw, region)``: outcome of a week that goes with one unit more.

        Returns
        -------
        ndarray
            ``(draw,)``.
        """
        weeks = self.change.sum(axis=1)
        return np.asarray(per_unit @ np.broadcast_to(weeks, per_unit.shape[1:]))


def lever_paths(effects: xr.Dataset, params: Params, weeks: int) -> dict[str, LeverPath]:
    """Levers that the model has a coefficient of, as the baseline has them over the horizon.

    Parameters
    ----------
    effects
        Of the leading model.
    params
        Which controls are levers.
    weeks
        The horizon.
    """
    if "lever" not in effects.dims:
        return {}
    seen = effects["in_sample"].to_numpy().astype(bool)
    regions = tuple(str(name) for name in effects["region"].to_numpy())
    paths = {}
    for name in (str(one) for one in effects["lever"].to_numpy()):
        if name not in params.levers:
            continue
        values = effects["lever_value"].sel(lever=name).transpose("region", "week").to_numpy()
        alike = len(regions) > 1 and bool((values == values[:1]).all())
        rows = values[:1] if alike else values
        cost = params.levers[name].cost_per_week
        paths[name] = LeverPath(
            name=name,
            label=params.control_label(name),
            unit=params.levers[name].unit,
            cost=None if isinstance(cost, str) else cost,
            regions=(EVERYWHERE,) if alike else regions,
            values=year_ago(rows, weeks),
            low=rows[:, seen].min(axis=1),
            high=rows[:, seen].max(axis=1),
        )
    return paths


def coefficients(effects: xr.Dataset) -> dict[str, np.ndarray]:
    """By lever, outcome of a week that goes with one unit more of it; ``(draw, region)``."""
    if "lever" not in effects.dims:
        return {}
    each = effects["lever_effect"].transpose("lever", "draw", "region").to_numpy().astype(float)
    return {str(name): one for name, one in zip(effects["lever"].to_numpy(), each, strict=True)}


def moved_levers(
    values: Mapping[str, np.ndarray], paths: Mapping[str, LeverPath]
) -> tuple[LeverMove, ...]:
    """Return the levers that a plan moves: those whose values are not the baseline's."""
    moves = []
    for name, asked in values.items():
        path = paths[name]
        same = np.isclose(asked, path.values, rtol=SAME, atol=0.0)
        if not same.all():
            moves.append(LeverMove(path, np.where(same, path.values, asked)))
    return tuple(moves)


def follow_rule(rule: LeverRule, path: LeverPath, refuse: Refuse) -> np.ndarray:
    """Set a lever as a rule says; ``(region, week)``.

    ``refuse`` is called for everything that cannot be followed.
    """
    weeks = path.values.shape[1]
    if rule.first >= weeks:
        refuse(f"'first: {rule.first}'", f"less than {weeks}, the weeks of the horizon", "")
    for name in rule.regions:
        if name not in path.regions:
            everywhere = path.regions == (EVERYWHERE,)
            expected = f"one of {', '.join(path.regions)}"
            if everywhere:
                expected = "no regions: the control is the same in all regions of the data"
            near = "" if everywhere else did_you_mean(name, path.regions)
            refuse(f"the region {shown(name)}", expected, near)
    until = weeks if rule.weeks is None else rule.first + rule.weeks
    inside = np.zeros(path.values.shape, bool)
    rows = [not rule.regions or name in rule.regions for name in path.regions]
    inside[np.array(rows), rule.first : until] = True
    if rule.value is not None:
        return np.where(inside, rule.value, path.values)
    if not path.values[inside].all():
        found = f"a share of nothing: {path.label} is 0 in the baseline"
        refuse(found, "a lever that is not 0 there", "Set it by 'value'.")
    return np.where(inside, path.values * (1 + (rule.change or 0.0)), path.values)


def lever_evidence(move: LeverMove) -> Evidence:
    """Say what speaks against a claim that rests on a lever."""
    path = move.path
    seen = span_text((float(path.low.min()), float(path.high.max())), path.unit)
    against = f"Extrapolated: the past has seen {path.label} from {seen} only."
    doubt = (
        f"What goes with {path.label} is an association, and was not tested: when it moved in the past, "
        f"something else may have moved the outcome."
    )
    return Evidence((against,) if move.outside else (), (doubt,))
