"""Is the evidence used? Measures of adoption from the store's records (U1, U2, U4)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from mmmlib.estimates import format_number
from mmmlib.governance.decisions import Followed, decision_log
from mmmlib.governance.records import BudgetDecision, Publication, records_of
from mmmlib.governance.store import Entry
from mmmlib.governance.views import consumers_of


class Measure(NamedTuple):
    """One measure of adoption."""

    name: str
    value: str
    """In words; "not known yet" where nothing was recorded that it could be counted from."""
    definition: str
    """How it is counted."""


UNKNOWN = "not known yet"


def adoption_measures(entries: Sequence[Entry], workbook: str, today: dt.date) -> list[Measure]:
    """Count how a workbook's evidence is used, with follow-ups held to the day ``today``."""
    budgets = [one for one in records_of(entries, BudgetDecision) if one.workbook == workbook]
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
    cycles = adoption_cycles(entries, workbook)
    # Of the newest pack nobody can have returned yet.
    back = [(one.consumers, one.came_back) for one in cycles[:-1] if one.consumers]
    unstable = sum(one.incident for one in cycles)
    explained = [one.days_to_explain for one in cycles if one.days_to_explain is not None]
    return [
        Measure(
            "Decision coverage",
            of_all(cited, len(budgets)),
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
        Measure(
            "Repeat consumption",
            of_all(sum(came for _, came in back), sum(all_ for all_, _ in back)),
            "Consumers of a published pack who looked at one of the two packs after it, too, of all "
            "its consumers; from imported logs.",
        ),
        Measure(
            "Stability incidents",
            of_all(unstable, len(cycles)),
            "Published refreshes that were withdrawn, or that needed a waiver for what moved since "
            "the refresh before, of all that were published.",
        ),
        Measure(
            "Time to explain",
            f"{median(explained):.0f} days (median of {len(explained)})" if explained else UNKNOWN,
            "From the opening of the review to the publication, of refreshes that carried warnings.",
        ),
    ]


class Cycle(NamedTuple):
    """How one published refresh was used."""

    period: str
    run: str
    published: dt.date
    consumers: int
    """Who looked at it."""
    came_back: int
    """How many of them looked at one of the two packs after it."""
    decisions: int
    first_decision: int | None
    """Days until the first decision that rests on it."""
    closed: int
    """Outcomes of those decisions."""
    incident: bool
    """Whether it was withdrawn or needed a waiver for what moved."""
    days_to_explain: int | None
    """From the opening of its review, where it carried warnings."""


def adoption_cycles(entries: Sequence[Entry], workbook: str) -> list[Cycle]:
    """Say of every published refresh of a workbook how it was used, the oldest first."""
    opened: dict[str, dt.datetime] = {}
    trouble: set[str] = set()
    packs: list[tuple[Publication, dt.datetime]] = []
    for one in entries:
        made = dt.datetime.fromisoformat(one.made)
        if one.kind == "preread":
            opened.setdefault(one.subject, made)
        elif one.kind == "withdrawal" or (
            one.kind == "waiver" and one.body["check"].startswith("refresh.")
        ):
            trouble.add(one.subject)
        elif one.kind == "publication" and one.body["workbook"] == workbook:
            packs.append((Publication.model_validate(one.body), made))
    views = consumers_of(entries, workbook)
    by_run: dict[str, list[Followed]] = {}
    for followed in decision_log(entries, workbook):
        by_run.setdefault(followed.decision.run, []).append(followed)
    cycles = []
    for place, (pack, made) in enumerate(packs):
        seen = views.get(pack.run, set())
        later = set().union(
            *(views.get(after.run, set()) for after, _ in packs[place + 1 : place + 3])
        )
        own = by_run.get(pack.run, [])
        waits = [(one.decision.decided - made.date()).days for one in own]
        explained = None
        if pack.audience == "limited" and pack.run in opened:
            explained = (made - opened[pack.run]).days
        cycles.append(
            Cycle(
                period=pack.period,
                run=pack.run,
                published=made.date(),
                consumers=len(seen),
                came_back=len(seen & later),
                decisions=len(own),
                first_decision=min((wait for wait in waits if wait >= 0), default=None),
                closed=sum(one.outcome is not None for one in own),
                incident=pack.run in trouble,
                days_to_explain=explained,
            )
        )
    return cycles


def of_all(part: int, whole: int) -> str:
    """Write a count of all, with its share."""
    return f"{part} of {whole} ({format_number(part / whole, 'share')})" if whole else UNKNOWN
