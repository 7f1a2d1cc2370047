"""The scenario pack (O3): standing plans, projected with every draw, labelled and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import MMMError
from mmmlib.estimates import Estimate
from mmmlib.findings import FindingList, Level, not_run
from mmmlib.health.motions import sum_health
from mmmlib.model.effects import effects_of
from mmmlib.model.motions import sum_motions
from mmmlib.model.power_scaling import Reweighted, lowest_chance, reweigh
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.runs import Run
from mmmlib.scenarios import checks
from mmmlib.scenarios.advice import advise
from mmmlib.scenarios.agreement import disagreement_findings, disagreements
from mmmlib.scenarios.answers import answer_questions
from mmmlib.scenarios.baseline import Baseline, baseline_of, baseline_view
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.evidence import (
    Evidence,
    channel_evidence,
    model_evidence,
    with_new_weeks,
)
from mmmlib.scenarios.floors import floor_frontier
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.labels import choose, decide, label_plan, with_margin, worth_a_step
from mmmlib.scenarios.ladder import ladder_of
from mmmlib.scenarios.optimised import OptimisedPlans, held_channels, optimised_plans
from mmmlib.scenarios.own import PlanFiles, own_plans, read_plan_files
from mmmlib.scenarios.pack import FloorPoint, HeldChannel, Label, PlanLine, Scenario, ScenarioPack
from mmmlib.scenarios.plans import Plan, channel_labels, standing_plans
from mmmlib.scenarios.projection import ProjectedOutcome, outcome_function, sum_outcomes
from mmmlib.scenarios.ranking import compare_plans, rank_before
from mmmlib.scenarios.recent import against_recent, turned_words
from mmmlib.scenarios.risk import Objective
from mmmlib.scenarios.support import mix_cover

__all__ = ["pack_of_run"]

DOWNSIDE = 0.10
NEXT = 0.01
"""Share of a plan's money by which the return of the next money is asked."""


