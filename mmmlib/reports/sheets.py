"""The sheets of the workbook of tables: what stands in ``tables.xlsx``, not how it is written.

Every estimate stands in three columns: low, median, high. Units are in the column heads.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmmlib.estimates import Estimate, is_money
from mmmlib.reports.results import Results
from mmmlib.reports.title_block import data_through, period_text

if TYPE_CHECKING:
    import xarray as xr

MONEY, RATIO, SHARE, COUNT = "#,##0", "0.00", "0.0%", "#,##0"
RETURN = "[>=0.001]0.0000;[<=-0.001]-0.0000;0.00E+00"
"""A return in counted things may be far below a thousandth; it never shows as zero."""
MOVED = "[>=100]#,##0;[>=0.001]0.0000;0.00E+00"
"""Returns and contributions in one column."""

type Value = str | float | int | bool | dt.date | None


@dataclass(frozen=True)
class Column:
    """Head of a column and how its numbers are shown."""

    head: str
    number: str = ""


@dataclass(frozen=True)
class Sheet:
    """One table of the workbook."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


def sheets(results: Results) -> list[Sheet]:
    """Return the sheets of a run, in their order; empty tables are left out."""
    made = [
        _about(results),
        _channels(results),
        _lift_tests(results),
        _scenarios(results),
        _plans(results),
        _movements(results),
        _data_changes(results),
        _parameter_changes(results),
        _findings(results),
    ]
    return [sheet for sheet in made if sheet.rows]


# --- sheets --------------------------------------------------------------------------


def _about(results: Results) -> Sheet:
    params, run = results.params, results.run
    gates = results.gates
    rows = [
        ("Workbook", params.title),
        ("Leading outcome", results.model(params.primary)),
        ("Period", period_text(run.manifest.period)),
        ("Data through", data_through(run)),
        ("Serves", params.audience.serves),
        *(("May support", text) for text in params.audience.supports),
        *(("May not support", text) for text in params.audience.not_for),
        ("Release status", str(gates.release) if gates else "DRAFT"),
        ("Run", run.name),
        (
            "Ranges",
            "low to high holds 90 % of the posterior draws; median is their middle",
        ),
    ]
    return Sheet("About", (Column("What"), Column("Value")), tuple(rows))


def _channels(results: Results) -> Sheet:
    """Contribution and return of every channel, model by model, the largest first."""
    from mmmlib.model.effects import contribution, roi, share

    rows: list[tuple[Value, ...]] = []
    for model, effects in results.effects.items():
        unit, per = effects.attrs["outcome_unit"], effects.attrs["return_unit"]
        parts = {
            "contribution": contribution(effects),
            "share": share(effects),
            "roi": roi(effects),
            "marginal": effects["marginal_roi"],
        }
        spend = effects["spend"].sum("week")
        order = parts["contribution"].median("draw").argsort().to_numpy()[::-1]
        for place in order:
            name = str(effects["channel"].to_numpy()[place])
            rows.append(
                (
                    results.model(model),
                    results.channel(name),
                    float(spend[place]),
                    unit,
                    *_draws(parts["contribution"], place),
                    *_draws(parts["share"], place),
                    per.replace("/", " per "),
                    *_draws(parts["roi"], place),
                    *_draws(parts["marginal"], place),
                    str(results.claim(model, name).label),
                )
            )
    currency = results.params.currency
    columns = (
        Column("Outcome"),
        Column("Channel"),
        Column(f"Spend, {currency}", MONEY),
        Column("Unit of contribution"),
        *_range("Contribution", MONEY),
        *_range("Share of outcome", SHARE),
        Column("Unit of return"),
        *_range("Return", RETURN),
        *_range("Return of the next unit of money", RETURN),
        Column("Label of the return"),
    )
    return Sheet("Contribution and ROI", columns, tuple(rows))


def _lift_tests(results: Results) -> Sheet:
    """What every lift test saw, and what the model says of it alone and with the tests."""
    rows: list[tuple[Value, ...]] = []
    for model in results.effects:
        experiments = results.lifts(model)
        for one in experiments.tests if experiments else ():
            test = one.test
            rows.append(
                (
                    test.name,
                    results.model(model),
                    results.channel(test.channel),
                    ", ".join(test.where) or "everywhere",
                    test.start,
                    test.end,
                    test.counted_until,
                    test.spend_change,
                    one.measured.unit,
                    test.incremental_outcome,
                    test.standard_error,
                    *_ends(one.alone),
                    *_ends(one.calibrated),
                    one.off_alone,
                    one.off,
                )
            )
    columns = (
        Column("Test"),
        Column("Outcome"),
        Column("Channel"),
        Column("Where"),
        Column("First day"),
        Column("Last day"),
        Column("Counted until"),
        Column(f"Change of spend, {results.params.currency}", MONEY),
        Column("Unit of the outcome"),
        Column("Incremental outcome measured", MONEY),
        Column("Its standard error", MONEY),
        *_range("Model alone", MONEY),
        *_range("Model with tests", MONEY),
        Column("Measured less model alone, standard deviations", RATIO),
        Column("Measured less model with tests, standard deviations", RATIO),
    )
    return Sheet("Lift tests", columns, tuple(rows))


