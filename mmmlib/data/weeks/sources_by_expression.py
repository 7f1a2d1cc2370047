"""A source of any size, summed to weeks through expressions and laid out as a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmmlib.data.contract.layout_columns import NATIONAL
from mmmlib.data.naming.declared_series import event_series, weekly_aggregation
from mmmlib.data.naming.taxonomy import Taxonomy
from mmmlib.data.read.folder import hash_each, sha256_of
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import WEEKLY, read_delivery
from mmmlib.data.weeks.rates import Rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.params import Params
from mmmlib.params.source import Source
from mmmlib.runs import sha256_json


def read_by_expression(
    name: str,
    source: Source,
    params: Params,
    folder: Path,
    problems: Problems,
    week_start: str,
    taxonomy: Taxonomy | None,
    rates: Rates | None,
) -> SourceRows | None:
    """Read a source through expressions, and lay its weeks out as a table."""
    asked = weekly_aggregation(params, name)
    delivery = read_delivery(
        name,
        source,
        folder,
        problems,
        week_start=week_start,
        asked=asked,
        taxonomy=taxonomy,
        rates=rates,
        keep_partial=params.data.partial_weeks == "keep",
    )
    if delivery is None:
        return None
    weekly = delivery.weekly
    index = pd.RangeIndex(1, len(weekly) + 1, name="row")
    text = pd.DataFrame(
        {
            "week": weekly["week"].dt.strftime("%Y-%m-%d").to_numpy(),
            "region": weekly["region"].to_numpy(),
            "series": weekly["series"].to_numpy(),
            "value": ["" if pd.isna(value) else repr(float(value)) for value in weekly["value"]],
        },
        index=index,
        dtype="str",
    )
    regional = source.region_column is not None or set(weekly["region"]) != {NATIONAL}
    told = {**WEEKLY, "layout": "long", "missing": (), "region": "region" if regional else None}
    files = delivery.relation.files
    hashes = hash_each([Path(file) for file in files if Path(file).is_file()], folder)
    return SourceRows(
        name=name,
        source=source.model_copy(update=told),
        path=delivery.relation.label,
        sha256=sha256_of(hashes) if hashes else sha256_json(text.to_dict("list")),
        text=text,
        dates=pd.Series(weekly["week"].to_numpy(), index=index),
        regions=pd.Series(weekly["region"].to_numpy(), index=index, dtype="str"),
        whole=True,
        breaches=delivery.breaches,
        rows=delivery.rows,
        newest=delivery.newest,
        naming=delivery.naming,
        delivered=delivery,
        events={event_series(*event): event[0] for event in asked.events},
        file_hashes=hashes,
        blank=frozenset(index[weekly["blank"].to_numpy()]),
    )
