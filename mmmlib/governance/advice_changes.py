"""What was advised last time and is not any more, why, and whether it was followed (H3, O5).

The most asked question of a refresh is not which number moved but why the advice is another one.
Recommendation, advice and label of every channel, plans and answers of both refreshes are laid side
by side. A change is told with what changed under it: the reasons that its own label or advice gives
now and did not give then, a specification or a lift test that changed, spend that is another, and the
steps by which the estimate moved. Beside it stands how often an unchanged world moves that return as
far, by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from mmmlib.estimates import format_change, format_number, roughly
from mmmlib.governance.gates import judged_pack
from mmmlib.governance.verdict import GateResult
from mmmlib.monte_carlo import ERRORS
from mmmlib.params.schema import Params
from mmmlib.phrases import listed
from mmmlib.refresh.changes import changes_limits, changes_model
from mmmlib.refresh.comparison import Comparison
from mmmlib.runs import Run
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Answer, ScenarioPack

__all__ = ["AdviceChange", "Uptake", "advice_changes", "advice_uptake"]

STEP_WORDS = {
    "software and sampling": "software or sampling noise",
    "specification": "the changed specification",
    "restated history": "restated history",
    "new periods": "the new weeks",
}


@dataclass(frozen=True)
class AdviceChange:
    """One piece of advice that is not what it was."""

    what: str
    """``recommendation``, ``advice``, ``label``, ``plan`` or ``answer``."""
    subject: str
    """Channel, plan or question, as people write it."""
    before: str
    now: str
    reasons: tuple[str, ...]
    """What changed under it, the nearest first."""
    chance: float | None = None
    """Probability that an unchanged world, with as much more data, moves the channel's return at least
    as far; None where no one return is behind it."""


@dataclass(frozen=True)
class Uptake:
    """Whether what was advised was done: planned and actual change of a channel's weekly money."""

    channel: str
    planned: float
    actual: float
    before: float

    @property
    def verdict(self) -> str:
        """Whether at least half of the planned change was made."""
        share = self.actual / self.planned if self.planned else math.nan
        if share >= 0.5:
            return "followed"
        return "partly followed" if share > 0.1 else "not followed"


def advice_changes(
    before: tuple[ScenarioPack, GateResult],
    now: tuple[ScenarioPack, GateResult],
    comparison: Comparison,
    params: Params,
) -> list[AdviceChange]:
    """List every piece of advice that changed.

    Parameters
    ----------
    before, now
        Packs of both refreshes with the labels that their gates left them, and those gates.
    comparison
        Of this refresh with the last one.
    params
        Of this refresh.

    Returns
    -------
    list of AdviceChange
        The recommendation first; then advice and labels by channel, plans and answers. Empty where
        the advice stands.

    Examples
    --------
    ::

        before, now = judged_parts(run.parent), judged_parts(run)
        advice_changes(before, now, run.load_json("refresh.json", Comparison), params_of(run))
    """
    reader = _Reasons(before[0], now[0], comparison, params)
    return [
        *_recommendation(before[0], now[0], reader),
        *_advice(before[0], now[0], reader),
        *_labels(before, now, reader),
        *_plans(before[0], now[0], reader),
        *_answers(before[0], now[0], reader),
    ]


def advice_uptake(before: ScenarioPack, actual: Mapping[str, float]) -> list[Uptake]:
    """Hold what was recommended (or brought to the meeting) against what was spent since.

    Parameters
    ----------
    before
        The pack of the last refresh.
    actual
        Weekly money by channel over the weeks that came since.

    Returns
    -------
    list of Uptake
        One for each channel that the plan changed; empty where nothing was proposed.

    Examples
    --------
    ::

        advice_uptake(before_pack, {"search": 21_000.0})
    """
    plan = before.proposed
    if plan is None:
        return []
    return [
        Uptake(
            line.channel, line.change, actual[line.channel] - line.spend_before, line.spend_before
        )
        for line in plan.plan
        if line.change and line.channel in actual
    ]


def judged_parts(run: Run) -> tuple[ScenarioPack, GateResult] | None:
    """Return the pack and the gates of a run; None where it has none."""
    if not (run.has("scenarios.json") and run.has("gates.json")):
        return None
    gates = run.load_json("gates.json", GateResult)
    pack = judged_pack(run, gates)
    return None if pack is None else (pack, gates)


