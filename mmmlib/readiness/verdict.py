"""Verdict on readiness, per channel and overall (R4)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from mmmlib.findings import Finding, Status


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
    detects: bool = True
    """Whether it would find what the channel is believed to bring; one of a channel that spends
    nothing has nothing to go by, and does not."""
    description: str


class Readiness(BaseModel):
    """What notebook 01 decides; ``artefacts/readiness.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overall: Verdict
    channels: dict[str, Verdict]
    findings: tuple[Finding, ...]
    alternatives: tuple[TestDesign, ...] = ()
    """For what is not ready: the test to run instead, where one would find what is believed."""
    left_out: str = ""
    """Which tests are not proposed, because they would not, in a sentence; empty if none was."""


MEANING = {
    Verdict.READY: "A model may be fitted.",
    Verdict.CAVEATS: "A model may be fitted; its report has to repeat the caveats below.",
    Verdict.NOT_READY: "No model is fitted. Run the tests below instead.",
}


def verdict_text(readiness: Readiness) -> str:
    """Write the verdict and its reasons, one a line.

    >>> print(verdict_text(Readiness(overall="ready", channels={"tv": "ready"}, findings=())))
    READY. A model may be fitted.
    """
    reasons = [
        f"- {finding.message}"
        for finding in readiness.findings
        if finding.subject not in readiness.channels and finding.status is not Status.OK
    ]
    verdict = readiness.overall
    meaning = MEANING[verdict]
    if verdict is Verdict.NOT_READY and not readiness.alternatives:
        meaning = "No model is fitted. Correct what stands below, and refresh again."
    if readiness.left_out:
        meaning = f"{meaning} {readiness.left_out}"
    return "\n".join([f"{verdict.value.upper()}. {meaning}", *reasons])
