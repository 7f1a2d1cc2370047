"""What stands beside a label: what it was worth where the truth is known, and its reasons. (O8)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mmmlib.estimates import span_text
from mmmlib.findings import Reason
from mmmlib.governance.label_rates import label_rates
from mmmlib.governance.labels import STOPPED, UNSETTLED, WIDE
from mmmlib.health.prior_sensitivity import PRIOR
from mmmlib.phrases import capital, listed
from mmmlib.refresh.gate_rates import gate_rates
from mmmlib.reports.blocks import Bullets, Prose
from mmmlib.reports.results import Results
from mmmlib.reports.tables.checks import limit_of
from mmmlib.scenarios.pack import Label


def label_worth(results: Results, shown: Iterable[Label]) -> Bullets:
    """Say of each label that is shown how often it was right, in worlds like this run's where that matters."""
    in_common = results.order_is_hidden(results.params.primary)
    rates, labels = label_rates(in_common=in_common), set(shown)
    return Bullets(
        tuple(
            Prose(rates[one].text(), lead=f"{one.capitalize()}.") for one in Label if one in labels
        )
    )


def reasons_once(results: Results, doubted: Mapping[str, Sequence[Reason]]) -> Iterator[Prose]:
    """Say each reason once, with the channels that it is one of.

    What several channels have in common comes first; where only its numbers differ, these are a range.
    """
    found = [_Of(channel, one) for channel, reasons in doubted.items() for one in reasons]
    kinds: dict[str, list[_Of]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    for alike in kinds.values():
        names = list(dict.fromkeys(one.channel for one in alike))
        if len(names) > 1:
            every = len(names) == len(results.params.paid_channels) and len(names) > 2
            who = "Every channel" if every else listed([results.channel(name) for name in names])
            yield Prose(_in_common(results, alike), lead=f"{who}.")
    for channel in doubted:
        name = results.channel(channel)
        own = [
            _without_name(one.text, name)
            for one in found
            if one.channel == channel and len({o.channel for o in kinds[one.kind]}) == 1
        ]
        if own:
            yield Prose(" ".join(own), lead=f"{name}.")


class _Of(NamedTuple):
    """A reason of a channel."""

    channel: str
    text: Reason

    @property
    def kind(self) -> str:
        """What it has in common with the same reason of another channel."""
        known = self.text.finding is not None or self.text.check in (WIDE, UNSETTLED)
        return self.text.check if known else self.text


def _in_common(results: Results, alike: Sequence[_Of]) -> str:
    """Say what holds of several channels: one text as it is, else the kind and its numbers."""
    first = alike[0]
    if len({one.text for one in alike}) == 1:
        return first.text
    if first.kind == WIDE:
        factor = results.params.governance.wide_ratio
        return f"The ranges are wide: their ends differ by more than a factor of {factor:g}."
    if first.kind == UNSETTLED:
        losing = {row.channel: row.loses for row in results.leading.channels}
        sure = [1 - lost for one in alike if (lost := losing.get(one.channel)) is not None]
        chance = f": probability {span_text(sure, 'share')}" if sure else ""
        return f"Whether they returned more than they cost is not settled{chance}."
    said = [one.text.finding for one in alike if one.text.finding is not None]
    values = [one.value for one in said if isinstance(one.value, float) and one.value == one.value]
    text, seen = said[0].meaning, ""
    if values and isinstance(said[0].limit, float):
        unit = said[0].unit
        seen = f"{span_text(values, unit)} (limit {limit_of(said[0])})"
    if first.kind == PRIOR and seen:
        return (
            f"Their returns are our assumption more than the data: another reasonable prior would "
            f"move them by {seen}."
        )
    text = f"{text} Seen: {seen}." if seen else text
    verdicts = {results.readiness.channels.get(one.channel) for one in alike if results.readiness}
    if first.kind.startswith("readiness.") and len(verdicts) == 1:
        text = f"{str(verdicts.pop()).capitalize()}. {text}"
    return text


def _without_name(reason: str, name: str) -> str:
    """Begin a reason without the name that stands before it already."""
    for opening, instead in ((f"{name} ", "It "), (f"{name}: ", "")):
        if reason.startswith(opening):
            rest = reason.removeprefix(opening)
            return f"{instead}{rest}" if instead else capital(rest)
    return reason


def beside_channels(results: Results, model: str, reasons: Sequence[str]) -> tuple[str, ...]:
    """Leave out the reasons that are those of a channel's label, and name these channels instead.

    That the run as a whole is stopped is said where the document begins.
    """
    claims = {
        name: _not_stopped(results.claim(model, name).reasons)
        for name in results.params.paid_channels
    }
    reasons = _not_stopped(reasons)
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


def _not_stopped(reasons: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in reasons if Reason.read(one).check != STOPPED)


HAPPENED = {
    "restated history": "restated history",
    "taxonomy move": "a taxonomy that moved history",
    "outlier weeks": "weeks far off",
    "level break": "a break of the outcome's level",
    "seasonality shift": "a season that shifts",
    "effect change": "a channel's effect that halves",
    "tracking break": "30 % of a channel's spend no longer reported",
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

    return Prose(
        f"In simulated companies in which nothing happened, {rates.warned} of {rates.refreshes} "
        f"refreshes warned ({span_text((rates.low, rates.high), 'share')}). Within two refreshes it mostly saw "
        f"{named(seen=True)}. It mostly missed {named(seen=False)}: a calm comparison does not say "
        f"that no effect changed.",
        lead="What the comparison with the last refresh is worth.",
    )
