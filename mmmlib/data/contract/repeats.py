"""Weeks that a source of weeks tells twice, found where its rows are summed.

A sum of the two would double what adds up, and nobody would see it: a row of such a source is
the whole week of its region (and series).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mmmlib.data.naming.layout_cells import day_of, region_of
from mmmlib.data.read.files import FILE
from mmmlib.data.read.problems import CAP, Problems
from mmmlib.data.read.relations import ROW, Relation
from mmmlib.data.weeks.weekly import week_of

if TYPE_CHECKING:
    import ibis.expr.types as ir


def report_repeats(table: ir.Table, relation: Relation, start: int, problems: Problems) -> bool:
    """Report weeks that are there again; only of layouts in which a row is a week's whole value.

    Parameters
    ----------
    table
        The rows, typed as the contract says.
    relation
        The source, open.
    start
        Weekday on which weeks start, 0 for Monday.
    problems
        Receives each of them, or one note where that is how the source is.

    Returns
    -------
    bool
        Whether there are any.
    """
    source = relation.source
    if source.grain != "week" or source.layout not in ("wide", "long") or source.taxonomy:
        return False
    asked = {"week": week_of(day_of(table[source.date]), start), "region": region_of(table, source)}
    if source.layout == "long":
        asked["series"] = table[source.name].cast("string").strip()
    if source.currency_column is not None:  # a week's money may be in several currencies
        asked["money"] = table[source.currency_column]
    place = {key: table[name] for key, name in (("file", FILE), ("row", ROW)) if name in table}
    rows = table.select(**asked, **place)
    groups = rows.group_by(list(asked)).aggregate(n=rows.count())
    total = groups.aggregate(rows=groups.n.sum(), weeks=groups.count()).to_pyarrow().to_pylist()[0]
    again = (total["rows"] or 0) - total["weeks"]
    if not again:
        return False
    series = " of a series" if source.layout == "long" else ""
    if again >= total["rows"] / 2:
        problems.add(
            relation.label,
            f"column {source.date}",
            f"{total['rows']} rows{series} for {total['weeks']} weeks and regions",
            "one row for every week and region",
            "Remove what came twice, sum daily rows to weeks (grain: day does it), or name the "
            "column of regions.",
        )
        return True
    twice = groups.filter(groups.n > 1).order_by(list(asked)).limit(CAP).drop("n")
    found = pd.DataFrame(twice.inner_join(rows, list(asked)).to_pyarrow().to_pydict())
    for key, same in found.groupby(list(asked), dropna=False):
        told = dict(zip(asked, key, strict=True))
        region = f", region '{told['region']}'" if source.region is not None else ""
        of = f" of {told['series']}" if "series" in told else ""
        file, where, first = relation.label, f"column {source.date}", ""
        if "row" in place:
            numbers = [int(number) for number in sorted(same["row"])]
            file = str(same["file"].iloc[0]) if "file" in place else relation.label
            lines = relation.places(file, numbers)
            where = f"row {lines[numbers[-1]]}, {where}"
            first = f" (first in row {lines[numbers[0]]})"
        problems.add(
            file,
            where,
            f"the week of {told['week']}{region}{of} again{first}",
            "every week once",
            "Remove one of the two rows.",
        )
    return True
