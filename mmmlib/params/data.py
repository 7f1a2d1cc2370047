"""The section ``data``: sources, and rules for what they lack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from mmmlib.params.section import Day, Days, InsidePath, Name, Positive, Section, Share, Slug
from mmmlib.params.source import Gaps, Source, Weekday


class Simulated(Section):
    """Take the data from a simulated company whose true effects are known."""

    company: Slug
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    vintage: Annotated[int, Field(ge=1, le=1000)] = 1


class DataLimits(Section):
    """Limits of the checks on the data (H1, D5)."""

    max_age_days: Days = 35
    """How old the newest row of a source may be, unless the source has a limit of its own."""
    max_imputed_share: Share = 0.02
    """Largest share of filled cells in one series."""
    outlier_distance: Positive = 6.0
    """How many robust standard deviations from its neighbours make a week an outlier."""
    level_shift: Share = 0.25
    """Lasting change of a series, as a share of its level, from which it is flagged."""
    zero_run_weeks: Annotated[int, Field(ge=2, le=520)] = 8
    """After how many weeks without spend at the end of the data a channel counts as stopped."""
    min_spend_share: Positive = 0.001
    """Least share of an outcome in money that all channels together spend; below, and far more so
    below a tenth of it, they are perhaps in another unit."""
    max_spend_share: Positive = 3.0
    """Largest such share."""
    min_spend_per_unit: Positive = 0.001
    """Least spend of all channels per unit of a counted outcome."""
    max_spend_per_unit: Positive = 1_000_000.0
    """Largest such spend."""
    max_mismatch_share: Share = 0.02
    """Share of weeks that may have spend without exposure, or exposure without spend."""
    max_unmapped_share: Share = 0.01
    """Share of spend under names that the taxonomy does not map, above which the data blocks."""
    min_automatic_share: Share = 0.8
    """Share of sources, of rows and of spend that should arrive automatically (D1)."""
    zero_gap_weeks: Annotated[int, Field(ge=2, le=520)] = 3
    """After how many zeros in a row a series that is hardly ever zero seems not to be measured."""


def _auto_or_weeks(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value != "auto" and not (whole and 0 <= value <= 26):  # type: ignore[operator]
        raise ValueError("'auto' or a whole number from 0 to 26")
    return value


class Settling(Section):
    """Which of the youngest weeks are still being restated and stay out of the fit (D4).

    They are kept with the run as they were seen, and a finding names them.
    """

    weeks: Annotated[int | Literal["auto"], BeforeValidator(_auto_or_weeks)] = 0
    """How many weeks at the end of the panel stay out of the fit. ``auto`` learns the number for
    each source from what past runs saw of the same weeks; without past runs it is 0."""
    max_move: Share = 0.02
    """``auto``: by which share of its value a week of a given age may still change on average."""
    max_weeks: Annotated[int, Field(ge=1, le=26)] = 8
    """``auto``: the most weeks of a source that stay out."""


class PriceLevel(Section):
    """A price index, by which money is converted to the prices of one day."""

    path: InsidePath
    """CSV file in ``root`` with the columns ``from`` and ``index``: the level of prices from that
    day on."""
    base: Day
    """The day whose prices money is stated in."""


class DataParams(Section):
    """Where the data comes from, and how gaps are filled."""

    root: str | None = None
    """Folder of the sources, relative to the working folder."""
    simulated: Simulated | None = None
    sources: dict[Slug, Source] = Field(min_length=1)
    gaps: Gaps = "fail"
    """What to do where a source lacks a week; filled cells are marked.

    ``zero`` fills what adds up (spend, exposure, counts); ``carry`` and ``interpolate`` fill levels
    (a price, an index); an outcome is never filled.
    """
    limits: DataLimits = DataLimits()
    week_start: Weekday | None = None
    """First day of the weeks to which days and events add up; if not given, that of the weekly
    sources, else Monday."""
    partial_weeks: Literal["drop", "keep"] = "drop"
    """What becomes of a first or last week that days or events cover only in part."""
    taxonomy: InsidePath | None = None
    """File of the taxonomy, beside the parameter file (D3)."""
    rates: InsidePath | None = None
    """CSV file in ``root`` with the columns ``currency``, ``from`` and ``rate``: what one unit of a
    currency is worth in the workbook's currency from that day on."""
    max_rate_age_days: Days = 45
    """How old the newest rate (or price index) of a week may be before it counts as missing."""
    price_level: PriceLevel | None = None
    """Convert money to the prices of one day; if not given, money stays as it was paid."""
    settling: Settling = Field(
        default=Settling(), validation_alias=AliasChoices("settling", "settle")
    )
    keep_rows_mb: Annotated[float, Field(ge=0)] = 16
    """Size in megabytes up to which a run keeps the rows of a source as they were delivered. Of a
    larger source it keeps the sums per week and the sha256 of every file. 0 keeps no rows of days
    or events."""
    lift_tests: InsidePath | None = None
    """Table of lift tests in ``root``, one row per test; see docs/lift_tests.md."""
    population: Name | None = None
    """Column with the population of each region, to compare regions per head."""

    def _faults(self) -> Iterator[str]:
        mapped = [name for name, source in self.sources.items() if source.taxonomy]
        if mapped and self.taxonomy is None:
            yield f"'taxonomy', the file that maps the names of {', '.join(mapped)}"
