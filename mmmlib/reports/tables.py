"""The tables of the pack: ranges in one cell, the largest or latest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from mmmlib.estimates import format_number, mass_text
from mmmlib.findings import Finding, Level, Status, titles
from mmmlib.readiness.verdict import TestDesign
from mmmlib.reports.blocks import (
    Cell,
    Chance,
    Column,
    Observed,
    Table,
    label_mark,
    level_mark,
)
from mmmlib.reports.numbers import count_text, date_text, signed_money
from mmmlib.reports.quantities import ChannelNumbers, ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.titles import plan_gain
from mmmlib.scenarios.pack import Scenario, ScenarioPack

RIGHT: Literal["right"] = "right"
ROOMS = {
    "data": "Data",
    "readiness": "Readiness",
    "health": "Model",
    "refresh": "Comparability",
}


def channel_table(
    results: Results, numbers: ModelNumbers, name: str, rows: Sequence[ChannelNumbers]
) -> Table:
    """One line per channel: spend, contribution, return, next money, label."""
    told = numbers.returns
    first = numbers.channels[0].contribution
    return Table(
        name,
        f"{results.model(numbers.name)}: cost, contribution and return of each channel; "
        f"ranges hold {mass_text(first)}.",
        (
            Column("Channel"),
            Column(f"Spend ({numbers.currency})", RIGHT, numbers.currency),
            Column(f"Contribution ({numbers.unit})", RIGHT, numbers.unit),
            Column("Share of outcome", RIGHT),
            Column(f"Return ({told.head})", RIGHT, told.unit),
            Column(f"Next {told.spend} brings ({told.unit})", RIGHT, told.unit),
            Column("May be used"),
        ),
        tuple(
            (
                results.channel(row.channel),
                Observed(row.spend, numbers.currency),
                row.contribution,
                row.share,
                "no spend" if row.roi is None else row.roi,
                row.marginal,
                label_mark(results.claim(numbers.name, row.channel).label),
            )
            for row in rows
        ),
    )


def timing_table(results: Results, numbers: ModelNumbers) -> Table:
    """How long the effect of each channel takes (M4), the slowest first."""
    rows = sorted(numbers.channels, key=lambda row: -row.half_life.median)
    return Table(
        "half-life",
        f"Weeks until half of an effect has come, the slowest first; ranges hold "
        f"{mass_text(rows[0].half_life)}.",
        (Column("Channel"), Column("Half of the effect after", RIGHT)),
        tuple((results.channel(row.channel), row.half_life) for row in rows),
    )


def rank_table(results: Results, models: Sequence[ModelNumbers]) -> Table:
    """Place of each channel by return in every model (M2)."""
    names = [row.channel for row in models[0].by_return if row.roi is not None]
    rows = []
    for name in names:
        places: list[Cell] = []
        for model in models:
            rank = model.ranks.get(name)
            places.append("no spend" if rank is None else rank)
        rows.append((results.channel(name), *places, agreement(models, name)))
    return Table(
        "ranks",
        "Place of each channel by return, 1 the highest, in each outcome; ranges hold "
        f"{mass_text(models[0].channels[0].contribution)}.",
        (
            Column("Channel"),
            *(Column(results.model(model.name), RIGHT) for model in models),
            Column("Do they agree?"),
        ),
        tuple(rows),
    )


def agreement(models: Sequence[ModelNumbers], channel: str) -> str:
    """Say whether the ranges of a channel's place meet in all models."""
    ranks = [model.ranks[channel] for model in models if channel in model.ranks]
    if len(ranks) < 2:
        return "one model only"
    if max(rank.low for rank in ranks) <= min(rank.high for rank in ranks):
        return "within their ranges"
    return "they disagree"


def plans_table(results: Results, pack: ScenarioPack) -> Table:
    """All plans side by side."""
    currency = results.params.currency
    unit = results.params.outcome_unit(pack.model)
    net = any(plan.net is not None for plan in pack.scenarios)
    gain = f"Gain after cost ({unit})" if net else f"Gain ({unit})"
    mass = mass_text(pack.scenarios[0].outcome)
    return Table(
        "plans",
        f"Plans over {pack.weeks} weeks from {date_text(pack.first_week)}, against spending as "
        f"today; ranges hold {mass}. The bad case: one in ten is worse.",
        (
            Column("Plan"),
            Column(f"Spend ({currency})", RIGHT, currency),
            Column("Change of spend", RIGHT),
            Column(gain, RIGHT, unit),
            Column("Better than today" if net else "More than today", RIGHT),
            Column(f"Bad case ({unit})", RIGHT, unit),
            Column("May be used"),
        ),
        tuple(
            (
                plan.title,
                Observed(plan.spend, currency),
                signed_money(plan.spend_change, currency),
                *_against_baseline(plan, unit),
                label_mark(plan.label),
            )
            for plan in pack.scenarios
        ),
    )


