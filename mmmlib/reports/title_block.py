"""What stands at the head of every document: whose it is, of when, and may it be used."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd

from mmmlib.data.panel.panel import PANEL_FILE, panel_file
from mmmlib.estimates import NBSP
from mmmlib.governance.labels import NOT_JUDGED
from mmmlib.governance.verdict import GateResult, Release
from mmmlib.phrases import date_text
from mmmlib.reports.markup import escape
from mmmlib.reports.results import Results
from mmmlib.runs import Run

BANDS = {
    Release.APPROVED: ("good", "\N{BLACK CIRCLE}"),
    Release.LIMITED: ("warn", "\N{BLACK UP-POINTING TRIANGLE}"),
    Release.NOT_APPROVED: ("bad", "\N{BLACK SQUARE}"),
    Release.DRAFT: ("note", "\N{WHITE CIRCLE}"),
}
"""Colour and symbol of every release status."""
BAND_LENGTH = 170
"""Characters that the band may hold; the front page has the whole statement."""
SENTENCES = {
    Release.APPROVED: "Signed off for publication.",
    Release.LIMITED: "For the review group only; some points need review before wider use.",
    Release.NOT_APPROVED: "A gate blocks publication; do not act on this pack.",
    Release.DRAFT: "Gates passed so far; sign-offs are still to come.",
}
"""What the band says where the gates left no sentence of their own."""


def verdict_sentence(gates: GateResult | None) -> str:
    """Return the verdict of the gates, as long as it may be; a run without them is a draft."""
    if gates is None:
        return NOT_JUDGED
    return gates.statement or SENTENCES[gates.release]


def period_text(period: str) -> str:
    """Write a period as people say it: ``Q2 2026``, ``May 2026``."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return f"{part}{NBSP}{year}"
    return f"{dt.date(int(year), int(part), 1):%B}{NBSP}{year}"


def data_through(run: Run) -> str:
    """Return the last day that the panel covers, or say that there is no panel."""
    if not run.has(panel_file(run)):
        return "unknown (no panel was made)"
    weeks = pd.read_parquet(run.artefact(PANEL_FILE), columns=["week"])["week"]
    return date_text((weeks.max() + pd.Timedelta(days=6)).date())


def shortened(text: str, length: int = BAND_LENGTH) -> str:
    """Return as many whole sentences as fit, the first one in any case."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    short = sentences[0]
    for sentence in sentences[1:]:
        if len(short) + 1 + len(sentence) > length:
            break
        short = f"{short} {sentence}"
    return short


def metadata(results: Results) -> dict[str, object]:
    """Return the title block of a run as template variables, every text escaped."""
    run, params, gates = results.run, results.params, results.gates
    manifest, audience = run.manifest, params.audience
    release = gates.release if gates else Release.DRAFT
    kind, symbol = BANDS[release]
    # Who has to sign is never what there is no room for.
    awaiting = gates.awaiting if gates else ""
    verdict = shortened(verdict_sentence(gates), BAND_LENGTH - len(awaiting))
    outcome = f"{results.model(params.primary)} ({params.outcome_unit(params.primary)})"
    return {
        "workbook": escape(params.title),
        "outcome": escape(outcome),
        "period": escape(period_text(manifest.period)),
        "serves": escape(audience.serves.capitalize()),
        "supports": [escape(text) for text in audience.supports],
        "not_for": [escape(text) for text in audience.not_for],
        "through": escape(data_through(run)),
        "run": escape(run.name),
        "release": {
            "kind": kind,
            "symbol": symbol,
            "word": str(release),
            "sentence": escape(f"{verdict} {awaiting}".strip()),
        },
        "created": f"{manifest.created.year}, {manifest.created.month}, {manifest.created.day}",
    }
