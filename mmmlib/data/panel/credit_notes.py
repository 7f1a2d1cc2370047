"""Spend or outcomes below zero that are declared to be money that came back, or what was cancelled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmmlib.data.panel.grid import Calendar
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.source_rows import SourceRows

ROUNDING = 1e-9
"""Share of a credit note that may be left by rounding."""


def credited(
    values: NDArray[np.float64],
    table: SourceRows,
    column: str,
    calendar: Calendar,
    problems: Problems,
) -> NDArray[np.float64]:
    """Take credit notes off the weeks before them, the newest first, so that the sum stays.

    ``values`` have the shape ``(region, week)``; what is below zero came back, and a week without a
    value is NaN. Reported is a credit note of more than there was before it.
    """
    spent = values.copy()
    for region, week in np.argwhere(values < 0):
        note = -values[region, week]
        left, spent[region, week] = note, 0.0
        for earlier in range(week - 1, -1, -1):
            taken = min(left, max(np.nan_to_num(spent[region, earlier]), 0.0))
            spent[region, earlier] -= taken
            left -= taken
        if left > ROUNDING * note:
            problems.add(
                table.path,
                f"the week of {calendar.weeks[week].date()}, column {column}",
                f"a credit note of {note:,.2f}",
                f"no more than the weeks before it have, {note - left:,.2f}",
                "Correct the source, or let the panel begin earlier.",
            )
    return spent
