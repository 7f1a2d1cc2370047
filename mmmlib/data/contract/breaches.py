"""Broken promises: how many rows break each, which ones as examples, and how they are worded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmmlib.data.read.problems import Problems
from mmmlib.data.read.relations import Relation
from mmmlib.findings import Finding, judge
from mmmlib.params.contract import SCALES, Contract
from mmmlib.params.source import Source


@dataclass(frozen=True)
class Example:
    """One row that breaks a promise."""

    file: str
    place: str
    found: str
    expected: str = ""
    """What was expected of this row, and what to do, where that says more than the promise."""
    action: str = ""


@dataclass(frozen=True)
class Breach:
    """A promise that was broken.

    Parameters
    ----------
    kind
        ``type``, ``range``, ``uniqueness`` and so on.
    column
        The column that it is about; empty for the source as a whole.
    count
        Rows (or weeks, or columns) that break it.
    expected, action
        What was promised, and what to do.
    examples
        At most 20 of them over all breaches of a source.
    unreadable
        Whether the values cannot be used at all; the others are for the policy to
        judge.
    """

    kind: str
    column: str
    count: int
    expected: str
    action: str = ""
    examples: tuple[Example, ...] = ()
    unreadable: bool = False


def report_unreadable(breaches: Sequence[Breach], relation: Relation, problems: Problems) -> None:
    """Tell what makes the values unusable, and all else that was broken, as problems."""
    for breach in breaches:
        for example in breach.examples:
            one = example if example.expected else breach
            problems.add(example.file, example.place, example.found, one.expected, one.action)
        rest = breach.count - len(breach.examples)
        if rest > 0:
            place = f"column {breach.column}" if breach.column else "the source"
            problems.add_rest(relation.label, place, rest, breach.expected)


def contract_findings(
    name: str, source: Source, breaches: Sequence[Breach], rows: int
) -> list[Finding]:
    """Say per source whether it keeps its contract; every broken promise is a finding.

    Without a contract a source is still held to what its layout needs.
    """
    if not breaches:
        if source.contract is None:
            return []
        promises = len(source.contract.columns)
        units = converted_units(source.contract)
        converted = f" Converted to whole units: {units}." if units else ""
        return [
            judge(
                "data.contract",
                name,
                passed=True,
                message=f"{rows:,} rows keep the contract of {promises} columns.{converted}",
            )
        ]
    return [
        judge(
            "data.contract",
            name,
            passed=False,
            case="layout" if source.contract is None else "broken",
            value=float(breach.count),
            limit=0.0,
            unit=breach.kind,
            message=breach_words(breach),
            source=name,
            promise=breach.kind,
            owner=source.whom_to_ask,
            what_to_do=breach.action,
        )
        for breach in breaches
    ]


def breach_words(breach: Breach) -> str:
    """Tell a breach in one sentence, with its examples and the count of the rest."""
    examples, file = [], ""
    for one in breach.examples:
        where = f"{one.file}, " if one.file != file else ""  # the file once, not twenty times
        examples.append(f"{where}{one.place}: {one.found}")
        file = one.file
    listed = "; ".join(examples)
    rest = breach.count - len(breach.examples)
    more = f"; and {rest:,} more" if rest > 0 else ""
    about = f"{breach.column}: " if breach.column else ""
    return f"{about}expected {breach.expected}, found {listed or 'others'}{more}."


def converted_units(contract: Contract) -> str:
    """Say which numbers are converted to whole units: ``Cost (micros)``; empty where nothing is."""
    units = {name: column.unit for name, column in contract.columns.items()} | contract.units
    return ", ".join(f"{name} ({unit})" for name, unit in units.items() if SCALES[unit] != 1)
