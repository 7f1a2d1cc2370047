"""One source from its place to weeks, as all sources are read together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmlib.data.contract.contracts import EVERYTHING
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.read.problems import Problems
from mmmlib.data.weeks.delivery import open_source, sum_to_weeks
from mmmlib.data.weeks.rates import Rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.params.source import Source


def read_delivery(
    name: str,
    source: Source,
    folder: Path,
    problems: Problems,
    *,
    week_start: str | None = None,
    aggregation: WeeklyAggregation = EVERYTHING,
    rates: Rates | None = None,
    **how: Any,
) -> SourceRows | None:
    """Read a source of any size to weeks."""
    both = {"week_start": week_start, "aggregation": aggregation}
    currencies = rates.currencies if rates else ()
    checked = open_source(name, source, folder, problems, **both, currencies=currencies)
    return checked and sum_to_weeks(checked, problems, **both, rates=rates, **how)
