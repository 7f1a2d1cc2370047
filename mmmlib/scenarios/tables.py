"""The scenario pack as tables for a notebook: every model's number with its range."""

from __future__ import annotations

import pandas as pd

from mmmlib.estimates import format_number
from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import ScenarioPack

BEFORE_GATES = "label before the gates"
"""Head of a label that the comparison and the policy may still lower."""


def scenario_table(pack: ScenarioPack, currency: str) -> pd.DataFrame:
    """One row per scenario: what it costs, what it brings, how sure, and what may be done."""
    return pd.DataFrame(
        [
            {
                "scenario": one.title,
                "change in spend": format_number(one.spend_change, currency),
                "difference to status quo": str(one.difference),
                "net of spend": "" if one.net is None else str(one.net),
                "probability to beat it": (
                    "" if one.kind == "baseline" else probability_text(one.probability_better)
                ),
                "downside (one in ten is worse)": format_number(one.downside, one.difference.unit),
                BEFORE_GATES: one.label.value,
            }
            for one in pack.scenarios
        ]
    ).set_index("scenario")


def plan_table(pack: ScenarioPack, currency: str) -> pd.DataFrame:
    """Weekly spend by channel in every plan; ``*`` marks what the past has not seen."""
    columns = {
        one.title: {
            line.channel: format_number(line.spend_after, currency)
            + (" *" if line.extrapolated else "")
            for line in one.plan
        }
        for one in pack.scenarios
    }
    return pd.DataFrame(columns).rename_axis("channel")


def reason_table(pack: ScenarioPack) -> pd.DataFrame:
    """One row per reason behind a scenario's label."""
    rows = [
        {"scenario": one.title, BEFORE_GATES: one.label.value, "reason": reason}
        for one in pack.scenarios
        for reason in one.reasons
    ]
    return pd.DataFrame(rows).set_index("scenario")


def other_models_table(pack: ScenarioPack) -> pd.DataFrame:
    """Difference to the status quo in every model of the run, the leading one first."""
    rows = {
        one.title: {pack.model: str(one.difference)}
        | {model: str(estimate) for model, estimate in one.others.items()}
        for one in pack.scenarios
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")


def answer_table(pack: ScenarioPack) -> pd.DataFrame:
    """One row per key question and model: the answer, its label, and why."""
    columns = ["question", "model", "answer", BEFORE_GATES, "why"]
    rows = [
        [one.question, one.model, one.text, one.label.value, " ".join(one.reasons)]
        for one in pack.answers
    ]
    return pd.DataFrame(rows, columns=columns)
