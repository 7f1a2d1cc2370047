"""The comparison as tables for the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from mmmlib.estimates import format_number
from mmmlib.refresh.comparison import Comparison, ParameterChange
from mmmlib.refresh.movement import change_text


def movement_table(
    comparison: Comparison, model: str, quantity: Literal["roi", "contribution"] = "roi"
) -> pd.DataFrame:
    """Return every channel's number then and now, on the common window; largest move first."""
    rows = [
        {
            "channel": move.channel,
            "then": move.before.text(),
            "now": move.after.text(),
            "change": change_text(move.change),
            "overlap": format_number(move.overlap, "share"),
            "more than noise": "yes" if move.beyond_noise else "no",
            "place": f"{move.rank_before} → {move.rank_after}",
        }
        for move in comparison.movements
        if (move.model, move.quantity) == (model, quantity)
    ]
    columns = ["channel", "then", "now", "change", "overlap", "more than noise", "place"]
    return pd.DataFrame(rows, columns=columns)


def data_table(comparison: Comparison) -> pd.DataFrame:
    """Return every series that was restated, came, went or grew."""
    rows = [
        {
            "series": change.series,
            "what": change.kind,
            "values": change.cells,
            "from": change.first,
            "to": change.last,
            "of the series": "" if change.share is None else format_number(change.share, "share"),
            "largest": change.largest,
        }
        for change in comparison.data_changes
    ]
    columns = ["series", "what", "values", "from", "to", "of the series", "largest"]
    return pd.DataFrame(rows, columns=columns)


def change_table(changes: Sequence[ParameterChange]) -> pd.DataFrame:
    """Return parameters or software that differ, then and now."""
    rows = [{"what": one.key, "then": one.before, "now": one.after} for one in changes]
    return pd.DataFrame(rows, columns=["what", "then", "now"])


def lift_change_table(comparison: Comparison) -> pd.DataFrame:
    """Return the lift tests that came, went or are told differently."""
    rows = [
        {"test": one.test, "of": f"{one.model}/{one.channel}", "how": one.kind, "what": one.what}
        for one in comparison.lift_changes
    ]
    return pd.DataFrame(rows, columns=["test", "of", "how", "what"])


def comparison_text(comparison: Comparison) -> str:
    """Say in a sentence what is compared with what."""
    if not comparison.readable:
        return comparison.not_compared
    if not comparison.movements:
        return f"No return can be compared with {comparison.parent}; the findings say why."
    return (
        f"Compared with {comparison.parent} on the {comparison.weeks} weeks that both fitted, "
        f"{comparison.first_week} to {comparison.last_week}."
    )
