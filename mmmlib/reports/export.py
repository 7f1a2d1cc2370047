"""A run's numbers as tidy tables for BI tools: one fact a row, every table with the same columns.

``facts`` has what is said of the whole window and of plans, ``weeks`` the same week by week. An
estimate has its range and its label; what was counted (spend, an observed outcome) has its value
in ``median`` and no ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from mmmlib.errors import RunError
from mmmlib.estimates import MASS, Estimate
from mmmlib.model.effects import fitted
from mmmlib.model.unpaid import paid_baseline
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.tables.unpaid import unpaid_claim
from mmmlib.reports.words.statements import total_label
from mmmlib.runs import Run, write_with
from mmmlib.scenarios.pack import Label, ScenarioPack

__all__ = ["export_run", "facts_of", "weeks_of"]

COLUMNS = (
    "run",
    "workbook",
    "period",
    "model",
    "channel",
    "plan",
    "quantity",
    "first_week",
    "last_week",
    "low",
    "median",
    "high",
    "mass",
    "unit",
    "label",
)
"""Of every table, in their order; see ``docs/tables.md``."""
Fact = dict[str, Any]


def export_run(
    results: Results, folder: Path, form: Literal["csv", "parquet"] = "csv"
) -> list[Path]:
    """Write ``facts`` and ``weeks`` of a run into a folder.

    Parameters
    ----------
    results
        What the run has.
    folder
        Made if it is not there. Files carry the run's name, so that those of several runs lie
        beside each other.
    form
        ``csv`` (UTF-8, a header line, points in numbers) or ``parquet``.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    RunError
        If no model was fitted in the run.

    Examples
    --------
    ::

        export_run(results_of(open_run()), Path("export"), "parquet")
    """
    if not results.models:
        raise RunError(
            f"{results.run.name}: found no fitted model; expected one at least: there is nothing to "
            f"export. 'mmm show {results.run.name}' says at which step the run stopped."
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in (("facts", facts_of(results)), ("weeks", weeks_of(results))):
        path = folder / f"{results.run.name}.{name}.{form}"

        def write(target: Path, table: pd.DataFrame = table) -> None:
            if form == "csv":
                table.to_csv(target, index=False, lineterminator="\n")
            else:
                table.to_parquet(target, index=False)

        write_with(path, write)
        paths.append(path)
    return paths


def facts_of(results: Results) -> pd.DataFrame:
    """Return what a run says of every model, channel and plan, one fact a row.

    Parameters
    ----------
    results
        What the run has; a part whose step did not run has no rows.

    Returns
    -------
    pandas.DataFrame
        With the columns :data:`COLUMNS`. ``low`` to ``high`` holds ``mass`` of the draws.
    """
    rows = [row for numbers in results.models for row in _of_model(results, numbers)]
    if results.scenarios is not None:
        rows += _of_plans(results.scenarios, results.params.currency)
    return _table(results.run, rows)


def weeks_of(results: Results) -> pd.DataFrame:
    """Return contribution, spend, baseline and outcome of every week, one fact a row.

    Parameters
    ----------
    results
        See :func:`facts_of`.

    Returns
    -------
    pandas.DataFrame
        With the columns :data:`COLUMNS`; ``first_week`` is ``last_week``. Ranges of weeks do not
        add up to those of their sum: take that from :func:`facts_of`.
    """
    rows: list[Fact] = []
    for numbers in results.models:
        effects, model = numbers.effects, {"model": numbers.name}
        for name in map(str, effects["channel"].to_numpy()):
            label = str(results.claim(numbers.name, name).label)
            of, channel = effects.sel(channel=name), model | {"channel": name}
            rows += _weekly("contribution", of["contribution"], numbers.unit, label, channel)
            rows += _weekly("spend", of["spend"], numbers.currency, "", channel)
        for row in numbers.unpaid:
            label = str(unpaid_claim(results, numbers.name, row.channel).label)
            of, channel = effects.sel(unpaid=row.channel), model | {"channel": row.channel}
            rows += _weekly("contribution", of["unpaid_contribution"], numbers.unit, label, channel)
            rows += _weekly("exposure", of["exposure"], "", "", channel)
        rows += _weekly("baseline", paid_baseline(effects), numbers.unit, "", model)
        rows += _weekly("fitted_outcome", fitted(effects), numbers.unit, "", model)
        rows += _weekly("observed_outcome", effects["observed"], numbers.unit, "", model)
    return _table(results.run, rows)


def _of_model(results: Results, numbers: ModelNumbers) -> Iterator[Fact]:
    window = {"first_week": numbers.first_week, "last_week": numbers.last_week}
    model = window | {"model": numbers.name}
    money = numbers.currency
    for one in numbers.channels:
        label = results.claim(numbers.name, one.channel).label
        channel = model | {"channel": one.channel}
        per = numbers.returns.head.replace("\N{NO-BREAK SPACE}", " ")
        yield channel | _counted("spend", one.spend, money)
        yield channel | _estimated("contribution", one.contribution, label)
        yield channel | _estimated("share_of_outcome", one.share, label)
        if one.roi is not None:
            yield channel | _estimated("return", one.roi, label) | {"unit": per}
        yield channel | _estimated("marginal_return", one.marginal, label) | {"unit": per}
        yield channel | _estimated("half_life", one.half_life, label)
        yield channel | _estimated("share_still_to_come", one.to_come, label)
    for row in numbers.unpaid:
        label = unpaid_claim(results, numbers.name, row.channel).label
        channel = model | {"channel": row.channel}
        yield channel | _counted("exposure", row.exposure, "")
        yield channel | _estimated("contribution", row.contribution, label)
        yield channel | _estimated("share_of_outcome", row.share, label)
        yield channel | _estimated("half_life", row.half_life, label)
    label = total_label(results, numbers)
    yield model | _counted("outcome", float(numbers.effects["observed"].sum()), numbers.unit)
    yield model | _counted("spend", float(numbers.effects["spend"].sum()), money)
    yield model | _estimated("contribution", numbers.all_channels, label)
    yield model | _estimated("share_of_outcome", numbers.all_share, label)
    yield model | _estimated("baseline_share", numbers.base_share, label)


def _of_plans(pack: ScenarioPack, money: str) -> Iterator[Fact]:
    last = pack.first_week + dt.timedelta(weeks=pack.weeks - 1)
    for one in pack.scenarios:
        plan = {"plan": one.name, "first_week": pack.first_week, "last_week": last}
        plan["model"] = pack.model
        yield plan | _counted("spend_change", one.spend_change, money)
        yield plan | _estimated("outcome_change", one.difference, one.label)
        if one.net is not None:
            yield plan | _estimated("net_gain", one.net, one.label)
        if not one.cost_open:
            yield plan | _counted("probability_better", one.probability_better, "share")
        for lever in one.levers:
            moved = plan | {"channel": lever.lever}
            yield moved | _estimated("lever_effect", lever.effect, one.label)
            if lever.cost is not None:
                yield moved | _counted("lever_cost", lever.cost, money)
        for line in one.plan:
            channel = plan | {"channel": line.channel}
            yield channel | _counted("weekly_spend", line.spend_after, money)


def _estimated(quantity: str, estimate: Estimate, label: Label) -> Fact:
    ends = estimate.model_dump(include={"low", "median", "high", "mass", "unit"})
    return {"quantity": quantity, "label": str(label)} | ends


def _counted(quantity: str, value: float, unit: str) -> Fact:
    return {"quantity": quantity, "median": value, "unit": unit}


def _weekly(quantity: str, values: xr.DataArray, unit: str, label: str, of: Fact) -> Iterator[Fact]:
    tail = (1 - MASS) / 2
    if "draw" in values.dims:
        draws = values.transpose("draw", "week").to_numpy().astype(float)
        low, middle, high = np.quantile(draws, (tail, 0.5, 1 - tail), axis=0)
        mass: float | None = MASS
    else:
        middle, mass = values.to_numpy().astype(float), None
        low = high = np.full(len(middle), np.nan)
    fact = of | {"quantity": quantity, "mass": mass, "unit": unit, "label": label}
    weeks = pd.DatetimeIndex(values["week"].to_numpy()).date
    for week, *ends in zip(weeks, low, middle, high, strict=True):
        numbers = dict(zip(("low", "median", "high"), ends, strict=True))
        yield fact | {"first_week": week, "last_week": week} | numbers


def _table(run: Run, rows: list[Fact]) -> pd.DataFrame:
    manifest = run.manifest
    head = {"run": run.name, "workbook": manifest.workbook, "period": manifest.period}
    texts = dict.fromkeys(("model", "channel", "plan", "unit", "label"), "")
    numbers = dict.fromkeys(("low", "median", "high", "mass"), np.nan)
    table = pd.DataFrame([texts | numbers | head | row for row in rows], columns=[*COLUMNS])
    return table.astype(dict.fromkeys(numbers, float))
