"""The gates as tables for a notebook."""

from __future__ import annotations

import pandas as pd

from mmmlib.findings import Level
from mmmlib.governance.verdict import GateResult
from mmmlib.scenarios.pack import ScenarioPack

SYMBOLS = {Level.BLOCK: "■ block", Level.WARN: "▲ warn", Level.INFO: "● info"}


def gate_table(result: GateResult, *, passed: bool = False) -> pd.DataFrame:
    """One row per finding, the worst first; those that simply passed only if ``passed``."""
    columns = ["level", "check", "subject", "seen", "what to do", "decided by"]
    rows = [
        [
            SYMBOLS[entry.level],
            entry.finding.check,
            entry.finding.subject,
            entry.finding.message,
            entry.finding.action,
            entry.rule,
        ]
        for entry in result.entries
        if passed or entry.level > Level.INFO or entry.finding.status.value != "ok"
    ]
    return pd.DataFrame(rows, columns=columns)


def count_table(result: GateResult) -> pd.DataFrame:
    """How many findings stand at each level, by room."""
    rows = [
        {"room": entry.finding.check.partition(".")[0], "level": SYMBOLS[entry.level]}
        for entry in result.entries
    ]
    frame = pd.DataFrame(rows, columns=["room", "level"])
    counts = pd.crosstab(frame["room"], frame["level"])
    return counts.reindex(columns=list(SYMBOLS.values()), fill_value=0)


def sign_off_table(result: GateResult) -> pd.DataFrame:
    """Who has to sign what, and why."""
    columns = ["subject", "role", "person", "why"]
    rows = [[one.subject, one.role, one.person, one.why] for one in result.sign_offs]
    return pd.DataFrame(rows, columns=columns)


def claim_table(result: GateResult) -> pd.DataFrame:
    """Label of what is said on each channel's return, with the reasons."""
    columns = ["model", "channel", "label", "why"]
    rows = [
        [model, channel, claim.label.value, " ".join(claim.reasons)]
        for model, claims in result.claims.items()
        for channel, claim in claims.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def plan_label_table(pack: ScenarioPack | None) -> pd.DataFrame:
    """Label of every plan and answer, with the reasons; ``pack`` as the gates label it."""
    columns = ["plan or question", "label", "why"]
    plans = pack.scenarios if pack else ()
    answers = pack.answers if pack else ()
    rows = [
        *((one.title, one.label.value, " ".join(one.reasons)) for one in plans),
        *((one.question, one.label.value, " ".join(one.reasons)) for one in answers),
    ]
    return pd.DataFrame(rows, columns=columns)
