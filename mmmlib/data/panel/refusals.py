"""What no panel can be made of: regions, people, spend or an outcome that is not there."""

from __future__ import annotations

from collections.abc import Mapping

from mmmlib.data.naming.wanted import SUMMED, Wanted
from mmmlib.data.panel.grid import Calendar, Grid, regions_of
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.words import count_of
from mmmlib.data.weeks.source_table import Table


def refuse_national(found: Mapping[Wanted, tuple[Table, str]], problems: Problems) -> None:
    """Report series of a national source that a regional panel needs by region."""
    for wanted, (table, column) in found.items():
        if wanted.role in (*SUMMED, "population") and not table.regional:
            problems.add(
                table.path,
                f"column {column} ({wanted.key})",
                "a source without regions",
                "one value for every region and week, as model.geography is regional",
                f"Name the region column in data.sources.{table.name}.region, "
                f"or set model.geography to national.",
            )


def refuse_no_people(
    grids: Mapping[Wanted, Grid],
    found: Mapping[Wanted, tuple[Table, str]],
    calendar: Calendar,
    problems: Problems,
) -> None:
    """Report regions without people: nothing can be told per head of them."""
    for wanted, grid in grids.items():
        if wanted.role != "population":
            continue
        table, column = found[wanted]
        none = grid.values <= 0
        for region, weeks in zip(regions_of(table, calendar), none, strict=True):
            if weeks.any():
                problems.add(
                    table.path,
                    f"column {column} ({wanted.key}), region '{region}'",
                    f"no people in {count_of(int(weeks.sum()), 'week')}, the first of "
                    f"{calendar.weeks[weeks][0].date()}",
                    "a population of more than zero",
                    "Correct the source, or remove the region from the sources.",
                )


def refuse_empty(
    panel: Panel, found: Mapping[Wanted, tuple[Table, str]], problems: Problems
) -> None:
    """Report channels without any spend, and outcomes that are zero throughout."""
    first, last = panel.weeks[0].date(), panel.weeks[-1].date()
    for wanted, (table, column) in found.items():
        if wanted.role not in ("spend", "outcome"):
            continue
        place = f"column {column} ({wanted.key})"
        totals = panel.frame.groupby("region", sort=False)[wanted.series].agg(
            lambda values: values.abs().sum()
        )
        if wanted.role == "spend" and totals.sum() == 0:
            problems.add(
                table.path,
                place,
                f"zero in every week from {first} to {last}",
                "spend in some weeks",
                f"Remove channels.{wanted.name}, or correct the source.",
            )
        for region in totals.index[totals == 0] if wanted.role == "outcome" else ():
            problems.add(
                table.path,
                place,
                f"no outcome in region '{region}': zero in every week",
                "some outcome in every region",
                "Remove the region from the sources, or correct them.",
            )
