"""Is the evidence used? Measures of adoption from the store's records (U1, U2, U4)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from mmmlib.estimates import format_number
from mmmlib.governance.decisions import decision_log
from mmmlib.governance.records import BudgetDecision, Publication, records_of
from mmmlib.governance.store import Entry


class Measure(NamedTuple):
    """One measure of adoption.

    Parameters
    ----------
    name, definition
        What it is, and how it is counted.
    value
        In words; "not known yet" where nothing was recorded that it could be counted from.
    """

    name: str
    value: str
    definition: str


UNKNOWN = "not known yet"


def adoption_measures(entries: Sequence[Entry], workbook: str, today: dt.date) -> list[Measure]:
    """Count how the workbook's evidence is used.

    Parameters
    ----------
    entries
        Of the store.
    workbook
        Whose decisions and publications count.
    today
        Day to which follow-ups are held.
    """
    budgets = [one for one in records_of(list(entries), BudgetDecision) if one.workbook == workbook]
    log = decision_log(entries, workbook)
    cited = sum(bool(one.decision) for one in budgets)
    published = {
        one.body["run"]: dt.datetime.fromisoformat(one.made).date()
        for one in entries
        if one.kind == "publication" and Publication.model_validate(one.body).workbook == workbook
    }
    waits = [
        (one.decision.decided - published[one.decision.run]).days
        for one in log
        if one.decision.run in published and one.decision.decided >= published[one.decision.run]
    ]
    stances = Counter(one.decision.stance for one in log)
    due = [one for one in log if one.outcome is not None or one.is_due(today)]
    closed = sum(one.outcome is not None for one in due)
    acted = stances["approve"] + stances["modify"]
    return [
        Measure(
            "Decision coverage",
            f"{cited} of {len(budgets)} ({format_number(cited / len(budgets), 'share')})"
            if budgets
            else UNKNOWN,
            "Major budget decisions that cite a decision of this log, of all that were recorded.",
        ),
        Measure(
            "Time to decision",
            f"{median(waits):.0f} days (median of {len(waits)})" if waits else UNKNOWN,
            "From the publication of a run to a decision that rests on it.",
        ),
        Measure(
            "Action rate",
            f"{acted} of {len(log)} ({stances['approve']} as recommended, {stances['modify']} modified, "
            f"{stances['defer']} deferred)"
            if log
            else UNKNOWN,
            "Decisions that were approved or modified, of all in the log.",
        ),
        Measure(
            "Closed-loop completion",
            f"{closed} of {len(due)}" if due else UNKNOWN,
            "Decisions whose outcome was recorded, of those whose follow-up is due.",
        ),
    ]
