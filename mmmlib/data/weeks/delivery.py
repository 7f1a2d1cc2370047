"""One source from its place to rows of weeks: opened, held to its contract, named, summed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.breaches import report_unreadable
from mmmlib.data.contract.calendar import week_number
from mmmlib.data.contract.column_types import keeps_unreadable
from mmmlib.data.contract.contracts import Checked, check_contract, effective
from mmmlib.data.contract.duplicates import check_weeks
from mmmlib.data.contract.layout_columns import (
    in_whole_units,
    is_whole_week,
    missing_columns,
    numbers_of,
)
from mmmlib.data.contract.promises import Reads
from mmmlib.data.naming.declared_series import WeeklyAggregation, event_series
from mmmlib.data.naming.naming import name_rows
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.files import stamps
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import CHANGED, Problems, reading
from mmmlib.data.read.relations import Relation
from mmmlib.data.weeks.rates import Rates, refuse_foreign, to_currency, undeclared_currencies
from mmmlib.data.weeks.source_rows import SourceRows, keeps_cells
from mmmlib.data.weeks.weekly import spread_months, to_weekly
from mmmlib.errors import InputError
from mmmlib.params.contract import Contract
from mmmlib.params.source import Source

LEAST = 3
"""Rows, a month apart, from which a source of weeks is taken for one of months."""


@dataclass(frozen=True)
class Opened:
    """A source that is open and was held against its contract.

    Parameters
    ----------
    checked
        See :func:`mmmlib.data.contract.contracts.check_contract`.
    contract
        What it was held against.
    aggregation
        What the parameters take from it; None for everything.
    stamps
        Size and time of change of its files before they were read.
    """

    checked: Checked
    contract: Contract
    aggregation: WeeklyAggregation | None
    stamps: dict[str, tuple[int, int]]


def read_delivery(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    *,
    week_start: str | None = None,
    aggregation: WeeklyAggregation | None = None,
    taxonomy: Taxonomy | None = None,
    rates: Rates | None = None,
    keep_partial: bool = False,
) -> SourceRows | None:
    """Read a source of any size to weeks.

    Parameters
    ----------
    name, source, folder
        See :func:`mmmlib.data.read.opening.open_relation`.
    problems
        Receives what makes the source unusable.
    week_start
        First day of the weeks; Monday if not given.
    aggregation
        Which series are read, and what becomes of them; all columns, and their sums, if not
        given. Of layouts other than wide all series are read.
    taxonomy
        Maps raw names, where the source asks for it.
    rates
        Convert money to the workbook's currency.
    keep_partial
        Keep first and last weeks that the source covers in part.

    Returns
    -------
    SourceRows or None
        None where it is unusable; ``problems`` says why.
    """
    currencies = rates.currencies if rates is not None else ()
    opened = open_source(name, source, folder, problems, week_start, aggregation, currencies)
    if opened is None:
        return None
    return sum_to_weeks(opened, problems, week_start, taxonomy, rates, keep_partial=keep_partial)


def open_source(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    week_start: str | None,
    aggregation: WeeklyAggregation | None,
    currencies: Sequence[str],
) -> Opened | None:
    """Open a source and hold it against its contract; see :func:`read_delivery`.

    Parameters
    ----------
    week_start
        First day of the weeks, as far as it is known before sources are read.
    currencies
        Those that a rate is known of.
    """
    relation = open_relation(name, source, folder, problems)
    if relation is None:
        return None
    before = stamps(relation.files)
    lacking = missing_columns(name, source, relation.columns)
    for one in lacking:
        problems.take(relation.label, one)
    if lacking:
        return None
    relation = relation.without(source.date_column, source.leave_out)
    reads, variables = Reads(), None
    if aggregation is not None:
        variables = aggregation.numbers if source.layout == "wide" else None
        sums = aggregation.numbers - aggregation.means
        reads = Reads(aggregation.numbers, sums, aggregation.not_negative)
    numbers = numbers_of(source, relation.columns, variables)
    contract = effective(source, relation.columns, numbers)
    try:
        checked = check_contract(relation, contract, week_start, currencies, reads)
    except InputError as error:
        problems.collect(error, relation.label)
        return None
    months = _undeclared_months(source, checked)
    if months:
        problems.add(relation.label, f"column {source.date}", months, "a row every week", _MONTHS)
        return None
    if checked.table is None or checked.unreadable:
        report_unreadable(checked.breaches, relation, problems)
    return None if checked.table is None else Opened(checked, contract, aggregation, before)


def _refuse_unnamed(
    relation: Relation, variables: Collection[str], aggregation: WeeklyAggregation
) -> None:
    """Refuse a wide source that is summed though the parameters name no column of it."""
    source, known = relation.source, relation.columns
    named = {*numbers_of(source, known, variables), *(column for column, _ in aggregation.events)}
    if named & set(known) or keeps_cells(relation):
        return
    taken = {source.date, source.region, source.currency_column}
    others = [name for name in known if name not in taken]
    raise InputError.one(
        source.where,
        "the header",
        f"no column that the parameters name; there are {', '.join(others[:12])}"
        if others
        else "no column of values",
        "one column for every series",
        "Name one of them in a channel, an outcome or a control, or leave the source out."
        if others
        else "",
    )


def _undeclared_months(source: Source, checked: Checked) -> str:
    """Say that the rows of a source of weeks are months; empty where they are not."""
    if not is_whole_week(source) or checked.coverage is None or len(checked.coverage.days) < LEAST:
        return ""
    days = pd.DatetimeIndex(checked.coverage.days.index)
    months = days.to_period("M")
    follow = bool((np.diff(months.astype("int64")) == 1).all())
    one_day = len(set(days.day)) == 1 or bool(days.is_month_end.all())
    if not (follow and one_day):
        return ""
    return f"{len(days)} months, {days[0].date()} to {days[-1].date()}"


_MONTHS = (
    "If a row is a month, declare 'grain: month' on the source: what adds up is spread over the days "
    "of its month, a level is held. Weeks of one month are then alike; better ask for weeks."
)


def sum_to_weeks(
    opened: Opened,
    problems: Problems,
    week_start: str | None,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
    *,
    keep_partial: bool,
) -> SourceRows | None:
    """Name the rows of an open source and sum them to weeks; see :func:`read_delivery`."""
    files = opened.stamps
    try:
        rows = _sum(opened, problems, week_number(week_start), taxonomy, rates, keep_partial)
    except InputError as error:
        problems.collect(error, opened.checked.relation.label)
        return None
    changed = [file for file, stamp in stamps(files).items() if files[file] != stamp]
    for file in changed:
        problems.add(file, *CHANGED)
    return None if changed else rows


def _sum(
    opened: Opened,
    problems: Problems,
    start: int,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
    keep_partial: bool,
) -> SourceRows | None:
    checked, contract = opened.checked, opened.contract
    relation, table = checked.relation, checked.table
    assert table is not None
    assert checked.day is not None  # its column is one that no layout can do without
    source, label = relation.source, relation.label
    coverage = checked.coverage and replace(checked.coverage, start=start)
    by_week, whole = is_whole_week(source), not (checked.unreadable or problems.of(label))
    with reading(label):
        again = check_weeks(table, relation, start)
    if again:
        report_unreadable(again, relation, problems)
        if not keeps_unreadable(relation):
            return None
    table = in_whole_units(table, source, contract)
    table = to_currency(table, relation.name, source, contract, rates)
    aggregation = opened.aggregation or WeeklyAggregation(frozenset(), frozenset(), ())
    variables = None
    if opened.aggregation is not None and source.layout == "wide":
        variables = aggregation.numbers | aggregation.beside
        _refuse_unnamed(relation, variables, aggregation)
    marks = {event_series(*event): event[0] for event in aggregation.events}
    weekly_events = set(marks) if source.grain == "week" else set()
    with reading(label):
        naming = name_rows(table, relation.name, source, taxonomy, variables, aggregation.events)
        codes = undeclared_currencies(relation)
        rows = naming.rows
        if source.grain == "month":
            rows = spread_months(rows, aggregation.means | set(marks))
        weekly = to_weekly(
            rows,
            start,
            # The rows of a CRM export are of two days, creation and closing; a month's of all.
            None if source.layout == "crm_pipeline" or source.grain == "month" else coverage,
            aggregation.means | weekly_events,
            set(marks) - weekly_events,
            aggregation.sums,
            aggregation.whole,
            aggregation.every_day,
            by_channel=source.layout == "master_flat_file",
            happened=source.grain == "event",
            as_delivered=by_week,
        )
    taken = aggregation.money & set(weekly["series"])
    refuse_foreign(relation.name, source, contract, rates, taken)
    if source.grain == "week":
        weekly = weekly.assign(partial=False)  # a row is a whole week, on whatever day it is dated
    if not keep_partial:
        weekly = weekly[~weekly["partial"]]
    lost = weekly[weekly["region"] == ""]
    if len(lost) and whole:
        one = lost.iloc[0]
        problems.add(
            label,
            f"column {source.region_column}",
            f"no region in {len(lost)} sums by week, the first of {one['series']} in the week of "
            f"{one['week'].date()}",
            "the name of a region, of the file or by a rule of the taxonomy",
            "Fill in the regions, or add a rule with 'region' for these names.",
        )
        return None
    weekly = weekly[weekly["region"] != ""]
    if weekly.empty and whole and not (by_week and source.layout == "wide"):
        problems.add(label, "the rows", "no whole week", "rows of one week or more")
        return None
    weekly = weekly.set_axis(pd.RangeIndex(1, len(weekly) + 1, name="row"))
    days = None if checked.coverage is None else pd.DatetimeIndex(checked.coverage.days.index)
    if days is not None and source.grain == "month":
        days = days + pd.offsets.MonthEnd(0)
    return SourceRows(
        relation,
        checked.day,
        weekly,
        naming,
        checked.breaches,
        checked.rows,
        None if days is None or days.empty else pd.Timestamp(days.max()),
        None if source.layout == "crm_pipeline" else coverage,
        whole,
        marks,
        codes,
    )
