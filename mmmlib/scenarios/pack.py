"""The scenario pack (O3); ``artefacts/scenarios.json``."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mmmlib.estimates import Estimate
from mmmlib.findings import Finding


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
    """Outcome caused by the plan's spend, carryover after the horizon included."""
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


class ScenarioPack(_Frozen):
    """All scenarios of a refresh, for its leading model."""

    model: str
    first_week: dt.date
    weeks: int
    scenarios: tuple[Scenario, ...]
    recommended: str | None = None
    """Name of the scenario that is recommended, if one may be."""
    findings: tuple[Finding, ...] = ()
