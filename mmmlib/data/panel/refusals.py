"""What no panel can be made of: regions, people, spend or an outcome that is not there."""

from __future__ import annotations

from collections.abc import Mapping

from mmmlib.data.naming.declared_series import SUMMED, DeclaredSeries
from mmmlib.data.panel.grid import Calendar, Grid, regions_of
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems, count_of
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.params import Params
from mmmlib.params.messages import did_you_mean


def refuse_national(
    found: Mapping[DeclaredSeries, tuple[SourceRows, str]], problems: Problems
) -> None:
    """Report series of a national source that a regional panel needs by region."""
    for declared, (table, column) in found.items():
        if declared.role in (*SUMMED, "population") and not table.regional:
            problems.add(
                table.path,
                f"column {column} ({declared.key})",
                "a source without regions",
                "one value for every region and week, as model.geography is regional",
                f"Name the region column in data.sources.{table.name}.region, "
                f"or set model.geography to national.",
            )


def refuse_unknown_regions(params: Params, regions: list[str], problems: Problems) -> None:
    """Report regions with holidays of their own that no source has."""
    holidays = params.model.holidays
    for region in holidays.regions if holidays else ():
        if region not in regions:
            problems.add(
                "parameters",
                f"model.holidays.regions.{region}",
                "no such region in the sources",
                f"one of {', '.join(regions)}",
                did_you_mean(region, regions),
            )


def refuse_no_people(
    grids: Mapping[DeclaredSeries, Grid],
    found: Mapping[DeclaredSeries, tuple[SourceRows, str]],
    calendar: Calendar,
    problems: Problems,
) -> None:
    """Report regions without people: nothing can be told per head of them."""
    for declared, grid in grids.items():
        if declared.role != "population":
            continue
        table, column = found[declared]
        none = grid.values <= 0
        for region, weeks in zip(regions_of(table, calendar), none, strict=True):
            if weeks.any():
                problems.add(
                    table.path,
                    f"column {column} ({declared.key}), region '{region}'",
                    f"no people in {count_of(int(weeks.sum()), 'week')}, the first of "
                    f"{calendar.weeks[weeks][0].date()}",
                    "a population of more than zero",
                    "Correct the source, or remove the region from the sources.",
                )


def refuse_empty(
    panel: Panel, found: Mapping[DeclaredSeries, tuple[SourceRows, str]], problems: Problems
) -> None:
    """Report channels without any spend, and outcomes that are zero throughout."""
    first, last = panel.weeks[0].date(), panel.weeks[-1].date()
    for declared, (table, column) in found.items():
        if declared.role not in ("spend", "outcome"):
            continue
        place = f"column {column} ({declared.key})"
        totals = panel.frame.groupby("region", sort=False)[declared.series].agg(
            lambda values: values.abs().sum()
        )
        if declared.role == "spend" and totals.sum() == 0:
            problems.add(
                table.path,
                place,
                f"zero in every week from {first} to {last}",
                "spend in some weeks",
                f"Remove channels.{declared.name}, or correct the source.",
            )
        for region in totals.index[totals == 0] if declared.role == "outcome" else ():
            problems.add(
                table.path,
                place,
                f"no outcome in region '{region}': zero in every week",
                "some outcome in every region",
                "Remove the region from the sources, or correct them.",
            )
