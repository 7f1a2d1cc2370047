"""Lift tests beside the model: what each saw, and what the tests are worth (M8)."""

from __future__ import annotations

from collections.abc import Sequence

from mmmlib.estimates import Estimate, format_number, mass_text
from mmmlib.health.lift import LiftComparison
from mmmlib.reports.cells import Column, Days, Observed
from mmmlib.reports.lift import CLEARLY, Experiments
from mmmlib.reports.table import Columns, Table, tabulate

SHOWN = (
    "Channel",
    "Where",
    "When",
    "Change of spend",
    "The test saw",
    "Model alone",
    "Model with tests",
    "Do they agree?",
)
"""What a page shows of the tests."""


def lift_tests_table(found: Experiments) -> Table:
    """Make a row for each test: what was changed, what it saw, what the model says of it.

    How to read it: off by counts standard deviations of test and model together; beyond 1.6
    either way the test lies outside the 90 % range.
    """
    unit, currency = str(found.effects.attrs["outcome_unit"]), found.params.currency
    columns: Columns[LiftComparison] = {
        "Test": lambda one: one.test.name,
        "Channel": lambda one: found.params.channel_label(one.test.channel),
        "Where": lambda one: ", ".join(one.test.where) or "everywhere",
        "When": lambda one: Days(one.test.start, one.test.counted_until),
        "Spend changed until": lambda one: one.test.end,
        Column("Change of spend", currency): lambda one: Observed(one.test.spend_change, currency),
        Column("The test saw", unit): lambda one: one.measured,
        Column("Its standard error", unit): lambda one: Observed(one.test.standard_error, unit),
        Column("Model alone", unit): lambda one: one.alone,
        Column("Model with tests", unit): lambda one: one.calibrated,
        "Alone off by": lambda one: Observed(one.off_alone),
        "With tests off by": lambda one: Observed(one.off),
        "Do they agree?": lambda one: _verdict(found, one),
    }
    caption = (
        f"{found.params.model_label(found.model)}: incremental outcome of each test, ranges hold "
        f"{mass_text(found.tests[0].measured)}.{_widened(found.tests)}"
    )
    return tabulate("lift-tests", caption, found.tests, columns)


def calibration_table(found: Experiments) -> Table:
    """Make a row for each channel: its return without lift tests and with them.

    How to read it: a test moves the channel that it tested, and a little those that share its
    weeks. A range that got narrower is what the test was worth.
    """
    unit = found.return_words.unit
    counts = [one.test.channel for one in found.tests]
    columns: Columns[tuple[str, Estimate, Estimate]] = {
        "Channel": lambda row: found.params.channel_label(row[0]),
        "Tests": lambda row: Observed(counts.count(row[0])),
        Column("Without tests", unit): lambda row: row[1],
        Column("With tests", unit): lambda row: row[2],
        "The range is": lambda row: _narrower(row[1], row[2]),
    }
    caption = (
        f"{found.params.model_label(found.model)}: return ({found.return_words.head}) without lift "
        f"tests and with them, the range that narrowed most first; ranges hold "
        f"{mass_text(found.tests[0].measured)}."
    )
    return tabulate("with-and-without", caption, found.returns, columns)


def _verdict(found: Experiments, one: LiftComparison) -> str:
    """Say how far test and model are apart, alone and together."""
    words = f"off by {abs(one.off_alone):.1f} standard deviations alone, {abs(one.off):.1f} with it"
    if found.is_off(one.off):
        return f"no: {words}"
    return f"only with it: {words}" if found.is_off(one.off_alone) else f"yes: {words}"


def _narrower(before: Estimate, after: Estimate) -> str:
    change = 1 - after.width / before.width if before.width > 0 else 0.0
    if abs(change) < CLEARLY:
        return "as wide"
    return f"{format_number(abs(change), 'share')} {'narrower' if change > 0 else 'wider'}"


def _widened(tests: Sequence[LiftComparison]) -> str:
    """Say where a test's range is wider than its own error, because the model is national."""
    if all(one.test.part == 1 for one in tests):
        return ""
    return (
        " The model is of the country, so the range of a test in some regions is wider than its "
        "own error: regions are not all alike."
    )
