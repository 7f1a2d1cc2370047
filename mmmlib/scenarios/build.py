"""The scenario pack (O3): standing plans, projected with every draw, labelled and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.data.read.problems import count_of
from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, FindingList, Level, at_least, judge, not_run
from mmmlib.health.motions import sum_health
from mmmlib.model.effects import effects_of
from mmmlib.model.motions import sum_motions
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.runs import Run
from mmmlib.scenarios.agreement import disagreement_findings, disagreements
from mmmlib.scenarios.answers import answer_questions
from mmmlib.scenarios.effect import PlanEffect, plan_effect
from mmmlib.scenarios.evidence import (
    Evidence,
    channel_evidence,
    model_evidence,
    with_new_weeks,
)
from mmmlib.scenarios.labels import choose, decide, label_plan, probability_text, worth
from mmmlib.scenarios.pack import Label, PlanLine, Scenario, ScenarioPack
from mmmlib.scenarios.plans import Plan, SpendRange, channel_labels, standing_plans
from mmmlib.scenarios.projection import Method, ProjectedOutcome, outcome_function, sum_outcomes

__all__ = ["pack_of_run"]

DOWNSIDE = 0.10
ENOUGH_SCENARIOS = 3


def build_pack(
    effects_by_model: Mapping[str, xr.Dataset],
    readiness: Readiness,
    health_by_model: Mapping[str, FindingList],
    params: Params,
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

    Returns
    -------
    ScenarioPack
        Baseline first. Differences are draw by draw, carryover in and out
        included (see :mod:`mmmlib.scenarios.projection`).

    Raises
    ------
    ValueError
        If the leading model is not among the effects.
    """
    leading = params.primary
    missing = [part for part in params.parts_of(leading) if part not in effects_by_model]
    if missing:
        known = ", ".join(effects_by_model) or "none"
        raise ValueError(f"scenarios need the effects of {', '.join(missing)}; there are: {known}")
    limits = params.scenarios
    outcomes = {
        model: outcome_function(one, limits.horizon_weeks, limits.reference_weeks)
        for model, one in effects_by_model.items()
    }
    fitted = tuple(effects_by_model)
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
    channels = channel_labels(params, effects)
    on_channel = {
        name: channel_evidence(
            name, leading, readiness, health_by_model.get(leading), channels[name]
        )
        for name in channels
    }
    trusted = [name for name, evidence in on_channel.items() if evidence.good]
    plans = standing_plans(effects, outcomes[leading], trusted, params)
    on_model = model_evidence(
        leading, health_by_model.get(leading), channels, params.model_label(leading)
    )
    model_labels = {model: params.model_label(model) for model in effects_by_model}
    parts_of_sums = {p for name in _summed(params, fitted) for p in params.parts_of(name)}
    scenarios, words = [], {}
    for plan in plans:
        by_model = _in_every_model(plan, plans[0], effects_by_model, outcomes, params)
        # A part does not disagree with its sum: its gain is in it, the spend counts once.
        asked = {m: e for m, e in by_model.items() if m not in parts_of_sums or m == leading}
        words[plan.name] = disagreements(
            plan, leading, asked, limits.clear_probability, model_labels
        )
        scenarios.append(
            _scenario(
                plan,
                plans[0],
                by_model,
                effects,
                outcomes[leading].method,
                on_model,
                on_channel,
                words[plan.name],
                params,
            )
        )
    recommended, candidate = choose(scenarios)
    last_week = pd.Timestamp(effects["week"].to_numpy()[-1])
    findings = [
        _scalable(plans, trusted, channels, params),
        _count(scenarios),
        _better(scenarios),
        _recommendation(scenarios),
        *_steady({model: outcomes[model] for model in fitted}, params),
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
        recommended=recommended,
        candidate=candidate,
        answers=answer_questions(effects_by_model, readiness, health_by_model, params, outcomes),
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
    )


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
    baseline: Plan,
    effects_by_model: Mapping[str, xr.Dataset],
    outcomes: Mapping[str, ProjectedOutcome],
    params: Params,
) -> dict[str, PlanEffect]:
    """Project a plan with every model that knows its channels."""
    return {
        model: plan_effect(
            outcomes[model],
            plan.weekly,
            baseline.weekly,
            params.scenarios.horizon_weeks,
            money=effects.attrs["outcome_unit"] == params.currency,
        )
        for model, effects in effects_by_model.items()
        if set(plan.weekly) <= {str(name) for name in effects["channel"].to_numpy()}
    }


