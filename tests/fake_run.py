"""A finished run made by hand: every artefact of a refresh, nothing fitted.

Use it where a test needs a whole run folder. The numbers hang together (they are
summed from :func:`tests.fakes.fake_effects`), so that a report made from them
reads like a real one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from mmmlib.data.panel import NATIONAL, Panel
from mmmlib.estimates import Estimate
from mmmlib.findings import Finding, FindingList, Level, at_least, at_most, judge, worst
from mmmlib.governance.verdict import GateEntry, GateResult, Release, SignOffNeeded
from mmmlib.model.effects import baseline, contribution, fitted, roi
from mmmlib.params import Params
from mmmlib.readiness.verdict import Readiness, TestDesign, Verdict
from mmmlib.refresh.comparison import (
    Comparison,
    DataChange,
    Movement,
    ParameterChange,
)
from mmmlib.runs import Manifest, Run, StepRecord, write_atomic
from mmmlib.scenarios.pack import Label, PlanLine, Scenario, ScenarioPack
from tests.fakes import fake_effects, fake_panel, fake_params

NASTY = "<script>alert('x')</script> | \"q\" `tick` *b* $m$ [l](javascript:0) {{< n >}} Žluťoučký"
"""A name that breaks Markdown, HTML, a pipe table, mathematics or a shortcode if not escaped."""
FORMULA_NAME = '=HYPERLINK("http://x")'
"""A name that a spreadsheet would take for a formula."""
STEPS = (
    "data",
    "01_readiness",
    "02_model_fit",
    "03_health",
    "04_refresh",
    "05_scenarios",
    "06_review",
)


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
        The run that this one is compared with; it then has 13 more weeks and
        some restated values. Without it, it is a first refresh.
    not_ready
        Leave the run as readiness does when it says no: ``readiness.json``,
        ``data.json`` and ``gates.json`` only.
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
        Still ``running``: report notebooks may be executed into it.
    """
    period = period or ("2026-Q2" if parent else "2026-Q1")
    params = _params(period, parent, nasty_names, sections)
    panel = fake_panel(params, weeks=117 if parent else 104, regions=regions)
    if parent:
        panel = _restated(panel)
    run = _new_run(runs_dir, params, panel, parent)
    run.save_frame("panel.parquet", panel.frame)
    data = _data_findings(params, panel)
    run.save_json("data.json", FindingList(findings=tuple(data)))
    readiness = _readiness(params, not_ready)
    run.save_json("readiness.json", readiness)
    findings = [*data, *readiness.findings]
    if not not_ready:
        effects = {}
        for number, model in enumerate(params.model_names):
            scale = (1.0 if parent is None else 1.12) * (1 - 0.25 * number)
            effects[model] = fake_effects(
                params, panel, model, seed=7 + number + 10 * bool(parent), scale=scale
            )
            findings += _save_model(run, params, panel, model, effects[model], scale)
        comparison = _comparison(run, parent, params, effects, nasty_names)
        run.save_json("refresh.json", comparison)
        pack = _scenarios(params, effects, nasty_names)
        run.save_json("scenarios.json", pack)
        findings += [*comparison.findings, *pack.findings]
    run.save_json("gates.json", _gates(findings, not_ready, nasty_names))
    manifest = run.manifest
    manifest.verdict = str(run.load_json("gates.json", GateResult).level)
    run.write_manifest(manifest)
    return run


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


def _params(
    period: str, parent: Run | None, nasty: bool, sections: dict[str, Any]
) -> Params:
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


def _restated(panel: Panel) -> Panel:
    frame = panel.frame.copy()
    name = panel.names("spend")[0]
    frame.loc[frame.index[40:44], f"spend:{name}"] *= 1.2
    return Panel(frame, panel.currency, dict(panel.units))


def _new_run(runs_dir: Path, params: Params, panel: Panel, parent: Run | None) -> Run:
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
        library=digest,
        python="3.13.5",
        packages={"pymc": "6.4.0", "nutpie": "0.16.11", "numpy": "2.3.5"},
        seed=params.model.seed,
        report_format=1,
        inputs={"media.csv": digest},
        steps=[StepRecord(name=name, status="done", seconds=1.0) for name in STEPS],
    )
    write_atomic(folder / "manifest.json", manifest.model_dump_json(indent=2).encode())
    content = json.dumps(json.loads(text), indent=2)
    # JSON is YAML too: a parameter file that any strict loader reads.
    for name in ("params.json", "params.yaml"):
        write_atomic(folder / name, content.encode())
    return Run(folder)


