"""What if the budget changed?

The subject of a finding is the workbook, a model, or a scenario's name.
"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "scenarios.scalable": "Channels that an increase can rest on",
    "scenarios.count": "Scenarios to choose from",
    "scenarios.better": "A plan better than the status quo",
    "scenarios.recommendation": "Plans left by readiness and health",
    "scenarios.steady_state": "Carryover followed week by week",
    "scenarios.disagreement": "Models that disagree on a plan",
    "scenarios.model": "Every model projects every plan",
}
"""Every check and its name for people."""
