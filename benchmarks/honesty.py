"""Is what the workbook says true as often as it says? Statements held against known worlds.

    python benchmarks/honesty.py FOLDER [--worlds 12] [--first 0] [--kinds …] [--show] [--publish]

Every world of :mod:`known_worlds` goes the way of a refresh, with a parameter file that names the
channels and nothing else: readiness, fit, holdout, health, scenarios, gates. Plans are among the
statements, and beside them is what simpler rules would have done (:mod:`decisions`). Each world leaves
one line of JSON in ``FOLDER/worlds.jsonl``; a line that is there is not made again. Its draws stay in
``FOLDER/fits``: where the lines are taken away, labels are tried anew without a fit. Seeds from
:data:`FINAL` on are for published figures only: nothing was chosen by looking at them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from decisions import gain_of, shared_budgets
from honesty_tables import print_tables, publish, statement
from kept_lines import measured
from known_worlds import KINDS, KnownWorld, make_known

from mmmlib.runs import NETCDF

FINAL = 1000
"""Seeds from here on are for the table that is published."""
POLICY = Path(__file__).parents[1] / "params" / "governance" / "policy.yaml"
MODEL = "revenue.pooled"
type Changes = tuple[Mapping[str, Any], Mapping[str, Any]]
"""Keys of the model, and of every channel, that are not left at their defaults."""


class Refreshed(NamedTuple):
    """What a refresh leaves; the pack as the gates label it."""

    effects: Any
    without: Any
    """Effects of the fit that did not see the last weeks."""
    pack: Any
    gates: Any
    health: Any


def kept_fit(file: Path, panel: Any, params: Any, holdout_weeks: int = 0) -> tuple[Any, Any]:
    """Return posterior and effects of a fit; draws that are there are not sampled again."""
    import xarray as xr

    from mmmlib.model.derive import derive_effects
    from mmmlib.model.one_fit import FitRequest, fit_one, seed_of
    from mmmlib.model.spec import prepare

    request = FitRequest(MODEL, holdout_weeks=holdout_weeks)
    if not file.exists():
        fit = fit_one(panel, params, request, cores=1)
        file.parent.mkdir(parents=True, exist_ok=True)
        fit.posterior.to_netcdf(file.with_suffix(".part"), engine=NETCDF)
        file.with_suffix(".part").rename(file)
        return fit.posterior, fit.effects
    with xr.open_datatree(file, engine=NETCDF) as tree:
        posterior = tree.load()
    data = prepare(panel, params, MODEL, holdout_weeks)
    draws = posterior["posterior"].to_dataset()
    return posterior, derive_effects(data, params, draws, seed_of(params, request) + 1)[0]


def refresh(panel: Any, params: Any, file: Path) -> Refreshed:
    """Take data through a refresh: readiness, fit, holdout, health, scenarios, gates.

    The draws of its fits stay in ``file`` and beside it.
    """
    from mmmlib.findings import FindingList
    from mmmlib.governance.gates import RELEASES, RunEvidence, judge_all, label_returns
    from mmmlib.governance.labels import label_pack
    from mmmlib.governance.policy import read_policy
    from mmmlib.governance.verdict import GateResult
    from mmmlib.health.check import add_holdout, check_fit
    from mmmlib.model.chains import RHAT, largest_rhat
    from mmmlib.readiness.assess import assess
    from mmmlib.scenarios.build import build_pack

    readiness = assess(panel, params)
    posterior, effects = kept_fit(file, panel, params)
    weeks = params.health.holdout_weeks
    draws, without = kept_fit(file.with_suffix(".holdout.nc"), panel, params, weeks)
    without.attrs[RHAT] = largest_rhat(draws)
    found = check_fit(effects, params.health, posterior=posterior)
    found = add_holdout(found, MODEL, without, params.health)
    health = FindingList(findings=tuple(found))
    pack = build_pack({MODEL: effects}, readiness, {MODEL: health}, params)
    # A world has no files, no parent and no taxonomy: what those would have to pass is left out.
    policy = read_policy(POLICY).model_copy(update={"required": ()})
    evidence = RunEvidence(None, readiness, {MODEL: health}, None, pack)
    entries = judge_all(evidence, policy, params, has_parent=False)
    level = max(entry.level for entry in entries)
    claims = label_returns(evidence, policy, params, entries, lambda _: effects)
    gates = GateResult(
        level=level,
        release=RELEASES[level],
        policy_version=policy.version,
        entries=tuple(entries),
        claims=claims,
    )
    labelled = label_pack(pack, gates, params)
    return Refreshed(effects, without, labelled, gates, health)


def measure(kind: str, seed: int, changes: Changes, folder: Path) -> dict[str, Any]:
    """Take one world through a refresh, and hold each statement against the truth."""
    from mmmlib.governance.labels import label_total

    began = time.time()
    world = make_known(kind, seed)
    params, file = world.params(*changes), f"{kind.replace(' ', '_')}-{seed}.nc"
    effects, without, pack, gates, health = refresh(world.panel, params, folder / "fits" / file)
    spend = dict(zip(world.names, world.case.spend.sum((1, 2)).tolist(), strict=True))
    return {
        "kind": kind,
        "seed": seed,
        "seconds": time.time() - began,
        "blocked": [
            e.finding.check for e in gates.entries if gates.blocked and e.level is gates.level
        ],
        "health": {f.subject + " " + f.check: f.value for f in health.findings},
        "statements": [
            *_of_channels(world, effects, without, gates),
            _of_total(world, effects, label_total(MODEL, spend, gates, params)),
            *_of_pack(world, pack, effects, params),
        ],
    }


def _of_channels(world: KnownWorld, effects: Any, without: Any, gates: Any) -> Iterator[dict]:
    from mmmlib.model.effects import roi

    returns, held = roi(effects), roi(without)
    for name, truth in zip(world.names, world.returns(), strict=True):
        draws = returns.sel(channel=name).to_numpy().astype(float)
        claim = gates.claim(MODEL, name)
        yield statement(
            "return",
            claim.label,
            draws,
            float(truth),
            probability=float((draws > 1).mean()),
            true=bool(truth > 1),
            channel=name,
            reasons=claim.reasons,
            share=float(effects["spend"].sel(channel=name).sum() / effects["observed"].sum()),
            without=float(held.sel(channel=name).median()),
        )


def _of_total(world: KnownWorld, effects: Any, label: str) -> dict[str, Any]:
    draws = effects["contribution"].sum(["channel", "week"]).to_numpy().astype(float)
    return statement("total", label, draws, float(world.contribution().sum()))


def _of_pack(world: KnownWorld, pack: Any, effects: Any, params: Any) -> Iterator[dict]:
    from mmmlib.scenarios.baseline import baseline_of
    from mmmlib.scenarios.effect import plan_effect
    from mmmlib.scenarios.plans import cut_plan, increase_plan
    from mmmlib.scenarios.projection import outcome_function

    outcome, base = outcome_function(effects), baseline_of(effects, params)
    names = {name: name for name in world.names}
    for plan in pack.scenarios[1:]:
        spend = {
            line.channel: base.spend[line.channel] * (line.spend_after / line.spend_before)
            if line.spend_before > 0
            else base.spend[line.channel]
            for line in plan.plan
        }
        draws, gain = gain_of(world, outcome, spend, base)
        shown = draws[1::2] if plan.kind == "optimised" else draws
        yield statement(
            plan.kind,
            plan.label,
            shown,
            gain,
            probability=plan.probability_better,
            true=bool(gain > 0),
            name=plan.name,
            mean=float(draws.mean()),
            choosing=float(np.median(draws[::2])),
            chosen=plan.name == pack.recommended,
            candidate=plan.name == pack.candidate,
            reasons=plan.reasons,
        )
    for rule, spend in shared_budgets(effects, base):
        draws, gain = gain_of(world, outcome, spend, base)
        yield statement("rule", "", draws, gain, name=rule)
    for answer in pack.answers:
        if answer.kind == "rank":
            best = world.names[int(world.returns(slice(-52, None)).argmax())]
            yield {
                "what": "first",
                "label": answer.label,
                "probability": answer.probability,
                "true": answer.channel == best,
            }
            continue
        make = increase_plan if answer.kind == "scale" else cut_plan
        asked = [answer.channel] if answer.kind == "scale" else answer.channel
        spend = make(base, asked, params, names).spend
        effect = plan_effect(outcome, spend, base.spend, worth=1.0)
        truth = world.gain(spend, base.spend)
        yield statement(
            answer.kind,
            answer.label,
            effect.difference / effect.spend_change,
            truth / effect.spend_change,
            probability=answer.probability,
            true=bool(truth > effect.spend_change),
            channel=answer.channel,
            reasons=answer.reasons,
        )


def _measure_safely(kind: str, seed: int, changes: Changes, folder: Path) -> dict[str, Any]:
    """Measure a world; one that cannot be fitted says why, and counts as blocked."""
    from mmmlib.errors import MMMError

    try:
        return measure(kind, seed, changes, folder)
    except MMMError as error:
        return {"kind": kind, "seed": seed, "blocked": [str(error)], "statements": []}


def _changed(text: str) -> tuple[str, Any]:
    key, value = text.split("=", 1)
    return key, json.loads(value)


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--worlds", type=int, default=12, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help=f"first seed; {FINAL} to publish")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    for where in ("model", "channel"):
        parser.add_argument(
            f"--{where}",
            type=_changed,
            action="append",
            default=[],
            metavar="KEY=JSON",
            help=f"a key of {'every ' * (where == 'channel')}{where} that is not left at its default",
        )
    parser.add_argument("--show", action="store_true", help="fit nothing")
    parser.add_argument("--publish", action="store_true", help="write what the pack says of labels")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.worlds)
    wanted = [(kind, seed) for seed in seeds for kind in asked.kinds]
    os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    changes = dict(asked.model), dict(asked.channel)
    measure = partial(_measure_safely, changes=changes, folder=asked.folder)
    file = asked.folder / "worlds.jsonl"
    lines = measured(file, wanted, None if asked.show else measure, asked.workers)
    print_tables(lines)
    if asked.publish:
        from mmmlib.governance.label_rates import RATES

        publish(lines, RATES, Path(__file__).parents[1] / "docs")


if __name__ == "__main__":
    main()
