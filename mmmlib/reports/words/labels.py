"""What stands beside a label: what it was worth where the truth is known, and its reasons. (O8)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mmmlib.estimates import format_number
from mmmlib.governance.label_rates import label_rates
from mmmlib.phrases import listed
from mmmlib.refresh.gate_rates import gate_rates
from mmmlib.reports.blocks import Bullets, Prose
from mmmlib.reports.results import Results
from mmmlib.scenarios.pack import Label


def label_worth(shown: Iterable[Label]) -> Bullets:
    """Say of each label that is shown how often it was right.

    Parameters
    ----------
    shown
        Labels of a section, in any order.
    """
    rates, labels = label_rates(), set(shown)
    return Bullets(
        tuple(
            Prose(rates[one].text(), lead=f"{one.capitalize()}.") for one in Label if one in labels
        )
    )


def reasons_once(results: Results, doubted: Mapping[str, Sequence[str]]) -> Iterator[Prose]:
    """Say each reason once, with the channels that it is one of.

    Parameters
    ----------
    doubted
        Reasons by channel. What several channels have in common comes first.
    """
    channels: dict[str, list[str]] = {}
    for channel, reasons in doubted.items():
        for reason in reasons:
            channels.setdefault(reason, []).append(channel)
    shared = {reason: names for reason, names in channels.items() if len(names) > 1}
    for reason, names in shared.items():
        every = len(names) == len(results.params.paid_channels) and len(names) > 2
        who = "Every channel" if every else listed([results.channel(name) for name in names])
        yield Prose(reason, lead=f"{who}.")
    for channel, reasons in doubted.items():
        own = [reason for reason in reasons if reason not in shared]
        if own:
            yield Prose(" ".join(own), lead=f"{results.channel(channel)}.")


def beside_channels(results: Results, model: str, reasons: Sequence[str]) -> tuple[str, ...]:
    """Leave out the reasons that are those of a channel's label, and name these channels instead."""
    claims = {name: results.claim(model, name).reasons for name in results.params.paid_channels}
    own = tuple(one for one in reasons if not any(one in found for found in claims.values()))
    names = [
        results.channel(name)
        for name, found in claims.items()
        if any(one in reasons for one in found)
    ]
    if len(own) == len(reasons):
        return own
    who = listed(names) if len(names) < len(claims) or len(names) < 3 else "the channels"
    return (
        *own,
        f"What makes the return of {who} unsure holds here, too: see Contribution and ROI.",
    )


HAPPENED = {
    "restated history": "restated history",
    "taxonomy move": "a taxonomy that moved history",
    "outlier weeks": "weeks far off",
    "level break": "a break of the outcome's level",
    "seasonality shift": "a season that shifts",
    "effect change": "a channel's effect that halves",
    "tracking break": "30 % of a channel's spend no longer reported",
    "new channel": "a new channel",
}
MOSTLY = 0.8
"""Share of sequences from which on something is said to be seen."""


def comparison_worth() -> Prose:
    """Say how often the comparison with the last refresh cries wolf, and what it sees."""
    rates = gate_rates()

    def named(*, seen: bool) -> str:
        return listed(
            [
                f"{HAPPENED.get(world, world)} ({found} of {of})"
                for world, (found, of) in rates.seen.items()
                if (found >= MOSTLY * of) is seen
            ]
        )

    low, high = (format_number(one, "share") for one in (rates.low, rates.high))
    return Prose(
        f"In simulated companies in which nothing happened, {rates.warned} of {rates.refreshes} "
        f"refreshes warned ({low} to {high}). Within two refreshes it mostly saw "
        f"{named(seen=True)}. It mostly missed {named(seen=False)}: a calm comparison does not say "
        f"that no effect changed.",
        lead="What the comparison with the last refresh is worth.",
    )
