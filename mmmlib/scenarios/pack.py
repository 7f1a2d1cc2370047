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


class EvidenceLevel(StrEnum):
    """How much is known of a channel."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


class Advice(StrEnum):
    """What to do with a channel."""

    INCREASE = "increase"
    HOLD = "hold"
    TEST_FIRST = "test first"
    CUT = "cut"
    CANNOT_SCALE = "cannot be scaled"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanLine(_Frozen):
    """One channel in a plan: weekly money over the horizon."""

    channel: str
    spend_before: float
    spend_after: float
    extrapolated: bool
    """True where the planned spend lies, in any week, outside what the past has seen, or beyond what
    its unit price is declared for."""
    spend_recent: float | None = None
    """Weekly money in the latest weeks; None in runs of before it was kept."""
    shifted: bool = False
    """Whether money goes to other weeks or regions than in the baseline."""
    dearer: float | None = None
    """By which share of the baseline's a unit costs more; None where the price does not move."""

    @property
    def change(self) -> float:
        """Change of weekly money; what is too small to be seen beside the money is none."""
        same = math.isclose(self.spend_after, self.spend_before, rel_tol=SAME_MONEY)
        return 0.0 if same else self.spend_after - self.spend_before

    @property
    def differs(self) -> bool:
        """Whether the plan does anything else with the channel than the baseline."""
        return self.shifted or self.change != 0


class LeverLine(_Frozen):
    """One lever that a plan moves, and what goes with it; no part of any return of a channel."""

    lever: str
    move: str
    """In words: from which to which value, in how many weeks, and where."""
    unit: str
    seen_low: float
    seen_high: float
    """What the past has seen of it."""
    effect: Estimate
    """The part of the plan's change in outcome that goes with it."""
    cost: float | None
    """Money over the horizon; None where it is not known."""
    extrapolated: bool


class BaselineLine(_Frozen):
    """Weekly money of one channel: in the baseline, lately, and a year ago."""

    channel: str
    weekly: float
    recent: float
    quarter: float
    last_year: float | None = None
    """In the weeks of a year ago that the horizon's weeks are held against; None where unknown."""
    differs: bool
    """Whether the recent rate is off the baseline by more than the tolerance."""
    in_bursts: bool
    """Whether the channel is planned in bursts, as it was spent."""


class BaselineView(_Frozen):
    """What plans are compared with, beside what was spent."""

    kind: str
    name: str
    """In words that fit into "compared with"."""
    recent_weeks: int
    tolerance: float
    last_week: dt.date
    lines: tuple[BaselineLine, ...]


class AgainstRecent(_Frozen):
    """A plan against what is spent now, where that is off the baseline in a channel it changes."""

    name: str
    text: str
    """Both changes of every such channel, in words."""
    turned: tuple[str, ...] = ()
    """Channels in which the plan is more than the one and less than the other."""
    below: tuple[str, ...] = ()
    """Of these, the channels in which it is no more than what is spent now."""
    spend_change: float
    gain: Estimate
    """By net where the outcome is money."""
    probability_better: float
    comparable: bool
    """Whether more is better: money after its cost, or a count for the same spend."""


class PlanBefore(_Frozen):
    """The same plan as the model of the refresh before would have judged it."""

    run: str
    rank: int
    """By the gain in the middle, the largest first."""
    plans: int
    """How many were ranked, the baseline among them."""
    probability_better: float


