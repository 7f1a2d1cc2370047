"""A model's number never appears in the pack without its range (O7).

Tables refuse bare numbers by type (``test_blocks.py``). Here everything that the
documents say is read: ranges are taken out, and no median may be left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mmmlib.estimates import Estimate, format_number
from mmmlib.governance.label_rates import label_rates
from mmmlib.reports.blocks import (
    Block,
    Bullets,
    Folded,
    Heading,
    Picture,
    Prose,
    Statements,
    Together,
)
from mmmlib.reports.cells import Observed
from mmmlib.reports.format import formats
from mmmlib.reports.results import Results, results_of
from mmmlib.reports.table import Table
from mmmlib.reports.words.figures import bad_case
from tests.reports.written import section

NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?"
RANGE = re.compile(rf"{NUMBER} to {NUMBER}")
MOVED = re.compile(r"[+−]\d[\d,]*(?:\.\d+)? %")
"""How far a median moved, and by which step: a change, whose ranges stand in the table beside."""


def blocks_of(results: Results, document: str) -> Iterator[Block]:
    """All blocks of a document, those inside others too."""

    def inside(block: Block) -> Iterator[Block]:
        yield block
        if isinstance(block, Folded | Together):
            for part in block.blocks:
                yield from inside(part)

    for form in formats()[document]:
        for block in section(document, form.name)(results):
            yield from inside(block)


def texts_of(block: Block) -> Iterator[str]:
    """Everything that a block says, except typed cells; figures with title, notes and labels."""
    match block:
        case Prose():
            yield from (block.lead, block.text)
        case Bullets() | Statements():
            for item in block.items:
                yield from (item.lead, item.text)
        case Heading():
            yield block.text
        case Folded():
            yield block.title
        case Table():
            yield block.caption
            yield from (column.title for column in block.columns)
            yield from (cell for row in block.rows for cell in row if isinstance(cell, str))
        case Picture():
            yield from (block.caption, block.alt)
            figure = block.draw()
            yield from (text.get_text() for text in figure.texts)
            for axes in figure.axes:
                yield axes.get_title(loc="left")
                yield from (text.get_text() for text in axes.texts)


def estimates(results: Results) -> Iterator[Estimate]:
    """Every estimate that the documents show."""
    for model in results.models:
        yield from (model.all_channels, model.all_share, model.base_share)
        for row in model.channels:
            yield from (row.contribution, row.share, row.marginal, row.half_life)
            yield from (e for e in (row.roi, row.prior) if e is not None)
    for move in results.comparison.movements if results.comparison else ():
        told = results.return_words(move.model)
        for estimate in (move.before, move.after):
            yield told.estimate(estimate) if move.quantity == "roi" else estimate
    for plan in results.scenarios.scenarios if results.scenarios else ():
        if plan.kind != "baseline":
            yield from (e for e in (plan.net, plan.difference, plan.return_on_change) if e)


def written_medians(results: Results) -> set[str]:
    """Medians as they would be written, those with enough digits to be told apart."""
    found = set()
    for estimate in estimates(results):
        for unit in (estimate.unit, ""):
            number = re.search(NUMBER, format_number(estimate.median, unit))
            if number and len(re.sub(r"\D", "", number[0]).lstrip("0")) >= 3:
                found.add(number[0])
    return found


def given_numbers(results: Results) -> set[str]:
    """Numbers that may stand alone: money paid and planned, and the bad case of a plan."""
    values = [row.spend for model in results.models for row in model.channels]
    values += [sum(row.spend for row in model.channels) for model in results.models]
    for plan in results.scenarios.scenarios if results.scenarios else ():
        values += [plan.spend, plan.spend_change, abs(plan.spend_change), bad_case(plan)]
        for line in plan.plan:
            values += [line.spend_before, line.spend_after]
            values.append(abs(line.spend_after - line.spend_before))
    return {m[0] for value in values if (m := re.search(NUMBER, format_number(value)))}


def told_by_others(results: Results) -> list[str]:
    """Sentences that other rooms wrote: how often labels are right, and the artefacts' own; the longest first."""
    found = {
        rate.text() for common in (False, True) for rate in label_rates(in_common=common).values()
    }

    def collect(value: Any) -> None:
        if isinstance(value, str) and len(value) > 12:
            found.add(value)
        for part in value.values() if isinstance(value, dict) else ():
            collect(part)
        for part in value if isinstance(value, list) else ():
            collect(part)

    for path in sorted((results.run.path / "artefacts").rglob("*.json")):
        collect(json.loads(path.read_text(encoding="utf-8")))
    return sorted(found, key=len, reverse=True)


def bare_numbers(texts: list[str], results: Results) -> set[str]:
    """Medians of the model that stand in the texts outside any range."""
    everything = " \N{BULLET} ".join(text for text in texts)
    for sentence in told_by_others(results):
        everything = everything.replace(sentence, " ")
    plain = re.sub(r"\s+", " ", everything.replace("\N{NO-BREAK SPACE}", " "))
    left = set(re.findall(NUMBER, MOVED.sub(" ", RANGE.sub(" ", plain))))
    return (written_medians(results) - given_numbers(results)) & left


@pytest.mark.parametrize("document", formats())
@pytest.mark.parametrize("which", ["first_run", "second_run"])
def test_every_number_of_the_model_has_its_range(
    which: str, document: str, request: pytest.FixtureRequest
) -> None:
    results = results_of(request.getfixturevalue(which))
    blocks = list(blocks_of(results, document))
    assert blocks
    texts = [text for block in blocks for text in texts_of(block)]
    assert bare_numbers(texts, results) == set()
    seen = [
        cell.value
        for block in blocks
        if isinstance(block, Table)
        for row in block.rows
        for cell in row
        if isinstance(cell, Observed)
    ]
    medians = [estimate.median for estimate in estimates(results)]
    assert not {value for value in seen if value in medians}


def test_the_test_would_see_one(second: Results) -> None:
    top = second.leading.by_contribution[0].contribution
    told = format_number(top.median, top.unit)
    assert bare_numbers([f"Search brought {told}."], second) != set()
    assert bare_numbers([f"Search brought {top.text()}."], second) == set()


def test_documents_say_many_ranges(second: Results) -> None:
    blocks = list(blocks_of(second, "contribution_roi"))
    cells = [c for b in blocks if isinstance(b, Table) for row in b.rows for c in row]
    assert sum(isinstance(cell, Estimate) for cell in cells) > 30
