"""One plan as the pack shows it: projected with every model, labelled, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate
from mmmlib.model.power_scaling import Reweighted, lowest_chance
from mmmlib.params.schema import Params
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.evidence import Evidence
from mmmlib.scenarios.labels import decide, label_plan, worth_a_step
from mmmlib.scenarios.levers import lever_evidence
from mmmlib.scenarios.pack import AgainstRecent, Label, LeverLine, PlanLine, Scenario
from mmmlib.scenarios.plan import Plan, channel_labels
from mmmlib.scenarios.projection import ProjectedOutcome
from mmmlib.scenarios.recent import against_recent, turned_words
from mmmlib.scenarios.risk import Objective
from mmmlib.scenarios.support import mix_cover

DOWNSIDE = 0.10
NEXT = 0.01
"""Share of a plan's money by which the return of the next money is asked."""


@dataclass(frozen=True)
class Projector:
    """What every plan of a pack is projected with and judged by.

    Parameters
    ----------
    base
        What plans are compared with.
    effects_by_model, outcomes
        Effects of every model and sum, and what each expects of spend.
    on_model, on_channel
        What speaks against the leading model, and against each channel.
    under
        Draws of the leading model under other priors.
    params
        Of the refresh; ``params.primary`` leads.
    """

    base: Baseline
    effects_by_model: Mapping[str, xr.Dataset]
    outcomes: Mapping[str, ProjectedOutcome]
    on_model: Evidence
    on_channel: Mapping[str, Evidence]
    under: Mapping[str | None, Reweighted]
    params: Params

    @property
    def effects(self) -> xr.Dataset:
        """Effects of what leads."""
        return self.effects_by_model[self.params.primary]

    @property
    def outcome(self) -> ProjectedOutcome:
        """What the leading model expects of spend."""
        return self.outcomes[self.params.primary]

    def in_every_model(self, plan: Plan) -> dict[str, PlanEffect]:
        """Project a plan with every model that knows its channels and levers."""
        levers = {one.path.name for one in plan.levers}
        return {
            model: plan_effect(
                self.outcomes[model],
                plan.spend,
                self.base.spend,
                worth=self.params.worth_of(model),
                levers=plan.levers,
            )
            for model, effects in self.effects_by_model.items()
            if set(plan.spend) <= {str(name) for name in effects["channel"].to_numpy()}
            and levers <= set(self.outcomes[model].levers)
        }

    def scenario(
        self, plan: Plan, by_model: Mapping[str, PlanEffect], disagreeing: tuple[str, ...]
    ) -> Scenario:
        """Return a plan as the pack shows it.

        Parameters
        ----------
        plan
            What is spent.
        by_model
            What it brings; see :meth:`in_every_model`.
        disagreeing
            Words on models that lead to another decision.
        """
        params, effects, outcome = self.params, self.effects, self.outcome
        effect = by_model[params.primary]
        # Chosen on every other draw, promised on the rest: its luck in the choice is not promised.
        draws = slice(1, None, 2) if plan.kind == "optimised" else slice(None)
        shown = effect.picked(draws)
        unit = str(effects.attrs["outcome_unit"])
        formula = outcome.method == "formula"
        lines = self._lines(plan)
        names = channel_labels(params, effects)
        recent = against_recent(self.base, plan, outcome, params, names, unit=unit)
        tag, reasons, step = self._labelled(plan, effect, draws, lines, recent, disagreeing)
        return Scenario(
            name=plan.name,
            kind=plan.kind,
            title=plan.title + turned_words(plan, recent, names),
            description=plan.description,
            moves=plan.moves,
            plan=lines,
            spend=effect.spend,
            spend_change=effect.spend_change,
            outcome=Estimate.from_draws(shown.outcome, unit),
            difference=Estimate.from_draws(shown.difference, unit),
            net=None if shown.net is None else Estimate.from_draws(shown.net, unit),
            probability_better=shown.probability_better,
            downside=float(np.quantile(shown.gain, DOWNSIDE)),
            label=tag,
            reasons=reasons,
            step=step,
            others={
                model: Estimate.from_draws(other.difference, params.outcome_unit(model))
                for model, other in by_model.items()
                if model != params.primary
            },
            return_on_change=(
                Estimate.from_draws(
                    shown.of_spend / effect.spend_change, str(effects.attrs["return_unit"])
                )
                if effect.spend_change
                else None
            ),
            recent=recent,
            outcome_after=Estimate.from_draws(shown.outcome_after, unit) if formula else None,
            difference_after=Estimate.from_draws(shown.difference_after, unit) if formula else None,
            method=outcome.method,
            shortfall=Objective("shortfall", DOWNSIDE).value(shown.gain),
            roi=_ratio(shown.outcome - shown.of_levers, effect.spend, effects),
            marginal_roi=_marginal(outcome, plan, effects),
            payback_weeks=shown.payback,
            levers=_lever_lines(plan, shown, unit),
            lever_cost=effect.lever_cost,
            of_spend=Estimate.from_draws(shown.of_spend, unit) if plan.levers else None,
        )

    def _lines(self, plan: Plan) -> tuple[PlanLine, ...]:
        base = self.base
        return tuple(
            PlanLine(
                channel=name,
                spend_before=base.weekly[name],
                spend_after=weekly,
                extrapolated=base.outside(name, plan.spend[name], by_region=plan.kind == "own"),
                spend_recent=base.recent_weekly[name],
                dearer=base.dearer(name, plan.spend[name]),
                shifted=plan.kind == "own"
                and not np.array_equal(plan.spend[name], base.spend[name]),
            )
            for name, weekly in plan.weekly.items()
        )

    def _labelled(
        self,
        plan: Plan,
        effect: PlanEffect,
        draws: slice,
        lines: tuple[PlanLine, ...],
        recent: AgainstRecent | None,
        disagreeing: tuple[str, ...],
    ) -> tuple[Label, tuple[str, ...], bool]:
        """Return the label of a plan, its reasons, and whether it is a step to watch."""
        if plan.kind == "baseline":
            tag, reasons = decide(self.on_model)
            claims = ("The plan that others are compared with; it claims no gain.",)
            return tag or Label.SAFE, reasons or claims, False
        names = channel_labels(self.params, self.effects)
        shown = effect.picked(draws)
        changed = [line for line in lines if line.differs]
        held = lowest_chance(shown.gain > 0, self.under, [line.channel for line in changed], draws)
        evidence = self.on_model
        for line in changed:
            evidence += self.on_channel[line.channel]
        for lever in plan.levers:
            evidence += lever_evidence(lever)
        counted = not effect.money and not effect.comparable
        against: dict[str, Any] = {
            "extrapolated": [names[line.channel] for line in changed if line.extrapolated],
            "unpriced": [
                names[line.channel]
                for line in changed
                if self.base.unpriced(
                    line.channel, plan.spend[line.channel], by_region=plan.kind == "own"
                )
            ],
            "blind_cuts": [
                names[line.channel]
                for line in changed
                if line.change < 0 and self.on_channel[line.channel].assumed
            ],
            "steady_state": self.outcome.method != "formula",
            "count_unit": str(self.effects.attrs["outcome_unit"]) if counted else "",
            "disagreements": disagreeing,
            "cost_unknown": [one.path.label for one in plan.levers if one.cost is None],
        }
        mix = mix_cover(self.effects, plan.spend, self.base.spend)
        limits = self.params.scenarios
        tag, reasons = label_plan(
            evidence,
            shown.probability_better,
            limits,
            mix=mix,
            recent=recent,
            under_priors=held,
            **against,
        )
        step = tag is Label.REVIEW and worth_a_step(
            evidence,
            -np.inf if held is None else held,
            shown.gain,
            limits,
            doubts=any(against.values()) or mix != "seen",
            recent=recent,
        )
        return tag, reasons, step


def _lever_lines(plan: Plan, shown: PlanEffect, unit: str) -> tuple[LeverLine, ...]:
    return tuple(
        LeverLine(
            lever=one.path.name,
            move=one.words,
            seen_low=float(one.path.low.min()),
            seen_high=float(one.path.high.max()),
            unit=one.path.unit,
            effect=Estimate.from_draws(shown.by_lever[one.path.name], unit),
            cost=one.cost,
            extrapolated=one.outside,
        )
        for one in plan.levers
    )


def _ratio(outcome: np.ndarray, money: float, effects: xr.Dataset) -> Estimate | None:
    if not money > 0:
        return None
    return Estimate.from_draws(outcome / money, str(effects.attrs["return_unit"]))


def _marginal(outcome: ProjectedOutcome, plan: Plan, effects: xr.Dataset) -> Estimate | None:
    """What the next 1 % of every channel's money would bring, over that money."""
    more = sum(
        outcome(name, paid * (1 + NEXT)).total - outcome(name, paid).total
        for name, paid in plan.spend.items()
    )
    return _ratio(
        np.asarray(more), NEXT * sum(float(x.sum()) for x in plan.spend.values()), effects
    )
