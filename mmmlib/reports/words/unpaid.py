"""Sentences on channels without spend."""

from __future__ import annotations

from mmmlib.phrases import listed
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import Words, outcome_of


def unpaid_sentence(results: Results, numbers: ModelNumbers) -> str:
    """Say what each channel without spend contributed, and that it has no return."""
    outcome = outcome_of(results, numbers.name)
    parts = [
        f"{results.channel(row.channel)} contributed {row.contribution.text(mass=False)}, "
        f"{row.share.text(mass=False)} of {outcome}"
        for row in numbers.unpaid
    ]
    one = len(parts) == 1
    return (
        f"{listed(parts)} (90 %). {'It has' if one else 'They have'} no spend, so no return, and "
        f"{'is' if one else 'are'} in no plan."
    )


def exposure_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the response curves of channels without spend."""
    names = listed([results.short(row.channel) for row in numbers.unpaid])
    outcome = outcome_of(results, numbers.name)
    said = "; ".join(
        f"{results.channel(row.channel)} {row.contribution.text(mass=False)}"
        for row in numbers.unpaid
    )
    return Words(
        f"What {names} would contribute at other exposure",
        f"{numbers.unit} per week over weekly exposure. Grey: exposure that the past has seen; "
        f"dot: mean of the latest weeks; line and bands: median, 50 % and 90 %",
        f"Response curves of channels without spend on {outcome}.",
        f"Weekly {outcome} over weekly exposure. Contributed in all weeks, 90 % ranges: {said}.",
    )
