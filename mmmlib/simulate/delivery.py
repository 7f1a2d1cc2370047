"""A vintage week by week: what the firm's systems told at the time, late and wrong parts too."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmmlib.simulate import b2b_software as firm
from mmmlib.simulate.history import History

CHANNELS, REGIONS = list(firm.CHANNELS), list(firm.REGIONS)


def deliver(history: History, vintage: int, count: int) -> dict[str, pd.DataFrame]:
    """Return what each system tells of every week of a vintage, by the system's name.

    ``media`` (long), ``product``, ``crm`` and ``web`` (wide, by region), ``controls`` (national),
    ``lift_tests``; ``count`` is the number of weeks.
    """
    weeks = history.weeks[:count]
    columns = [truth.column for truth in firm.CHANNELS.values()]
    index = pd.MultiIndex.from_product(
        [columns, REGIONS, weeks], names=["channel", "region", "week"]
    )
    media = pd.DataFrame({"spend": reported_spend(history, vintage, count).ravel()}, index=index)
    grid = pd.MultiIndex.from_product([REGIONS, weeks], names=["region", "week"])
    outcomes = reported_outcomes(history, count)
    tables = {"media": media}
    for row, truth in enumerate(firm.OUTCOMES.values()):
        table = tables.setdefault(truth.file, pd.DataFrame(index=grid))
        values = outcomes[row].ravel()
        table[truth.column] = values.astype("int64") if truth.whole else values
    web = {name: visits[:, :count].ravel() for name, visits in history.visits.items()}
    tables["web"] = pd.DataFrame(web, index=grid)
    people = list(firm.TARGET_COMPANIES.values())
    tables["web"]["target_companies"] = np.repeat(people, count)
    files = {name: _by_week(table.reset_index()) for name, table in tables.items()}
    controls = {name: values[:count] for name, values in history.controls.items()}
    files["controls"] = pd.DataFrame({"week": weeks, **controls})
    files["lift_tests"] = lift_test_table(history, vintage)
    return files


def differences(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """List every value that two deliveries tell differently for the same week.

    Columns are ``system``, ``series``, ``region``, ``week``, ``before`` and ``after``.
    """
    parts = []
    for system, table in before.items():
        if system != "lift_tests":
            vintages = [_melted(table, system), _melted(after[system], system)]
            both = pd.concat(vintages, axis=1, join="inner", keys=["before", "after"]).droplevel(
                1, axis=1
            )
            parts.append(both[both["before"] != both["after"]])
    return pd.concat(parts).reset_index()


def reported_spend(history: History, vintage: int, count: int) -> np.ndarray:
    """Spend as a vintage tells it: the newest invoices are estimates; (channel, region, week)."""
    spend = history.spend[..., :count].copy()
    rng = history.rng(f"invoices {vintage}")
    for name in firm.LATE_INVOICES:
        newest = spend[CHANNELS.index(name), :, -firm.INVOICE_WEEKS :]
        newest *= np.exp(rng.normal(0, firm.INVOICE_ERROR, newest.shape))
    channel, region, first, lasting, factor, right_from = firm.FEES
    if vintage < right_from:
        start = history.at(first)
        series = spend[CHANNELS.index(channel), REGIONS.index(region)]
        series[start : start + lasting] *= factor
    return np.round(spend, 2)


def reported_outcomes(history: History, count: int) -> np.ndarray:
    """Outcomes as a vintage tells them: the newest deals are not all booked yet."""
    outcome = history.outcome[..., :count].copy()
    booked = np.array(firm.LATE_BOOKINGS)[::-1]
    for row, truth in enumerate(firm.OUTCOMES.values()):
        if truth.file == "crm":
            newest = outcome[row, :, -len(booked) :]
            newest[:] = np.round(newest * booked, 0 if truth.whole else 2)
    return outcome


def lift_test_table(history: History, vintage: int) -> pd.DataFrame:
    """Results of the geo tests that a vintage has.

    ``spend_change`` is all money that was added to (or taken from) the region in the window,
    ``incremental_outcome`` what the window's outcome gained by it, seen with ``standard_error``.
    """
    rows = []
    for number, test in enumerate(firm.LIFT_TESTS):
        if test.vintage > vintage:
            continue
        start = history.at(test.start)
        window = slice(start, start + test.weeks)
        row, column = CHANNELS.index(test.channel), REGIONS.index(test.region)
        tested = history.spend.copy()
        tested[row, column, window] *= 1 + test.change
        change = (tested - history.spend)[row, column, window].sum()
        gain = history.activity(test.model, tested) - history.activity(test.model, history.spend)
        model = list(firm.OUTCOMES).index(test.model)
        lift = history.coefficient[model, row, column] * gain[row, column, window].sum()
        error = test.precision * abs(lift)
        seen = history.rng(f"lift test {number}").normal(lift, error)
        outcome, _, motion = test.model.partition(".")
        rows.append(
            {
                "test": f"{test.channel}_{test.region}_{test.start}",
                "channel": test.channel,
                "region": test.region,
                "outcome": outcome,
                "motion": motion,
                "start": history.weeks[start],
                "end": history.weeks[start + test.weeks - 1] + pd.Timedelta(days=6),
                "spend_change": round(float(change), 2),
                "incremental_outcome": round(float(seen), 2),
                "standard_error": round(float(error), 2),
            }
        )
    return pd.DataFrame(rows)


def _by_week(table: pd.DataFrame) -> pd.DataFrame:
    first = ["week", "region"]
    rest = [name for name in table.columns if name not in first]
    return table[first + rest].sort_values(first, kind="stable", ignore_index=True)


def _melted(table: pd.DataFrame, system: str) -> pd.DataFrame:
    """Turn a system's table into one value per series, region and week."""
    if "channel" in table:
        long = table.rename(columns={"channel": "series", "spend": "value"})
    else:
        long = table if "region" in table else table.assign(region="")
        long = long.melt(["week", "region"], var_name="series")
    long = long.assign(system=system, value=long["value"].astype(float))
    return long.set_index(["system", "series", "region", "week"])[["value"]].sort_index()
