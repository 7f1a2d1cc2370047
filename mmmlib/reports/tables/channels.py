"""What each channel cost, contributed and returned; what may be said of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mmmlib.estimates import Estimate, format_range, mass_text, scaled
from mmmlib.governance.verdict import NOT_CLAIMED, Claim, GateResult
from mmmlib.params import Params
from mmmlib.reports.blocks import label_mark
from mmmlib.reports.cells import Cell, Column, Observed, observed
from mmmlib.reports.quantities import ChannelNumbers, ModelNumbers
from mmmlib.reports.table import Columns, Table, tabulate

NEXT = "Return on more spend"
SHOWN = ("Channel", "Label", "Return", NEXT, "Contribution", "Share of outcome", "Spend")
"""What a page shows of the channels."""


def channel_table(
    params: Params,
    numbers: ModelNumbers,
    rows: Sequence[ChannelNumbers],
    gates: GateResult | None = None,
) -> Table:
    """Make a row for each channel of a model: before the fit, after it, and what may be used.

    How to read it: a prior that is stated on an outcome is split over its motions, so that they
    add up to it; the return and the share before the fit are those of this model alone. Together
    the channels cannot cause the whole outcome, which takes the upper end off a high prior. Where
    a share looks absurd, the prior is not what was meant. The return
    on more spend is that of a change of budget at the baseline's spend; it is below the return where
    a channel saturates. Without gates nothing may be inferred of any return.
    """
    returns, currency = numbers.returns, numbers.currency

    def returned(estimate: Estimate | None, nothing: Cell = None) -> Cell:
        return nothing if estimate is None else scaled(estimate, 1.0, returns.head)

    def claim(row: ChannelNumbers) -> Claim:
        return gates.claim(numbers.name, row.channel) if gates else NOT_CLAIMED

    columns: Columns[ChannelNumbers] = {
        "Channel": lambda row: params.channel_label(row.channel),
        Column("Spend", currency): lambda row: Observed(row.spend, currency),
        Column("Contribution", numbers.unit): lambda row: row.contribution,
        "Share of outcome": lambda row: row.share,
        Column("Return", returns.head): lambda row: returned(row.roi, "no spend"),
        Column(NEXT, returns.head): lambda row: returned(row.marginal),
        "Half of the effect after": lambda row: row.half_life,
        "Prior as stated": lambda row: stated_text(numbers, row.channel),
        Column("Return before the fit", returns.head): lambda row: returned(row.prior),
        "Share before the fit": lambda row: row.prior_share,
        "Narrowed by": lambda row: observed(row.narrowed, "share"),
        "Label": lambda row: label_mark(claim(row).label),
        "Why": lambda row: " ".join(claim(row).reasons),
    }
    caption = (
        f"{params.model_label(numbers.name)}: cost, contribution and return of each channel; "
        f"ranges hold {mass_text(numbers.channels[0].contribution)}. More spend is more than "
        f"{numbers.level}."
    )
    return tabulate("channels", caption, rows, columns)


def stated_text(numbers: ModelNumbers, channel: str) -> str | None:
    """Write a prior as the parameter file has it; see :class:`mmmlib.model.priors.Stated`."""
    stated = json.loads(numbers.effects.attrs.get("inputs", "{}")).get("stated", {}).get(channel)
    if stated is None:
        return None
    units = {"roi": str(numbers.effects.attrs["return_unit"]), "cost_per": numbers.currency}
    text = format_range(stated["low"], stated["high"], units.get(stated["kind"], "share"))
    words = {
        "roi": f"return of {text}",
        "cost_per": f"{text} per unit",
        "share": f"{text} of the outcome",
        "default_share": f"{text} of the outcome, at the usual spend",
    }
    over = ", over all motions" if stated["of"] != numbers.name else ""
    return f"{words[stated['kind']]}{over}"


def claim_table(params: Params, gates: GateResult) -> Table:
    """Make a row for each return that the gates judged, with the reasons of its label."""
    columns: Columns[tuple[str, str, Claim]] = {
        "Outcome": lambda row: params.model_label(row[0]),
        "Channel": lambda row: params.channel_label(row[1]),
        "Label": lambda row: label_mark(row[2].label),
        "Why": lambda row: " ".join(row[2].reasons),
    }
    rows = [(model, name, claim) for model, claims in gates.claims.items()
            for name, claim in claims.items()]  # fmt: skip
    caption = "What may be done with each channel's return, wherever it is shown."
    return tabulate("claims", caption, rows, columns)


def rank_table(params: Params, models: Sequence[ModelNumbers]) -> Table:
    """Make a row for each channel with its place by return in every model (M2)."""
    names = [row.channel for row in models[0].by_return if row.roi is not None]
    mass = mass_text(models[0].channels[0].contribution)
    return Table(
        "ranks",
        f"Place of each channel by return, 1 the highest, in each outcome; ranges hold {mass}.",
        (
            Column("Channel"),
            *(Column(params.model_label(model.name)) for model in models),
            Column("Do they agree?"),
        ),
        tuple(
            (
                params.channel_label(name),
                *(model.ranks.get(name, "no spend") for model in models),
                agreement(models, name),
            )
            for name in names
        ),
    )


def agreement(models: Sequence[ModelNumbers], channel: str) -> str:
    """Say whether the ranges of a channel's place meet in all models."""
    ranks = [model.ranks[channel] for model in models if channel in model.ranks]
    if len(ranks) < 2:
        return "one model only"
    if max(rank.low for rank in ranks) <= min(rank.high for rank in ranks):
        return "within their ranges"
    return "they disagree"