def build_pack(
    effects_by_model: Mapping[str, xr.Dataset],
    readiness: Readiness,
    health_by_model: Mapping[str, FindingList],
    params: Params,
    run_folder: Path | None = None,
    before: tuple[str, Sequence[xr.Dataset]] | None = None,
) -> ScenarioPack:
    """Make the scenario pack of a refresh.

    Parameters
    ----------
    effects_by_model
        Effects of every model of the run, those that lead (``params.primary``)
        among them. An outcome with several motions is judged by their sum, because
        a plan's money is spent once.
    readiness, health_by_model
        What labels rest on. A model whose health is missing is labelled "do not
        infer".
    params
        Sizes, horizon and limits are in ``params.scenarios``.
    run_folder
        Where the files of plans lie, if the parameters name any.
    before
        Name of the refresh before, and its effects of what leads, a motion each.

    Returns
    -------
    ScenarioPack
        Baseline first. Differences are draw by draw, carryover in and out
        included (see :mod:`mmmlib.scenarios.projection`).

    Raises
    ------
    ValueError
        If the leading model is not among the effects.
    InputError
        If a plan of the team's own, or the booked one, is wrong.
    """
    leading = params.primary
    missing = [part for part in params.parts_of(leading) if part not in effects_by_model]
    if missing:
        known = ", ".join(effects_by_model) or "none"
        raise ValueError(f"scenarios need the effects of {', '.join(missing)}; there are: {known}")
    outcomes = {model: outcome_function(one) for model, one in effects_by_model.items()}
    fitted = tuple(effects_by_model)
    fits = effects_by_model
    effects_by_model, health_by_model = dict(effects_by_model), dict(health_by_model)
    for name in _summed(params, fitted):
        parts = params.parts_of(name)
        whole = sum_motions(name, [effects_by_model[part] for part in parts])
        health = sum_health(name, whole, health_by_model, params)
        effects_by_model[name] = whole
        outcomes[name] = sum_outcomes([outcomes[part] for part in parts])
        if health is not None:
            health_by_model[name] = health
    effects = effects_by_model[leading]
    params = with_margin(params, effects)
    limits = params.scenarios
    channels = channel_labels(params, effects)
    on_channel = {
        name: channel_evidence(
            name, leading, readiness, health_by_model.get(leading), channels[name]
        )
        for name in channels
    }
    trusted = [name for name, evidence in on_channel.items() if evidence.good]
    files = PlanFiles() if run_folder is None else read_plan_files(run_folder, params, effects)
    base = baseline_of(effects, params, booked=files.booked)
    measured = [name for name, evidence in on_channel.items() if evidence.measured]
    plans = standing_plans(base, outcomes[leading], measured or trusted, params, usable=trusted)
    held = held_channels(base, on_channel, params)
    best, floors = _search(
        base, [fits[part] for part in params.parts_of(leading)], held, params, channels
    )
    plans += best.plans
    plans += own_plans(base, files, params, channels)
    on_model = model_evidence(
        leading, health_by_model.get(leading), params.channels, params.model_label(leading)
    )
    model_labels = {model: params.model_label(model) for model in effects_by_model}
    parts_of_sums = {p for name in _summed(params, fitted) for p in params.parts_of(name)}
    under = reweigh(*(fits[part] for part in params.parts_of(leading)))
    scenarios, words, gains = [], {}, {}
    for plan in plans:
        by_model = _in_every_model(plan, base, effects_by_model, outcomes, params)
        # A part does not disagree with its sum: its gain is in it, the spend counts once.
        asked = {m: e for m, e in by_model.items() if m not in parts_of_sums or m == leading}
        words[plan.name] = disagreements(
            plan, leading, asked, limits.clear_probability, model_labels
        )
        scenarios.append(
            _scenario(
                plan,
                base,
                by_model,
                effects,
                outcomes[leading],
                on_model,
                on_channel,
                words[plan.name],
                under,
                params,
            )
        )
        gains[plan.name] = by_model[leading].gain
    scenarios = compare_plans(scenarios, gains)
    if before is not None:
        then = sum_outcomes([outcome_function(part) for part in before[1]])
        worth = params.worth_of(leading)
        judged = {p.name: plan_effect(then, p.spend, base.spend, worth=worth) for p in plans}
        scenarios = rank_before(scenarios, judged, before[0])
    recommended, candidate = choose(scenarios)
    last_week = pd.Timestamp(effects["week"].to_numpy()[-1])
    findings = [
        checks.scalable_finding(plans, trusted, channels, params),
        checks.count_finding(scenarios),
        checks.better_finding(scenarios),
        checks.recommendation_finding(scenarios),
        *checks.steady_findings({model: outcomes[model] for model in fitted}, params),
        *disagreement_findings(
            words, limits.clear_probability, len(effects_by_model) - len(parts_of_sums)
        ),
        *(
            not_run(
                "scenarios.model",
                model,
                f"There is no fit of {model}, so no plan was projected with it.",
                level=Level.WARN,
            )
            for model in params.model_names
            if model not in effects_by_model
        ),
    ]
    return ScenarioPack(
        model=leading,
        first_week=(last_week + pd.Timedelta(days=7)).date(),
        weeks=limits.horizon_weeks,
        scenarios=tuple(scenarios),
        baseline=baseline_view(base, effects, params),
        carried_in=_carried_in(outcomes[leading], base, str(effects.attrs["outcome_unit"])),
        held=held,
        optimised=tuple(best.views),
        floors=floors,
        ladder=ladder_of(
            base,
            outcomes[leading],
            [name for name in channels if name in base.spends_now and on_channel[name].good],
            params,
            str(effects.attrs["outcome_unit"]),
        ),
        margin=params.outcome_of(leading).margin,
        recommended=recommended,
        candidate=candidate,
        advice=advise(
            base,
            outcomes[leading],
            on_model,
            on_channel,
            under,
            params,
            str(effects.attrs["outcome_unit"]),
        ),
        answers=answer_questions(
            effects_by_model, readiness, health_by_model, params, base, outcomes
        ),
        findings=tuple(findings),
    )


def pack_of_run(run: Run) -> ScenarioPack:
    """Make the scenario pack of a run from its artefacts; see :func:`build_pack`.

    Parameters
    ----------
    run
        An open run.

    Returns
    -------
    ScenarioPack
        Plans, what the models expect of them, and answers to the key questions.
    """
    params = params_of(run)
    leading = params.parts_of(params.primary)  # without them there is nothing to plan with
    models = [m for m in params.model_names if m in leading or run.has(f"models/{m}/effects.nc")]
    checked = [m for m in models if run.has(f"models/{m}/health.json")]
    return build_pack(
        {model: effects_of(run, model) for model in models},
        with_new_weeks(
            run.load_json("readiness.json", Readiness),
            run.load_json("data.json", FindingList) if run.has("data.json") else None,
        ),
        {m: run.load_json(f"models/{m}/health.json", FindingList) for m in checked},
        params,
        run.path,
        _before(run, leading),
    )


def _before(run: Run, leading: Sequence[str]) -> tuple[str, list[xr.Dataset]] | None:
    """Effects of the parent of a run; None where its plans cannot be judged by them."""
    try:
        parent = run.parent
        found = [effects_of(parent, model) for model in leading] if parent else []
    except (MMMError, OSError, ValueError, KeyError):
        return None  # the comparison with such a parent says so, and blocks
    if parent is None:
        return None
    same = all(
        list(then[name].to_numpy()) == list(effects_of(run, model)[name].to_numpy())
        for model, then in zip(leading, found, strict=True)
        for name in ("channel", "region")
    )
    return (parent.name, found) if same else None


def _summed(params: Params, fitted: Sequence[str]) -> list[str]:
    """Outcomes with several motions, all of which were fitted."""
    parts = {name: params.parts_of(name) for name in params.outcomes}
    return [
        name
        for name, models in parts.items()
        if len(models) > 1 and all(model in fitted for model in models)
    ]