def _against_baseline(plan: Scenario, unit: str) -> tuple[Cell, Cell, Cell]:
    if plan.kind == "baseline":
        return "the measure", "–", "–"
    return (
        plan_gain(plan),
        Chance(plan.probability_better),
        Observed(plan.downside, unit),
    )


def plan_table(results: Results, plan: Scenario, name: str) -> Table:
    """What a plan does to each channel that it changes, the largest change first."""
    currency = results.params.currency
    changed = [line for line in plan.plan if line.change] or list(plan.plan)
    lines = sorted(changed, key=lambda line: -abs(line.change))
    rest = len(plan.plan) - len(lines)
    same = f" {count_text(rest, 'channel')} as today." if rest else ""
    return Table(
        name,
        f"{plan.title}: weekly spend per channel.{same}",
        (
            Column("Channel"),
            Column(f"Today ({currency} a week)", RIGHT, currency),
            Column(f"Planned ({currency} a week)", RIGHT, currency),
            Column("Change", RIGHT),
            Column("Seen in the past?"),
        ),
        tuple(
            (
                results.channel(line.channel),
                Observed(line.spend_before, currency),
                Observed(line.spend_after, currency),
                signed_money(line.change, currency),
                "no: a guess" if line.extrapolated else "yes",
            )
            for line in lines
        ),
    )


def finding_table(
    results: Results, pairs: Iterable[tuple[Finding, Level]], name: str, caption: str
) -> Table:
    """Check, what was seen, limit, level, what to do."""
    return Table(
        name,
        caption,
        (
            Column("Level"),
            Column("Check"),
            Column("Seen"),
            Column("Limit", RIGHT),
            Column("What to do"),
        ),
        tuple(
            (
                level_mark(level),
                f"{check_name(finding)}: {results.subject(finding.subject)}",
                _sentence(finding.message, finding.meaning),
                limit_text(finding),
                finding.action or "–",
            )
            for finding, level in pairs
        ),
    )


def passed_table(results: Results, findings: Sequence[Finding], name: str, caption: str) -> Table:
    """Passed checks, short."""
    return Table(
        name,
        caption,
        (Column("Check"), Column("Seen"), Column("Limit", RIGHT)),
        tuple(
            (
                f"{check_name(finding)}: {results.subject(finding.subject)}",
                finding.message,
                limit_text(finding),
            )
            for finding in findings
        ),
    )


def check_name(finding: Finding) -> str:
    """Name a check as people do; one that its room does not name, by its own name."""
    known = titles().get(finding.check)
    if known:
        return known
    room, _, check = finding.check.partition(".")
    return f"{ROOMS.get(room, room.capitalize())}: {(check or room).replace('_', ' ')}"


def limit_text(finding: Finding) -> str:
    """Write what a value was held against."""
    if finding.status is Status.NOT_RUN:
        return "did not run"
    if finding.limit is None:
        return "–"
    if isinstance(finding.limit, str):
        return finding.limit
    one = abs(finding.limit) == 1 and finding.unit.isalpha()
    return format_number(finding.limit, finding.unit.removesuffix("s") if one else finding.unit)


def _sentence(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


def design_table(results: Results, tests: Sequence[TestDesign]) -> Table:
    """The tests that answer what a model cannot (R4)."""
    return Table(
        "tests",
        "A first design of the test for each channel; the effect that it could detect is a "
        "share of the outcome (power 80 %, 5 % two-sided).",
        (
            Column("Channel"),
            Column("Test"),
            Column("Weeks", RIGHT),
            Column("Detects from", RIGHT),
            Column("How"),
        ),
        tuple(
            (
                results.channel(test.channel),
                test.kind,
                Observed(test.weeks),
                Observed(test.detectable_share, "share"),
                test.description,
            )
            for test in tests
        ),
    )
