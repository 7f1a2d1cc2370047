"""Numbers with their range: the only way a model's number reaches a report.

An :class:`Estimate` is made from posterior draws and prints as people read it:
``1.4 to 2.1 (90 %)``, ``USD 1.2 M to 1.9 M (90 %)``, ``18 to 24 % (90 %)``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, model_validator

__all__ = ["Estimate", "format_change", "format_number", "format_range", "is_money"]

MASS = 0.9
INNER_MASS = 0.5
MINUS = "\N{MINUS SIGN}"
PER = 1000.0
"""Returns in counted things are stated per this much money: a signup costs more than a dollar."""
SIGNIFICANT = 3
"""Digits that a number shows at most."""
NBSP = "\N{NO-BREAK SPACE}"
LEVELS = {
    "low": (1 - MASS) / 2,
    "inner_low": (1 - INNER_MASS) / 2,
    "median": 0.5,
    "inner_high": (1 + INNER_MASS) / 2,
    "high": (1 + MASS) / 2,
}
"""Probabilities of the numbers of an estimate."""
PLACES = 4
"""Decimals that are enough beside a larger number; a number alone has as many as it needs."""
DUST = 1e-9
"""Anything smaller is a rounding error of zero."""


class Frozen(BaseModel):
    """A value that is kept: never changed, and read back only as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Frozen):
    """Median and equal-tailed intervals of posterior draws.

    Parameters
    ----------
    median, low, high
        The middle, and the ends of the interval that holds ``mass`` of the draws.
    inner_low, inner_high
        Ends of the 50 % interval, drawn as the thick line in figures.
    unit
        ``"USD"`` (any three capitals are money), ``"USD/USD"`` (return per unit
        of money), ``"share"``, ``"weeks"``, or what is counted: ``"signups"``.
    draws
        How many draws it rests on; 0 where it was measured with a standard error.

    Notes
    -----
    How to read it: given the model and the data, the quantity is between
    ``low`` and ``high`` with probability ``mass``.
    """

    median: float
    low: float
    high: float
    inner_low: float
    inner_high: float
    mass: float = MASS
    unit: str = ""
    draws: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        values = (self.low, self.inner_low, self.median, self.inner_high, self.high)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"an estimate must be finite, got {values}")
        if list(values) != sorted(values):
            raise ValueError(f"an estimate's ends must be in order, got {values}")
        return self

    @classmethod
    def from_draws(cls, draws: ArrayLike, unit: str = "") -> Self:
        """Summarise draws of one quantity.

        Parameters
        ----------
        draws
            Of any shape; they are flattened. At least two, all finite. If they are integers (a
            rank, a count), so are the ends of the range.
        unit
            See the class.

        Raises
        ------
        ValueError
            If there are fewer than two draws, or one is not finite.

        Examples
        --------
        >>> Estimate.from_draws([1.0, 2.0, 3.0], "USD/USD").median
        2.0
        """
        whole = np.issubdtype(np.asarray(draws).dtype, np.integer)
        values = np.asarray(draws, dtype=float).ravel()
        if values.size < 2:
            raise ValueError(f"an estimate needs at least two draws, got {values.size}")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ValueError(f"{bad} of {values.size} draws are not finite")
        ends = np.quantile(
            values, list(LEVELS.values()), method="inverted_cdf" if whole else "linear"
        )
        return cls(**dict(zip(LEVELS, ends, strict=True)), unit=unit, draws=values.size)

    @classmethod
    def from_measurement(cls, value: float, standard_error: float, unit: str = "") -> Self:
        """Summarise a measurement with a normal error, such as the result of an experiment."""
        normal = NormalDist(value, standard_error)
        ends = {name: normal.inv_cdf(share) for name, share in LEVELS.items()}
        return cls(**ends, unit=unit, draws=0)

    @property
    def width(self) -> float:
        """High minus low, in the estimate's unit."""
        return self.high - self.low

    def excludes(self, value: float) -> bool:
        """Say whether ``value`` lies outside the outer interval."""
        return not self.low <= value <= self.high

    def rounded(self, value: float) -> float:
        """Round a number of the same draws to the digits that this range is written with."""
        _, _, factor = _unit_parts(self.unit)
        largest = max(abs(self.low), abs(self.high)) * factor
        if not (math.isfinite(largest) and math.isfinite(value)):
            return value
        scale, _ = _magnitude(largest, self.unit)
        return round(value * factor / scale, decimals(largest / scale)) * scale / factor

    def text(self, mass: bool = True) -> str:
        """Write the range as people read it, with the probability behind it."""
        words = format_range(self.low, self.high, self.unit)
        return f"{words} ({self.mass * 100:.0f}{NBSP}%)" if mass else words

    def __str__(self) -> str:
        return self.text()


