"""What moved since the last refresh, and is it more than noise?

The subject of a finding is the workbook, a model (``revenue.pooled``), a model's
channel (``revenue.pooled/search``) or a data series (``spend:search``).
"""

from __future__ import annotations

from mmmlib.findings import checks_of


def required_checks(parent: str | None) -> tuple[str, ...]:
    """Return the checks that must have run: only the first one without a parent."""
    return checks_of("refresh") if parent else ("refresh.parent",)
