"""The declared sources from their places to rows of weeks: opened, held to their contracts, summed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmmlib.data.contract.calendar import WEEKDAYS, Coverage, week_number
from mmmlib.data.contract.contracts import (
    EVERYTHING,
    Checked,
    check_contract,
    effective,
    keeps_unreadable,
)
from mmmlib.data.contract.declared_series import WeeklyAggregation, weekly_aggregation
from mmmlib.data.contract.duplicates import check_weeks
from mmmlib.data.contract.layout_columns import (
    in_whole_units,
    is_whole_week,
    missing_columns,
    numbers_of,
)
from mmmlib.data.contract.proposal import (
    LAYOUT,
    Proposal,
    propose,
    undeclared,
    undeclared_problem,
)
from mmmlib.data.naming.naming import Naming, name_rows
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.files import hash_each, sha256_of, stamps
from mmmlib.data.read.left_out import without_left_out
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import CHANGED, Problems, reading, report_unreadable
from mmmlib.data.read.relations import Relation, connect
from mmmlib.data.read.repeated import with_repeated
from mmmlib.data.weeks.rates import (
    Rates,
    read_rates,
    refuse_foreign,
    to_currency,
    undeclared_currencies,
)
from mmmlib.data.weeks.source_rows import SourceRows, keeps_cells, text_of_sums
from mmmlib.data.weeks.weekly import to_weekly
from mmmlib.errors import InputError
from mmmlib.params import Params
from mmmlib.params.source import Source
from mmmlib.runs import sha256_json

LEAST = 3
"""Rows, a month apart, from which a source of weeks is taken for one of months."""


def read_sources(
    params: Params, folder: Path, problems: Problems, taxonomy: Taxonomy | None = None
) -> dict[str, SourceRows | None]:
    """Read all declared sources; those that cannot be read are None, and ``problems`` says why.

    Sources of weeks come first: where ``data.week_start`` is not declared, their dates say on
    which day the weeks start to which days and events are summed.
    """
    shared = connect()  # held until all are read
    path = params.data.rates
    rates = read_rates(None if path is None else folder / path, params.currency, problems)
    opened: dict[str, Checked | None] = dict.fromkeys(params.data.sources)
    aggregations = {name: weekly_aggregation(params, name) for name in opened}
    start: str | None = params.data.week_start
    for weeks in (True, False):
        for name, source in params.data.sources.items():
            foreign = source.currency or source.currency_column
            if (source.grain == "week") is weeks and (rates or not foreign):
                opened[name] = open_source(
                    name,
                    source,
                    folder,
                    problems,
                    week_start=start,
                    aggregation=aggregations[name],
                    currencies=rates.currencies if rates else (),
                )
        if weeks:
            start = start or _shared_weekday([one.coverage for one in opened.values() if one])
    tables: dict[str, SourceRows | None] = dict.fromkeys(opened)
    for name, checked in opened.items():
        if checked is not None:
            rows = sum_to_weeks(
                checked,
                problems,
                week_start=start,
                aggregation=aggregations[name],
                taxonomy=taxonomy,
                rates=rates,
                keep_partial=params.data.partial_weeks == "keep",
            )
            tables[name] = None if rows is None else _hashed(rows, folder)
    del shared
    return tables


def _hashed(rows: SourceRows, folder: Path) -> SourceRows:
    """Add the hashes of what was read."""
    files = [Path(file) for file in rows.relation.files if Path(file).is_file()]
    hashes = hash_each(files, folder)
    sha256 = sha256_of(hashes) or sha256_json(text_of_sums(rows.weekly).to_dict("list"))
    return replace(rows, file_hashes=hashes, sha256=sha256)


def _shared_weekday(coverages: list[Coverage | None]) -> str:
    for coverage in coverages:
        days = [] if coverage is None else weekdays_of(coverage)
        if len(days) == 1:
            return WEEKDAYS[days[0]]
    return WEEKDAYS[0]


def weekdays_of(coverage: Coverage) -> list[int]:
    """Weekdays that a source has rows of, 0 for Monday."""
    return sorted(map(int, pd.DatetimeIndex(coverage.days.index).day_of_week.unique()))


# --- one source -----------------------------------------------------------------------------


def open_source(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    *,
    week_start: str | None = None,
    aggregation: WeeklyAggregation = EVERYTHING,
    currencies: Sequence[str] = (),
) -> Checked | None:
    """Open a source and hold it against its contract.

    ``week_start`` is the first day of the weeks, as far as it is known before sources are read;
    ``aggregation`` says which series are read, and what becomes of them (of layouts other than wide
    all are read), and ``currencies`` are those that a rate is known of. None, and ``problems`` say
    why, if it is unusable.
    """

    def opened(declared: Source) -> tuple[Checked | None, Problems]:
        found = Problems(folder)
        return (
            _open_source(name, declared, folder, found, week_start, aggregation, currencies),
            found,
        )

    checked, wrong = opened(source)
    if wrong and source.path and "://" not in source.path:
        proposal = _proposal(source, folder)
        new = undeclared(source, proposal) if proposal else {}
        if proposal and new:  # it is tried, so that only what is wrong beyond it is told one by one
            read, left = opened(source.model_copy(update=new))
            opened_now = checked is None and (read is not None or LAYOUT & set(new))
            if left.count < wrong.count or opened_now:
                problems.take(source.path, undeclared_problem(source, proposal, new))
                checked, wrong = read, left
    problems.join(wrong)
    return checked


def _proposal(source: Source, folder: Path) -> Proposal | None:
    """Look at the files of a source that could not be read; None where they say nothing."""
    try:
        return propose(source, folder)
    except InputError:
        return None  # it was told already, by who was to read it


def _open_source(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    week_start: str | None,
    aggregation: WeeklyAggregation,
    currencies: Sequence[str],
) -> Checked | None:
    """Open a source as it is declared, and hold it against its contract."""
    relation = open_relation(name, source, folder, problems)
    if relation is None:
        return None
    before = stamps(relation.files)
    lacking = missing_columns(name, source, relation.columns)
    for one in lacking:
        problems.take(relation.label, one)
    if lacking:
        return None
    kept = without_left_out(relation, problems)
    whole = kept and with_repeated(kept[0], problems)
    if kept is None or whole is None:
        return None
    relation, left_out = whole, kept[1]
    variables = aggregation.numbers if source.layout == "wide" else None
    numbers = numbers_of(source, relation.columns, variables)
    contract = effective(source, relation.columns, numbers)
    try:
        checked = check_contract(relation, contract, week_start, currencies, aggregation)
        checked = replace(checked, left_out=left_out)
    except InputError as error:
        problems.collect(error, relation.label)
        return None
    months = _undeclared_months(source, checked)
    if months:
        problems.add(relation.label, f"column {source.date}", months, "a row every week", _MONTHS)
        return None
    if checked.table is None or checked.unreadable:
        report_unreadable(checked.breaches, relation.label, problems)
    if checked.table is None:
        return None
    return replace(checked, relation=replace(checked.relation, stamps=before))


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
    checked: Checked,
    problems: Problems,
    *,
    week_start: str | None = None,
    aggregation: WeeklyAggregation = EVERYTHING,
    taxonomy: Taxonomy | None = None,
    rates: Rates | None = None,
    keep_partial: bool = False,
) -> SourceRows | None:
    """Name the rows of an open source (see :func:`open_source`) and sum them to weeks.

    Weeks begin on ``week_start``, Monday if not given; ``taxonomy`` maps raw names, where the
    source asks for it, and ``rates`` convert money to the workbook's currency. ``keep_partial``
    keeps first and last weeks that the source covers in part. None, and ``problems`` say why, if it
    is unusable.
    """
    relation, start = checked.relation, week_number(week_start)
    whole = not (checked.unreadable or problems.of(relation.label))
    try:
        weekly, naming = _named_weeks(checked, problems, start, aggregation, taxonomy, rates)
        with reading(relation.label):
            codes = undeclared_currencies(relation)
    except InputError as error:
        problems.collect(error, relation.label)
        return None
    changed = [
        file for file, stamp in stamps(relation.stamps).items() if relation.stamps[file] != stamp
    ]
    for file in changed:
        problems.add(file, *CHANGED)
    if changed or weekly is None or naming is None:
        return None
    source = relation.source
    if source.grain == "week":
        weekly = weekly.assign(partial=False)  # a row is a whole week, on whatever day it is dated
    if not keep_partial:
        weekly = weekly[~weekly["partial"]]
    if whole and _refuse_lost(weekly, relation, problems):
        return None
    weekly = weekly[weekly["region"] != ""]
    weekly = weekly.set_axis(pd.RangeIndex(1, len(weekly) + 1, name="row"))
    coverage = checked.coverage and replace(checked.coverage, start=start)
    newest = None
    if coverage is not None and len(coverage.days):
        newest = pd.Timestamp(coverage.days.index.max())
        if source.grain == "month":
            newest += pd.offsets.MonthEnd(0)
        elif source.grain == "year_week":
            newest = min(newest + pd.Timedelta(days=6), newest + pd.offsets.YearEnd(0))
    return SourceRows(
        relation=relation,
        weekly=weekly,
        naming=naming,
        breaches=checked.breaches,
        rows=checked.rows,
        newest=newest,
        coverage=None if source.layout == "crm_pipeline" else coverage,
        whole=whole,
        events=aggregation.marks,
        currency_codes=codes,
        left_out=checked.left_out,
    )


def _named_weeks(
    checked: Checked,
    problems: Problems,
    start: int,
    aggregation: WeeklyAggregation,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
) -> tuple[pd.DataFrame | None, Naming | None]:
    """Bring rows to whole units, to the workbook's currency, under their names, and to weeks."""
    relation, contract, table = checked.relation, checked.contract, checked.table
    assert table is not None
    source = relation.source
    with reading(relation.label):
        again = check_weeks(table, relation, start)
        if again:
            report_unreadable(again, relation.label, problems)
            if not keeps_unreadable(relation):
                return None, None
        table = in_whole_units(table, source, contract)
        table = to_currency(table, relation.name, source, contract, rates)
        variables = None
        if source.layout == "wide" and aggregation.numbers is not None:
            variables = aggregation.numbers | aggregation.beside
            _refuse_unnamed(relation, variables, aggregation)
        naming = name_rows(table, relation.name, source, taxonomy, variables, aggregation.events)
        coverage = checked.coverage and replace(checked.coverage, start=start)
        weekly = to_weekly(naming.rows, source, aggregation, start, coverage)
    taken = aggregation.money & set(weekly["series"])
    refuse_foreign(relation.name, source, contract, rates, taken)
    return weekly, naming


def _refuse_lost(weekly: pd.DataFrame, relation: Relation, problems: Problems) -> bool:
    """Report weeks without a region, or no week at all; say whether there are such."""
    source, lost = relation.source, weekly[weekly["region"] == ""]
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
    elif weekly.empty and not (is_whole_week(source) and source.layout == "wide"):
        problems.add(relation.label, "the rows", "no whole week", "rows of one week or more")
    else:
        return False
    return True
