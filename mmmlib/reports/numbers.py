"""Numbers as people read them: ranges, returns, chances, money, dates."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from mmmlib.estimates import NBSP, PER, Estimate, format_number, is_money


def scaled(estimate: Estimate, factor: float, unit: str) -> Estimate:
    """Return the estimate in another unit; ``factor`` is positive."""
    return estimate.model_copy(
        update={
            name: getattr(estimate, name) * factor
            for name in ("median", "low", "high", "inner_low", "inner_high")
        }
        | {"unit": unit}
    )


@dataclass(frozen=True)
class ReturnWords:
    """How a model's return is told: per one unit of money, or per thousand.

    Parameters
    ----------
    factor
        Multiplies the return of the effects.
    unit
        Unit of the scaled return, for axes and column heads.
    spend
        The money that it is per: ``USD 1``, ``USD 1,000``.
    break_even
        The return at which the money comes back; None where the outcome is not money.
    """

    factor: float
    unit: str
    spend: str
    break_even: float | None

    def estimate(self, estimate: Estimate) -> Estimate:
        """Return the estimate of a return in the unit that it is told in."""
        return scaled(estimate, self.factor, self.unit)

    def sentence(self, estimate: Estimate) -> str:
        """Say a return with its range: "USD 1.4 to 2.1 per USD 1 (90 %)"."""
        told = self.estimate(estimate)
        return f"{told.text(mass=False)} per {self.spend} ({mass_text(told)})"

    @property
    def head(self) -> str:
        """Unit for a column head or an axis: "USD per USD 1"."""
        return f"{self.unit} per {self.spend}"


def return_words(return_unit: str, currency: str) -> ReturnWords:
    """Choose how a return in ``return_unit`` (``USD/USD``, ``signups/USD``) is told."""
    outcome = return_unit.rpartition("/")[0] or return_unit
    if outcome == currency or is_money(outcome):
        even = 1.0 if outcome == currency else None
        return ReturnWords(1.0, outcome, f"{currency}{NBSP}1", even)
    return ReturnWords(PER, outcome, f"{currency}{NBSP}{PER:,.0f}", None)


def mass_text(estimate: Estimate) -> str:
    """Write the probability behind a range: "90 %"."""
    return f"{estimate.mass * 100:.0f}{NBSP}%"


def chance_text(probability: float) -> str:
    """Write a probability: "87 %", at the ends "over 99 %", "under 1 %"."""
    if not math.isfinite(probability):
        return "unknown"
    if probability > 0.99:
        return f"over 99{NBSP}%"
    if probability < 0.01:
        return f"under 1{NBSP}%"
    return f"{probability * 100:.0f}{NBSP}%"


def date_text(day: dt.date) -> str:
    """Write a date: "6 Apr 2026"."""
    return f"{day.day}{NBSP}{day:%b}{NBSP}{day:%Y}"


def money_text(value: float, currency: str) -> str:
    """Write an amount that was paid or is planned."""
    return format_number(value, currency)


def signed_money(value: float, currency: str) -> str:
    """Write a difference of money with its sign: "+USD 1.2 M", "−USD 300 k", "no change"."""
    if value == 0:
        return "no change"
    sign = "+" if value > 0 else "\N{MINUS SIGN}"
    return f"{sign}{format_number(abs(value), currency)}"


def count_text(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun: "1 channel", "3 channels"."""
    return f"{number:,}{NBSP}{one if number == 1 else many or one + 's'}"


def listed(words: list[str]) -> str:
    """Join words as a sentence does: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def month_text(day: dt.date) -> str:
    """Write a month: "Apr 2026"."""
    return f"{day:%b}{NBSP}{day:%Y}"