# --- what changed --------------------------------------------------------------------


def _recommendation(
    before: ScenarioPack, now: ScenarioPack, reader: _Reasons
) -> Iterator[AdviceChange]:
    then, today = (one.recommended or one.candidate for one in (before, now))
    if then == today and bool(before.recommended) == bool(now.recommended):
        return
    touched = {
        line.channel
        for pack, name in ((before, then), (now, today))
        for plan in pack.scenarios
        if plan.name == name
        for line in plan.plan
        if line.differs
    }
    reasons = [
        reason for channel in sorted(touched) for reason in reader.of_channel(channel, named=True)
    ]
    reasons += [
        f"{_title(pack, name)} {'was' if pack is before else 'is'} better than the baseline with "
        f"{probability_text(plan.probability_better)}"
        for pack, name in ((before, then), (now, today))
        for plan in pack.scenarios
        if plan.name == name
    ]
    yield AdviceChange(
        "recommendation", "the plan that is proposed", _said(before), _said(now), tuple(reasons)
    )


def _said(pack: ScenarioPack) -> str:
    if pack.recommended:
        return f"{_title(pack, pack.recommended)} (recommended)"
    return f"{_title(pack, pack.candidate)} (for the meeting)" if pack.candidate else "nothing"


def _title(pack: ScenarioPack, name: str | None) -> str:
    return next((one.title for one in pack.scenarios if one.name == name), str(name))


def _advice(before: ScenarioPack, now: ScenarioPack, reader: _Reasons) -> Iterator[AdviceChange]:
    then = {one.channel: one for one in before.advice}
    for one in now.advice:
        old = then.get(one.channel)
        if old is None or old.advice is one.advice:
            continue
        new = _new(old.reasons, one.reasons)
        yield AdviceChange(
            "advice",
            reader.label(one.channel),
            old.advice.value,
            one.advice.value,
            (*new, *reader.of_channel(one.channel)),
            reader.chance(one.channel),
        )


def _labels(
    before: tuple[ScenarioPack, GateResult],
    now: tuple[ScenarioPack, GateResult],
    reader: _Reasons,
) -> Iterator[AdviceChange]:
    model = now[0].model
    for channel, claim in now[1].claims.get(model, {}).items():
        old = before[1].claims.get(model, {}).get(channel)
        if old is None or old.label is claim.label:
            continue
        gone = [f"No longer: {reason}" for reason in _new(claim.reasons, old.reasons)]
        yield AdviceChange(
            "label",
            f"the return of {reader.label(channel)}",
            old.label.value,
            claim.label.value,
            (*(_new(old.reasons, claim.reasons) or gone), *reader.of_channel(channel)),
            reader.chance(channel),
        )


def _plans(before: ScenarioPack, now: ScenarioPack, reader: _Reasons) -> Iterator[AdviceChange]:
    then = {one.name: one for one in before.scenarios}
    today = {one.name: one for one in now.scenarios}
    for name in dict.fromkeys((*today, *then)):
        old, new = then.get(name), today.get(name)
        words = [one.label.value if one else "not offered" for one in (old, new)]
        if words[0] == words[1]:
            continue
        plan = new or old
        assert plan is not None
        reasons = _new(old.reasons if old else (), new.reasons if new else ())
        channels = [line.channel for line in plan.plan if line.differs]
        more = [reason for one in channels for reason in reader.of_channel(one, named=True)]
        yield AdviceChange("plan", plan.title, words[0], words[1], (*reasons, *more))


def _answers(before: ScenarioPack, now: ScenarioPack, reader: _Reasons) -> Iterator[AdviceChange]:
    then = {(one.question, one.model): one for one in before.answers}
    for one in now.answers:
        old = then.get((one.question, one.model))
        if old is None or _stands(old, one):
            continue
        reasons = list(_new(old.reasons, one.reasons)) if old.label is not one.label else []
        for channel in dict.fromkeys(c for c in (one.channel, old.channel) if c):
            reasons += reader.of_channel(channel, named=True)
        yield AdviceChange(
            "answer",
            one.question,
            _answer_words(old, reader),
            _answer_words(one, reader),
            tuple(reasons),
            reader.chance(one.channel) if one.channel else None,
        )


