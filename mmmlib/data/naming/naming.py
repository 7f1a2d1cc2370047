"""A source's rows under the names of series: by its layout, and by the taxonomy if it has one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mmmlib.data.naming.events import marks_by_column, marks_by_series
from mmmlib.data.naming.layouts import apply_layout, numbers_of
from mmmlib.data.naming.series_names import name_series, raw_names
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.naming.taxonomy_mapping import NAMES, Mapping, apply_mapping, map_names
from mmmlib.params.source import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Naming:
    """How the rows of a source got their names.

    Parameters
    ----------
    source
        The source's name in the parameters.
    rows
        ``date``, ``region``, ``series``, ``value``: what is summed to weeks. With a taxonomy
        ``told`` too: how many rows with a value each stands for.
    tidy
        The same rows under their raw names, see
        :func:`mmmlib.data.naming.layouts.apply_layout`.
    names
        The distinct raw names, columns :data:`~mmmlib.data.naming.taxonomy_mapping.NAMES`; None
        without a taxonomy.
    mapping
        What they are; None without a taxonomy.
    """

    source: str
    rows: ir.Table
    tidy: ir.Table
    names: pd.DataFrame | None = None
    mapping: Mapping | None = None


def name_rows(
    table: ir.Table,
    name: str,
    source: Source,
    taxonomy: Taxonomy | None,
    variables: Collection[str] | None = None,
    events: Collection[tuple[str, str]] = (),
) -> Naming:
    """Bring a delivery to rows of named series.

    Parameters
    ----------
    table
        As delivered.
    name, source
        The source's name, and what the parameters say of it.
    taxonomy
        Needed where ``source.taxonomy`` is set.
    variables
        Keep only these variables, see :func:`mmmlib.data.naming.layouts.apply_layout`.
    events
        Columns or series, and the text by which they tell of an event.

    Raises
    ------
    InputError
        If a column is not there that the layout cannot do without.
    """
    import ibis

    marks = marks_by_column(table, source, events) if source.layout == "wide" else None
    if marks is not None and not numbers_of(source, table.columns, variables):
        return Naming(name, marks, marks.rename(name="series").mutate(variable=ibis.literal("")))
    tidy = apply_layout(table, source, variables)
    names, mapping = None, None
    if source.taxonomy:
        if taxonomy is None:
            raise ValueError(f"{name}: a taxonomy is declared, and none was given")
        names = distinct_names(tidy, name)
        mapping = map_names(taxonomy, names)
        rows = apply_mapping(tidy, mapping, name, taxonomy.regions)
    else:
        rows = name_series(tidy, source)
    if source.layout != "wide":
        marks = marks_by_series(rows, events)
    if marks is not None:
        if "told" in rows.columns:
            marks = marks.mutate(told=ibis.literal(1, type=rows.told.type()))
        rows = rows.union(marks)
    return Naming(name, rows, tidy, names, mapping)


def distinct_names(tidy: ir.Table, source: str) -> pd.DataFrame:
    """Read the distinct raw names of a source, by spend, the largest first."""
    # By way of Arrow: a table of names is small, and its types stay what they are.
    found = pd.DataFrame(raw_names(tidy).to_pyarrow().to_pydict())
    found = found.assign(source=source).sort_values(["spend", "name"], ascending=[False, True])
    return found[list(NAMES)].reset_index(drop=True)
