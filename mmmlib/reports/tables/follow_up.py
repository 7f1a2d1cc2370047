"""What earlier refreshes left open: promises, decisions that are due, what they brought."""

from __future__ import annotations

from mmmlib.governance.closed_loop import ClosedLoop
from mmmlib.governance.follow_up import DueDecision, FollowUp
from mmmlib.governance.promises import PromiseScore
from mmmlib.reports.cells import Chance, Observed, observed
from mmmlib.reports.table import Columns, Table, tabulate


def promise_table(found: FollowUp) -> Table:
    """Make a row for all promises whose outcome is known, and one for each kind."""
    columns: Columns[PromiseScore] = {
        "Promises": lambda one: one.title,
        "Known": lambda one: Observed(one.promises),
        "Worth": lambda one: Observed(one.independent),
        "Held 90 %": lambda one: Observed(one.held),
        "Held 50 %": lambda one: Observed(one.held_inner),
        "Above": lambda one: Observed(one.above),
        "Below": lambda one: Observed(one.below),
        "Interval score": lambda one: observed(one.interval_score),
        "Seen if only 70 % held": lambda one: Chance(one.power),
        "Verdict": lambda one: one.verdict,
    }
    caption = (
        "Published ranges against what came. Worth: so many independent promises tell as much, "
        "because weeks of one forecast err together. Interval score: 1 where all held."
    )
    return tabulate("promises", caption, found.kinds, columns)


def due_table(found: FollowUp) -> Table:
    """Make a row for each decision whose follow-up is due."""
    columns: Columns[DueDecision] = {
        "Decision": lambda one: one.decision,
        "What": lambda one: one.title,
        "Owner": lambda one: one.owner,
        "Due": lambda one: one.follow_up,
        "Expected": lambda one: one.expected,
    }
    return tabulate("due", "Decisions whose follow-up is due.", found.due, columns)


def loop_table(found: FollowUp) -> Table:
    """Make a row for each open decision that this refresh looked back at."""
    columns: Columns[ClosedLoop] = {
        "Decision": lambda one: one.decision,
        "Promised": lambda one: one.promised,
        "Brought": lambda one: one.realised,
        "As decided it would have": lambda one: one.as_decided,
        "Moved as decided": lambda one: observed(one.executed_share, "share"),
        "Judged from": lambda one: one.judge_from,
        "What this refresh sees of it": lambda one: " ".join(one.sentences),
    }
    caption = "Open decisions, as this refresh looks back at them."
    return tabulate("loops", caption, found.loops, columns)
