"""The scenario pack (O3): standing plans, projected with every draw, labelled and compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import MMMError
from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, FindingList, Level, not_run
from mmmlib.health.motions import sum_health
from mmmlib.model.effects import effects_of
from mmmlib.model.motions import sum_motions
from mmmlib.model.power_scaling import reweigh
from mmmlib.params.load import params_of
from mmmlib.params.schema import Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.runs import Run
from mmmlib.scenarios import checks
from mmmlib.scenarios.advice import advise
from mmmlib.scenarios.agreement import disagreement_findings, disagreements
from mmmlib.scenarios.answers import answer_questions
from mmmlib.scenarios.baseline import Baseline, baseline_of, baseline_view
from mmmlib.scenarios.effect import plan_effect
from mmmlib.scenarios.evidence import (
    channel_evidence,
    model_evidence,
    with_new_weeks,
)
from mmmlib.scenarios.floors import floor_frontier
from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.labels import choose, with_margin
from mmmlib.scenarios.ladder import ladder_of
from mmmlib.scenarios.optimised import OptimisedPlans, held_channels, optimised_plans
from mmmlib.scenarios.own import PlanFiles, own_plans, read_plan_files
from mmmlib.scenarios.pack import FloorPoint, HeldChannel, Scenario, ScenarioPack
from mmmlib.scenarios.paid_prices import price_findings
from mmmlib.scenarios.plan import Plan, channel_labels
from mmmlib.scenarios.plans import standing_plans
from mmmlib.scenarios.projection import ProjectedOutcome, outcome_function, sum_outcomes
from mmmlib.scenarios.projector import Projector
from mmmlib.scenarios.ranking import compare_plans, rank_before

__all__ = ["pack_of_run"]


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
    fits, fitted = effects_by_model, tuple(effects_by_model)
    sums = _summed(params, fitted)
    effects_by_model, health_by_model, outcomes = _with_sums(
        sums, effects_by_model, health_by_model, params
    )
    effects = effects_by_model[leading]
    leads = [fits[part] for part in params.parts_of(leading)]
    params = with_margin(params, effects)
    limits = params.scenarios
    unit = str(effects.attrs["outcome_unit"])
    channels = channel_labels(params, effects)
    on_channel = {
        name: channel_evidence(
            name, leading, readiness, health_by_model.get(leading), channels[name]
        )
        for name in channels
    }
    on_model = model_evidence(
        leading, health_by_model.get(leading), params.channels, params.model_label(leading)
    )
    trusted = [name for name, evidence in on_channel.items() if evidence.good]
    measured = [name for name, evidence in on_channel.items() if evidence.measured]
    files = PlanFiles() if run_folder is None else read_plan_files(run_folder, params, effects)
    base = baseline_of(effects, params, booked=files.booked)
    held = held_channels(base, on_channel, params)
    best, floors = _search(base, leads, held, params, channels)
    plans = standing_plans(base, outcomes[leading], measured or trusted, params, usable=trusted)
    plans += best.plans
    plans += own_plans(base, files, params, channels)
    projector = Projector(
        base, effects_by_model, outcomes, on_model, on_channel, reweigh(*leads), params
    )
    # A part does not disagree with its sum: its gain is in it, the spend counts once.
    apart = {part for name in sums for part in params.parts_of(name)} - {leading}
    scenarios, words = _judged(plans, projector, leading, apart, params)
    if before is not None:
        then = sum_outcomes([outcome_function(part) for part in before[1]])
        worth = params.worth_of(leading)
        judged = {
            p.name: plan_effect(then, p.spend, base.spend, worth=worth, levers=p.levers)
            for p in plans
            if {one.path.name for one in p.levers} <= set(then.levers)
        }
        scenarios = rank_before(scenarios, judged, before[0])
    recommended, candidate = choose(scenarios)
    last_week = pd.Timestamp(effects["week"].to_numpy()[-1])
    findings = [
        checks.scalable_finding(plans, trusted, channels, params),
        checks.count_finding(scenarios),
        checks.better_finding(scenarios),
        checks.recommendation_finding(scenarios),
        *checks.steady_findings({model: outcomes[model] for model in fitted}, params),
        *price_findings(effects, params),
        *disagreement_findings(words, limits.clear_probability, len(effects_by_model) - len(apart)),
        *_not_fitted(effects_by_model, params),
    ]
    return ScenarioPack(
        model=leading,
        first_week=(last_week + pd.Timedelta(days=7)).date(),
        weeks=limits.horizon_weeks,
        scenarios=tuple(scenarios),
        baseline=baseline_view(base, effects, params),
        carried_in=_carried_in(outcomes[leading], base, unit),
        held=held,
        optimised=tuple(best.views),
        floors=floors,
        ladder=ladder_of(
            base,
            outcomes[leading],
            [name for name in channels if name in base.spends_now and on_channel[name].good],
            params,
            unit,
        ),
        margin=params.outcome_of(leading).margin,
        recommended=recommended,
        candidate=candidate,
        advice=advise(base, outcomes[leading], on_model, on_channel, projector.under, params, unit),
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


def _judged(
    plans: Sequence[Plan],
    projector: Projector,
    leading: str,
    apart: AbstractSet[str],
    params: Params,
) -> tuple[list[Scenario], dict[str, tuple[str, ...]]]:
    """Project plans and rank them; and what models that are not set apart say against each."""
    labels = {model: params.model_label(model) for model in projector.effects_by_model}
    scenarios, words, gains = [], {}, {}
    for plan in plans:
        by_model = projector.in_every_model(plan)
        asked = {model: one for model, one in by_model.items() if model not in apart}
        words[plan.name] = disagreements(
            plan, leading, asked, params.scenarios.clear_probability, labels
        )
        scenarios.append(projector.scenario(plan, by_model, words[plan.name]))
        gains[plan.name] = by_model[leading].gain
    return compare_plans(scenarios, gains), words


def _not_fitted(fitted: Collection[str], params: Params) -> list[Finding]:
    """Models without a fit: no plan was projected with them."""
    return [
        not_run(
            "scenarios.model",
            model,
            f"There is no fit of {model}, so no plan was projected with it.",
            level=Level.WARN,
        )
        for model in params.model_names
        if model not in fitted
    ]


def _with_sums(
    sums: Sequence[str],
    effects_by_model: Mapping[str, xr.Dataset],
    health_by_model: Mapping[str, FindingList],
    params: Params,
) -> tuple[dict[str, xr.Dataset], dict[str, FindingList], dict[str, ProjectedOutcome]]:
    """Add to effects and health those of sums over motions; and what each expects of spend."""
    effects, health = dict(effects_by_model), dict(health_by_model)
    outcomes = {model: outcome_function(one) for model, one in effects.items()}
    for name in sums:
        parts = params.parts_of(name)
        effects[name] = sum_motions(name, [effects[part] for part in parts])
        outcomes[name] = sum_outcomes([outcomes[part] for part in parts])
        of_sum = sum_health(name, effects[name], health, params)
        if of_sum is not None:
            health[name] = of_sum
    return effects, health, outcomes


def _summed(params: Params, fitted: Sequence[str]) -> list[str]:
    """Outcomes with several motions, all of which were fitted."""
    parts = {name: params.parts_of(name) for name in params.outcomes}
    return [
        name
        for name, models in parts.items()
        if len(models) > 1 and all(model in fitted for model in models)
    ]


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
