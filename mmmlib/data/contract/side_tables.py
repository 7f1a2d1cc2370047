"""Small tables beside the sources (rates, a price index, lift tests), typed and checked as those are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from mmmlib.data.contract.breaches import report_unreadable
from mmmlib.data.contract.contracts import check_contract
from mmmlib.data.read.problems import Problems
from mmmlib.data.read.relations import ROW, of_text
from mmmlib.params.contract import ColumnContract, Contract
from mmmlib.params.messages import shown
from mmmlib.params.source import Source

Kind = Literal["date", "number"]
DTYPES: dict[Kind, str] = {"date": "datetime64[ns]", "number": "float64"}


def type_columns(
    text: pd.DataFrame, types: Mapping[str, Kind], path: Path, problems: Problems
) -> pd.DataFrame:
    """Read columns of text as what they hold.

    Parameters
    ----------
    text
        Cells as text, indexed by row in the file; see
        :func:`mmmlib.data.read.readers.read_side_table`.
    types
        Type by column; those that are not there are left out.
    path
        The file, for messages.
    problems
        Receives every cell that cannot be read.

    Returns
    -------
    pandas.DataFrame
        Columns of ``types`` on the index of ``text``: numbers as floats, dates as ``datetime64``;
        missing where the cell is empty or was reported.
    """
    if text.empty:
        return pd.DataFrame({name: [] for name in types if name in text}, index=text.index)
    source = Source(path=path.name, decimal="point")
    relation = of_text("", source, text, (str(path),), path.parent, 0)
    columns = {n: ColumnContract(type=t, nullable=True) for n, t in types.items() if n in text}
    checked = check_contract(relation, Contract(columns=columns))
    report_unreadable(checked.breaches, relation, problems)
    empty = pd.DataFrame(index=text.index, columns=list(columns), dtype=object)
    if checked.table is None:  # nobody can say whether day or month stands first
        return empty.astype({n: DTYPES[t] for n, t in types.items() if n in text})
    found = checked.table.order_by(ROW).select(list(columns)).to_pyarrow().to_pydict()
    return pd.DataFrame(
        {name: pd.Series(found[name], index=text.index, dtype=object) for name in columns}
    ).astype({name: DTYPES[types[name]] for name in columns})


def report_cells(
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
