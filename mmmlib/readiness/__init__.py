"""May a model be fitted to this data?

:data:`CHECKS` names every question that is put to the panel before a model runs
(R1 to R3), in the order in which they are asked; :func:`mmmlib.readiness.assess.assess`
asks them and gives the verdict (R4).
"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "readiness.data": "Data that may be fitted",
    "readiness.history": "Weeks of history",
    "readiness.parameters": "Weeks for the model's parameters",
    "readiness.outcome": "Outcome that can be explained",
    "readiness.controllable": "Paid share of the top of the funnel",
    "readiness.measurable": "Channels that can be measured",
    "readiness.variation": "Spend that varies",
    "readiness.active_weeks": "Weeks with spend",
    "readiness.collinearity": "Channels that move apart",
    "readiness.own_variation": "Variation of its own",
}
"""Every check and its name for people."""
