"""Where a team stands on the ladder of decision quality (M10), from the workbook's own records.

The ladder is ``maturity.toml`` beside this file: its rungs, what each needs, what brings the next.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmmlib.estimates import format_number
from mmmlib.governance.decisions import decision_log
from mmmlib.governance.promises import promise_book
from mmmlib.governance.records import BudgetDecision, Publication, records_of
from mmmlib.governance.store import Entry
from mmmlib.params import Params

LADDER = Path(__file__).with_name("maturity.toml")


class Rung(NamedTuple):
    """A rung, and whether the records carry it."""

    name: str
    reached: bool
    """Whether it and all below it are reached."""
    evidence: tuple[str, ...]
    """Each measure that it needs: what was counted, and what is needed."""
    next: str
    """What brings it."""


def maturity(entries: Sequence[Entry], params: Params, lift_tests: int) -> tuple[Rung, ...]:
    """Say which rungs of the ladder the records carry, the lowest first.

    ``params`` are those of the newest run, whose models saw so many lift tests.
    """
    counted = measures(entries, params, lift_tests)
    rungs: list[Rung] = []
    ladder = tomllib.loads(LADDER.read_text(encoding="utf-8"))
    words: Mapping[str, str] = ladder["measures"]
    for one in ladder["rung"]:
        needs: Mapping[str, float] = one["needs"]
        below = all(rung.reached for rung in rungs)
        rungs.append(
            Rung(
                name=one["name"],
                reached=below and all(counted[name] >= need for name, need in needs.items()),
                evidence=tuple(
                    f"{words[name]}: {_number(name, counted[name])} (needed: {_number(name, need)})"
                    for name, need in needs.items()
                ),
                next=one["next"],
            )
        )
    return tuple(rungs)


def _number(measure: str, value: float) -> str:
    return format_number(value, "share" if measure == "cited" else "")


def measures(entries: Sequence[Entry], params: Params, lift_tests: int) -> dict[str, float]:
    """Count what the ladder asks for, by the names that ``maturity.toml`` explains."""
    workbook = params.workbook
    published = [one for one in records_of(entries, Publication) if one.workbook == workbook]
    budgets = [one for one in records_of(entries, BudgetDecision) if one.workbook == workbook]
    log = decision_log(entries, workbook)
    book = promise_book(entries, workbook)
    return {
        "refreshes": len({one.run for one in published}),
        "outcomes": len(params.outcomes),
        "motions": len({one.partition(".")[2] for one in params.model_names}),
        "ranges": sum(len(one.promises) for one in published),
        "tests": lift_tests,
        "decisions": len(log),
        "cited": sum(bool(one.decision) for one in budgets) / len(budgets) if budgets else 0.0,
        "closed": sum(one.outcome is not None for one in log),
        "scored": len(book.kept),
    }
