"""Small tables beside the sources (rates, a price index, lift tests), typed and checked as those are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from mmmlib.data.contract.contracts import check_contract
from mmmlib.data.read.opening import open_relation
from mmmlib.data.read.problems import Problems, reading, report_unreadable
from mmmlib.data.read.relations import ROW, as_text, of_text
from mmmlib.errors import InputError
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.source import Source

Kind = Literal["date", "number"]
DTYPES: dict[Kind, str] = {"date": "datetime64[ns]", "number": "float64"}


def read_side_table(
    path: Path,
    key: str,
    what: str,
    needed: Sequence[str],
    problems: Problems,
    known: Sequence[str] = (),
) -> pd.DataFrame | None:
    """Read a table that the parameters name beside the sources, with columns of fixed names.

    Cells as text, by row in the file; None where it is not there, cannot be read, or lacks a
    column.

    Parameters
    ----------
    key, what
        Where the parameters name it, and what it is; for messages.
    needed
        Columns that it cannot do without.
    known
        All columns that it may have, where others are an error.
    """
    if not path.is_file():
        beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        problems.add(path, key, "no such file", what, did_you_mean(path.name, beside))
        return None
    text = read_cells(path, problems)
    if text is None:
        return None
    lacking = [name for name in needed if name not in text]
    others = [name for name in map(str, text) if name not in (*needed, *known)]
    for name in lacking:
        expected = f"the columns {', '.join(needed)}"
        near = did_you_mean(name, others)
        problems.add(path, f"column {name}", "no such column", expected, near)
    for name in others if known else ():
        expected = f"only the columns {', '.join(known)}"
        near = did_you_mean(name, known)
        problems.add(path, f"column {name}", "an unknown column", expected, near)
    return None if lacking else text


def read_cells(path: Path, problems: Problems) -> pd.DataFrame | None:
    """Read every cell of a file as text, by its row there; None where it cannot be read."""
    relation = open_relation("", Source(path=path.name), path.parent, problems)
    if relation is None:
        return None
    try:
        with reading(str(path)):
            text = as_text(relation)
    except InputError as error:
        problems.collect(error)
        return None
    if text.empty:
        problems.add(path, "the file", "no rows", "a header and rows")
        return None
    return text


def read_steps(
    path: Path, key: str, what: str, columns: Sequence[str], problems: Problems
) -> pd.DataFrame | None:
    """Read a table of numbers above zero that hold from a day on: rates, a price index.

    ``columns`` are what the number is of (texts), the day from which on it holds, and the number.
    None where anything is wrong with them.
    """
    text = read_side_table(path, key, what, columns, problems)
    if text is None:
        return None
    *names, day, value = columns
    frame = text[names].join(type_columns(text, {day: "date", value: "number"}, path, problems))
    _report_cells(path, text[day], text[day] == "", "a date such as 2024-01-29", problems)
    bad = (frame[value] <= 0) | (text[value] == "")
    _report_cells(path, text[value], bad, "more than zero", problems)
    for row in frame.index[frame[day].notna() & frame.duplicated([*names, day])]:
        found = " ".join([*text.loc[row, names], str(frame[day][row].date())])
        problems.add(path, f"row {row}, column {day}", f"{found} again", "every day once")
    return None if problems.of(path) else frame


def type_columns(
    text: pd.DataFrame, types: Mapping[str, Kind], path: Path, problems: Problems
) -> pd.DataFrame:
    """Read columns of text as what they hold, and report every cell that cannot be read.

    ``text`` is that of :func:`read_side_table`; ``types`` that are not there are left out. Numbers
    become floats, dates ``datetime64``; missing where the cell is empty or was reported.
    """
    if text.empty:
        return pd.DataFrame({name: [] for name in types if name in text}, index=text.index)
    source = Source(path=path.name, decimal="point")
    relation = of_text("", source, text, (str(path),), path.parent, 0)
    columns = {n: ColumnContract(type=t, nullable=True) for n, t in types.items() if n in text}
    checked = check_contract(relation, Contract(columns=columns))
    report_unreadable(checked.breaches, relation.label, problems)
    empty = pd.DataFrame(index=text.index, columns=list(columns), dtype=object)
    if checked.table is None:  # nobody can say whether day or month stands first
        return empty.astype({n: DTYPES[t] for n, t in types.items() if n in text})
    found = checked.table.order_by(ROW).select(list(columns)).to_pyarrow().to_pydict()
    return pd.DataFrame(
        {name: pd.Series(found[name], index=text.index, dtype=object) for name in columns}
    ).astype({name: DTYPES[types[name]] for name in columns})


def _report_cells(
    path: Path, cells: pd.Series, bad: pd.Series, expected: str, problems: Problems
) -> None:
    """Report the cells of a column that are not what they have to be."""
    for row, cell in cells[bad].items():
        found = shown(cell) if cell else "an empty cell"
        problems.add(path, f"row {row}, column {cells.name}", found, expected)


def read_days(text: pd.Series) -> pd.Series:
    """Read cells as days that were read once before; missing where one cannot be read."""
    days, known = pd.factorize(text)  # a day is in many rows
    plain = pd.Series(known, dtype="str")
    if plain.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").all():
        read = pd.to_datetime(plain, format="%Y-%m-%d", errors="coerce")
    else:
        frame = plain.to_frame("day").set_axis(range(1, len(plain) + 1))
        read = type_columns(frame, {"day": "date"}, Path("days"), Problems())["day"]
    return pd.Series(read.to_numpy()[days], index=text.index).astype("datetime64[ns]")
