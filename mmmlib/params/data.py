"""The section ``data`` of a workbook: its sources, and the rules for what they lack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from mmmlib.params.section import InsidePath, Positive, Section, Share, Slug
from mmmlib.params.source import Gaps, Source, Weekday


class Simulated(Section):
    """Let the data come from a simulated company with known truth."""

    company: Slug
    seed: int = 1
    vintage: Annotated[int, Field(ge=1)] = 1


class DataLimits(Section):
    """Limits of the checks on the data itself (H1, D5)."""

    max_age_days: Annotated[int, Field(ge=1)] = 35
    """How old the newest row of a source may be, where the source does not say."""
    max_imputed_share: Share = 0.02
    """Largest share of filled cells in one series."""
    outlier_distance: Positive = 6.0
    """Robust standard deviations from its neighbours from which a week is an outlier."""
    level_shift: Share = 0.25
    """Lasting move of a series, as a share of its level, that is flagged."""
    zero_run_weeks: Annotated[int, Field(ge=2)] = 8
    """Weeks without spend at the end of the data from which a channel counts as stopped."""
    max_mismatch_share: Share = 0.02
    """Share of weeks in which spend may come without exposure, or exposure without spend."""
    max_unmapped_share: Share = 0.01
    """Share of spend under names that no rule of the taxonomy maps, above which the data blocks."""
    min_automatic_share: Share = 0.8
    """Share of sources, of rows and of spend that should arrive by themselves (D1)."""
    zero_gap_weeks: Annotated[int, Field(ge=2)] = 3
    """Zeros in a row amid a series that is hardly ever zero from which it seems not measured."""


def _auto_or_weeks(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value != "auto" and not (whole and 0 <= value <= 26):  # type: ignore[operator]
        raise ValueError("'auto' or a whole number from 0 to 26")
    return value


class Settling(Section):
    """Which of the youngest weeks still move and stay out of the fit (D4).

    They are kept with the run, as they were seen, and the data's findings name them.
    """

    weeks: Annotated[int | Literal["auto"], BeforeValidator(_auto_or_weeks)] = 0
    """How many weeks at the end of the panel are kept out. ``auto`` learns it, per source, from
    what past runs saw of the same weeks; without past runs nothing is kept out."""
    max_move: Share = 0.02
    """``auto``: share of its value by which a week of some age may still move on average."""
    max_weeks: Annotated[int, Field(ge=1, le=26)] = 8
    """``auto``: never keep out more weeks of a source than this."""


class PriceLevel(Section):
    """A price index; money is brought to the prices of one month of it."""

    path: InsidePath
    """CSV file in ``root`` with the columns ``from`` and ``index``: the level of prices from a
    day on."""
    base: dt.date
    """The day in whose prices money is stated."""


class DataParams(Section):
    """Where the data comes from and how gaps are filled."""

    root: str | None = None
    """Folder of the sources; relative to the working folder."""
    simulated: Simulated | None = None
    sources: dict[Slug, Source] = Field(min_length=1)
    gaps: Gaps = "fail"
    """What to do where a week is missing in a source; filled cells are marked.

    ``zero`` fills spend and exposure only; an outcome is never filled.
    """
    limits: DataLimits = DataLimits()
    week_start: Weekday | None = None
    """First day of the weeks to which days and events are summed; if not given, that of the weekly
    sources, else Monday."""
    partial_weeks: Literal["drop", "keep"] = "drop"
    """What becomes of a first or last week that days or events do not cover whole."""
    taxonomy: InsidePath | None = None
    """File of the taxonomy, beside the parameter file (D3)."""
    rates: InsidePath | None = None
    """CSV file in ``root`` with the columns currency, from, rate: what one unit of a currency is
    worth in the workbook's from a day on."""
    max_rate_age_days: Annotated[int, Field(ge=1)] = 45
    """How old the newest rate (or price index) may be in a week before it counts as missing."""
    price_level: PriceLevel | None = None
    """Bring money to the prices of one day; prices as they were if not given."""
    settling: Settling = Field(
        default=Settling(), validation_alias=AliasChoices("settling", "settle")
    )
    keep_rows_mb: Annotated[float, Field(ge=0)] = 16
    """Megabytes of a source up to which a run keeps its rows as they were delivered. Of a larger
    one it keeps the sums by week and the sha256 of every file. 0 keeps no rows of days or events."""
    lift_tests: InsidePath | None = None
    """Table of lift tests in ``root``, one row per test; see docs/lift_tests.md."""
    population: str | None = None
    """Column with the population of each region, if regions are to be compared per head."""

    def _faults(self) -> Iterator[str]:
        asking = [name for name, source in self.sources.items() if source.taxonomy]
        if asking and self.taxonomy is None:
            yield f"'taxonomy', the file that {', '.join(asking)} asks for"
