"""Verdict on readiness, per channel and overall (R4)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from mmmlib.findings import Finding


class Verdict(StrEnum):
    """May a model be fitted to this?"""

    READY = "ready"
    CAVEATS = "ready with caveats"
    NOT_READY = "not ready"


class TestDesign(BaseModel):
    """A first design of the incrementality test that takes the model's place (R4)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    __test__ = False  # not for pytest, whatever its name says

    channel: str
    kind: str
    """``geo holdout`` or ``pause test``."""
    weeks: int
    detectable_share: float
    """Smallest effect it could detect, as a share of the outcome of the regions where the channel
    runs (80 % power, 5 % two-sided)."""
    description: str


class Readiness(BaseModel):
    """What notebook 01 decides; ``artefacts/readiness.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overall: Verdict
    channels: dict[str, Verdict]
    findings: tuple[Finding, ...]
    alternatives: tuple[TestDesign, ...] = ()
    """For what is not ready: the test to run instead. Empty if everything is ready."""