def _data_findings(params: Params, panel: Panel) -> list[Finding]:
    age = 6.0
    findings = [
        at_most(
            "data.age",
            source,
            age,
            14.0,
            level=Level.WARN,
            unit="days",
            message=f"The newest row of {source} is {age:.0f} days old.",
        )
        for source in params.data.sources
    ]
    findings.append(
        judge(
            "data.imputed",
            "workbook",
            passed=True,
            level=Level.WARN,
            value=0.0,
            limit=0.05,
            unit="share",
            message=f"No value of {len(panel.frame)} rows was filled in.",
        )
    )
    return findings


def _readiness(params: Params, not_ready: bool) -> Readiness:
    weeks = 61.0 if not_ready else 104.0
    last = list(params.channels)[-1]
    findings = [
        at_least(
            "readiness.history",
            "workbook",
            weeks,
            float(params.readiness.min_weeks),
            level=Level.BLOCK,
            unit="weeks",
            message=f"There are {weeks:.0f} weeks of history.",
            meaning="With less than this the year's season and the channels look alike.",
            action="Wait for more weeks, or run the test below.",
        )
    ]
    for name in params.channels:
        flat = 0.72 if name == last else 0.21
        findings.append(
            at_most(
                "readiness.variation",
                name,
                flat,
                params.readiness.flat_warn,
                level=Level.WARN,
                unit="share",
                message=f"Spend was flat in {flat:.0%} of last year's weeks.",
                meaning="A channel that never varies cannot be told from the baseline.",
                action="Vary its spend on purpose for some weeks, or test it.",
            )
        )
    if not not_ready:
        channels = dict.fromkeys(params.channels, Verdict.READY)
        channels[last] = Verdict.CAVEATS
        return Readiness(
            overall=Verdict.CAVEATS, channels=channels, findings=tuple(findings)
        )
    return Readiness(
        overall=Verdict.NOT_READY,
        channels=dict.fromkeys(params.channels, Verdict.NOT_READY),
        findings=tuple(findings),
        alternatives=tuple(
            TestDesign(
                channel=name,
                kind="pause test",
                weeks=6,
                detectable_share=0.04 + 0.02 * number,
                description=(
                    "Stop the channel everywhere for six weeks and compare the outcome "
                    "with what the weeks before would have led one to expect."
                ),
            )
            for number, name in enumerate(params.channels)
        ),
    )


def _save_model(
    run: Run,
    params: Params,
    panel: Panel,
    model: str,
    effects: xr.Dataset,
    scale: float,
) -> list[Finding]:
    folder = f"models/{model}"
    holdout = fake_effects(
        params,
        panel,
        model,
        seed=99,
        scale=scale,
        holdout_weeks=params.health.holdout_weeks,
    )
    run.save_dataset(f"{folder}/effects.nc", effects)
    run.save_dataset(f"{folder}/holdout.nc", holdout)
    low, high = np.quantile(effects["predicted"], [0.05, 0.95], axis=0)
    seen = effects["observed"].to_numpy()
    covered = float(((low <= seen) & (seen <= high)).mean())
    below = float((baseline(effects) < 0).mean())
    total = float(contribution(effects).sum("channel").median("draw"))
    media_share = total / float(fitted(effects).sum("week").median("draw"))
    findings = [
        at_most(
            "health.rhat",
            model,
            1.004,
            params.health.max_rhat,
            level=Level.BLOCK,
            message="The chains agree.",
            meaning="Chains that disagree have not found the answer.",
        ),
        at_least(
            "health.ess",
            model,
            912.0,
            params.health.min_ess,
            level=Level.BLOCK,
            unit="draws",
            message="The smallest effective sample size is 912 draws.",
        ),
        at_most(
            "health.coverage",
            model,
            abs(covered - 0.9),
            1.0,
            level=Level.WARN,
            unit="share",
            message=f"The 90 % band holds {covered:.0%} of the weeks.",
        ),
        at_most(
            "health.negative_baseline",
            model,
            below,
            params.health.max_negative_baseline,
            level=Level.BLOCK,
            unit="share",
            message=f"The baseline is below zero with probability {below:.0%}.",
        ),
        at_most(
            "health.holdout_error",
            model,
            0.24 if model != params.primary else 0.08,
            params.health.max_holdout_error,
            level=Level.WARN,
            unit="share",
            message="Mean absolute error over the weeks held out.",
            meaning="A model that misses weeks it has not seen will miss next quarter too.",
            action="Look at the held-out weeks: an event, a promotion, a change of price?",
        ),
        at_most(
            "health.media_share",
            model,
            media_share,
            params.health.max_media_share,
            level=Level.WARN,
            unit="share",
            message="All channels together explain a plausible part of the outcome.",
        ),
    ]
    run.save_json(f"{folder}/health.json", FindingList(findings=tuple(findings)))
    return findings


