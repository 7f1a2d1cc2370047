"""What speaks against a claim about a model or a channel: readiness and health, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmmlib.findings import Finding, FindingList, Level, Reason, Status
from mmmlib.health.demand import COMMON, DEMAND
from mmmlib.health.holdout import YOUNG
from mmmlib.health.learning import SHRINKAGE
from mmmlib.health.lift import GAP
from mmmlib.health.plausibility import APART
from mmmlib.health.prior_sensitivity import OUR_ASSUMPTION, PRIOR
from mmmlib.readiness.history import HISTORY
from mmmlib.readiness.verdict import Readiness, Verdict

NEW_WEEKS = "data.new_weeks"
"""The check by which new weeks are held against the old ones."""


@dataclass(frozen=True)
class Evidence:
    """What speaks against a claim; what a finding saw is a :class:`~mmmlib.findings.Reason`.

    Parameters
    ----------
    against
        Reasons that nothing may rest on it.
    doubts
        Reasons that it may be relied on with care only.
    assumed
        Where a return is our assumption more than the data, in words. It is a doubt of the return's size,
        and what a cut there would lose is not known at all.
    size
        Other reasons that a return may not be as large as said. Which way money should go can be
        known all the same: see :func:`mmmlib.scenarios.labels.decide`.
    """

    against: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    size: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            _unique([*self.against, *other.against]),
            _unique([*self.doubts, *other.doubts]),
            _unique([*self.assumed, *other.assumed]),
            _unique([*self.size, *other.size]),
        )

    @property
    def good(self) -> bool:
        """Nothing speaks against it; doubts are allowed."""
        return not self.against

    @property
    def measured(self) -> bool:
        """Nothing speaks against it, and it is the data that say it."""
        return not self.against and not self.assumed


def model_evidence(
    model: str, health: FindingList | None, channels: Iterable[str], label: str = ""
) -> Evidence:
    """Collect what the health checks say of a whole model.

    Parameters
    ----------
    model
        ``outcome.motion``.
    health
        Its health findings; None where its health was not checked, which speaks against it.
    channels
        Names of all channels: findings whose subject names one belong to that channel.
    label
        The model's name as people write it.
    """
    if health is None or not health.findings:
        return Evidence(against=(f"The health of {label or model} was not checked.",))
    names = set(channels)
    # How far the total hangs on the prior is a matter of the total, not of one channel.
    whole = (f for f in health.findings if f.check != PRIOR and not _named(f, model) & names)
    return _collect(whole)


def channel_evidence(
    channel: str,
    model: str,
    readiness: Readiness,
    health: FindingList | None,
    label: str = "",
) -> Evidence:
    """Collect what readiness and health say of one channel in one model.

    A channel that readiness did not judge counts as not ready: checks fail closed.
    ``label`` is the channel's name as people write it; its own name if not given.
    """
    label = label or channel
    moved = tuple(
        Reason.of(f, f"{label}: {f.message}")
        for f in readiness.findings
        if _moves(f, channel, model)
    )
    if moved:
        return Evidence(against=moved)
    verdict = readiness.channels.get(channel)
    found = health.findings if health is not None else ()
    by_health = _collect(f for f in found if channel in _named(f, model))
    if verdict is Verdict.READY:
        return by_health
    seen = [
        f
        for f in readiness.findings
        if f.status is not Status.OK and (channel in _named(f, model) or f.check == HISTORY)
    ]

    def said(words: str) -> Reason:
        if not seen:
            return Reason(f"{label} {words}.")
        return Reason.of(seen[0], f"{label} {words}: {_clause(seen[0].message)}")

    if verdict is Verdict.CAVEATS:
        return Evidence(doubts=(said("is ready with caveats"),)) + by_health
    words = "is not ready to be measured" if verdict else "was not judged for readiness"
    return Evidence(against=(said(words),)) + by_health


def order_is_hidden(findings: Iterable[Finding]) -> bool:
    """Whether a model's channels can be put in no order, because its budgets follow something in common.

    The channel that seems to return most is then the one that follows it most: on known worlds 3 of 19 that
    were said to be first with 80 % or more were (``docs/labels.md``). So it is where nobody can tell.

    Parameters
    ----------
    findings
        Of the model, or of the motions that it is the sum of.
    """
    return any(
        one.check == DEMAND and one.status is not Status.OK and "/" not in one.subject
        for one in findings
    )


def with_new_weeks(readiness: Readiness, data: FindingList | None) -> Readiness:
    """Add what the data says of newest weeks that are unlike the ones before.

    A plan would rest on the level of these weeks: see :func:`channel_evidence`.
    """
    found = data.findings if data is not None else ()
    new = (f for f in found if f.check == NEW_WEEKS and f.level >= Level.WARN)
    return readiness.model_copy(update={"findings": (*readiness.findings, *new)})


def _moves(finding: Finding, channel: str, model: str) -> bool:
    """Whether the newest weeks of a channel, or of the outcome, are unlike the ones before."""
    role, _, name = finding.subject.partition(":")
    mine = (
        name == channel
        if role != "outcome"
        else name.split(".")[0] == model.split(".", maxsplit=1)[0]
    )
    return finding.check == NEW_WEEKS and finding.level >= Level.WARN and mine


def _collect(findings: Iterable[Finding]) -> Evidence:
    against: dict[str, str] = {}
    doubts: dict[str, str] = {}
    assumed: dict[str, str] = {}
    size: dict[str, str] = {}
    for finding in findings:
        if finding.status is Status.OK:
            continue
        ran = finding.status is Status.FLAG
        # One reason per check: twenty parameters above the limit are one fact. So is one
        # cause that kept ten checks from running.
        key = finding.check if ran else finding.message
        # A return that the data did not narrow is what was believed before; one of a channel
        # that is younger than the holdout was never tested; a test of another magnitude measured
        # something else.
        if finding.level is Level.BLOCK or (ran and finding.check in (SHRINKAGE, YOUNG, GAP)):
            against.setdefault(key, Reason.of(finding))
        elif ran and finding.check in (COMMON, APART):
            where = doubts if finding.check == COMMON else size
            where.setdefault(key, Reason.of(finding, f"{finding.message} {finding.meaning}"))
        elif ran and finding.check == PRIOR:
            assumed.setdefault(key, Reason.of(finding, f"{OUR_ASSUMPTION} {finding.message}"))
        elif finding.level is Level.WARN:
            doubts.setdefault(key, Reason.of(finding))
    return Evidence(*(tuple(one.values()) for one in (against, doubts, assumed, size)))


def _named(finding: Finding, model: str) -> set[str]:
    """Names in a finding's subject, the model's own name taken off."""
    rest = finding.subject.removeprefix(model)
    return set(re.findall(r"[A-Za-z0-9_]+", rest))


def _clause(message: str) -> str:
    text = message.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
