"""Specifications that were tried beside the one that was taken, as a run keeps them (A3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mmmlib.estimates import Estimate

CHOICE = "model_choice.json"


class Tried(BaseModel):
    """A specification that was declared, tried and not taken.

    ``changes`` say in words what differs from the one that was taken; ``trouble`` why nothing is
    said of it: it could not be fitted, or its chains did not agree. ``returns`` are by channel, of
    the outcome that leads; ``unseen`` is the mean relative error on weeks that it was not shown,
    where the goal is prediction.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    why: str
    changes: tuple[str, ...]
    trouble: str = ""
    returns: dict[str, Estimate] = {}
    unseen: Estimate | None = None


class ModelChoice(BaseModel):
    """What was tried beside the specification of a run; ``model_choice.json``.

    ``model`` is the outcome that the returns are of; ``returns`` and ``unseen`` are those of the
    specification that was taken. ``said`` is what the page says of the decision, where that is the
    goal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: Literal["fit", "prediction", "decision", ""] = ""
    model: str = ""
    returns: dict[str, Estimate] = {}
    unseen: Estimate | None = None
    tried: tuple[Tried, ...] = ()
    said: str = ""

    @property
    def compared(self) -> tuple[Tried, ...]:
        """Those that something is said of."""
        return tuple(one for one in self.tried if not one.trouble)


def share_of_choice(estimates: Sequence[Estimate]) -> float:
    """Return the part of the spread that lies between specifications, each as likely as the other.

    The law of total variance, with spreads read off the 90 % ranges: in logarithms where all are
    above zero, as returns are.
    """
    ends = np.array([[one.low, one.median, one.high] for one in estimates])
    if (ends > 0).all():
        ends = np.log(ends)
    within = float(np.mean(((ends[:, 2] - ends[:, 0]) / 3.29) ** 2))
    between = float(np.var(ends[:, 1]))
    return between / (within + between) if within + between > 0 else 0.0