class Scenario(_Frozen):
    """One plan and what it would bring against the baseline."""

    name: str
    kind: Literal["baseline", "increase", "reallocate", "protect", "optimised", "own"]
    title: str
    description: str
    moves: str = ""
    """What it does with each channel, where its title does not say so."""
    plan: tuple[PlanLine, ...]
    spend: float
    """Money over the horizon."""
    spend_change: float
    """Money over the horizon, minus the baseline's."""
    outcome: Estimate
    """Contribution of the plan's spend, carryover after the horizon included, and what goes with levers."""
    difference: Estimate
    """The same minus the baseline's, draw by draw."""
    net: Estimate | None = None
    """Difference in outcome minus difference in spend, and what levers cost, where the outcome is money."""
    probability_better: float
    """Share of draws in which the plan beats the baseline: by net where there is one."""
    downside: float
    """10th percentile of ``net`` (of ``difference`` where the outcome is not money)."""
    label: Label
    reasons: tuple[str, ...]
    """Why the label is what it is."""
    step: bool = False
    """Not safe to act on, and yet worth a step that is watched: likely better under every prior that is
    tried, nothing but its probability speaks against it, and its bad case is bounded."""
    others: dict[str, Estimate] = {}
    """Difference to the baseline in the other models, by model name."""
    return_on_change: Estimate | None = None
    """Outcome gained (or lost) per unit of money added (or cut); None where spend is the same."""
    recent: AgainstRecent | None = None
    """The same against the rate of the latest weeks, where the baseline is off it."""
    outcome_after: Estimate | None = None
    """The part of ``outcome`` that comes after the horizon; None where it cannot be told."""
    difference_after: Estimate | None = None
    """The part of ``difference`` that comes after the horizon."""
    method: Literal["formula", "steady state"] = "formula"
    """Whether carryover was followed week by week, or read off steady-state curves."""
    shortfall: float | None = None
    """Mean of the worst tenth of the draws, of what ``downside`` is the edge of."""
    roi: Estimate | None = None
    """Outcome of the plan's spend over that spend."""
    marginal_roi: Estimate | None = None
    """Outcome of the next 1 % of every channel's spend, over that money: at the end of the plan."""
    payback_weeks: tuple[float | None, float | None, float | None] | None = None
    """Where more is spent: weeks until what it is worth has paid for it, in one draw of twenty, in
    half, and in 19 of 20; None: not before its effect ends."""
    regret: float | None = None
    """Mean over the draws of what the best plan of the draw gains beyond this one."""
    before: PlanBefore | None = None
    """None where no refresh before has the same channels and regions, or the plan is in no ranking."""
    best_share: float | None = None
    """In how many draws no other plan gains more, of those of which something may be inferred."""

    levers: tuple[LeverLine, ...] = ()
    """Levers that it moves."""
    lever_cost: float | None = 0.0
    """Money that moving them costs, beside the spend; None where it is not known."""
    of_spend: Estimate | None = None
    """The part of ``difference`` that the spend brings; None where no lever is moved: then it is all."""

    @property
    def comparable(self) -> bool:
        """Whether more is better: money after its cost, or a count for the same spend."""
        return self.net is not None or (self.spend_change == 0 and self.lever_cost == 0)

    @property
    def cost_open(self) -> bool:
        """Whether it moves a lever at a cost that is not known: then no profit can be told of it."""
        return self.lever_cost is None

    @property
    def gain(self) -> Estimate:
        """What plans are compared by: the difference after its cost, where the outcome is money."""
        return self.net if self.net is not None else self.difference


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


class ChannelAdvice(_Frozen):
    """What to do with one channel, how much is known of it, and why."""

    channel: str
    advice: Advice
    evidence: EvidenceLevel
    reasons: tuple[str, ...]
    increase_pays: float | None = None
    """Probability that the standing increase pays back; None where the outcome is no money."""
    cut_saves: float | None = None
    """Probability that the largest cut saves more than it loses."""


class HeldChannel(_Frozen):
    """A channel that optimised plans leave as it is (``any``), do not raise (``more``) or cut (``less``)."""

    channel: str
    why: str
    way: Literal["any", "more", "less"]


class OptimisedView(_Frozen):
    """What came of the search for one optimised plan."""

    plan: str
    title: str
    converged: bool
    contradicting: tuple[str, ...] = ()
    """Limits that cannot all be kept; then there is no plan."""
    binding: tuple[str, ...] = ()
    """Limits that the plan lies at."""
    message: str


class FloorPoint(_Frozen):
    """The best plan at the same budget under a part of the declared floors."""

    part: float
    """Of every floor; 1 is as declared."""
    gain: Estimate | None = None
    """Against the baseline; None where no plan keeps them."""
    price: Estimate | None = None
    """What it gains less than the best plan without floors."""
    regions: dict[str, float] = {}
    """Weekly money of each region, all channels together."""
    message: str = ""


class LadderStep(_Frozen):
    """One channel at another level, everything else as in the baseline."""

    channel: str
    change: float
    """As a share of the baseline's money."""
    weekly: float
    gain: Estimate
    """By net where the outcome is money."""
    probability_better: float


class ScenarioPack(_Frozen):
    """All scenarios of a refresh, for its leading model."""

    model: str
    first_week: dt.date
    weeks: int
    scenarios: tuple[Scenario, ...]
    baseline: BaselineView | None = None
    """What plans are compared with; None in runs of before it was kept."""
    carried_in: Estimate | None = None
    """What spend before the horizon brings in it, whatever is done; None where it cannot be told."""
    recommended: str | None = None
    """Name of the scenario that is recommended, if one may be: safe to act on, or else a step to watch
    (:attr:`Scenario.step`)."""
    candidate: str | None = None
    """Where none may be recommended: the best that needs review, for the meeting to judge."""
    held: tuple[HeldChannel, ...] = ()
    """Channels that the optimised plans could not use, and why."""
    optimised: tuple[OptimisedView, ...] = ()
    floors: tuple[FloorPoint, ...] = ()
    """The price of the declared floors, from none of them to all; nothing where none are."""
    ladder: tuple[LadderStep, ...] = ()
    """Every channel at other levels, inside the spend that the past has seen; channels of which
    nothing may be inferred are not there."""
    margin: float | None = None
    """Profit in a unit of revenue, where it is declared; else gains are revenue, not profit."""
    advice: tuple[ChannelAdvice, ...] = ()
    """What to do with each channel; nothing in runs of before it was given."""
    answers: tuple[Answer, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def proposed(self) -> Scenario | None:
        """The plan that is recommended, or else the one that is for the meeting to judge."""
        name = self.recommended or self.candidate
        return next((one for one in self.scenarios if one.name == name), None)

    @property
    def compared_with(self) -> str:
        """What plans are compared with, in words: "the mean of the last 13 weeks"."""
        return self.baseline.name if self.baseline else "today's spending"
