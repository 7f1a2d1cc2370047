"""What restated history cost, in sentences, and the words of its map (D4, O5)."""

from __future__ import annotations

import math

import pandas as pd

from mmmlib.estimates import format_change, format_number, format_range
from mmmlib.governance.data_debt import NextRestatement, Restated
from mmmlib.monte_carlo import ERRORS
from mmmlib.phrases import capital, count_text, date_text
from mmmlib.refresh.comparison import BridgeStep
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import Words
from mmmlib.scenarios.labels import probability_text

MOST_RETURNS = 2


def restated_cost_sentence(results: Results, one: Restated) -> str:
    """Say what restated history moved in a refresh: returns, all channels, the plan put forward."""
    if not one.series:
        return "No history was restated in this refresh, so it moved nothing."
    if one.returns is None:
        return "What restated history moved is not known: the steps between the refreshes are not."
    moved = [
        f"the return of {results.short(name)} by {format_change(step.shift / before, 'share')}"
        for name, before, step in one.returns[:MOST_RETURNS]
        if before
    ]
    more = len(one.returns) - len(moved)
    first = f"Restated history moved {' and '.join(moved)}" if moved else ""
    first += f", and {count_text(more, 'more return')}" if moved and more else ""
    if not first:
        # Movements of single motions are elsewhere in the section; this is of what leads.
        of = f" on {results.model(results.params.primary)}" if len(results.models) > 1 else ""
        first = f"Restated history moved no return{of} by more than the noise of the draws"
    sentences = [f"{first}."]
    if one.total is not None:
        sentences.append(
            f"What all channels together contributed {_moved(one.total, one.unit, '')}."
        )
    if one.gain is not None:
        what = _moved(one.gain, one.plan_unit, " than it said")
        sentences.append(
            f"At these mean returns the gain of the plan that the last refresh put forward "
            f"({one.plan}) {what}."
        )
    return " ".join(sentences)


def _moved(step: BridgeStep, unit: str, than: str) -> str:
    """Say what a step moved, with two Monte Carlo errors; what is within them is noise."""
    noise = f"± {format_number(ERRORS * step.error, unit)}"
    if abs(step.shift) <= ERRORS * step.error:
        return f"did not move by more than the noise of the draws ({noise})"
    way = "less" if step.shift < 0 else "more"
    return f"is {format_number(abs(step.shift), unit)} {noise} {way}{than}"


def next_text(one: NextRestatement) -> str:
    """Write the range of the next restatement of a source's youngest weeks, with its probability."""
    if len(one.moved) == 1:
        return f"{format_change(one.moved[0], 'share')} the one time that is known: no range yet"
    span = format_range(min(one.moved), max(one.moved), "share")
    return f"{span} ({probability_text(one.chance)})"


def restated_map_words(results: Results, shares: pd.DataFrame, shown: int) -> Words:
    """Words of the map of restated weeks; ``shares`` as :func:`shares_by_week` gives them."""
    series = shares["series"].nunique()
    weeks = shares["week"].nunique()
    first, last = (date_text(week.date()) for week in (shares["week"].min(), shares["week"].max()))
    span = f"in the week of {first}" if weeks == 1 else f"in {weeks} weeks, {first} to {last}"
    names = [results.subject(name) for name in shares["series"].unique()]
    what = names[0] if series == 1 else f"{series} series"
    title = f"{capital(what)} restated {span}"
    rest = f" The {shown} that moved most; the table has all." if series > shown else ""
    worst = shares.iloc[int(shares["share"].abs().argmax())]
    size = worst["share"]
    largest = "from nothing" if math.isinf(size) else f"by {format_change(float(size), 'share')}"
    return Words(
        title,
        f"Each cell is a week; the share of its value that changed.{rest}",
        "Weeks that the last refresh saw otherwise: blue up, orange down, the darker the more. Grey: "
        "as before.",
        f"{title}. The largest: {results.subject(str(worst['series']))}, week of "
        f"{date_text(worst['week'].date())}, {largest}.",
    )
