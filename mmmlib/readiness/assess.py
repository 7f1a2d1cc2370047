"""The verdict: may a model be fitted, and if not, what instead? (R4)"""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, Level, at_least, judge, none_of, not_run, worst
from mmmlib.params import Params
from mmmlib.readiness.design import design_test, left_out_sentence
from mmmlib.readiness.history import HISTORY, check_history, check_outcomes
from mmmlib.readiness.signal import check_signal
from mmmlib.readiness.variation import (
    YEAR,
    Judged,
    check_separation,
    check_variation,
    variation_table,
)
from mmmlib.readiness.verdict import Readiness, TestDesign, Verdict

__all__ = ["assess"]

RANK = (Verdict.READY, Verdict.CAVEATS, Verdict.NOT_READY)
MOST_TESTS = 3
"""Tests designed where nothing can be fitted: for these many channels, by spend."""


def assess(panel: Panel, params: Params, blocking: Sequence[Finding] = ()) -> Readiness:
    """Ask whether a model may be fitted to a panel (R1 to R4).

    Parameters
    ----------
    panel
        The panel of the refresh.
    params
        Limits in ``readiness``.
    blocking
        Findings of the data that block by the policy, such as a broken contract.

    Returns
    -------
    Readiness
        Not ready overall where the data blocks, history is too short, the leading outcome is not
        usable, paid channels are too small a part, or no channel can be measured:
        then nothing is fitted. A single channel that cannot be measured leaves the
        workbook ready with caveats. Every channel that is not ready, and the
        largest ones where the whole is not, get the design of a test.

    Examples
    --------
    ::

        run = open_run()
        assess(panel_of(run), params_of(run)).overall
    """
    whole = [
        *check_history(panel, params),
        *check_outcomes(panel, params),
        check_controllable(panel, params),
    ]
    judged = [
        *check_variation(panel, params),
        *check_signal(panel, params),
        *check_separation(panel, params),
    ]
    short = any(f.check == HISTORY and f.level is Level.WARN for f in whole)
    least = Verdict.CAVEATS if short else Verdict.READY
    channels = {name: _worst_verdict(name, judged, least) for name in panel.channels}
    whole.append(_measurable(channels, params))
    findings = (*whole, *(item.finding for item in judged))
    # A test is no answer to broken data: only what the data itself cannot tell gets one.
    alternatives, left_out = _alternatives(panel, params, _overall(whole, channels), channels)
    data = _data(blocking)
    return Readiness(
        overall=_overall([data, *whole], channels),
        channels=channels,
        findings=(data, *findings),
        alternatives=alternatives,
        left_out=left_out,
    )


def check_controllable(panel: Panel, params: Params) -> Finding:
    """Hold the paid share of top-of-funnel activity, over the last year, against its bar (R3).

    Needs the columns ``readiness.top_of_funnel`` and ``paid_top_of_funnel``; where
    they are not declared the finding says so, and does not block.
    """
    limits = params.readiness
    if not {"all", "paid"} <= set(panel.names("funnel")):
        return not_run(
            "readiness.controllable",
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
            "readiness.controllable",
            "workbook",
            case="impossible",
            passed=False,
            value=share,
            limit=1.0,
            message=f"Paid activity ({paid:,.0f}) is not a part of all activity ({everything:,.0f}).",
        )
    weak = share < limits.controllable_limit
    return at_least(
        "readiness.controllable",
        "workbook",
        share,
        limits.controllable_limit if weak else limits.controllable_warn,
        f"{share * 100:.0f} % of the last year's top-of-funnel activity is paid.",
        level=Level.BLOCK if weak else None,
    )


def _data(blocking: Sequence[Finding]) -> Finding:
    sources = ", ".join(dict.fromkeys(finding.subject for finding in blocking))
    return none_of(
        "readiness.data",
        "workbook",
        len(blocking),
        f"The data blocks ({sources}): {blocking[0].message if blocking else ''}",
        "No finding of the data blocks.",
        what_to_do=blocking[0].action if blocking else "",
    )


def _worst_verdict(channel: str, judged: list[Judged], least: Verdict) -> Verdict:
    verdicts = [item.verdict for item in judged if item.finding.subject == channel]
    return max([least, *verdicts], key=RANK.index)


def _measurable(channels: dict[str, Verdict], params: Params) -> Finding:
    lost = [
        params.channel_label(name)
        for name, verdict in channels.items()
        if verdict is Verdict.NOT_READY
    ]
    left = len(channels) - len(lost)
    message = f"{left} of {len(channels)} channels can be measured"
    return judge(
        "readiness.measurable",
        "workbook",
        passed=not lost,
        level=None if left else Level.BLOCK,
        value=float(left),
        limit=float(len(channels)),
        message=f"{message}; not: {', '.join(lost)}." if lost else f"{message}.",
    )


def _overall(whole: list[Finding], channels: dict[str, Verdict]) -> Verdict:
    level = worst(whole)
    if level is Level.BLOCK:
        return Verdict.NOT_READY
    clear = level is Level.INFO and set(channels.values()) == {Verdict.READY}
    return Verdict.READY if clear else Verdict.CAVEATS


def _alternatives(
    panel: Panel, params: Params, overall: Verdict, channels: dict[str, Verdict]
) -> tuple[tuple[TestDesign, ...], str]:
    """The tests to make instead of a model, and what is said of those that would find nothing."""
    # What has no spend cannot be bought more or less of for a test.
    spent = variation_table(panel, params)["total"].dropna()
    spent = spent.sort_values(ascending=False, kind="stable")
    chosen = [str(n) for n in spent.index if channels[str(n)] is Verdict.NOT_READY]
    if overall is Verdict.NOT_READY:
        others = [str(name) for name in spent.index if str(name) not in chosen]
        chosen += others[: max(MOST_TESTS - len(chosen), 0)]
    designs = (design_test(name, panel, params) for name in chosen)
    made = [design for design in designs if design is not None]
    # Of a channel that does not run nothing is believed: what its test can find sets its budget.
    proposed = tuple(one for one in made if one.detects or not spent[one.channel] > 0)
    missed = [params.channel_label(one.channel) for one in made if one not in proposed]
    return proposed, left_out_sentence(missed)
