"""What stands at the head of every document: whose it is, of when, and may it be used."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from mmmlib.estimates import NBSP
from mmmlib.governance.labels import NOT_JUDGED
from mmmlib.governance.verdict import GateResult, Release, SignOffNeeded
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


@dataclass(frozen=True)
class TitleBlock:
    """Plain texts of the title block; nothing here is escaped yet."""

    workbook: str
    outcome: str
    period: str
    serves: str
    supports: tuple[str, ...]
    not_for: tuple[str, ...]
    through: str
    run: str
    release: Release
    sentence: str
    """The verdict of the gates, as long as it may be."""
    awaiting: str
    sign_offs: tuple[SignOffNeeded, ...]
    created: dt.date


def title_block(results: Results) -> TitleBlock:
    """Collect the title block of a run.

    A run without a gate result is a draft, whatever else it says.
    """
    run, params, gates = results.run, results.params, results.gates
    manifest = run.manifest
    unit = params.outcome_unit(params.primary)
    release = gates.release if gates else Release.DRAFT
    return TitleBlock(
        workbook=params.title,
        outcome=f"{results.model(params.primary)} ({unit})",
        period=period_text(manifest.period),
        serves=params.audience.serves.capitalize(),
        supports=params.audience.supports,
        not_for=params.audience.not_for,
        through=data_through(run),
        run=run.name,
        release=release,
        sentence=_sentence(gates),
        awaiting=gates.awaiting if gates else "",
        sign_offs=gates.sign_offs if gates else (),
        created=manifest.created.date(),
    )


def _sentence(gates: GateResult | None) -> str:
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
    from mmmlib.data.panel.panel import PANEL_FILE, panel_file

    if not run.has(panel_file(run)):
        return "unknown (no panel was made)"
    import pandas as pd

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


def metadata(block: TitleBlock) -> dict[str, object]:
    """Return the title block as template variables, every text escaped."""
    kind, symbol = BANDS[block.release]
    # Who has to sign is never what there is no room for.
    verdict = shortened(block.sentence, BAND_LENGTH - len(block.awaiting))
    return {
        "workbook": escape(block.workbook),
        "outcome": escape(block.outcome),
        "period": escape(block.period),
        "serves": escape(block.serves),
        "supports": [escape(text) for text in block.supports],
        "not_for": [escape(text) for text in block.not_for],
        "through": escape(block.through),
        "run": escape(block.run),
        "release": {
            "kind": kind,
            "symbol": symbol,
            "word": str(block.release),
            "sentence": escape(f"{verdict} {block.awaiting}".strip()),
        },
        "created": f"{block.created.year}, {block.created.month}, {block.created.day}",
    }
