"""Health panel (O4): data, model and comparability in one table; passed checks folded.

It is there whatever happened: a refresh that was not ready shows here why, and what to
do instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmmlib.findings import Level, Status
from mmmlib.phrases import count_text
from mmmlib.readiness.verdict import Verdict
from mmmlib.reports.blocks import Block, Folded, Prose, Statements, level_mark
from mmmlib.reports.pictures import fit_picture
from mmmlib.reports.results import Results
from mmmlib.reports.tables.checks import (
    SHOWN,
    by_room,
    check_table,
    count_table,
    design_table,
    not_passed,
)
from mmmlib.reports.words.labels import comparison_worth
from mmmlib.reports.words.statements import readiness_statements

GATES = {
    Level.INFO: "Gates passed.",
    Level.WARN: "Gates passed with warnings.",
    Level.BLOCK: "A gate blocks.",
}
"""The lead where the gates left no sentence of their own."""


def verdict(results: Results) -> Iterator[Block]:
    """Worst level, what follows from it, and a traffic light per part."""
    readiness, gates = results.readiness, results.gates
    unready = readiness is not None and readiness.overall is Verdict.NOT_READY
    if readiness is not None and unready:
        yield Statements(readiness_statements(results, readiness))
    if gates is None:
        yield Prose("The gates have not been passed yet.", lead="No verdict.")
        return
    if not unready:  # else it stands above
        # Whether it is released is told by the band, which changes as people sign.
        yield Prose(gates.statement or GATES[gates.level], mark=level_mark(gates.level))
    yield count_table(by_room(gates.entries)).only("Part", "Level", "Checks passed", "Did not pass")


def alternatives(results: Results) -> Iterator[Block]:
    """The test to run where a model cannot answer (R4)."""
    readiness = results.readiness
    if readiness is None or not (readiness.alternatives or readiness.left_out):
        return
    if readiness.alternatives:
        if readiness.overall is not Verdict.NOT_READY:
            yield Prose("These channels cannot be measured by the model as they are; a test can.")
        yield design_table(results.params, readiness.alternatives)
    if readiness.left_out:
        yield Prose(readiness.left_out)


def flags(results: Results) -> Iterator[Block]:
    """All checks that did not pass, the worst first."""
    gates = results.gates
    if gates is None:
        return
    failed = not_passed(gates.entries)
    found = [one for one in failed if one.level is not Level.INFO]
    if found:
        yield check_table(results.params, found).only(
            *SHOWN,
            name="flags",
            caption=f"{count_text(len(found), 'check')} of {len(gates.entries)} {'needs' if len(found) == 1 else 'need'} attention, the "
            f"worst first. The level is the policy's (version {gates.policy_version}).",
        )
    else:
        yield Prose("No check needs attention.")
    informing = [one for one in failed if one.level is Level.INFO]
    if informing:
        count = count_text(len(informing), "check")
        table = check_table(results.params, informing).only(
            "Check",
            "Seen",
            "Limit",
            "What to do",
            name="informing",
            caption=f"{count} did not pass, and only inform.",
        )
        yield Folded(f"{count} that only inform", (table,))
    if results.comparison is not None and results.comparison.parent:
        yield comparison_worth()


def fit(results: Results) -> Iterator[Block]:
    """Actual against fitted, with the weeks that were held out."""
    fitted = [one for one in results.models if one.name in results.params.model_names]
    leading = results.params.parts_of(results.params.primary)
    others: list[Block] = []
    for number, numbers in enumerate(fitted, start=1):
        picture = fit_picture(results, numbers, results.holdout(numbers.name), f"fit-{number}")
        if numbers.name in leading:
            yield picture
        else:
            others.append(picture)
    if others:
        count = count_text(len(others), "model")
        yield Folded(f"{count} of other outcomes against what was seen", tuple(others))


def passed(results: Results) -> Iterator[Block]:
    """Passed checks, counted and folded away."""
    entries = results.gates.entries if results.gates else ()
    found = [one for one in entries if one.finding.status is Status.OK]
    if not found:
        return
    count = count_text(len(found), "check")
    table = check_table(results.params, found).only(
        "Check",
        "Seen",
        "Limit",
        name="passed",
        caption=f"{count} passed, with what each was held to.",
    )
    yield Folded(f"{count} passed", (table,))