def _scenario(
    plan: Plan,
    baseline: Plan,
    by_model: Mapping[str, PlanEffect],
    effects: xr.Dataset,
    method: Method,
    on_model: Evidence,
    on_channel: Mapping[str, Evidence],
    disagreeing: tuple[str, ...],
    params: Params,
) -> Scenario:
    effect = by_model[params.primary]
    unit = str(effects.attrs["outcome_unit"])
    spend = SpendRange.of(effects)
    lines = tuple(
        PlanLine(
            channel=name,
            spend_before=baseline.weekly[name],
            spend_after=weekly,
            extrapolated=spend.outside(name, weekly),
        )
        for name, weekly in plan.weekly.items()
    )
    names = channel_labels(params, effects)
    changed = [line for line in lines if line.change]
    evidence = on_model
    for line in changed:
        evidence += on_channel[line.channel]
    if plan.kind == "baseline":
        tag, reasons = decide(on_model)
        tag = tag or Label.SAFE
        reasons = reasons or ("The plan that others are compared with; it claims no gain.",)
    else:
        tag, reasons = label_plan(
            evidence,
            effect.probability_better,
            params.scenarios,
            extrapolated=[names[line.channel] for line in changed if line.extrapolated],
            steady_state=method != "formula",
            count_unit="" if effect.money or effect.spend_change == 0 else unit,
            disagreements=disagreeing,
        )
    return Scenario(
        name=plan.name,
        kind=plan.kind,
        title=plan.title,
        description=plan.description,
        plan=lines,
        spend=effect.spend,
        spend_change=effect.spend_change,
        outcome=Estimate.from_draws(effect.outcome, unit),
        difference=Estimate.from_draws(effect.difference, unit),
        net=None if effect.net is None else Estimate.from_draws(effect.net, unit),
        probability_better=effect.probability_better,
        downside=float(np.quantile(effect.gain, DOWNSIDE)),
        label=tag,
        reasons=reasons,
        others={
            model: Estimate.from_draws(other.difference, params.outcome_unit(model))
            for model, other in by_model.items()
            if model != params.primary
        },
        return_on_change=(
            Estimate.from_draws(
                effect.difference / effect.spend_change, str(effects.attrs["return_unit"])
            )
            if effect.spend_change
            else None
        ),
        method=method,
    )


# --- findings ------------------------------------------------------------------------


def _scalable(
    plans: list[Plan], trusted: list[str], channels: Mapping[str, str], params: Params
) -> Finding:
    able = [name for name in channels if name in params.channels and params.channels[name].scalable]
    good = [name for name in able if name in trusted]
    offered = any(plan.kind == "increase" for plan in plans)
    message = (
        f"{len(good)} of {count_of(len(able), 'scalable channel')} "
        f"{'has' if len(good) == 1 else 'have'} evidence that an increase can rest on."
    )
    if not offered:
        message += " None has spend today, so no increase is offered."
    elif not good:
        message += " The increase that is shown rests on none of them."
    return judge(
        "scenarios.scalable",
        "workbook",
        passed=bool(good) and offered,
        value=float(len(good)),
        limit=1.0,
        message=message,
    )


def _count(scenarios: list[Scenario]) -> Finding:
    count = sum(one.kind != "baseline" for one in scenarios)
    return at_least(
        "scenarios.count",
        "workbook",
        count,
        ENOUGH_SCENARIOS,
        f"{count_of(count, 'scenario')} {'stands' if count == 1 else 'stand'} beside the "
        f"status quo.",
    )


# The gates come after these checks: none names a plan that they may refuse.


def _better(scenarios: list[Scenario]) -> Finding:
    every = [one for one in scenarios if one.kind != "baseline"]
    chances = [one.probability_better for one in every if one.comparable]
    found = sum(chance > 0.5 for chance in chances)
    best = max(chances, default=0.0)
    which = " at today's budget" if len(chances) < len(every) else ""
    verb = (
        f"of {count_of(len(chances), 'plan')}{which} {'beat' if found > 1 else 'beats'} the "
        f"status quo"
    )
    message = (
        f"{found} {verb} more likely than not, the likeliest with a probability of "
        f"{probability_text(best)}."
        if found
        else f"None {verb} more likely than not: nothing better was found, so the status quo "
        f"stands."
    )
    return judge(
        "scenarios.better",
        "workbook",
        passed=found > 0,
        value=best,
        limit=0.5,
        message=message,
    )


def _recommendation(scenarios: list[Scenario]) -> Finding:
    plans = count_of(sum(one.kind != "baseline" for one in scenarios), "plan")
    safe, review = (len(worth(scenarios, label)) for label in (Label.SAFE, Label.REVIEW))
    return at_least(
        "scenarios.recommendation",
        "workbook",
        safe,
        1,
        f"Of {plans} readiness and health leave {safe} better and safe to act on, "
        f"{review} better with doubts. The gates may leave fewer; the scenario pack has what "
        f"they left.",
    )


def _steady(outcomes: Mapping[str, ProjectedOutcome], params: Params) -> list[Finding]:
    return [
        judge(
            "scenarios.steady_state",
            model,
            passed=False,
            message=f"{params.model_label(model)} is read off steady-state curves; its engine's "
            "formula is not known.",
        )
        for model, outcome in outcomes.items()
        if outcome.method != "formula"
    ]