def log_ratio(value: float, base: float) -> float:
    """Logarithm of a ratio of positive numbers; the ratio itself may be too small or too large."""
    return math.log(value) - math.log(base)


def is_money(unit: str) -> bool:
    """Say whether a unit is money.

    Parameters
    ----------
    unit
        ``USD`` is; ``signups``, ``share`` and ``USD/USD`` are not.

    Returns
    -------
    bool
        Whether it is a currency code of three capitals.
    """
    return len(unit) == 3 and unit.isalpha() and unit.isupper()


def format_number(value: float, unit: str = "") -> str:
    r"""Write one number with its unit, three significant digits at most.

    Parameters
    ----------
    value
        The number, in ``unit``.
    unit
        See :class:`Estimate`.

    Returns
    -------
    str
        As people read it; ``unknown`` where the number is not finite.

    Examples
    --------
    >>> format_number(1_234_567, "USD")
    'USD\xa01.23\xa0M'
    """
    prefix, suffix, factor = _unit_parts(unit)
    scale, letter = _magnitude(abs(value) * factor, unit)
    body = _digits(value * factor / scale)
    return f"{prefix}{body}{letter}{suffix}"


def roughly(value: float) -> float:
    """Round to two digits, as many as the move of a median of a wide range supports.

    Examples
    --------
    >>> roughly(0.3841)
    0.38
    """
    return float(f"{value:.2g}")


def format_change(value: float, unit: str = "") -> str:
    r"""Write a difference with its sign.

    Parameters
    ----------
    value
        The difference, in ``unit``. A relative one (unit ``share``) is not a number where it
        starts from zero.
    unit
        See :class:`Estimate`.

    Returns
    -------
    str
        As people read it.

    Examples
    --------
    >>> format_change(1_200_000, "USD")
    '+USD\xa01.2\xa0M'
    >>> format_change(0.0)
    'no change'
    """
    if value == 0:
        return "no change"
    if math.isnan(value):
        return "from zero" if unit == "share" else "unknown"
    return f"{'+' if value > 0 else MINUS}{format_number(abs(value), unit)}"


def format_range(low: float, high: float, unit: str = "") -> str:
    r"""Write a range with its unit; both ends on one scale.

    Parameters
    ----------
    low, high
        Its ends, in ``unit``.
    unit
        See :class:`Estimate`.

    Returns
    -------
    str
        As people read it, without the probability behind it.

    Examples
    --------
    >>> format_range(0.18, 0.24, "share")
    '18 to 24\xa0%'
    >>> format_range(0.4, 2.25)
    '0.40 to 2.25'
    """
    prefix, suffix, factor = _unit_parts(unit)
    scale, letter = _magnitude(max(abs(low), abs(high)) * factor, unit)
    ends = [value * factor / scale for value in (low, high)]
    # The end that is larger sets the decimals: "−109 to 0.06 k", not "−109 to 0.0602 k".
    most = decimals(max(map(abs, ends)))
    # Beside a larger end a small one is cut at PLACES, but a range never reads "0 to 0".
    texts = [_digits(end, max(most, min(decimals(end, digits=1), PLACES))) for end in ends]
    texts = [_padded(text, max(map(_places, texts))) for text in texts]
    return f"{prefix}{texts[0]} to {texts[1]}{letter}{suffix}"


