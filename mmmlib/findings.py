"""The one verdict vocabulary, from the first data check to the last gate.

A check looks at one subject and says what it saw as a :class:`Finding`. Checks
fail closed: the comparison helpers pass a value only when it *is* inside the
limit, so that NaN never passes, and a check that could not run says so instead
of staying silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import total_ordering
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, field_serializer, model_validator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Finding", "FindingList", "Level", "Status", "findings_table"]


@total_ordering
class Level(StrEnum):
    """How bad it is. ``Level.INFO < Level.WARN < Level.BLOCK``."""

    INFO = "info"
    WARN = "warn"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """Place in the order, 0 for the least."""
        return ("info", "warn", "block").index(self.value)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return self.rank < other.rank

    # StrEnum brings str's other comparisons along; total_ordering leaves them alone.
    def __le__(self, other: object) -> bool:
        return self == other or self < other

    def __gt__(self, other: object) -> bool:
        return not self <= other

    def __ge__(self, other: object) -> bool:
        return not self < other


class Status(StrEnum):
    """Whether a check ran and what it decided."""

    OK = "ok"
    FLAG = "flag"
    NOT_RUN = "not_run"


class Finding(BaseModel):
    """What one check saw on one subject.

    Parameters
    ----------
    check
        Dotted name, room first: ``"readiness.history"``, ``"health.rhat"``.
    subject
        What was looked at: a channel, a model (``"revenue.self_serve"``), a
        source, or ``"workbook"``.
    level
        ``info`` for everything that passed; what a gate does with a flag is
        the policy's to say, this is the check's own proposal.
    status
        ``ok``, ``flag`` or ``not_run``.
    value, limit, unit
        The number (or word) seen, what it was held against, and their unit.
    message, meaning, action
        What was seen, why it matters, what to do. Plain sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    subject: str
    level: Level
    status: Status
    value: float | str | None = None
    limit: float | str | None = None
    unit: str = ""
    message: str
    meaning: str = ""
    action: str = ""

    @field_serializer("value", "limit", when_used="json")
    def _keep_not_finite(self, value: float | str | None) -> float | str | None:
        # JSON has no NaN: without this it would come back as None, as if nothing was measured.
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value

    @model_validator(mode="after")
    def _ok_is_info(self) -> Self:
        if self.status is Status.OK and self.level is not Level.INFO:
            raise ValueError("a finding that is ok has level info")
        return self


def judge(
    check: str,
    subject: str,
    *,
    passed: bool,
    level: Level,
    message: str,
    value: float | str | None = None,
    limit: float | str | None = None,
    unit: str = "",
    meaning: str = "",
    action: str = "",
) -> Finding:
    """Make a finding: ``ok`` when ``passed`` is true, else a flag at ``level``.

    Write ``passed`` as the condition that good data meets (``value <= limit``),
    never as the negation of a failure, so that NaN fails.
    """
    good = bool(passed)
    return Finding(
        check=check,
        subject=subject,
        level=Level.INFO if good else level,
        status=Status.OK if good else Status.FLAG,
        value=value,
        limit=limit,
        unit=unit,
        message=message,
        meaning=meaning,
        action="" if good else action,
    )


def at_most(
    check: str,
    subject: str,
    value: float,
    limit: float,
    *,
    level: Level,
    message: str,
    **words: str,
) -> Finding:
    """Pass when ``value <= limit``; NaN does not pass."""
    return judge(
        check,
        subject,
        passed=value <= limit,
        level=level,
        message=message,
        value=float(value),
        limit=float(limit),
        **words,  # type: ignore[arg-type]  # unit, meaning, action
    )


def at_least(
    check: str,
    subject: str,
    value: float,
    limit: float,
    *,
    level: Level,
    message: str,
    **words: str,
) -> Finding:
    """Pass when ``value >= limit``; NaN does not pass."""
    return judge(
        check,
        subject,
        passed=value >= limit,
        level=level,
        message=message,
        value=float(value),
        limit=float(limit),
        **words,  # type: ignore[arg-type]  # unit, meaning, action
    )


def none_of(
    check: str,
    subject: str,
    count: int,
    unit: str,
    *,
    level: Level,
    seen: str,
    clear: str,
    meaning: str = "",
    action: str = "",
) -> Finding:
    """Pass when nothing was found.

    Parameters
    ----------
    count, unit
        How many were found, and of what: ``weeks``, ``names``.
    seen, clear
        The message where something was found, and where nothing was.
    """
    return at_most(
        check,
        subject,
        float(count),
        0.0,
        level=level,
        message=seen if count else clear,
        unit=unit,
        meaning=meaning,
        action=action,
    )


def not_run(
    check: str, subject: str, why: str, *, level: Level = Level.BLOCK, action: str = ""
) -> Finding:
    """Say that a check could not run. Blocks unless the caller knows it is optional."""
    return Finding(
        check=check,
        subject=subject,
        level=level,
        status=Status.NOT_RUN,
        message=why,
        meaning="A check that did not run is not a check that passed.",
        action=action,
    )


def worst(findings: Iterable[Finding]) -> Level:
    """Return the highest level among ``findings``; ``info`` for none."""
    return max((finding.level for finding in findings), default=Level.INFO)


class FindingList(BaseModel):
    """Findings as an artefact: ``data.json``, ``models/<model>/health.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    findings: tuple[Finding, ...] = ()


def findings_table(
    findings: Iterable[Finding], titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return findings as a table for display, the worst first.

    Parameters
    ----------
    findings
        Any number of them, none included.
    titles
        Names of the checks for people, such as ``health.CHECKS``; the check's own
        name where it has none.

    Returns
    -------
    pandas.DataFrame
        Text columns ``level``, ``status``, ``check``, ``subject``, ``seen``,
        ``limit``, ``message``, ``action``.

    Examples
    --------
    >>> finding = judge("data.gaps", "tv", passed=True, level=Level.WARN, message="No gap.")
    >>> findings_table([finding])["message"].to_list()
    ['No gap.']
    """
    import pandas as pd

    names = titles or {}
    rows = [
        {
            "level": finding.level.value,
            "status": finding.status.value.replace("_", " "),
            "check": names.get(finding.check, finding.check),
            "subject": finding.subject,
            "seen": _in_words(finding.value, finding.unit),
            "limit": _in_words(finding.limit, finding.unit),
            "message": finding.message,
            "action": finding.action,
        }
        for finding in sorted(findings, key=_badness, reverse=True)
    ]
    columns = [
        "level",
        "status",
        "check",
        "subject",
        "seen",
        "limit",
        "message",
        "action",
    ]
    return pd.DataFrame(rows, columns=columns)


def _badness(finding: Finding) -> tuple[int, bool]:
    return finding.level.rank, finding.status is not Status.OK


def _in_words(value: float | str | None, unit: str) -> str:
    from mmmlib.estimates import format_number

    if value is None:
        return ""
    return value if isinstance(value, str) else format_number(value, unit)
