"""A plan: money by channel over the horizon, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import xarray as xr

from mmmlib.estimates import format_number
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline, mean_weekly
from mmmlib.scenarios.levers import LeverMove

Kind = Literal["baseline", "increase", "reallocate", "protect", "optimised", "own"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Money by channel over the horizon; ``(region, week)``."""

    name: str
    kind: Kind
    title: str
    description: str
    spend: Mapping[str, np.ndarray]
    moves: str = ""
    """What it does with each channel, where its title does not say so."""
    levers: tuple[LeverMove, ...] = ()
    """Levers that are not where the baseline has them."""

    @cached_property
    def weekly(self) -> dict[str, float]:
        """Mean weekly money of every channel."""
        return mean_weekly(self.spend)


def channel_labels(params: Params, effects: xr.Dataset) -> dict[str, str]:
    """Name of every channel as reports write it."""
    return {str(name): params.channel_label(str(name)) for name in effects["channel"].to_numpy()}


def moves_text(
    base: Baseline,
    changed: Mapping[str, float],
    params: Params,
    label: Mapping[str, str],
    most: int | None = None,
) -> str:
    """Say from which weekly money to which channels go, of the first ones where they are many."""
    parts = [
        f"{label[name]} from {format_number(base.weekly[name], params.currency)} "
        f"to {format_number(money)}"
        for name, money in changed.items()
    ]
    rest = len(parts) - len(parts[:most])
    return f"{'; '.join(parts[:most])} a week{f', and {rest} more' if rest else ''}."
