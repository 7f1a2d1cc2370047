"""A source of daily campaigns, with its contract, read from its place to weeks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.contract.contracts import EVERYTHING
from mmmlib.data.contract.declared_series import WeeklyAggregation
from mmmlib.data.read.problems import Problems, breach_words
from mmmlib.data.weeks.delivery import open_source, sum_to_weeks
from mmmlib.data.weeks.rates import Rates, read_rates
from mmmlib.data.weeks.source_rows import SourceRows
from mmmlib.errors import InputError
from mmmlib.params.source import Source

CONTRACT: dict[str, Any] = {
    "columns": {
        "date": {"type": "date"},
        "campaign": {"pattern": "[a-z]+"},
        "spend": {"type": "number", "unit": "currency", "min": 0},
        "clicks": {"type": "integer", "nullable": True},
    },
    "closed": True,
    "unique": ["date", "campaign"],
}


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


def daily(days: int = 28, first: str = "2024-01-01") -> pd.DataFrame:
    dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"date": dates, "campaign": name, "spend": "10.5", "clicks": "3"})
        for name in ("brand", "search")
    ]
    return pd.concat(parts, ignore_index=True)


def days_of_revenue() -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=84)
    frame = pd.DataFrame({"date": dates.strftime("%Y-%m-%d"), "revenue": "900.00"})
    return frame.assign(search_spend="10", tv_spend="5", price="9.5")


def read(folder: Path, problems: Problems, **told: Any) -> SourceRows | None:
    options = {
        "path": "ads*.csv",
        "layout": "ad_platform",
        "grain": "day",
        "owner": "Growth",
        "contract": CONTRACT,
    }
    source = Source.model_validate(options | told)
    rates = read_rates(
        folder / "rates.csv" if (folder / "rates.csv").exists() else None, "USD", Problems()
    )
    return read_delivery("ads", source, folder, problems, rates=rates)


def words(folder: Path, **told: Any) -> list[str]:
    problems = Problems(folder)
    delivery = read(folder, problems, **told)
    problems.raise_if_any()
    assert delivery is not None
    return [breach_words(breach) for breach in delivery.breaches]


def refused(folder: Path, **told: Any) -> str:
    problems = Problems(folder)
    assert read(folder, problems, **told) is None
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    text = str(caught.value)
    assert "source ads, owner Growth" in text
    return text
