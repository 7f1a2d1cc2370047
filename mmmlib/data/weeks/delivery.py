"""One source from its place to rows of weeks: opened, held to its contract, named, summed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmmlib.data.contract.breaches import Breach, report_unreadable
from mmmlib.data.contract.calendar import Coverage, week_number
from mmmlib.data.contract.column_types import Expression, in_whole_units
from mmmlib.data.contract.contracts import check_contract, effective
from mmmlib.data.contract.duplicates import check_weeks
from mmmlib.data.contract.layout_columns import numbers_of
from mmmlib.data.naming.declared_series import WeeklyAggregation, event_series
from mmmlib.data.naming.naming import Naming, name_rows
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.files import stamps
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import CHANGED, Problems, reading
from mmmlib.data.read.relations import Relation
from mmmlib.data.weeks.rates import Rates, refuse_foreign, to_currency
from mmmlib.data.weeks.weekly import to_weekly
from mmmlib.errors import InputError
from mmmlib.params.source import Source

WEEKLY = {"date": "week", "region": "region", "name": "series", "value": "value"}
"""What the columns of a source are called once it is summed to weeks."""


@dataclass(frozen=True)
class Delivery:
    """A source that was read through expressions.

    Parameters
    ----------
    relation
        The source, open; its rows are held where it is small.
    day
        The expression that reads the day of a row of it.
    breaches
        Promises of its contract that are broken, though the values can be read.
    rows
        How many rows were delivered.
    naming
        How they got their names.
    weekly
        ``week``, ``region``, ``series``, ``value``, ``partial``, ``blank``, ``absent``; see
        :func:`mmmlib.data.weeks.weekly.to_weekly`.
    """

    relation: Relation
    day: Expression
    breaches: tuple[Breach, ...]
    rows: int
    naming: Naming
    weekly: pd.DataFrame
    newest: pd.Timestamp | None = None
    """Day of the newest row, also where its week is not whole yet."""
    coverage: Coverage | None = None
    """The days that it has rows of, where they are all of one day."""


def read_delivery(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    *,
    week_start: str | None = None,
    asked: WeeklyAggregation | None = None,
    taxonomy: Taxonomy | None = None,
    rates: Rates | None = None,
    keep_partial: bool = False,
) -> Delivery | None:
    """Read a source of any size to weeks.

    Parameters
    ----------
    name, source, folder
        See :func:`mmmlib.data.read.opening.open_relation`.
    problems
        Receives what makes the source unusable.
    week_start
        First day of the weeks; Monday if not given.
    asked
        What is declared, and what becomes of it; all columns, and their sums, if not given. Of
        layouts other than wide all series are read.
    taxonomy
        Maps raw names, where the source asks for it.
    rates
        Bring money to the workbook's currency.
    keep_partial
        Keep first and last weeks that the source covers in part.

    Returns
    -------
    Delivery or None
        None where it is unusable; ``problems`` says why.
    """
    relation = open_relation(name, source, folder, problems)
    if relation is None:
        return None
    before = stamps(relation.files)
    try:
        delivery = _read(
            relation, problems, week_start, asked, taxonomy, rates, keep_partial=keep_partial
        )
    except InputError as error:
        for one in error.problems:
            problems.add(
                error.file or relation.label, one.place, one.found, one.expected, one.action
            )
        return None
    changed = [file for file, stamp in stamps(relation.files).items() if before[file] != stamp]
    for file in changed:
        problems.add(file, *CHANGED)
    return None if changed else delivery


def _read(
    relation: Relation,
    problems: Problems,
    week_start: str | None,
    asked: WeeklyAggregation | None,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
    *,
    keep_partial: bool,
) -> Delivery | None:
    source = relation.source
    variables = asked.numbers if asked is not None and source.layout == "wide" else None
    sums = None if asked is None else asked.numbers - asked.means
    asked = asked or WeeklyAggregation(frozenset(), frozenset(), ())
    contract = effective(source, relation.columns, numbers_of(source, relation.columns, variables))
    known = rates.currencies if rates is not None else ()
    checked = check_contract(relation, contract, week_start, known, sums)
    if checked.table is None:
        report_unreadable(checked.breaches, relation, problems)
        return None
    with reading(relation.label):
        again = check_weeks(checked.table, checked.relation, week_number(week_start))
    if again:
        report_unreadable(again, relation, problems)
        return None
    table = in_whole_units(checked.table, source, contract)
    table = to_currency(table, relation.name, source, contract, rates)
    with reading(relation.label):
        naming = name_rows(table, relation.name, source, taxonomy, variables, asked.events)
        # The rows of a CRM export are of two days, creation and closing.
        coverage = None if source.layout == "crm_pipeline" else checked.coverage
        weekly = to_weekly(
            naming.rows,
            week_number(week_start),
            coverage,
            asked.means,
            {event_series(*event) for event in asked.events},
            asked.sums,
            asked.whole,
            asked.every_day,
            by_channel=source.layout == "master_flat_file",
            happened=source.grain == "event",
        )
    taken = asked.money & set(weekly["series"])
    refuse_foreign(relation.name, source, contract, rates, taken)
    if source.grain == "week":
        weekly = weekly.assign(partial=False)  # a row is a whole week, on whatever day it is dated
    if not keep_partial:
        weekly = weekly[~weekly["partial"]].reset_index(drop=True)
    lost = weekly[weekly["region"] == ""]
    if len(lost):
        one = lost.iloc[0]
        problems.add(
            relation.label,
            f"column {source.region_column}",
            f"no region in {len(lost)} sums by week, the first of {one['series']} in the week of "
            f"{one['week'].date()}",
            "the name of a region, of the file or by a rule of the taxonomy",
            "Fill in the regions, or add a rule with 'region' for these names.",
        )
        return None
    if weekly.empty:
        problems.add(relation.label, "the rows", "no whole week", "rows of one week or more")
        return None
    days = None if checked.coverage is None else checked.coverage.days.index
    newest = None if days is None or days.empty else pd.Timestamp(days.max())
    assert checked.day is not None  # or there were no weeks
    return Delivery(
        checked.relation,
        checked.day,
        checked.breaches,
        checked.rows,
        naming,
        weekly,
        newest,
        coverage,
    )