def _comparison(
    run: Run,
    parent: Run | None,
    params: Params,
    effects: dict[str, xr.Dataset],
    nasty: bool,
) -> Comparison:
    if parent is None:
        return Comparison(parent=None)
    movements: list[Movement] = []
    window = None
    for model, now in effects.items():
        then = parent.load_dataset(f"models/{model}/effects.nc")
        weeks = then["week"].to_index().intersection(now["week"].to_index())
        window = slice(weeks[0], weeks[-1])
        for quantity, compute in (("roi", roi), ("contribution", contribution)):
            unit = now.attrs["return_unit" if quantity == "roi" else "outcome_unit"]
            pairs = [
                [
                    Estimate.from_draws(part.sel(channel=name), unit)
                    for part in (compute(then, window), compute(now, window))
                ]
                for name in params.channels
            ]
            ranks = [_ranks([pair[side].median for pair in pairs]) for side in (0, 1)]
            for place, (name, (before, after)) in enumerate(
                zip(params.channels, pairs, strict=True)
            ):
                shared = min(before.high, after.high) - max(before.low, after.low)
                overlap = max(0.0, shared) / min(before.width, after.width)
                movements.append(
                    Movement(
                        model=model,
                        channel=name,
                        quantity=quantity,  # type: ignore[arg-type]  # one of the two
                        before=before,
                        after=after,
                        change=after.median / before.median - 1,
                        overlap=min(overlap, 1.0),
                        beyond_noise=overlap < params.comparison.min_overlap
                        or name == "search",
                        rank_before=ranks[0][place],
                        rank_after=ranks[1][place],
                    )
                )
    assert window is not None
    first = next(iter(params.channels))
    note = f"{NATIONAL}, 2024-10-07: USD 18 k before, USD 22 k now"
    return Comparison(
        parent=parent.name,
        first_week=window.start.date(),
        last_week=window.stop.date(),
        weeks=104,
        movements=tuple(movements),
        data_changes=(
            DataChange(
                series=f"spend:{first}",
                kind="restated",
                cells=4,
                first=dt.date(2024, 10, 7),
                last=dt.date(2024, 10, 28),
                share=0.008,
                largest=NASTY if nasty else note,
            ),
            DataChange(
                series="outcome:revenue.pooled",
                kind="extended",
                cells=13,
                first=dt.date(2025, 12, 29),
                last=dt.date(2026, 3, 23),
            ),
        ),
        parameter_changes=(
            ParameterChange(
                key="refresh.period", before="2026-Q1", after=run.manifest.period
            ),
            ParameterChange(
                key="model.trend_knots", before="5", after=NASTY if nasty else "6"
            ),
        ),
        code_changes=(ParameterChange(key="mmmlib", before="0.1.0", after="0.1.1"),),
        findings=(
            judge(
                "refresh.movement",
                "search",
                passed=False,
                level=Level.WARN,
                value=0.12,
                limit=params.comparison.large_movement,
                unit="share",
                message="The return of the channel moved by more than noise.",
                meaning="A plan that was made on the old number may no longer hold.",
                action="Read the change log before acting on it.",
            ),
        ),
    )


def _ranks(medians: list[float]) -> list[int]:
    order = np.argsort(np.argsort(-np.asarray(medians)))
    return [int(place) + 1 for place in order]


