"""The tables of the change log: what moved, and what differs from the last refresh."""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.estimates import mass_text
from mmmlib.refresh.comparison import DataChange, LiftChange, Movement, ParameterChange
from mmmlib.reports.blocks import Column, Observed, Table
from mmmlib.reports.numbers import date_text
from mmmlib.reports.results import Results
from mmmlib.reports.tables import RIGHT

KINDS = {
    "restated": "restated",
    "added": "new",
    "removed": "gone",
    "extended": "new weeks",
}
LONGEST_VALUE = 120


def movement_table(results: Results, movements: Sequence[Movement], name: str) -> Table:
    """Before and after of every number that was compared, the largest movement first."""
    rows = []
    for move in movements:
        told = results.return_words(move.model) if move.quantity == "roi" else None
        before, after = move.before, move.after
        if told is not None:
            before, after = told.estimate(before), told.estimate(after)
        what = f"return per {told.spend}" if told is not None else "contribution"
        rows.append(
            (
                results.channel(move.channel),
                results.model(move.model),
                what,
                before,
                after,
                f"{move.rank_before} → {move.rank_after}",
                "more than noise" if move.beyond_noise else "within noise",
            )
        )
    mass = mass_text(movements[0].after) if movements else ""
    return Table(
        name,
        f"Before and after on the weeks that both refreshes saw, the largest movement first; "
        f"ranges hold {mass}.",
        (
            Column("Channel"),
            Column("Outcome"),
            Column("What"),
            Column("Before", RIGHT),
            Column("Now", RIGHT),
            Column("Place by median", RIGHT),
            Column("Movement"),
        ),
        tuple(rows),
    )


def data_changes_table(results: Results, changes: Sequence[DataChange]) -> Table:
    """Series that were restated, came, went or grew."""
    return Table(
        "data-changes",
        "Series that are not as the last refresh saw them.",
        (
            Column("Series"),
            Column("Change"),
            Column("Values", RIGHT),
            Column("Weeks"),
            Column("Share of its total", RIGHT),
            Column("Largest"),
        ),
        tuple(
            (
                results.subject(change.series),
                KINDS[change.kind],
                Observed(change.cells),
                _weeks(change),
                "–" if change.share is None else Observed(change.share, "share"),
                change.largest or "–",
            )
            for change in changes
        ),
    )


def _weeks(change: DataChange) -> str:
    if change.first is None or change.last is None:
        return "–"
    if change.first == change.last:
        return date_text(change.first)
    return f"{date_text(change.first)} to {date_text(change.last)}"


def lift_changes_table(results: Results, changes: Sequence[LiftChange]) -> Table:
    """Lift tests that came, went or are told differently."""
    return Table(
        "lift-changes",
        "Lift tests that are not as the last refresh was told them; ranges hold 90 %.",
        (Column("Channel"), Column("Outcome"), Column("Test"), Column("Change"), Column("What")),
        tuple(
            (
                results.channel(one.channel),
                results.model(one.model),
                one.test,
                KINDS.get(one.kind, one.kind),
                one.what,
            )
            for one in changes
        ),
    )


def parameter_table(changes: Sequence[ParameterChange], name: str, caption: str) -> Table:
    """Parameters, versions or packages that differ."""
    return Table(
        name,
        caption,
        (Column("What"), Column("Before"), Column("Now")),
        tuple((c.key, _value(c.before), _value(c.after)) for c in changes),
    )


def _value(text: str) -> str:
    if not text:
        return "–"
    if text == "null":
        return "not set"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
