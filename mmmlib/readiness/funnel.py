"""How much of the top of the funnel is ours to control? (R3)"""

from __future__ import annotations

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, Level, at_least, judge, not_run
from mmmlib.params import Params
from mmmlib.readiness.variation import YEAR

CHECK = "readiness.controllable"


def check_controllable(panel: Panel, params: Params) -> Finding:
    """Hold the paid share of top-of-funnel activity, over the last year, against its bar (R3).

    Needs the columns ``readiness.top_of_funnel`` and ``paid_top_of_funnel``; where
    they are not declared the finding says so, and does not block.
    """
    limits = params.readiness
    if not {"all", "paid"} <= set(panel.names("funnel")):
        return not_run(
            CHECK,
            "workbook",
            "No column measures all and paid top-of-funnel activity. Where little of it is paid, "
            "its signal may be too weak.",
            level=Level.INFO,
            action="Name readiness.top_of_funnel and readiness.paid_top_of_funnel.",
        )
    funnel = panel.array("funnel").isel(week=slice(-YEAR, None)).sum(["region", "week"])
    paid, everything = float(funnel.sel(funnel="paid")), float(funnel.sel(funnel="all"))
    share = paid / everything if everything > 0 else float("nan")
    if not share <= 1:
        return judge(
            CHECK,
            "workbook",
            case="impossible",
            passed=False,
            value=share,
            limit=1.0,
            message=f"Paid activity ({paid:,.0f}) is not a part of all activity ({everything:,.0f}).",
        )
    weak = share < limits.controllable_limit
    return at_least(
        CHECK,
        "workbook",
        share,
        limits.controllable_limit if weak else limits.controllable_warn,
        f"{share * 100:.0f} % of the last year's top-of-funnel activity is paid.",
        level=Level.BLOCK if weak else None,
    )
