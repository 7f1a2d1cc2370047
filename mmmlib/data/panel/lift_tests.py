"""Lift tests from their table and from the parameter file, read strictly (M8)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from mmmlib.data.contract.side_tables import Kind, read_side_table, type_columns
from mmmlib.data.panel.lift_grid import Lift, lay_out, nationwide
from mmmlib.data.panel.panel import Panel
from mmmlib.data.read.problems import Problems
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, judge
from mmmlib.params import Params
from mmmlib.params.lift import LiftTest
from mmmlib.params.messages import shown, translate
from mmmlib.params.references import unknown_names
from mmmlib.phrases import date_text

ERRORS = 2.0
"""Standard errors beyond which a measurement contradicts what can be."""
NAME = "test"
DATES = ("start", "end", "measured_until")
NUMBERS = ("spend_change", "spend_change_share", "incremental_outcome", "standard_error")
NEEDED = (NAME, "channel", "outcome", "start", "end", "incremental_outcome", "standard_error")
COLUMNS = (*NEEDED, "motion", "region", "measured_until", "spend_change", "spend_change_share",
           "already_in_spend", "by_person")  # fmt: skip
"""Columns of the table; ``region`` may hold several, separated by ``;``, or none."""
ANSWERS = ("already_in_spend", "by_person")
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class Declared:
    """A test, and where it is declared: file and row of the table, or a key of the parameters."""

    name: str
    test: LiftTest
    file: str
    place: str

    def report(self, problems: Problems) -> Callable[[str, str, str, str], None]:
        """Return what takes problems of this test, by field."""
        column = {"regions": "region"} if self.place.startswith("row") else {}

        def add(field: str, found: str, expected: str, action: str) -> None:
            name = column.get(field, field)
            place = f"{self.place}, column {name}" if column else f"{self.place}.{name}"
            problems.add(self.file, place, found, expected, action)

        return add


def read_lift_tests(params: Params, folder: Path, problems: Problems) -> list[Declared]:
    """Read the table of lift tests, and after them those of the parameter file.

    Names and overlaps are checked over all that can be read.
    """
    found: list[Declared] = []
    if params.data.lift_tests is not None:
        found += _read_table(params, folder / params.data.lift_tests, problems)
    found += [
        Declared(name, test, "parameters", f"lift_tests.{name}")
        for name, test in params.lift_tests.items()
    ]
    _refuse_double(found, problems)
    return found


def lifts_of(
    declared: Sequence[Declared],
    spend: Mapping[str, tuple[list[str], np.ndarray]],
    weeks: pd.DatetimeIndex,
    last: pd.Timestamp,
    nation: str | None,
    problems: Problems,
) -> list[Lift]:
    """Lay the tests on the panel's weeks and regions.

    Parameters
    ----------
    spend
        By channel: names of the regions of its source, and spend ``(region, week)``.
    weeks
        All weeks that the sources cover, those that were kept out too.
    last
        Last week of the panel. A test that ends later waits for its weeks.
    nation
        Name of the one region of a national panel; tests of regions are then turned into ones of
        the country, see :func:`mmmlib.data.panel.lift_grid.nationwide`.
    """
    found = []
    for one in declared:
        if one.test.channel not in spend:
            continue  # its source could not be read; that is told already
        regions, values = spend[one.test.channel]
        lift = lay_out(one.name, one.test, values, regions, weeks, one.report(problems))
        if lift is None or lift.weeks[-1] > last.date():
            continue
        if nation is not None:
            first = int(weeks.searchsorted(pd.Timestamp(lift.weeks[0])))
            window = values[:, first : first + len(lift.weeks)]
            lift = nationwide(lift, window, regions, nation)
        found.append(lift)
    return found


def lift_findings(declared: Sequence[Declared], panel: Panel, params: Params) -> Iterator[Finding]:
    """Say of every declared test whether the models use it; nothing where none is declared.

    One that cannot be (see :func:`impossible`) blocks: the models would be drawn to it.
    """
    used = {lift.name: lift for lift in panel.lift_tests}
    for one in declared:
        test, lift = one.test, used.get(one.name)
        span = f"{date_text(test.start)} to {date_text(test.counted_until)}"
        channel, model = params.channel_label(test.channel), params.model_label(test.model)
        words = f"It calibrates {channel} in {model}, {span}."
        if lift is not None and lift.part < 1:
            words = (
                f"{words[:-1]}. It was of {', '.join(test.regions)}, "
                f"{format_number(lift.part, 'share')} of the channel's spend; the model is "
                f"national, so its standard error grew by "
                f"{format_number(lift.error / lift.standard_error - 1, 'share')}."
            )
        wrong = "" if lift is None else impossible(lift, test, panel)
        message = wrong or words
        yield judge(
            "data.lift_tests",
            one.name,
            passed=lift is not None and not wrong,
            case="impossible" if wrong else "",
            message=message
            if lift is not None
            else f"It ends in weeks that are kept out of the fit ({span}).",
        )


def impossible(lift: Lift, test: LiftTest, panel: Panel) -> str:
    """Say why a test cannot have measured what it says; nothing where it can.

    Either its sign is against the change of spend by more than two standard errors, or it is
    larger than all that was counted, by as much. A cut that is in the data may have cost more
    than what is left, and is not held against that.
    """
    measured, error = lift.incremental_outcome, lift.standard_error
    unit = panel.units.get(f"outcome:{lift.model}", "")
    said = f"It says {format_number(measured, unit)}, with a standard error of {error:,.4g}"
    if measured * np.sign(lift.spend_change) < -ERRORS * error:
        way = "more" if lift.spend_change > 0 else "less"
        return f"{said}, of {way} spend: its sign is against the change of spend."
    frame = panel.frame
    weeks = pd.DatetimeIndex([pd.Timestamp(week) for week in lift.weeks])
    there = frame["region"].isin(lift.regions) & frame["week"].isin(weeks)
    whole = float(frame.loc[there, f"outcome:{lift.model}"].sum())
    cut_in_data = test.already_in_spend and lift.spend_change < 0
    if not cut_in_data and abs(measured) - ERRORS * error > whole:
        counted = format_number(whole, unit)
        return f"{said}; all that was counted in its regions and weeks is {counted}."
    return ""


def lift_status(declared: Sequence[Declared]) -> str:
    """Say in a line which lift tests there are; nothing where none is declared."""
    if not declared:
        return ""
    last = max(one.test.counted_until for one in declared)
    models = sorted({one.test.model for one in declared})
    count = "1 lift test" if len(declared) == 1 else f"{len(declared)} lift tests"
    return f"{count} of {', '.join(models)}; the last one counted until {last}."


# --- the table -------------------------------------------------------------------------


def _read_table(params: Params, path: Path, problems: Problems) -> Iterator[Declared]:
    what = "the table of lift tests"
    text = read_side_table(path, "data.lift_tests", what, NEEDED, problems, COLUMNS)
    if text is None:
        return
    kinds: dict[str, Kind] = {**dict.fromkeys(DATES, "date"), **dict.fromkeys(NUMBERS, "number")}
    values = type_columns(text, kinds, path, problems)
    reported: dict[int, set[str]] = {int(str(row)): set() for row in text.index}
    for name in values:
        for row in text.index[values[name].isna() & (text[name] != "")]:
            reported[int(str(row))].add(str(name))

    def report(row: int, column: str, *words: str) -> None:
        reported[row].add(column)
        problems.add(path, f"row {row}, column {column}", *words)

    dates = [name for name in DATES if name in values]
    read = values.assign(**{name: values[name].dt.date for name in dates}).to_dict("index")
    for label, raw in text.to_dict("index").items():
        row, cells = int(str(label)), {str(name): str(cell) for name, cell in raw.items()}
        content = _content(cells, read[label])
        for column in ANSWERS:
            answer = cells.get(column, "").lower()
            if answer not in YES_NO:
                report(row, column, shown(answer), "yes or no")
            content[column] = YES_NO.get(answer, False)
        if not cells[NAME]:
            report(row, NAME, "an empty cell", "a name for the test")
        for one in unknown_names(content, params.paid_channels, params.motions):
            report(row, str(one.key[0]), one.found, one.expected, one.action)
        try:
            test = LiftTest.model_validate(content)
        except ValidationError as error:
            for one in translate(error.errors(), content, LiftTest):
                column = str(one.key[0]) if one.key else ""
                if column in reported[row] or (not column and reported[row]):
                    continue  # the whole of a test cannot be judged by a part of it
                place = f"row {row}, column {column}" if column else f"row {row}"
                found = "an empty cell" if one.found == "nothing" else one.found
                found = found if column else f"the test '{cells[NAME]}'"
                problems.add(path, place, found, one.expected, one.action)
            continue
        if not reported[row]:
            yield Declared(cells[NAME], test, str(path), f"row {row}")


def _content(cells: dict[str, str], values: dict[Hashable, Any]) -> dict[str, object]:
    """Return the fields of a row that hold something, as the schema names them."""
    content: dict[str, object] = {
        name: cells[name] for name in ("channel", "outcome", "motion") if cells.get(name)
    }
    content |= {str(name): value for name, value in values.items() if not pd.isna(value)}
    regions = (part.strip() for part in cells.get("region", "").split(";"))
    content["regions"] = tuple(part for part in regions if part)
    return content


# --- all of them -----------------------------------------------------------------------


def _refuse_double(declared: Sequence[Declared], problems: Problems) -> None:
    """Report names that occur twice, and tests that measured the same thing at the same time."""
    for first, second in combinations(declared, 2):
        one, other = first.test, second.test
        if first.name == second.name:
            place = f"{second.place}, column {NAME}" if "row" in second.place else second.place
            found = f"{shown(second.name)} again (first in {first.place})"
            problems.add(second.file, place, found, "every name once")
        elif (
            (one.channel, one.model) == (other.channel, other.model)
            and one.start <= other.counted_until
            and other.start <= one.counted_until
            and (
                not one.regions or not other.regions or bool(set(one.regions) & set(other.regions))
            )
        ):
            problems.add(
                second.file,
                second.place,
                f"the test '{second.name}', which overlaps '{first.name}' ({first.place}): the "
                f"same channel, outcome and region at the same time",
                "every effect measured once",
                "Keep one of them; the same test told twice would count twice.",
            )
