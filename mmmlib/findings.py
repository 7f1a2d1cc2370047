"""The one verdict vocabulary, from the first data check to the last gate.

A check looks at one subject and says what it saw as a :class:`Finding`. Checks
fail closed: the comparison helpers pass a value only when it *is* inside the
limit, so that NaN never passes, and a check that could not run says so instead
of staying silent.
"""

from __future__ import annotations

import math
import operator
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial, reduce
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_serializer, model_validator
from pydantic_core import core_schema

from mmmlib.monte_carlo import at_least_for_certain, at_most_for_certain

__all__ = ["Finding", "FindingList", "Level", "Status"]

BY_CHANCE = " Too near the limit to be sure, so it counts as missed."
"""What a message ends on where a value is inside its limit by less than its Monte Carlo error."""


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

    # StrEnum brings str's comparisons along, which total_ordering would leave alone.
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


# --- the catalogue -------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """What is the same in every finding of a check.

    It stands in the ``checks.toml`` of the room that asks, one table a check: these are texts
    and no code, each on one line, so that it is found by searching for what was read in a pack.
    ``like`` takes from another entry of the room whatever an entry does not say itself, and a
    table below a check's is a case of it: ``[refresh.structure.units]``.

    Parameters
    ----------
    title
        Its name for people.
    level
        Of a finding that did not pass, unless the code knows better.
    unit
        Of value and limit.
    meaning, action
        Why it matters and what to do; what stands in braces is filled in by the code.
    """

    title: str
    level: Level
    unit: str = ""
    meaning: str = ""
    action: str = ""


@cache
def catalogue() -> dict[str, Check]:
    """Return all checks by id, and their cases by ``id.case``, in the order of the files."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("*/checks.toml")):
        for room, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for name, texts in _entries(entries):
                level = Level(texts.pop("level"))
                found[f"{room}.{name}"] = Check(level=level, **texts)
    return found


def checks_of(room: str) -> tuple[str, ...]:
    """Return the ids of a room's checks, in the order in which they are asked: ``health.rhat``."""
    return tuple(name for name in titles() if name.startswith(f"{room}."))


def titles() -> dict[str, str]:
    """Return the name for people of every check, by id."""
    return {name: one.title for name, one in catalogue().items() if name.count(".") == 1}


def _entries(room: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, entry in room.items():
        whole = _resolved(room, entry)
        texts = {key: text for key, text in whole.items() if isinstance(text, str)}
        yield name, dict(texts)
        for case, its in whole.items():
            if isinstance(its, dict):
                yield f"{name}.{case}", texts | _resolved(room, its)


def _resolved(room: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with what it takes from the one that it is like."""
    own = {key: value for key, value in entry.items() if key != "like"}
    if "like" not in entry:
        return own
    other: dict[str, Any] = reduce(operator.getitem, entry["like"].split("."), room)
    return _resolved(room, other) | own


# --- what a check saw ----------------------------------------------------------------------


def judge(
    check: str,
    subject: str,
    *,
    passed: bool,
    message: str,
    value: float | str | None = None,
    limit: float | str | None = None,
    level: Level | None = None,
    unit: str | None = None,
    case: str = "",
    **context: object,
) -> Finding:
    """Make a finding: ``ok`` when ``passed`` is true, else a flag.

    Write ``passed`` as the condition that good data meets (``value <= limit``),
    never as the negation of a failure, so that NaN fails.

    Parameters
    ----------
    check
        Its id in the catalogue, which has title, level, unit, meaning and action.
    level, unit
        Where they are others than those of the catalogue.
    case
        Which case of the check it is.
    context
        What the texts of the catalogue have in braces.
    """
    texts = catalogue()[f"{check}.{case}" if case else check]
    good = bool(passed)
    return Finding(
        check=check,
        subject=subject,
        level=Level.INFO if good else level or texts.level,
        status=Status.OK if good else Status.FLAG,
        value=value,
        limit=limit,
        unit=texts.unit if unit is None else unit,
        message=message,
        meaning=texts.meaning.format(**context),
        action="" if good else texts.action.format(**context).strip(),
    )


def _held(
    keeps: Callable[..., bool],
    check: str,
    subject: str,
    value: float,
    limit: float,
    message: str,
    *,
    error: float = 0.0,
    **more: Any,
) -> Finding:
    """Hold a value against its limit; NaN does not pass. The rest is that of :func:`judge`.

    ``error`` is the Monte Carlo error of a value that was sampled: it has to pass with a margin.
    """
    value, limit = float(value), float(limit)
    passed = keeps(value, limit, error)
    if keeps(value, limit) and not passed:
        message += BY_CHANCE
    return judge(check, subject, passed=passed, value=value, limit=limit, message=message, **more)


at_most = partial(_held, at_most_for_certain)
"""Pass when ``value <= limit``."""
at_least = partial(_held, at_least_for_certain)
"""Pass when ``value >= limit``."""


def none_of(check: str, subject: str, count: int, seen: str, clear: str, **more: Any) -> Finding:
    """Pass when nothing was found: ``seen`` is the message where something was, ``clear`` else."""
    return at_most(check, subject, count, 0, seen if count else clear, **more)


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


class Reason(str):
    """Why something is so, in words, and what saw it, so that no text has to be parsed for that.

    Parameters
    ----------
    text
        For people.
    check
        Id of the check that saw it, or a kind of its own where none did; empty if neither.
    finding
        What the check saw.
    """

    __slots__ = ("check", "finding")

    check: str
    finding: Finding | None

    def __new__(cls, text: str, check: str = "", finding: Finding | None = None) -> Self:
        """Make one."""
        self = super().__new__(cls, text)
        self.check, self.finding = check, finding
        return self

    @classmethod
    def of(cls, finding: Finding, text: str = "") -> Self:
        """Return what a finding saw as a reason, in its own words or in others."""
        return cls(text or finding.message, finding.check, finding)

    @classmethod
    def read(cls, kept: object) -> Self:
        """Read one; a run of before the check was kept has the text alone."""
        if isinstance(kept, cls):
            return kept
        if isinstance(kept, str):
            return cls(kept)
        if isinstance(kept, dict) and "text" in kept:
            found = kept.get("finding")
            finding = None if found is None else Finding.model_validate(found)
            return cls(kept["text"], kept.get("check", ""), finding)
        raise ValueError("a reason is a text, or a text with its check and finding")

    def kept(self) -> str | dict[str, Any]:
        """Return it as it is written to a file."""
        if not self.check:
            return str(self)
        seen = None if self.finding is None else self.finding.model_dump(mode="json")
        return {"text": str(self), "check": self.check, "finding": seen}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Let a model hold reasons."""
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.plain_serializer_function_ser_schema(cls.kept)
        )


def worst(findings: Iterable[Finding]) -> Level:
    """Return the highest level among ``findings``; ``info`` for none."""
    return max((finding.level for finding in findings), default=Level.INFO)


class FindingList(BaseModel):
    """Findings as an artefact: ``data.json``, ``models/<model>/health.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    findings: tuple[Finding, ...] = ()
