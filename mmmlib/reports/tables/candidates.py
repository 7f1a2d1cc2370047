"""Specifications that were tried beside the one that was taken: what each says otherwise."""

from __future__ import annotations

from mmmlib.estimates import Estimate, return_words
from mmmlib.params import Params
from mmmlib.refresh.choice import ModelChoice, Tried, share_of_choice
from mmmlib.reports.cells import Cell, Column
from mmmlib.reports.table import Table


def furthest_apart(choice: ModelChoice, one: Tried) -> str | None:
    """Return the channel whose return differs most, beside its range; None where none is in both."""
    shared = [name for name in choice.returns if name in one.returns]

    def apart(name: str) -> float:
        return share_of_choice([choice.returns[name], one.returns[name]])

    return max(shared, key=apart, default=None)


def tried_table(params: Params, choice: ModelChoice) -> Table:
    """Make a row for each candidate: what differs, and the return on which it differs most.

    How to read it: the range of one specification takes it for the true one; where two are far apart,
    what is known of the channel is less than either range says.
    """
    words = return_words(params.return_unit(choice.model), params.currency)

    def row(one: Tried) -> tuple[Cell, ...]:
        name = furthest_apart(choice, one)
        cells: list[Cell] = [
            f"{one.name}: {one.why}",
            "; ".join(one.changes),
            one.trouble or (params.channel_label(name) if name else None),
            words.estimate(choice.returns[name]) if name else None,
            words.estimate(one.returns[name]) if name else None,
        ]
        return (*cells, one.unseen) if unseen else tuple(cells)

    unseen = choice.unseen is not None
    heads = [
        Column("Candidate, and why"),
        Column("What differs"),
        Column("Differs most on"),
        Column(f"Return as taken ({words.head})"),
        Column(f"Return under it ({words.head})"),
    ]
    caption = "Candidates that were tried and not taken; ranges hold 90 %."
    if isinstance(choice.unseen, Estimate):
        heads.append(Column("Error on weeks not seen"))
        caption += f" As taken, weeks that were not shown to the fit are missed by {choice.unseen}."
    return Table("candidates", caption, tuple(heads), tuple(row(one) for one in choice.tried))
