"""Channels without spend: what each contributed, and when. They have no return."""

from __future__ import annotations

from mmmlib.findings import FindingList
from mmmlib.governance.labels import label_contribution
from mmmlib.governance.verdict import Claim
from mmmlib.reports.blocks import label_mark
from mmmlib.reports.cells import Column, Observed
from mmmlib.reports.quantities import ModelNumbers, UnpaidNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.table import Columns, Table, tabulate

SHOWN = ("Channel", "Label", "Contribution", "Share of outcome", "Half of the effect after")
"""What a page shows of them."""


def unpaid_claim(results: Results, model: str, channel: str) -> Claim:
    """What may be done with a statement on the contribution of a channel without spend."""
    health = FindingList(findings=results.health(model))
    return label_contribution(
        channel, model, results.readiness, health, results.gates, results.params
    )


def unpaid_table(results: Results, numbers: ModelNumbers) -> Table:
    """Make a row for each channel without spend, the largest contribution first."""

    def claim(row: UnpaidNumbers) -> Claim:
        return unpaid_claim(results, numbers.name, row.channel)

    columns: Columns[UnpaidNumbers] = {
        "Channel": lambda row: results.channel(row.channel),
        "Label": lambda row: label_mark(claim(row).label),
        Column("Contribution", numbers.unit): lambda row: row.contribution,
        "Share of outcome": lambda row: row.share,
        "Half of the effect after": lambda row: row.half_life,
        "Exposure": lambda row: Observed(row.exposure),
        "Why": lambda row: " ".join(claim(row).reasons),
    }
    caption = f"{results.model(numbers.name)}: what the channels without spend contributed; ranges hold 90 %."
    return tabulate("unpaid", caption, numbers.unpaid, columns)
