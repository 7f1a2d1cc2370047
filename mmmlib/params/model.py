"""How the model is built and sampled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Positive, Section

YEARS = range(2000, 2050)
"""Years in which a holiday has to occur for its name to be known."""


class Range(Section):
    """A 90 % range: the value would be a surprise outside of it."""

    low: Positive
    high: Positive

    def _faults(self) -> Iterator[str]:
        if self.low >= self.high:
            yield f"low below high, not {self.low:g} and {self.high:g}"


class HolidayCalendar(Section):
    """The public holidays of a country, or of a part of one."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    """ISO code: ``DE``, ``US``."""
    subdivision: str | None = None
    """State, province or canton, by its ISO code: ``BY``, ``CA``."""

    def dates(self, years: Iterable[int]) -> dict[str, list[dt.date]]:
        """Return the days of every holiday, by its English name.

        A day that is moved because a holiday falls on a weekend is not among them.
        """
        from holidays import country_holidays

        calendar = country_holidays(
            self.country, subdiv=self.subdivision, years=years, observed=False, language="en_US"
        )
        dates: dict[str, list[dt.date]] = {}
        for day in calendar:
            for name in calendar.get_list(day):
                dates.setdefault(name, []).append(day)
        return dates

    def _faults(self) -> Iterator[str | KeyProblem]:
        try:
            self.dates([2000])
        except NotImplementedError as error:
            part = f" with the subdivision {self.subdivision}" if self.subdivision else ""
            yield f"a country whose holidays are known, not {self.country}{part} ({error})"


class Holidays(HolidayCalendar):
    """Public holidays whose effects are estimated one by one, and shrunk towards each other."""

    before_days: Annotated[int, Field(ge=0, le=28)] = 0
    after_days: Annotated[int, Field(ge=0, le=28)] = 0
    """Days before and after a holiday that belong to it: shopping ahead, a bridge day after."""
    only: tuple[str, ...] = ()
    """English names of the holidays to use; all of them if not given."""
    regions: dict[str, HolidayCalendar] = Field(default_factory=dict)
    """Regions of the data that keep other holidays."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        faults = list(super()._faults())
        yield from faults
        if self.only and not faults:
            calendars = (self, *self.regions.values())
            known = sorted({name for one in calendars for name in one.dates(YEARS)})
            for number, name in enumerate(self.only):
                if name not in known:
                    expected, near = f"one of {', '.join(known)}", did_you_mean(name, known)
                    yield KeyProblem(("only", number), shown(name), expected, near)


class ModelParams(Section):
    """How the model is built and sampled (A1)."""

    geography: Literal["national", "regional"] = "national"
    """Whether effects are those of the country or of each region, partially pooled."""
    adstock_weeks: Annotated[int, Field(ge=1, le=26)] = 8
    """Weeks after a spend in which it may still work."""
    trend: Literal["none", "linear", "piecewise", "random_walk"] = "random_walk"
    """``piecewise`` may change its slope at each knot, ``random_walk`` its level; how much is
    estimated."""
    trend_knots: Annotated[int, Field(ge=1, le=40)] = 6
    """Places at which the trend may change."""
    seasonality: Annotated[int, Field(ge=0, le=10)] = 3
    """Order of the yearly Fourier terms; 0 for none."""
    holidays: Holidays | None = None
    likelihood: Literal["auto", "normal", "student_t"] = "auto"
    """Distribution of what the model does not explain. ``auto``: normal, and weeks that are far from all
    others are set apart, each with a level of its own; ``normal`` lets every week count;
    ``student_t`` has heavy tails, so that odd weeks count less. An outcome can have its own."""
    noise: Literal["ar1", "independent"] = "ar1"
    """Whether what the model does not explain is correlated from week to week. Demand usually is,
    and ranges that ignore it are too narrow. Counts (``negative_binomial``) are independent."""
    demand_proxy: bool = True
    """Add what the spend of all channels has in common as a regressor of its own, as a proxy for
    unmeasured demand that budgets follow."""
    max_media_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Share of the outcome that all channels together hardly exceed; it keeps the baseline positive."""
    default_roi: Range = Range(low=0.1, high=10.0)
    """Prior 90 % range of a channel's return where the outcome is money."""
    returns_alike: Annotated[float, Field(ge=0, lt=1)] = 0.6
    """How alike the returns of channels without a prior of their own are believed to be: the
    correlation of their logarithms. What the data say of some then tells of the others."""
    form_error: Annotated[float, Field(ge=0, le=1)] = 0.35
    """Spread of the logarithm of a channel's effect beyond what the fit says: the curve and the
    carryover of a channel have one form each, and the truth need not have it. Half of it is common to
    all channels, more where budgets move together. See docs/labels.md."""
    default_share: Range = Range(low=0.005, high=0.25)
    """Prior 90 % range of a channel's share of an outcome that is not money, for a channel with the
    usual spend; for others in proportion to their spend."""
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    """Independent chains of the sampler."""
    tune: Annotated[int, Field(ge=50, le=100_000)] = 600
    """Draws of each chain that are thrown away while the sampler adapts."""
    draws: Annotated[int, Field(ge=50, le=100_000)] = 1000
    """Draws that each chain keeps."""
    target_accept: Annotated[float, Field(gt=0.5, lt=1)] = 0.88
    """How careful the sampler's steps are."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 20260101
    """Start of the random numbers."""
    kept_draws: Annotated[int, Field(ge=100, le=10_000)] = 1000
    """Draws that results are computed from."""

    def _faults(self) -> Iterator[KeyProblem]:
        if self.geography == "national" and self.holidays and self.holidays.regions:
            yield KeyProblem(
                ("holidays", "regions"),
                f"regions ({', '.join(self.holidays.regions)})",
                "none, as model.geography is national",
                "Set model.geography to regional, or remove them.",
            )
