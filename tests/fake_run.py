"""A run made by hand: every artefact of a refresh, nothing fitted.

Use it where a test needs a whole run folder. Effects come from
:func:`tests.fakes.fake_effects`; readiness, health, comparison, scenarios and gates are
made from them by the functions that a refresh uses.
"""

from __future__ import annotations

import atexit
import datetime as dt
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import xarray as xr

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.panel.panel import Panel, write_panel
from mmmlib.estimates import scaled
from mmmlib.findings import Finding, FindingList, at_least, at_most, judge
from mmmlib.governance.gates import pass_gates
from mmmlib.health.check import EFFECTS_CHECKS
from mmmlib.health.holdout import check_holdout
from mmmlib.health.lift import check_lift_tests
from mmmlib.manifest import StepRecord
from mmmlib.model.effects import uncalibrated_of
from mmmlib.params import Params
from mmmlib.readiness.assess import assess
from mmmlib.refresh.bridge import STEPS as STEPS_OF_BRIDGE
from mmmlib.refresh.choice import CHOICE, ModelChoice, Tried
from mmmlib.refresh.compare import compare_refreshes, restated_values
from mmmlib.refresh.comparison import Bridge, BridgeStep, Comparison
from mmmlib.reports.format import format_version
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.runs import Manifest, Run, write_atomic
from mmmlib.scenarios.build import build_pack
from tests.fakes import fake_effects, fake_lift, fake_panel, fake_params, with_lifts

NASTY = "<script>alert('x')</script> | \"q\" `tick` *b* $m$ [l](javascript:0) {{< n >}} Žluťoučký"
"""A name that breaks Markdown, HTML, a pipe table, mathematics or a shortcode if not escaped."""
FORMULA_NAME = '=HYPERLINK("http://x")'
"""A name that a spreadsheet would take for a formula."""
PARAMS = Path(__file__).parents[1] / "params"
STEPS = ("data", "readiness", "model_fit", "health", "refresh", "scenarios", "review")
_MADE: dict[str, Run] = {}
"""Runs that were made in this process, by what was asked for."""
FITTING = ("model_fit", "health", "refresh", "scenarios")