def _scenarios(results: Results) -> Sheet:
    pack = results.scenarios
    currency = results.params.currency
    unit = results.params.outcome_unit(results.params.primary)
    rows: list[tuple[Value, ...]] = [
        (
            scenario.title,
            scenario.kind,
            scenario.spend,
            scenario.spend_change,
            *_ends(scenario.outcome),
            *_ends(scenario.difference),
            *_ends(scenario.net),
            scenario.probability_better,
            scenario.downside,
            str(scenario.label),
            " ".join(scenario.reasons),
            "yes" if pack and scenario.name == pack.recommended else "",
        )
        for scenario in (pack.scenarios if pack else ())
    ]
    shown = MONEY if is_money(unit) else COUNT
    columns = (
        Column("Plan"),
        Column("Kind"),
        Column(f"Spend over the horizon, {currency}", MONEY),
        Column(f"Change of spend, {currency}", MONEY),
        *_range(f"Outcome, {unit}", shown),
        *_range(f"Difference to today's spending, {unit}", shown),
        *_range(f"Net of spend, {currency}", MONEY),
        Column("Probability to beat today's spending", SHARE),
        Column(f"Downside (10th percentile), {currency if is_money(unit) else unit}", shown),
        Column("Label"),
        Column("Why this label"),
        Column("Recommended"),
    )
    return Sheet("Scenarios", columns, tuple(rows))


def _plans(results: Results) -> Sheet:
    currency = results.params.currency
    rows = [
        (
            scenario.title,
            results.channel(line.channel),
            line.spend_before,
            line.spend_after,
            line.change,
            "yes" if line.extrapolated else "no",
        )
        for scenario in (results.scenarios.scenarios if results.scenarios else ())
        for line in scenario.plan
    ]
    columns = (
        Column("Plan"),
        Column("Channel"),
        Column(f"Weekly spend today, {currency}", MONEY),
        Column(f"Weekly spend planned, {currency}", MONEY),
        Column(f"Change, {currency}", MONEY),
        Column("Outside what the past has seen"),
    )
    return Sheet("Plan lines", columns, tuple(rows))


def _movements(results: Results) -> Sheet:
    found = results.comparison.movements if results.comparison else ()
    rows = [
        (
            results.model(move.model),
            results.channel(move.channel),
            "return" if move.quantity == "roi" else move.quantity,
            move.after.unit.replace("/", " per "),
            *_ends(move.before),
            *_ends(move.after),
            move.change,
            move.overlap,
            "yes" if move.beyond_noise else "no",
            move.rank_before,
            move.rank_after,
        )
        for move in sorted(found, key=_size, reverse=True)
    ]
    columns = (
        Column("Outcome"),
        Column("Channel"),
        Column("What moved"),
        Column("Unit"),
        *_range("Last refresh", MOVED),
        *_range("This refresh", MOVED),
        Column("Change of the median", SHARE),
        Column("Overlap of the ranges", SHARE),
        Column("More than noise"),
        Column("Rank last refresh", COUNT),
        Column("Rank this refresh", COUNT),
    )
    return Sheet("Movements", columns, tuple(rows))


def _data_changes(results: Results) -> Sheet:
    found = results.comparison.data_changes if results.comparison else ()
    rows = [
        (
            change.series,
            change.kind,
            change.cells,
            change.first,
            change.last,
            change.share,
            change.largest,
        )
        for change in found
    ]
    columns = (
        Column("Series"),
        Column("Change"),
        Column("Values", COUNT),
        Column("First week"),
        Column("Last week"),
        Column("Share of the series' total", "0.00%"),
        Column("Largest single change"),
    )
    return Sheet("Data changes", columns, tuple(rows))


def _parameter_changes(results: Results) -> Sheet:
    compared = results.comparison
    changes = [
        *(("parameter", change) for change in (compared.parameter_changes if compared else ())),
        *(("code", change) for change in (compared.code_changes if compared else ())),
    ]
    rows = [(kind, change.key, change.before, change.after) for kind, change in changes]
    heads = ("Kind", "Key", "Last refresh", "This refresh")
    return Sheet("Configuration changes", tuple(map(Column, heads)), tuple(rows))


def _findings(results: Results) -> Sheet:
    rows: list[tuple[Value, ...]] = [
        (
            finding.check,
            results.subject(finding.subject),
            str(level),
            str(finding.status).replace("_", " "),
            finding.value,
            finding.limit,
            finding.unit,
            finding.message,
            finding.meaning,
            finding.action,
        )
        for finding, level in results.findings()
    ]
    columns = (
        Column("Check"),
        Column("Subject"),
        Column("Level"),
        Column("Status"),
        Column("Value", "General"),
        Column("Limit", "General"),
        Column("Unit"),
        Column("What was seen"),
        Column("Why it matters"),
        Column("What to do"),
    )
    return Sheet("Findings", columns, tuple(rows))


# --- parts -----------------------------------------------------------------------------


def _range(head: str, number: str) -> tuple[Column, ...]:
    """Three columns of an estimate."""
    return tuple(Column(f"{head}: {end}", number) for end in ("low", "median", "high"))


def _ends(estimate: Estimate | None) -> tuple[Value, ...]:
    if estimate is None:
        return (None, None, None)
    return (estimate.low, estimate.median, estimate.high)


def _draws(values: xr.DataArray, place: int) -> tuple[Value, ...]:
    """Summarise the draws of one channel; empty where it had no spend to return on."""
    draws = values.isel(channel=place).to_numpy()
    if not all(map(math.isfinite, draws)):
        return (None, None, None)
    return _ends(Estimate.from_draws(draws))


def _size(move: Any) -> float:
    """Size of a movement, for the largest first; an unknown one counts as the largest."""
    return abs(move.change) if math.isfinite(move.change) else math.inf