def _in_every_model(
    plan: Plan,
    base: Baseline,
    effects_by_model: Mapping[str, xr.Dataset],
    outcomes: Mapping[str, ProjectedOutcome],
    params: Params,
) -> dict[str, PlanEffect]:
    """Project a plan with every model that knows its channels."""
    return {
        model: plan_effect(
            outcomes[model],
            plan.spend,
            base.spend,
            worth=params.worth_of(model),
        )
        for model, effects in effects_by_model.items()
        if set(plan.spend) <= {str(name) for name in effects["channel"].to_numpy()}
    }


def _search(
    base: Baseline,
    parts: Sequence[xr.Dataset],
    held: Sequence[HeldChannel],
    params: Params,
    labels: Mapping[str, str],
) -> tuple[OptimisedPlans, tuple[FloorPoint, ...]]:
    """Optimise on every other draw, and price the floors, where the formulas are known."""
    if not all(part.attrs.get("formula") for part in parts):
        return OptimisedPlans(), ()
    response = PlanResponse.of(parts)
    regions = [str(name) for name in parts[0]["region"].to_numpy()]
    return (
        optimised_plans(base, response, regions, held, params, labels),
        floor_frontier(base, response, regions, held, params, labels),
    )


def _carried_in(outcome: ProjectedOutcome, base: Baseline, unit: str) -> Estimate | None:
    """What the past of all channels brings in the horizon, whatever is done."""
    each = [outcome.carried_in(name, base.weeks) for name in base.spend]
    known = [draws for draws in each if draws is not None]
    return Estimate.from_draws(np.sum(known, axis=0), unit) if len(known) == len(each) else None


def _scenario(
    plan: Plan,
    base: Baseline,
    by_model: Mapping[str, PlanEffect],
    effects: xr.Dataset,
    outcome: ProjectedOutcome,
    on_model: Evidence,
    on_channel: Mapping[str, Evidence],
    disagreeing: tuple[str, ...],
    under: Mapping[str | None, Reweighted],
    params: Params,
) -> Scenario:
    effect = by_model[params.primary]
    # Chosen on every other draw, promised on the rest: its luck in the choice is not promised.
    draws = slice(1, None, 2) if plan.kind == "optimised" else slice(None)
    shown = effect.picked(draws)
    unit = str(effects.attrs["outcome_unit"])
    formula = outcome.method == "formula"
    lines = tuple(
        PlanLine(
            channel=name,
            spend_before=base.weekly[name],
            spend_after=weekly,
            extrapolated=base.outside(name, plan.spend[name], by_region=plan.kind == "own"),
            spend_recent=base.recent_weekly[name],
            shifted=plan.kind == "own" and not np.array_equal(plan.spend[name], base.spend[name]),
        )
        for name, weekly in plan.weekly.items()
    )
    names = channel_labels(params, effects)
    changed = [line for line in lines if line.differs]
    recent = against_recent(base, plan, outcome, params, names, unit=unit)
    held = lowest_chance(shown.gain > 0, under, [line.channel for line in changed], draws)
    evidence, step = on_model, False
    for line in changed:
        evidence += on_channel[line.channel]
    if plan.kind == "baseline":
        tag, reasons = decide(on_model)
        tag = tag or Label.SAFE
        reasons = reasons or ("The plan that others are compared with; it claims no gain.",)
    else:
        against: dict[str, Any] = {
            "extrapolated": [names[line.channel] for line in changed if line.extrapolated],
            "blind_cuts": [
                names[line.channel]
                for line in changed
                if line.change < 0 and on_channel[line.channel].assumed
            ],
            "steady_state": not formula,
            "count_unit": "" if effect.money or effect.spend_change == 0 else unit,
            "disagreements": disagreeing,
        }
        mix = mix_cover(effects, plan.spend, base.spend)
        tag, reasons = label_plan(
            evidence,
            shown.probability_better,
            params.scenarios,
            mix=mix,
            recent=recent,
            under_priors=held,
            **against,
        )
        step = tag is Label.REVIEW and worth_a_step(
            evidence,
            -np.inf if held is None else held,
            shown.gain,
            params.scenarios,
            doubts=any(against.values()) or mix != "seen",
            recent=recent,
        )
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
                shown.difference / effect.spend_change, str(effects.attrs["return_unit"])
            )
            if effect.spend_change
            else None
        ),
        recent=recent,
        outcome_after=Estimate.from_draws(shown.outcome_after, unit) if formula else None,
        difference_after=Estimate.from_draws(shown.difference_after, unit) if formula else None,
        method=outcome.method,
        shortfall=Objective("shortfall", DOWNSIDE).value(shown.gain),
        roi=_ratio(shown.outcome, effect.spend, effects),
        marginal_roi=_marginal(outcome, plan, effects),
        payback_weeks=shown.payback,
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
