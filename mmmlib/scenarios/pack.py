"""The scenario pack (O3); ``artefacts/scenarios.json``."""

from __future__ import annotations

import datetime as dt
import math
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding

SAME_MONEY = 1e-4
"""Weekly money that differs by less than this share is the same: dust of the arithmetic."""


class Label(StrEnum):
    """What may be done with a claim (O8)."""

    SAFE = "safe to act on"
    REVIEW = "needs review"
    DO_NOT_INFER = "do not infer"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanLine(_Frozen):
    """One channel in a plan: weekly money over the horizon."""

    channel: str
    spend_before: float
    spend_after: float
    extrapolated: bool
    """True where the planned weekly spend lies outside what the past has seen."""

    @property
    def change(self) -> float:
        """Change of weekly money; what is too small to be seen beside the money is none."""
        same = math.isclose(self.spend_after, self.spend_before, rel_tol=SAME_MONEY)
        return 0.0 if same else self.spend_after - self.spend_before


class Scenario(_Frozen):
    """One plan and what it would bring against the baseline."""

    name: str
    kind: Literal["baseline", "increase", "reallocate", "protect"]
    title: str
    description: str
    plan: tuple[PlanLine, ...]
    spend: float
    """Money over the horizon."""
    spend_change: float
    """Money over the horizon, minus the baseline's."""
    outcome: Estimate
    """Contribution of the plan's spend, carryover after the horizon included."""
    difference: Estimate
    """The same minus the baseline's, draw by draw."""
    net: Estimate | None = None
    """Difference in outcome minus difference in spend, where the outcome is money."""
    probability_better: float
    """Share of draws in which the plan beats the baseline: by net where there is one."""
    downside: float
    """10th percentile of ``net`` (of ``difference`` where the outcome is not money)."""
    label: Label
    reasons: tuple[str, ...]
    """Why the label is what it is."""
    others: dict[str, Estimate] = {}
    """Difference to the baseline in the other models, by model name."""
    return_on_change: Estimate | None = None
    """Outcome gained (or lost) per unit of money added (or cut); None where spend is the same."""
    method: Literal["formula", "steady state"] = "formula"
    """Whether carryover was followed week by week, or read off steady-state curves."""

    @property
    def comparable(self) -> bool:
        """Whether more is better: money after its cost, or a count for the same spend."""
        return self.net is not None or self.spend_change == 0


class Answer(_Frozen):
    """A key question, answered from the run (A4). One per question and model asked."""

    question: str
    kind: Literal["scale", "cut", "rank", "other"]
    model: str
    channel: str | None = None
    text: str
    """The answer in a sentence, range included."""
    value: Estimate | None = None
    value_name: str = ""
    """What ``value`` is: "return of the added money"."""
    probability: float | None = None
    """Probability that the answer is yes (that ``channel`` is first, for a rank)."""
    label: Label
    reasons: tuple[str, ...]


class ScenarioPack(_Frozen):
    """All scenarios of a refresh, for its leading model."""

    model: str
    first_week: dt.date
    weeks: int
    scenarios: tuple[Scenario, ...]
    recommended: str | None = None
    """Name of the scenario that is recommended, if one may be: only one that is safe to act on."""
    candidate: str | None = None
    """Where none may be recommended: the best that needs review, for the meeting to judge."""
    answers: tuple[Answer, ...] = ()
    findings: tuple[Finding, ...] = ()
