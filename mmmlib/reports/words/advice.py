"""What was advised last time and is not any more, in sentences (O5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mmmlib.governance.advice_changes import (
    AdviceChange,
    advice_changes,
    advice_uptake,
    judged_parts,
    uptake_text,
)
from mmmlib.phrases import capital, count_text, listed
from mmmlib.reports.blocks import Prose
from mmmlib.reports.results import Results
from mmmlib.scenarios.labels import probability_text

MOST_REASONS = 2
NO_ADVICE = (
    "This refresh gives no advice, so that of the last one is neither confirmed nor replaced."
)
"""What is said where nothing of a run may be acted on, in place of every label that fell by that."""


def changed_advice(results: Results) -> list[AdviceChange] | None:
    """Lay the advice of both refreshes side by side; None where one of them has none."""
    compared, pack, gates = results.comparison, results.scenarios, results.gates
    if compared is None or not compared.readable or pack is None or gates is None:
        return None
    parent = results.run.parent
    before = None if parent is None else judged_parts(parent)
    if before is None:
        return None
    return advice_changes(before, (pack, gates), compared, results.params)


def advice_sentence(change: AdviceChange) -> Prose:
    """Say what changed, why, and how often chance alone moves the estimate as far."""
    reasons = [capital(reason) for reason in change.reasons[:MOST_REASONS]]
    more = len(change.reasons) - len(reasons)
    why = f" {'. '.join(reasons)}." if reasons else " Nothing that was kept says why."
    if more > 0:
        why += f" {more} more in the scenario pack."
    chance = ""
    if change.chance is not None:
        chance = (
            f" In an unchanged world the return moves at least as far in "
            f"{probability_text(change.chance)} of refreshes."
        )
    subject = capital(change.subject)
    stop = "" if subject.endswith("?") else ":"
    return Prose(
        f"{capital(change.what)} before: {change.before}; now: {change.now}.{why}{chance}",
        lead=f"{subject}{stop}",
    )


def short_advice(changes: Sequence[AdviceChange]) -> Prose:
    """Count what changed for a first page, the proposal by name; the change log has the reasons."""
    proposal = [one for one in changes if one.what == "recommendation"]
    others = len(changes) - len(proposal)
    named = [f"the proposal, which was {one.before}," for one in proposal]
    if others:
        named.append(
            f"{others} more"
            if proposal
            else count_text(others, "label or answer", "labels or answers")
        )
    return Prose(f"{listed(named)}.", lead="Advice that changed:")


def uptake_sentences(results: Results) -> Iterator[Prose]:
    """Say whether what was proposed last time was done since."""
    compared, parent = results.comparison, results.run.parent
    before = None if parent is None else judged_parts(parent)
    if compared is None or compared.last_week is None or before is None or not results.effects:
        return
    spend = results.leading.effects["spend"]
    since = spend.isel(week=spend["week"].to_numpy() > np.datetime64(compared.last_week))
    if not since.sizes["week"]:
        return
    actual = {
        str(name): float(since.sel(channel=name).mean()) for name in since["channel"].to_numpy()
    }
    for one in advice_uptake(before[0], actual):
        yield Prose(uptake_text(one, results.params), lead="What was proposed last time.")
