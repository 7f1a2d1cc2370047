"""What a change of the taxonomy moves: the same rows, named by the parent's rules and by ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmmlib.data.contract.calendar import week_of
from mmmlib.data.naming.naming import Naming
from mmmlib.data.naming.taxonomy import UNMAPPED, Taxonomy, apply_mapping, map_names, read_taxonomy
from mmmlib.errors import MMMError
from mmmlib.estimates import format_number
from mmmlib.runs import Run, write_with

if TYPE_CHECKING:
    import ibis.expr.types as ir

TAXONOMY = "taxonomy.yaml"
"""Name under which a run keeps its taxonomy."""
MOVES_FILE = "taxonomy_moves.parquet"
MOVES = ("source", "series", "region", "week", "before", "after")
TOLERANCE = 1e-9
"""Relative difference up to which two sums are the same: sums of floats depend on their order."""


@dataclass(frozen=True)
class Former:
    """The taxonomy of the parent run, whose id is ``run``; None where it had none.

    ``problem`` is why it cannot be read, ``last_week`` the first day of the newest week of its
    panel; None where that cannot be told.
    """

    run: str
    taxonomy: Taxonomy | None
    problem: str = ""
    last_week: pd.Timestamp | None = None


@dataclass(frozen=True)
class Moves:
    """What another mapping moves.

    ``cells`` are spend by series, region and week that the two mappings tell differently, columns
    :data:`MOVES`; ``share`` is moved spend as a share of all spend in the weeks that are compared.
    ``lost`` are names that had a channel and have none now.
    """

    cells: pd.DataFrame
    share: float
    lost: tuple[str, ...]

    def sentences(self, unit: str) -> list[str]:
        """Say what every channel's spend gained or lost and in which weeks, the largest first."""
        spent = self.cells[_is_spend(self.cells["series"])]
        facts = []
        for name, rows in spent.groupby("series"):
            change = rows["after"] - rows["before"]
            gains, losses = float(change.clip(lower=0).sum()), float(-change.clip(upper=0).sum())
            first, last = rows["week"].min().date(), rows["week"].max().date()
            span = f"weeks of {first} to {last}" if last > first else f"week of {first}"
            words = [
                f"{verb} {format_number(size, unit)}"
                for verb, size in (("gains", gains), ("loses", losses))
                if size > 0
            ]
            text = f"{name} {' and '.join(words)} in the {span}"
            facts.append((-max(gains, losses), text))
        return [text for _, text in sorted(facts)]


def former_of(run: Run) -> Former | None:
    """Read the taxonomy of a run's parent; None on a first refresh."""
    from mmmlib.data.panel.panel import panel_of

    name = run.manifest.parent
    if name is None:
        return None
    try:
        parent = Run(run.runs_dir / name, exploring=True)
        path = parent.path / TAXONOMY
        taxonomy = read_taxonomy(path) if path.is_file() else None
        return Former(name, taxonomy, last_week=panel_of(parent).weeks[-1])
    except (MMMError, OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        return Former(name, None, f"The last refresh cannot be read: {why}")


def moves_between(
    taxonomy: Taxonomy | None, former: Former | None, namings: Sequence[Naming], week_start: int
) -> Moves | None:
    """Name this run's rows by both taxonomies and compare their sums.

    None where there is nothing to compare: no taxonomy, no parent, or the same rules. Sources
    without a taxonomy are passed over.
    """
    if taxonomy is None or former is None or former.taxonomy is None:
        return None
    if former.taxonomy.digest == taxonomy.digest:
        return None
    parts, lost, total = [], [], 0.0
    for naming in namings:
        if naming.mapping is None or naming.names is None:
            continue
        before = map_names(former.taxonomy, naming.names)
        was = apply_mapping(naming.tidy, before, naming.source, former.taxonomy.regions)
        old, new = (_weekly(rows, week_start, former) for rows in (was, naming.rows))
        both = pd.concat({"before": old, "after": new}, axis=1).fillna(0.0)
        size = both.abs().max(axis=1)
        moved = both[(both["after"] - both["before"]).abs() > TOLERANCE * size]
        parts.append(moved.reset_index().assign(source=naming.source))
        spend = both[_is_spend(both.index.get_level_values("series"))]
        total += float(spend["before"].sum())
        lost += _lost(before.frame, naming.mapping.frame)
    cells = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(MOVES))
    spent = cells[_is_spend(cells["series"])]
    left = float((spent["before"] - spent["after"]).clip(lower=0).sum())
    came = float((spent["after"] - spent["before"]).clip(lower=0).sum())
    share = max(left, came) / total if total else 0.0
    return Moves(cells[list(MOVES)], share, tuple(dict.fromkeys(lost)))


def _is_spend(series: Iterable[str]) -> NDArray[np.bool_]:
    return np.array(["spend" in str(name).split(".") for name in series], dtype=bool)


def _weekly(rows: ir.Table, week_start: int, former: Former) -> pd.Series:
    """Sum rows to weeks that the parent had; indexed by series, region and week."""
    rows = rows.filter(rows.date.notnull() & rows.value.notnull())
    keys = {"series": rows.series, "region": rows.region, "week": week_of(rows.date, week_start)}
    summed = rows.group_by(**keys).aggregate(value=rows.value.sum())
    found = pd.DataFrame(summed.to_pyarrow().to_pydict())
    found = found.reindex(columns=[*keys, "value"])
    found = found.assign(week=pd.to_datetime(found["week"]).astype("datetime64[ns]"))
    if former.last_week is not None:
        found = found[found["week"] <= former.last_week]
    return found.set_index(list(keys))["value"]


def _lost(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Names that some rule mapped, and that none maps now."""
    had = set(before.loc[before["rule"] > 0, "name"])
    now = after[(after["channel"] == UNMAPPED) & (after["rule"] == 0)]
    return [str(name) for name in now["name"].drop_duplicates() if name in had]


def write_moves(run: Run, moves: Moves | None) -> None:
    """Keep what a change of the taxonomy moved, week by week; nothing where it moved nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = run.target(MOVES_FILE)
    target.unlink(missing_ok=True)
    if moves is not None and not moves.cells.empty:
        table = pa.Table.from_pandas(moves.cells, preserve_index=False)
        write_with(target, lambda path: pq.write_table(table, path))
