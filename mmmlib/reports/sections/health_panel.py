"""Health panel (O4): data, model and comparability in one table; passed checks folded.

It is there whatever happened: a refresh that was not ready shows here why, and what to
do instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmmlib.findings import Finding, Level, Status
from mmmlib.readiness.verdict import Verdict
from mmmlib.reports.blocks import (
    Block,
    Bullets,
    Column,
    Folded,
    Mark,
    Picture,
    Prose,
    Statements,
    Table,
    level_mark,
)
from mmmlib.reports.figures.weeks import actual_against_fitted
from mmmlib.reports.numbers import count_text, listed
from mmmlib.reports.results import Results
from mmmlib.reports.statements import readiness_statements
from mmmlib.reports.style import LEVEL_SYMBOLS
from mmmlib.reports.tables import ROOMS, design_table, finding_table, passed_table
from mmmlib.reports.titles import fit_words

GATES = {
    Level.INFO: "Gates passed.",
    Level.WARN: "Gates passed with warnings.",
    Level.BLOCK: "A gate blocks.",
}
"""The lead where the gates left no sentence of their own."""


def verdict(results: Results) -> Iterator[Block]:
    """Worst level, what follows from it, and a traffic light per part."""
    readiness, gates = results.readiness, results.gates
    if readiness is not None and readiness.overall is Verdict.NOT_READY:
        yield Statements(readiness_statements(results, readiness))
    if gates is None:
        yield Prose("The gates have not been passed yet.", lead="No verdict.")
        return
    # Whether it is released is told by the band, which changes as people sign.
    yield Prose(gates.statement or GATES[gates.level], mark=level_mark(gates.level))
    yield _traffic_lights(results)
    if gates.sign_offs:
        yield Prose("Before it is published, these have to sign:")
        yield Bullets(
            tuple(
                Prose(f"{one.role}, for the {one.subject}. {one.why}", lead=f"{one.person},")
                for one in gates.sign_offs
            )
        )


def _traffic_lights(results: Results) -> Table:
    """One line per part of the line: its worst level and how many checks."""
    pairs = results.findings()
    rooms = [*ROOMS, *sorted({_room(f) for f, _ in pairs} - set(ROOMS))]
    rows = []
    for room in rooms:
        part = [(finding, level) for finding, level in pairs if _room(finding) == room]
        flags = [(f, level) for f, level in part if f.status is not Status.OK]
        worst = max((level for _, level in flags), default=Level.INFO)
        rows.append(
            (
                level_mark(worst) if part else Mark("○", "not checked", "level info"),
                ROOMS.get(room, room.capitalize()),
                f"{len(part) - len(flags)} of {len(part)}",
                listed([_counted(flags, level) for level in (Level.BLOCK, Level.WARN)
                        if any(at is level for _, at in flags)]) or "nothing",
            )
        )  # fmt: skip
    return Table(
        "lights",
        "Every part of the refresh with the worst of what its checks saw.",
        (
            Column("Level"),
            Column("Part"),
            Column("Checks passed", "right"),
            Column("Needs attention"),
        ),
        tuple(rows),
    )


def _room(finding: Finding) -> str:
    return finding.check.partition(".")[0]


def _counted(flags: list[tuple[Finding, Level]], level: Level) -> str:
    count = sum(at is level for _, at in flags)
    return f"{count} {LEVEL_SYMBOLS[level]}"


def alternatives(results: Results) -> Iterator[Block]:
    """The test to run where a model cannot answer (R4)."""
    readiness = results.readiness
    if readiness is None or not readiness.alternatives:
        return
    if readiness.overall is not Verdict.NOT_READY:
        yield Prose("These channels cannot be measured by the model as they are; a test can.")
    yield design_table(results, readiness.alternatives)


def flags(results: Results) -> Iterator[Block]:
    """All checks that did not pass, the worst first."""
    if results.gates is None:
        return
    pairs = [(f, level) for f, level in results.findings() if f.status is not Status.OK]
    if not pairs:
        yield Prose("No check needs attention.")
        return
    yield finding_table(
        results,
        pairs,
        "flags",
        f"{count_text(len(pairs), 'check')} of {len(results.gates.entries)} did not pass, the "
        f"worst first. The level is the policy's (version {results.gates.policy_version}).",
    )


def fit(results: Results) -> Iterator[Block]:
    """Actual against fitted, with the weeks that were held out."""
    fitted = [one for one in results.models if one.name in results.params.model_names]
    for number, numbers in enumerate(fitted, start=1):
        holdout = results.holdout(numbers.name)
        words = fit_words(results, numbers, holdout)
        figure = actual_against_fitted(numbers.effects, holdout, words.title, words.subtitle)
        yield Picture(f"fit-{number}", figure, words.caption, words.alt)


def passed(results: Results) -> Iterator[Block]:
    """Passed checks, counted and folded away."""
    found = [f for f, _ in results.findings() if f.status is Status.OK]
    if not found:
        return
    count = count_text(len(found), "check")
    table = passed_table(results, found, "passed", f"{count} passed, with what each was held to.")
    yield Folded(f"{count} passed", (table,))