def span_text(values: Iterable[float], unit: str = "") -> str:
    """Write the span of some values; the value where all of them read alike."""
    found = list(values)
    ends = {format_number(end, unit) for end in (min(found), max(found))}
    return ends.pop() if len(ends) == 1 else format_range(min(found), max(found), unit)


def _unit_parts(unit: str) -> tuple[str, str, float]:
    """Return what stands before and after the number, and what it is multiplied by."""
    if unit == "share":
        return "", f"{NBSP}%", 100.0
    if is_money(unit):
        return f"{unit}{NBSP}", "", 1.0
    numerator, slash, denominator = unit.partition("/")
    if slash and numerator == denominator:
        return "", "", 1.0  # a return: a plain ratio
    if slash and is_money(denominator) and not is_money(numerator):
        return "", f"{NBSP}{numerator} per {denominator}{NBSP}{PER:,.0f}", PER
    if slash:
        return "", f"{NBSP}{numerator} per {denominator}", 1.0
    return "", f"{NBSP}{unit}" if unit else "", 1.0


def _magnitude(size: float, unit: str) -> tuple[float, str]:
    if unit == "share":
        return 1.0, ""
    for scale, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= scale * 0.9995:
            return scale, f"{NBSP}{letter}"
    return 1.0, ""


def decimals(value: float, digits: int = 3) -> int:
    """Count the decimals that show ``digits`` significant digits."""
    if abs(value) < DUST or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _digits(value: float, most: int | None = None) -> str:
    """Write with three significant digits and ``most`` decimals at most, no trailing zeros."""
    if not math.isfinite(value):
        return "unknown"
    if value == 0:
        return "0"
    places = decimals(value)
    text = f"{value:,.{places if most is None else min(places, most)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("-0", "0"):
        return "0"
    return text.replace("-", MINUS)


def _places(text: str) -> int:
    return len(text.partition(".")[2])


def _padded(text: str, places: int) -> str:
    """Give a number as many decimals, unless it would show more than three significant digits."""
    missing = places - _places(text)
    digits = re.sub(r"[^0-9]", "", text).lstrip("0")
    if not text[-1].isdigit() or missing <= 0 or len(digits) + missing > SIGNIFICANT:
        return text
    return f"{text}{'' if '.' in text else '.'}{'0' * missing}"


def scaled(estimate: Estimate, factor: float, unit: str) -> Estimate:
    """Return the estimate in another unit; ``factor`` is positive."""
    numbers = {name: getattr(estimate, name) * factor for name in LEVELS}
    return estimate.model_copy(update={**numbers, "unit": unit})


@dataclass(frozen=True)
class ReturnWords:
    """How a model's return is written: per one unit of money, or per thousand.

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
        """Return the estimate of a return in the unit that it is written in."""
        return scaled(estimate, self.factor, self.unit)

    def text(self, estimate: Estimate) -> str:
        """Write a return with its range: "USD 1.4 to 2.1 per USD 1"."""
        return f"{self.estimate(estimate).text(mass=False)} per {self.spend}"

    def sentence(self, estimate: Estimate) -> str:
        """Say a return with its range: "USD 1.4 to 2.1 per USD 1 (90 %)"."""
        return f"{self.text(estimate)} ({mass_text(estimate)})"

    @property
    def head(self) -> str:
        """Unit for a column head or an axis: "USD per USD 1"."""
        return f"{self.unit} per {self.spend}"


def return_words(return_unit: str, currency: str) -> ReturnWords:
    """Choose how a return in ``return_unit`` (``USD/USD``, ``signups/USD``) is written."""
    outcome = return_unit.rpartition("/")[0] or return_unit
    if outcome == currency or is_money(outcome):
        even = 1.0 if outcome == currency else None
        return ReturnWords(1.0, outcome, f"{currency}{NBSP}1", even)
    return ReturnWords(PER, outcome, f"{currency}{NBSP}{PER:,.0f}", None)


def mass_text(estimate: Estimate) -> str:
    """Write the probability behind a range: "90 %"."""
    return f"{estimate.mass * 100:.0f}{NBSP}%"
