"""Linear terms: what they are worth in which week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import MMMError
from mmmlib.model.columns import make_columns
from mmmlib.model.holidays import holiday_weeks
from mmmlib.params.model import Holidays, ModelParams
from tests.fakes import fake_panel, fake_params
from tests.model.worlds import REGIONS

WEEKS = pd.date_range("2023-01-02", periods=104, freq="7D")


def columns_of(component: str, regions: tuple[str, ...] = ("national",), **model: Any) -> Any:
    params = fake_params(model=model)
    panel = fake_panel(params, regions=regions)
    columns, names, components, *_ = make_columns(panel, params, 96)
    mine = [k for k, part in enumerate(components) if part == component]
    return columns[:, mine], [names[k] for k in mine]


@pytest.mark.parametrize(
    ("trend", "count"), [("none", 0), ("linear", 1), ("piecewise", 6), ("random_walk", 7)]
)
def test_trend_has_as_many_terms_as_it_may_bend(trend: str, count: int) -> None:
    assert len(columns_of("trend", trend=trend, trend_knots=6)[1]) == count


def test_random_walk_moves_the_level_between_two_knots_and_keeps_it() -> None:
    columns, names = columns_of("trend", trend="random_walk", trend_knots=4)
    step = columns[0, names.index("knot_2")]
    assert step[0] == 0 == step[25]
    assert step[52] == 1 == step[-1]
    assert (np.diff(step) >= 0).all()


def test_piecewise_trend_changes_its_slope_at_knots_and_nowhere_else() -> None:
    columns, names = columns_of("trend", trend="piecewise", trend_knots=4)
    bend = columns[0, names.index("bend_2")]
    curved = np.flatnonzero(np.abs(np.diff(bend, 2)) > 1e-12) + 1
    assert set(curved) <= {51, 52}  # the middle of 104 weeks


def test_holidays_take_their_days_of_the_week() -> None:
    found = holiday_weeks(Holidays(country="US"), WEEKS, ["national"])
    christmas = found["Christmas Day"][0]
    # The 25th of December 2023 is a Monday, in 2024 a Wednesday.
    assert list(WEEKS[christmas > 0]) == [pd.Timestamp("2023-12-25"), pd.Timestamp("2024-12-23")]
    np.testing.assert_allclose(christmas[christmas > 0], 1 / 7)
    assert len(found) == len(holiday_weeks(Holidays(country="US"), WEEKS, list(REGIONS)))


def test_windows_reach_into_the_weeks_beside_and_over_new_year() -> None:
    asked = Holidays(country="US", before_days=3, after_days=1, only=("New Year's Day",))
    (days,) = holiday_weeks(asked, WEEKS, ["national"]).values()
    shares = dict(zip(WEEKS.astype(str), (7 * days[0]).round(9), strict=True))
    # Monday, the 1st of January 2024: Friday to Sunday before, Monday and Tuesday after.
    assert (shares["2023-12-25"], shares["2024-01-01"]) == (3, 2)
    # The first week of the data begins the day after a New Year's Day: one day of it is left.
    assert shares["2023-01-02"] == 1
    # The last week ends three days before New Year's Day 2025.
    assert shares["2024-12-23"] == 1
    assert days.sum() * 7 == pytest.approx(3 + 2 + 1 + 1)


def test_regions_may_keep_other_holidays() -> None:
    asked = Holidays(country="DE", regions={"south": {"country": "DE", "subdivision": "BY"}})
    epiphany = holiday_weeks(asked, WEEKS, list(REGIONS))["Epiphany"]
    assert epiphany[1].sum() > 0 == epiphany[[0, 2]].sum()
    options = {"geography": "regional", "holidays": asked.model_dump()}
    _, names = columns_of("holidays", REGIONS, **options)
    assert "Epiphany" in names


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"only": ["Reformation Day"]}, "only names Reformation Day; holidays of these weeks are"),
        ({"regions": {"moon": {"country": "FR"}}}, "regions names moon"),
    ],
)
def test_unknown_names_are_told(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(MMMError, match=message):
        holiday_weeks(Holidays(country="DE", **asked), WEEKS, ["national"])


def test_unknown_places_are_told_with_the_parameters() -> None:
    with pytest.raises(ValueError, match="a country whose holidays are known, not XX"):
        ModelParams(holidays={"country": "XX"})
    with pytest.raises(ValueError, match=r"'Yule'; expected one of .*Good Friday"):
        ModelParams(holidays={"country": "DE", "only": ["Yule"]})
    with pytest.raises(ValueError, match=r"expected none, as model\.geography is national"):
        ModelParams(holidays={"country": "DE", "regions": {"south": {"country": "AT"}}})
    with pytest.raises(ValueError, match="not DE with the subdivision ZZ"):
        ModelParams(holidays={"country": "DE", "subdivision": "ZZ"})


def test_events_that_no_fitted_week_saw_are_left_out() -> None:
    params = fake_params(
        events={
            "early": {"start": "2024-03-04", "end": "2024-03-10"},
            "late": {"start": "2025-12-15", "end": "2025-12-20"},
        }
    )
    frame = fake_panel(params).frame.copy()
    for name, week in (("early", "2024-03-04"), ("late", "2025-12-15")):
        frame[f"event:{name}"] = (frame["week"] == week).astype(float)
    _, names, components, *_ = make_columns(Panel(frame, "USD"), params, 96)
    assert [name for name, part in zip(names, components, strict=True) if part == "events"] == [
        "early"
    ]


def test_a_price_that_never_moved_in_the_fitted_weeks_explains_nothing() -> None:
    params = fake_params(model={"geography": "regional"})
    panel = fake_panel(params, regions=REGIONS)
    frame = panel.frame.copy()
    prices = dict(zip(REGIONS, (9.99, 8.99, 7.49), strict=True))
    frame["control:price"] = frame["region"].map(prices).astype(float)
    late = frame["week"].isin(panel.weeks[-4:])
    frame.loc[late, "control:price"] *= 1.05
    moved = Panel(frame, panel.currency, panel.units)
    assert "price" not in make_columns(moved, params, len(panel.weeks) - 8)[1]
    assert "price" in make_columns(moved, params, len(panel.weeks))[1]
