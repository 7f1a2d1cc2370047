"""What the coming weeks should bring."""

from __future__ import annotations

from mmmlib.params import Params
from mmmlib.phrases import date_text
from mmmlib.reports.table import Columns, Table, tabulate
from mmmlib.scenarios.forecast import Forecast, ModelForecast


def forecast_table(params: Params, forecast: Forecast) -> Table:
    """Make a row for each model: its first and last week, and all the weeks together."""
    columns: Columns[ModelForecast] = {
        "Outcome": lambda one: params.model_label(one.model),
        "First week": lambda one: date_text(one.weeks[0]),
        "In it": lambda one: one.outcome[0],
        "Last week": lambda one: date_text(one.weeks[-1]),
        "In it ": lambda one: one.outcome[-1],
        "All weeks": lambda one: one.total,
    }
    caption = f"Expected outcome of the coming weeks if what is spent is {forecast.plan}."
    return tabulate("forecast", caption, forecast.models, columns)