def make_fake_run(
    runs_dir: Path,
    parent: Run | None = None,
    not_ready: bool = False,
    nasty_names: bool = False,
    period: str | None = None,
    regions: tuple[str, ...] = (NATIONAL,),
    **sections: Any,
) -> Run:
    """Write a run folder into ``runs_dir`` as a refresh would leave it before the reports.

    Parameters
    ----------
    runs_dir
        Folder of runs.
    parent
        The run that this one is compared with; it then has 13 more weeks,
        some restated values and a lift test. Without it, it is a first refresh.
    not_ready
        Too few weeks, and the run as readiness leaves it when it says no: panel,
        ``readiness.json``, ``data.json`` and ``gates.json`` only.
    nasty_names
        Put :data:`NASTY` into every text that a user may write.
    period
        Period of the refresh; the second quarter after a parent, else the first.
    regions
        Regions of the panel.
    **sections
        Top-level sections of the parameters to override.

    Returns
    -------
    Run
        Still ``running``: report notebooks may be executed into it. One without a parent that
        is asked for again is a copy.
    """
    if parent is not None:
        return _make(runs_dir, parent, not_ready, nasty_names, period, regions, sections)
    asked = json.dumps([not_ready, nasty_names, period, regions, sections], sort_keys=True)
    if asked not in _MADE:
        folder = Path(mkdtemp(prefix="fake-run-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _MADE[asked] = _make(folder, None, not_ready, nasty_names, period, regions, sections)
    made = _MADE[asked]
    return Run(shutil.copytree(made.path, runs_dir / made.name))


def _make(
    runs_dir: Path,
    parent: Run | None,
    not_ready: bool,
    nasty_names: bool,
    period: str | None,
    regions: tuple[str, ...],
    sections: dict[str, Any],
) -> Run:
    period = period or ("2026-Q2" if parent else "2026-Q1")
    params = _params(period, parent, nasty_names, sections)
    panel = fake_panel(params, weeks=117, regions=regions)
    if parent:
        panel = _restated(panel)
        name = NASTY if nasty_names else "search_spring"
        panel = replace(panel, lift_tests=(fake_lift(panel, name),))
    else:
        panel = _first(panel, 61 if not_ready else 104)
    run = _new_run(runs_dir, params, parent, nasty_names)
    if not_ready:
        manifest = run.manifest
        for record in manifest.steps:
            if record.name in FITTING:
                record.status, record.message = "skipped", "The data is not ready for a model."
        run.write_manifest(manifest)
    write_panel(run, panel)
    run.save_json("data.json", FindingList(findings=_data_findings(params, panel)))
    readiness = assess(panel, params)
    run.save_json("readiness.json", readiness)
    if not not_ready:
        effects, health = {}, {}
        for number, model in enumerate(params.model_names):
            scale = (3.0 if parent is None else 3.4) * (1 - 0.25 * number)
            seed = 7 + number + 10 * bool(parent)
            effects[model] = fake_effects(params, panel, model, seed=seed, scale=scale)
            lifts = [lift for lift in panel.lift_tests if lift.model == model]
            if lifts:
                alone = with_lifts(effects[model], lifts, spread=0.8)
                run.save_dataset(f"models/{model}/uncalibrated.nc", alone)
                effects[model] = with_lifts(effects[model], lifts)
            health[model] = _save_model(run, params, panel, effects[model], scale)
        compared = compare_refreshes(run, parent)
        run.save_json("refresh.json", fake_bridges(compared))
        run.save_frame("restated.parquet", restated_values(run, compared))
        run.save_json("scenarios.json", build_pack(effects, readiness, health, params))
        if parent:
            run.save_json(CHOICE, fake_choice(params, effects, NASTY if nasty_names else "To see."))
    gates = pass_gates(run)
    run.save_json("gates.json", gates)
    manifest = run.manifest
    manifest.verdict = str(gates.level)
    run.write_manifest(manifest)
    return run


def fake_bridges(comparison: Comparison) -> Comparison:
    """A comparison with ways to every number that nobody fitted: a third is restated history."""
    if comparison.parent is None:
        return comparison
    found = [
        judge(check, "revenue.pooled", passed=True, value=value, limit=limit, message=message)
        for check, value, limit, message in (
            ("refresh.reproduction", 1.0, 1.1, "Same."),
            ("refresh.restated_effect", 1.0, 1.1, "Nothing moved."),
            ("refresh.forecast", 0.5, 3.0, "Foreseen."),
        )
    ]
    bridges = []
    for move in comparison.movements:
        shift = move.after.median - move.before.median
        parts = dict(zip(STEPS_OF_BRIDGE, (0.0, 0.0, shift / 3, shift * 2 / 3), strict=True))
        bridges.append(
            Bridge(
                model=move.model,
                channel=move.channel,
                quantity=move.quantity,
                unit=move.before.unit,
                before=move.before.median,
                after=move.after.median,
                steps=tuple(
                    BridgeStep(name=name, shift=part, error=abs(part) / 10)
                    for name, part in parts.items()
                ),
            )
        )
    return comparison.model_copy(
        update={"bridges": tuple(bridges), "findings": (*comparison.findings, *found)}
    )


def fake_choice(params: Params, effects: dict[str, Any], why: str) -> ModelChoice:
    """Two candidates: one with other returns, one that could not be fitted."""
    rows = ModelNumbers(effects[params.parts_of(params.primary)[0]]).channels
    returns = {row.channel: row.roi for row in rows if row.roi is not None}
    other = {
        name: scaled(one, 1 + 0.4 * place, one.unit)
        for place, (name, one) in enumerate(returns.items())
    }
    tried = (
        Tried(name="straight", why=why, changes=("change model.trend = linear",), returns=other),
        Tried(name="bare", why=why, changes=("drop controls.price",), trouble="Too few weeks."),
    )
    return ModelChoice(goal="decision", model=params.primary, returns=returns, tried=tried)


def make_fake_pair(runs_dir: Path, **options: Any) -> tuple[Run, Run]:
    """Write two consecutive runs, the second compared with the first."""
    first = make_fake_run(runs_dir, **options)
    return first, make_fake_run(runs_dir, parent=first, **options)


def finish(run: Run) -> Run:
    """Mark a fake run as done, as the pipeline does at its end."""
    manifest = run.manifest
    manifest.status = "done"
    run.write_manifest(manifest)
    return Run(run.path, exploring=True)


# --- parts -------------------------------------------------------------------------


def _params(period: str, parent: Run | None, nasty: bool, sections: dict[str, Any]) -> Params:
    plain = fake_params()
    channels = {name: part.model_dump() for name, part in plain.channels.items()}
    outcomes = {name: part.model_dump() for name, part in plain.outcomes.items()}
    outcomes["revenue"]["bias"] = "Booked late: deals close months after the marketing."
    outcomes["signups"]["bias"] = "Counts everyone alike, whether they ever buy or not."
    questions = [
        {"question": "Can we scale paid search?", "kind": "scale", "channel": "search"},
        {"question": "Can we cut events?", "kind": "cut", "channel": "events"},
        {"question": "Which channel returns most?", "kind": "rank"},
    ]
    content: dict[str, Any] = {
        "refresh": {"period": period, "parent": parent.name if parent else "none"},
        "channels": channels,
        "outcomes": outcomes,
        "key_questions": questions,
    }
    if nasty:
        content["title"] = NASTY
        channels["search"]["label"] = NASTY
        channels["social"]["label"] = FORMULA_NAME
        outcomes["revenue"]["label"] = NASTY
        outcomes["revenue"]["bias"] = NASTY
        questions[0]["question"] = NASTY
        content["audience"] = {
            "serves": "growth",
            "supports": [NASTY],
            "not_for": [NASTY],
        }
    return fake_params(**(content | sections))


def _first(panel: Panel, weeks: int) -> Panel:
    frame = panel.frame[panel.frame["week"].isin(panel.weeks[:weeks])].reset_index(drop=True)
    return Panel(frame, panel.currency, dict(panel.units))


def _restated(panel: Panel) -> Panel:
    frame = panel.frame.copy()
    name = panel.names("spend")[0]
    frame.loc[frame.index[40:44], f"spend:{name}"] *= 1.2
    return Panel(frame, panel.currency, dict(panel.units))


def _new_run(runs_dir: Path, params: Params, parent: Run | None, nasty: bool) -> Run:
    text = params.model_dump_json()
    digest = hashlib.sha256(text.encode()).hexdigest()
    folder = runs_dir / f"{params.workbook}-{params.refresh.period}-{digest[:8]}"
    (folder / "artefacts").mkdir(parents=True)
    created = dt.datetime(2026, 7 if parent else 4, 6, 9, 30, tzinfo=dt.UTC)
    manifest = Manifest(
        run=folder.name,
        workbook=params.workbook,
        period=params.refresh.period,
        created=created,
        parent=parent.name if parent else None,
        code_version="0.1.0" if parent is None else "0.1.1",
        notebooks={},
        library=digest,
        python="3.13.5",
        packages={"pymc": "6.4.0", "nutpie": "0.16.11", "numpy": "2.3.5"},
        seed=params.model.seed,
        report_format=format_version(),
        inputs={"media.csv": digest},
        steps=[StepRecord(name=name, status="done", seconds=1.0) for name in STEPS],
    )
    write_atomic(folder / "manifest.json", manifest.sealed())
    content = json.dumps(json.loads(text), indent=2)
    # JSON is YAML too: a parameter file that any strict loader reads.
    for name in ("params.json", "params.yaml"):
        write_atomic(folder / name, content.encode())
    for name in ("policy.yaml", "roles.yaml"):
        side = (PARAMS / "governance" / name).read_text(encoding="utf-8")
        if nasty:
            side = side.replace("Dana Okafor", json.dumps(NASTY))
        write_atomic(folder / name, side.encode())
    return Run(folder)


def _data_findings(params: Params, panel: Panel) -> tuple[Finding, ...]:
    """Some of the findings on data; the others need the sources as delivered."""
    age = [
        at_most(
            "data.freshness", source, 6, 14, f"The newest row of {source} is 6 days old.", owner=""
        )
        for source in params.data.sources
    ]
    imputed = judge(
        "data.imputed",
        "workbook",
        passed=True,
        value=0.0,
        limit=0.05,
        message=f"No value of {len(panel.frame)} rows was filled in.",
    )
    taxonomy = judge(
        "data.taxonomy_version",
        "taxonomy",
        passed=True,
        value="none",
        message="No source goes through a taxonomy.",
    )
    return (*age, imputed, taxonomy)


def _save_model(
    run: Run, params: Params, panel: Panel, effects: xr.Dataset, scale: float
) -> FindingList:
    """Save effects, holdout and health of a model; the findings on chains are made up."""
    model = str(effects.attrs["model"])
    limits = params.health
    holdout = fake_effects(
        params, panel, model, seed=99, scale=scale, holdout_weeks=limits.holdout_weeks
    )
    run.save_dataset(f"models/{model}/effects.nc", effects)
    run.save_dataset(f"models/{model}/holdout.nc", holdout)
    draws = "The smallest effective sample size is 912 draws."
    findings = [
        at_most("health.rhat", model, 1.004, limits.max_rhat, "The chains agree."),
        at_most("health.divergences", model, 0, limits.max_divergent_share, "No step diverged."),
        at_least("health.bfmi", model, 0.9, limits.min_bfmi, "The energy was explored."),
        at_least("health.ess_bulk", model, 912, limits.min_ess, draws),
        at_least("health.ess_tail", model, 912, limits.min_ess, draws),
    ]
    for check in EFFECTS_CHECKS:
        findings += check(effects, limits)
    findings += check_lift_tests(effects, uncalibrated_of(run, model), limits)
    findings += check_holdout(model, holdout, limits)
    saved = FindingList(findings=tuple(findings))
    run.save_json(f"models/{model}/health.json", saved)
    return saved