def _stands(old: Answer, new: Answer) -> bool:
    """Say whether an answer points the same way with the same label and the same first words."""
    first = [one.text.split(":")[0].split(",")[0] for one in (old, new)]
    return (old.channel, old.label, first[0]) == (new.channel, new.label, first[1])


def _answer_words(answer: Answer, reader: _Reasons) -> str:
    about = f"{reader.label(answer.channel)}, " if answer.channel and answer.kind != "scale" else ""
    sure = f", probability {probability_text(answer.probability)}" if answer.probability else ""
    said = answer.text.split(":")[0].split(",")[0] if answer.kind == "scale" else ""
    return f"{about}{said}{', ' if said else ''}{answer.label.value}{sure}"


def _new(old: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    return tuple(reason.rstrip(".") for reason in now if reason not in old)


# --- why -----------------------------------------------------------------------------


class _Reasons:
    """What changed under a channel between two refreshes."""

    def __init__(
        self, before: ScenarioPack, now: ScenarioPack, comparison: Comparison, params: Params
    ) -> None:
        self.before, self.now = before, now
        self.comparison, self.params = comparison, params

    def label(self, channel: str) -> str:
        return self.params.channel_label(channel)

    def of_channel(self, channel: str, *, named: bool = False) -> list[str]:
        """Say what changed: spend, specification, lift tests, and the steps of the movement."""
        found = [*self._spend(channel), *self._specification(), *self._tests(channel)]
        found += self._movement(channel)
        of = f" of {self.label(channel)}" if named else ""
        return [reason.replace("{of}", of) for reason in found]

    def _spend(self, channel: str) -> Iterator[str]:
        lines = []
        for pack in (self.before, self.now):
            own = {one.channel: one.weekly for one in pack.baseline.lines} if pack.baseline else {}
            lines.append(own.get(channel))
        then, today = lines
        if not then or not today:
            return
        change = today / then - 1
        if abs(change) >= self.params.scenarios.rate_tolerance:
            yield f"the weekly spend{{of}} that plans start from changed by {format_change(change, 'share')}"

    def _specification(self) -> Iterator[str]:
        changed = self.comparison.parameter_changes
        for what, keys in (
            ("the model", changes_model(changed)),
            ("limits", changes_limits(changed)),
        ):
            if keys:
                yield f"{what} changed ({listed([one.key for one in keys[:3]])})"

    def _tests(self, channel: str) -> Iterator[str]:
        for one in self.comparison.lift_changes:
            if one.channel == channel:
                yield f"the lift test {one.test}{{of}} was {one.kind}"

    def _movement(self, channel: str) -> Iterator[str]:
        model = self.now.model
        move = next(
            (one for one in self.comparison.of(model, "roi") if one.channel == channel), None
        )
        if move is None:
            return
        bridge = self.comparison.bridge_of(model, channel, "roi")
        steps = []
        if bridge is not None and bridge.before:
            certain = [one for one in bridge.steps if abs(one.shift) > ERRORS * one.error]
            certain.sort(key=lambda one: -abs(one.shift))
            steps = [
                f"{STEP_WORDS[one.name]} {format_change(roughly(one.shift / abs(bridge.before)), 'share')}"
                for one in certain
            ]
        if bridge is not None and not steps:
            yield "the estimated return{of} moved by nothing but noise of sampling"
            return
        by = f" by {listed(steps)}" if steps else ""
        yield f"the estimated return{{of}} moved {format_change(roughly(move.change), 'share')}{by}"

    def chance(self, channel: str) -> float | None:
        """How often an unchanged world moves this return as far, up or down."""
        model = self.now.model
        for move in self.comparison.of(model, "roi"):
            if move.channel == channel and move.factor and move.spread:
                return 2 * (1 - NormalDist().cdf(math.log(move.factor) / move.spread))
        return None


def uptake_text(one: Uptake, params: Params) -> str:
    """Tell in a sentence whether advice on a channel was followed."""
    unit = params.currency
    return (
        f"{params.channel_label(one.channel)} from {format_number(one.before, unit)} a week: "
        f"{format_change(one.planned, unit)} planned, {format_change(one.actual, unit)} spent: {one.verdict}."
    )
