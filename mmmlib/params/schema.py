"""A whole parameter file as frozen values.

The rest of the code trusts these objects: everything that can be wrong in a
parameter file is caught here or in :mod:`mmmlib.params.strict`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.params.candidates import CandidateParams
from mmmlib.params.compute import ComputeParams
from mmmlib.params.data import DataParams
from mmmlib.params.lift import POOLED, LiftTest
from mmmlib.params.limits import ComparisonParams, HealthParams, ReadinessParams
from mmmlib.params.model import ModelParams, Range
from mmmlib.params.places import KeyPath, KeyProblem
from mmmlib.params.references import broken_references
from mmmlib.params.scenarios import ScenarioParams
from mmmlib.params.section import (
    Currency,
    Day,
    InsidePath,
    Name,
    Period,
    Section,
    Slug,
    days_of,
)
from mmmlib.params.series import Channel, Control, Event, Lever, Outcome


class RefreshParams(Section):
    """Which refresh this is (G1)."""

    period: Period
    kind: Literal["monthly", "quarterly"] = "quarterly"
    """A monthly refresh proposes nothing; a quarterly one has plans, too."""
    parent: str = "latest"
    """``latest`` (the newest run of an earlier period that no gate blocked, of no later ``as_of``,
    and whose model was not set on the command line), ``none``, or a run id."""
    as_of: Day | None = None
    """The day from which the data is seen; see :attr:`Params.as_of`."""


class Audience(Section):
    """Whom the model serves, and what it may be used for (M1)."""

    serves: Literal["growth", "sales", "finance"]
    supports: tuple[str, ...] = Field(min_length=1)
    not_for: tuple[str, ...] = Field(min_length=1)


class KeyQuestion(Section):
    """A question written down before the fit and answered in the report (A4)."""

    question: Name
    kind: Literal["scale", "cut", "rank", "other"] = "other"
    channel: Slug | None = None
    outcome: Slug | None = None


class GovernanceParams(Section):
    """Files of the policy and of the roles, beside the parameter file."""

    policy: InsidePath = "policy.yaml"
    roles: InsidePath = "roles.yaml"
    wide_ratio: Annotated[float, Field(gt=1)] = 10.0
    """A return needs review where the ends of its range differ by more than this factor (O8)."""


class ReportParams(Section):
    """How the pack is written."""

    fonts: tuple[Name, ...] = ()
    """Names of font families on the machine that labels in other scripts take first, in this order."""


class Params(Section):
    """A whole parameter file."""

    workbook: Slug
    title: Name
    currency: Currency
    refresh: RefreshParams
    audience: Audience
    key_questions: tuple[KeyQuestion, ...] = ()
    data: DataParams
    channels: dict[Slug, Channel] = Field(min_length=1)
    outcomes: dict[Slug, Outcome] = Field(min_length=1)
    primary_outcome: str = ""
    """What leads the pack: an outcome, over all its motions, or one model, ``outcome.motion``.

    The first outcome if not given.
    """
    controls: dict[Slug, Control] = Field(default_factory=dict)
    events: dict[Slug, Event] = Field(default_factory=dict)
    lift_tests: dict[Slug, LiftTest] = Field(default_factory=dict)
    """Lift tests by name, beside those of ``data.lift_tests``."""
    model: ModelParams = ModelParams()
    candidates: CandidateParams | None = None
    """Specifications that are tried beside this one, declared before anything is fitted."""
    readiness: ReadinessParams = ReadinessParams()
    health: HealthParams = HealthParams()
    comparison: ComparisonParams = ComparisonParams()
    scenarios: ScenarioParams = ScenarioParams()
    governance: GovernanceParams = GovernanceParams()
    report: ReportParams = ReportParams()
    compute: ComputeParams = ComputeParams()

    def _faults(self) -> Iterator[KeyProblem]:
        yield from broken_references(self.model_dump())
        if not self.paid_channels:
            expected = "a channel with 'spend': what the others return cannot be asked"
            yield KeyProblem(("channels",), "no channel with spend", expected)
        limit = self.health.max_plausible_roi
        stated: dict[KeyPath, Range | None] = {("model", "default_roi"): self.model.default_roi}
        for name, channel in self.channels.items():
            stated["channels", name, "prior", "roi"] = channel.prior.roi if channel.prior else None
        for key, roi in stated.items():
            if roi is not None and roi.low > limit:
                yield KeyProblem(
                    key,
                    f"a return of {roi.low:g} to {roi.high:g}",
                    f"a return that health.max_plausible_roi ({limit:g}) allows",
                    "State it as money back per unit of money (1.5 for 1.50 back per 1.00 spent), "
                    "or raise that limit.",
                )

    @property
    def paid_channels(self) -> tuple[str, ...]:
        """Names of the channels with spend: those that have a return, and that plans are made of."""
        return tuple(name for name, one in self.channels.items() if one.spend is not None)

    @property
    def unpaid_channels(self) -> tuple[str, ...]:
        """Names of the channels without spend: they have a contribution, and no return."""
        return tuple(name for name, one in self.channels.items() if one.spend is None)

    @property
    def levers(self) -> dict[str, Lever]:
        """Controls that plans may set."""
        return {name: one.lever for name, one in self.controls.items() if one.lever is not None}

    @property
    def motions(self) -> dict[str, tuple[str, ...]]:
        """Motions of every outcome; ``pooled`` where they are not distinguished."""
        return {name: tuple(one.motions) or (POOLED,) for name, one in self.outcomes.items()}

    @property
    def model_names(self) -> tuple[str, ...]:
        """Models to fit, ``outcome.motion``; ``outcome.pooled`` where motions are pooled."""
        return tuple(f"{name}.{one}" for name, motions in self.motions.items() for one in motions)

    @property
    def as_of(self) -> dt.date:
        """The day from which the data is seen.

        ``refresh.as_of`` if given; else today, or, for simulated data, the day after the period.
        """
        if self.refresh.as_of or not self.data.simulated:
            return self.refresh.as_of or dt.date.today()
        return days_of(self.refresh.period)[1] + dt.timedelta(days=1)

    @property
    def today(self) -> dt.date:
        """The day on which people act on a run: today; of a simulated company, :attr:`as_of`.

        So the story of a simulated company can be played on any day.
        """
        return self.as_of if self.data.simulated else dt.date.today()

    @property
    def primary(self) -> str:
        """What leads the pack: a model, or the name of an outcome summed over its motions."""
        name = self.primary_outcome or next(iter(self.outcomes))
        parts = self.parts_of(name)
        return name if len(parts) > 1 else parts[0]

    @property
    def views(self) -> tuple[str, ...]:
        """What the pack reports on: every model, and the sum over motions where it leads. That first."""
        return (self.primary, *(name for name in self.model_names if name != self.primary))

    def parts_of(self, name: str) -> tuple[str, ...]:
        """Return the models that make up an outcome; of a model, itself.

        Raises
        ------
        KeyError
            If there is neither a model nor an outcome of that name.
        """
        if name in self.model_names:
            return (name,)
        return tuple(f"{name}.{motion}" for motion in self.motions[name])

    def related_to(self, name: str) -> set[str]:
        """Return what rests on the same fits: a sum and its motions, a motion and its sum."""
        return {name, *self.parts_of(name), name.partition(".")[0]}

    def channel_label(self, name: str) -> str:
        """Name of a channel for people; channels of one label are numbered."""
        label = self._own_label(name)
        same = [one for one in self.channels if self._own_label(one) == label]
        return f"{label} ({same.index(name) + 1})" if name in same and len(same) > 1 else label

    def _own_label(self, name: str) -> str:
        channel = self.channels.get(name)
        return (channel.label if channel else "") or name.replace("_", " ").capitalize()

    def control_label(self, name: str) -> str:
        """Name of a control for people."""
        return self.controls[name].label or name.replace("_", " ").capitalize()

    def model_label(self, model: str) -> str:
        """Name of a model for people: the outcome, and the motion where there is one."""
        name, _, motion = model.partition(".")
        outcome = self.outcomes.get(name)
        label = (outcome.label if outcome else "") or name.replace("_", " ").capitalize()
        return label if motion in ("", POOLED) else f"{label}, {motion.replace('_', ' ')}"

    def subject_label(self, name: str) -> str:
        """Name of the subject of a finding for people; as it is where it is no known subject."""
        if name in self.channels:
            return self.channel_label(name)
        if name in self.model_names or name in self.outcomes:
            return self.model_label(name)
        if name == "workbook":
            return "the workbook"
        for mark in ("/", ":"):
            first, found, rest = name.partition(mark)
            if found and rest:
                return f"{self.subject_label(first)}: {self.subject_label(rest)}"
        return name

    def outcome_of(self, model: str) -> Outcome:
        """Return the outcome that a model explains."""
        return self.outcomes[model.partition(".")[0]]

    def outcome_unit(self, model: str) -> str:
        """Return the unit of a model's outcome: the currency, or what is counted."""
        outcome = self.outcome_of(model)
        money = outcome.kind == "revenue" or outcome.value_per_unit is not None
        return self.currency if money else outcome.unit

    def worth_of(self, model: str) -> float | None:
        """Return what a unit of a model's outcome is worth: its margin, 1 for revenue, None for a count."""
        money = self.outcome_unit(model) == self.currency
        return (self.outcome_of(model).margin or 1.0) if money else None

    def return_unit(self, model: str) -> str:
        """Return the unit of a model's return: ``USD/USD``, ``signups/USD``."""
        return f"{self.outcome_unit(model)}/{self.currency}"
