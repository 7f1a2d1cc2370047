"""What the readiness notebook shows: the verdict in words and as tables."""

from __future__ import annotations

import pandas as pd

from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import format_number
from mmmlib.findings import Status
from mmmlib.params import Params
from mmmlib.readiness.variation import separation_table, variation_table
from mmmlib.readiness.verdict import Readiness, Verdict

MEANING = {
    Verdict.READY: "A model may be fitted.",
    Verdict.CAVEATS: "A model may be fitted; its report has to repeat the caveats below.",
    Verdict.NOT_READY: "No model is fitted. Run the tests below instead.",
}


def verdict_text(readiness: Readiness) -> str:
    """Write the verdict and its reasons, one a line.

    >>> print(verdict_text(Readiness(overall="ready", channels={"tv": "ready"}, findings=())))
    READY. A model may be fitted.
    """
    reasons = [
        f"- {finding.message}"
        for finding in readiness.findings
        if finding.subject not in readiness.channels and finding.status is not Status.OK
    ]
    verdict = readiness.overall
    meaning = MEANING[verdict]
    if verdict is Verdict.NOT_READY and not readiness.alternatives:
        meaning = "No model is fitted. Correct what stands below, and refresh again."
    return "\n".join([f"{verdict.value.upper()}. {meaning}", *reasons])


def channel_table(readiness: Readiness, panel: Panel, params: Params) -> pd.DataFrame:
    """Return one row per channel, the largest first: verdict, what it rests on, and why.

    Returns
    -------
    pandas.DataFrame
        Text columns, indexed by the channel's label. ``flat weeks``, ``weeks with
        spend`` and ``spend`` are of the last year; ``its own`` is the share of its
        variation that nothing else explains.
    """
    moves = variation_table(panel, params).join(separation_table(panel, params))
    moves = moves.sort_values("total", ascending=False, kind="stable")
    rows = {}
    for channel, row in moves.to_dict("index").items():
        name = str(channel)
        rows[params.channels[name].label or name] = {
            "verdict": readiness.channels[name].value,
            "spend": format_number(float(row["total"]), params.currency),
            "weeks with spend": f"{row['active_weeks']} of {row['weeks']}",
            "flat weeks": format_number(float(row["flat_share"]), "share"),
            "its own": format_number(float(row["own_share"]), "share"),
            "why": " ".join(
                finding.message
                for finding in readiness.findings
                if finding.subject == name and finding.status is not Status.OK
            ),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("channel")


def alternatives_table(readiness: Readiness, params: Params) -> pd.DataFrame:
    """Return the tests to run instead; empty where everything is ready."""
    columns = ["channel", "test", "weeks", "finds effects from", "design"]
    rows = [
        (
            params.channels[design.channel].label or design.channel,
            design.kind,
            design.weeks,
            f"{format_number(design.detectable_share, 'share')} of the outcome",
            design.description,
        )
        for design in readiness.alternatives
    ]
    return pd.DataFrame(rows, columns=columns)


def spend_words(readiness: Readiness, params: Params) -> tuple[str, str]:
    """Return title and subtitle of the figure of spend."""
    flat = [
        params.channels[finding.subject].label or finding.subject
        for finding in readiness.findings
        if finding.check == "readiness.variation" and finding.status is not Status.OK
    ]
    count = len(readiness.channels)
    title = (
        f"Spend moved too little in {len(flat)} of {count} channels: {', '.join(flat)}"
        if flat
        else f"Spend moved enough in all {count} channels"
    )
    band = params.readiness.flat_band * 100
    subtitle = (
        f"Weekly spend, {params.currency}; dots: weeks of the last year within "
        f"{band:.0f} % of the channel's level"
    )
    return title, subtitle