def _scenarios(
    params: Params, effects: dict[str, xr.Dataset], nasty: bool
) -> ScenarioPack:
    leading = effects[params.primary]
    weeks = params.scenarios.horizon_weeks
    names = list(params.channels)
    today = {
        name: float(leading["spend_today"].sel(channel=name)) * weeks for name in names
    }
    best, second, *_, worst_one = names
    moves: dict[str, tuple[str, str, dict[str, float]]] = {
        "baseline": ("baseline", "Keep spending as today", {}),
        "increase": (
            "increase",
            "Spend 20 % more on the channel with the best next dollar",
            {best: 0.2 * today[best]},
        ),
        "reallocate": (
            "reallocate",
            "Move money from the weakest channel",
            {worst_one: -0.5 * today[worst_one], second: 0.5 * today[worst_one]},
        ),
        "protect": (
            "protect",
            "Cut a fifth where it hurts least",
            {worst_one: -0.2 * today[worst_one], second: -0.2 * today[second]},
        ),
    }
    labels = [Label.SAFE, Label.SAFE, Label.REVIEW, Label.DO_NOT_INFER]
    scenarios = []
    for label, (name, (kind, title, change)) in zip(labels, moves.items(), strict=True):
        draws = {model: _gain(part, change) for model, part in effects.items()}
        total = _gain(leading, today) + draws[params.primary]
        cost = sum(change.values())
        net = draws[params.primary] - cost
        flat = name == "baseline"
        unit = leading.attrs["outcome_unit"]
        scenarios.append(
            Scenario(
                name=name,
                kind=kind,  # type: ignore[arg-type]  # one of the four
                title=NASTY if nasty and name == "increase" else title,
                description=f"Over {weeks} weeks, everything else as today.",
                plan=tuple(
                    PlanLine(
                        channel=channel,
                        spend_before=today[channel] / weeks,
                        spend_after=(today[channel] + change.get(channel, 0.0)) / weeks,
                        extrapolated=name == "protect" and channel == second,
                    )
                    for channel in names
                ),
                spend=sum(today.values()) + cost,
                spend_change=cost,
                outcome=Estimate.from_draws(total, unit),
                difference=Estimate.from_draws(draws[params.primary], unit),
                net=Estimate.from_draws(net, unit),
                probability_better=0.0 if flat else float((net > 0).mean()),
                downside=float(np.quantile(net, 0.1)),
                label=label,
                reasons={
                    Label.SAFE: ("The plan stays inside what the past has seen.",),
                    Label.REVIEW: ("Spend of one channel was flat most of last year.",),
                    Label.DO_NOT_INFER: (
                        "Planned spend lies outside what the past has seen.",
                        "A different outcome says the opposite.",
                    ),
                }[label],
                others={
                    model: Estimate.from_draws(
                        part, effects[model].attrs["outcome_unit"]
                    )
                    for model, part in draws.items()
                    if model != params.primary
                },
            )
        )
    return ScenarioPack(
        model=params.primary,
        first_week=(leading["week"].to_index()[-1] + np.timedelta64(7, "D")).date(),
        weeks=weeks,
        scenarios=tuple(scenarios),
        recommended="increase",
    )


def _gain(effects: xr.Dataset, change: dict[str, float]) -> np.ndarray:
    """Outcome of a change of spend, by the return of the next unit of money."""
    total = np.zeros(effects.sizes["draw"])
    for name, money in change.items():
        total += effects["marginal_roi"].sel(channel=name).to_numpy() * money
    return total


def _gates(findings: list[Finding], not_ready: bool, nasty: bool) -> GateResult:
    entries = tuple(
        GateEntry(finding=finding, level=finding.level, rule="as proposed by the check")
        for finding in findings
    )
    level = worst(findings)
    release = Release.NOT_APPROVED if level is Level.BLOCK else Release.LIMITED
    signs = (
        SignOffNeeded(
            subject="recommendation",
            role="Decision Owner",
            person=NASTY if nasty else "Dana Okafor",
            why="The pack recommends a change of budget.",
        ),
    )
    return GateResult(
        level=level,
        release=release,
        policy_version="1",
        entries=entries,
        sign_offs=() if not_ready else signs,
    )
