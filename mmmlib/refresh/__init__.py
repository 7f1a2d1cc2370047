"""What moved since the last refresh, and is it more than noise?

The subject of a finding is the workbook, a model (``revenue.pooled``), a model's
channel (``revenue.pooled/search``) or a data series (``spend:search``).
"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "refresh.parent": "Refresh to compare with",
    "refresh.structure": "Same structure as before",
    "refresh.common_window": "Weeks that both refreshes fitted",
    "refresh.movement": "Movement of returns",
    "refresh.rank": "Order of the channels",
    "refresh.restated": "Restated history",
    "refresh.parameters": "Changed parameters",
    "refresh.lift_tests": "Changed lift tests",
    "refresh.code": "Changed software",
}
"""Every check and its name for people."""


def required_checks(parent: str | None) -> tuple[str, ...]:
    """Return the checks that must have run: only the first one without a parent.

    Parameters
    ----------
    parent
        ``Comparison.parent``: the run that was compared with, None where there is none.
    """
    return tuple(CHECKS) if parent else ("refresh.parent",)
