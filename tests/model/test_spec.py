"""From panel and parameters to arrays, and what cannot be fitted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import MMMError
from mmmlib.model.arrays import ModelData
from mmmlib.model.derive import todays_spend
from mmmlib.model.inputs import carried_scales, model_inputs
from mmmlib.model.spec import prepare
from tests.fakes import fake_panel, fake_params
from tests.model.worlds import COUNTS, MODEL, REGIONS, mixed_data, mixed_params


def changed(change: Callable[[pd.DataFrame], object], weeks: int = 104) -> Panel:
    panel = fake_panel(weeks=weeks)
    frame = panel.frame.copy()
    change(frame)
    return Panel(frame, panel.currency, panel.units)


def test_national_model_sums_regions() -> None:
    params = fake_params()
    panel = fake_panel(params, regions=REGIONS)
    data = prepare(panel, params, MODEL)
    assert data.regions == ("national",)
    np.testing.assert_allclose(data.spend.sum(), panel.array("spend").sum())


def test_scaled_outcome_is_around_one_and_blind_to_currency() -> None:
    params = fake_params()
    first = prepare(fake_panel(params), params, MODEL)
    assert first.seen_outcome.mean() == pytest.approx(1)

    def dearer(frame: pd.DataFrame) -> None:
        money = [name for name in frame if name.startswith(("spend:", f"outcome:{MODEL}"))]
        frame[money] *= 137.0

    second = prepare(changed(dearer), params, MODEL)
    np.testing.assert_allclose(first.seen_outcome, second.seen_outcome)
    np.testing.assert_allclose(first.scaled_media, second.scaled_media)
    np.testing.assert_allclose(first.priors["roi"][0], second.priors["roi"][0])


def test_nothing_of_the_holdout_is_seen() -> None:
    params = fake_params()

    def later(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[-8:], [name for name in frame if ":" in name]] *= 5

    one = prepare(fake_panel(params), params, MODEL, holdout_weeks=8)
    two = prepare(changed(later), params, MODEL, holdout_weeks=8)
    seen = slice(0, one.fitted_weeks)
    assert one.fitted_weeks == 96
    for left, right in (
        (one.seen_outcome, two.seen_outcome),
        (one.scaled_media[..., seen], two.scaled_media[..., seen]),
        (one.columns[..., seen], two.columns[..., seen]),
        (one.noise_weight, two.noise_weight),
    ):
        np.testing.assert_array_equal(left, right)


def test_columns_that_vary_by_region_come_first() -> None:
    data = mixed_data(regional=True)
    varies = [np.ptp(data.columns[:, k], axis=0).max() > 0 for k in range(len(data.column_names))]
    assert varies == sorted(varies, reverse=True)
    assert data.components[0] == "controls"


def test_what_was_told_is_plain() -> None:
    content = json.loads(json.dumps(model_inputs(mixed_data(regional=True), mixed_params())))
    assert set(content["scales"]["outcome"]) == set(REGIONS)
    assert content["forms"]["social"]["saturation"] == "hill"
    assert content["noise"] == "ar1"


def test_exposure_costs_what_was_paid_for_it() -> None:
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["video"]["exposure"] = "views"
    params = fake_params(channels=channels)
    frame = fake_panel(params).frame.copy()
    frame["exposure:video"] = frame["spend:video"] / 0.02
    data = prepare(Panel(frame, "USD"), params, MODEL)
    np.testing.assert_allclose(data.media_cost[:, 0], [1, 1, 0.02, 1])
    np.testing.assert_allclose(data.media[2], data.spend[2] / 0.02)


FAULTS: dict[str, tuple[Callable[[pd.DataFrame], object], int, str]] = {
    "few weeks": (lambda f: None, 12, "12 weeks are too few for 4 channels"),
    "zero outcome": (lambda f: f.__setitem__(f"outcome:{MODEL}", 0.0), 104, "is zero in all weeks"),
    "flat outcome": (lambda f: f.__setitem__(f"outcome:{MODEL}", 7.0), 104, "never changes"),
    "no spend": (lambda f: f.__setitem__("spend:video", 0.0), 104, "channel video has no spend"),
    "constant": (
        lambda f: f.__setitem__("spend:video", 5.0),
        104,
        "channel video never changes, so its effect cannot be told from the level",
    ),
    "twins": (
        lambda f: f.__setitem__("spend:video", f["spend:social"]),
        104,
        "channels social and video are identical: join them",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_data_that_cannot_answer_are_refused_with_the_reason(name: str) -> None:
    change, weeks, message = FAULTS[name]
    with pytest.raises(MMMError, match=message):
        prepare(changed(change, weeks), fake_params(), MODEL)


def test_priors_that_exclude_the_data_are_refused_with_the_channel() -> None:
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"]["prior"] = {"roi": {"low": 40, "high": 60}}
    params = fake_params(channels=channels, health={"max_plausible_roi": 100})
    with pytest.raises(MMMError, match=r"search alone would cause \d+%: state a lower return"):
        prepare(fake_panel(), params, MODEL)


def test_counts_with_fractions_are_refused() -> None:
    with pytest.raises(MMMError, match="counts are whole numbers"):
        prepare(fake_panel(), mixed_params(), COUNTS)


def test_all_reasons_are_told_at_once() -> None:
    def spoil(frame: pd.DataFrame) -> None:
        frame["spend:video"] = 0.0
        frame["spend:events"] = 3.0

    with pytest.raises(MMMError, match=r"video has no spend.*events never changes"):
        prepare(changed(spoil), mixed_params(), MODEL)


def test_scales_are_carried_on_while_they_fit() -> None:
    params = fake_params()
    first = prepare(fake_panel(params), params, MODEL)
    effects = xr.Dataset(attrs={"model": MODEL, "inputs": json.dumps(model_inputs(first, params))})

    def grown(frame: pd.DataFrame, factor: float = 1.4) -> None:
        frame[[name for name in frame if name.startswith("spend:")]] *= factor

    carried = carried_scales(effects, changed(grown), params)
    assert carried is not None
    np.testing.assert_allclose(carried.media, first.scales.media)
    again = prepare(changed(grown), params, MODEL, scales=carried)
    np.testing.assert_allclose(again.scaled_media, first.scaled_media * 1.4)
    # Thousand times the spend is another unit, and other channels another model.
    assert carried_scales(effects, changed(lambda f: grown(f, 1000.0)), params) is None
    channels = {name: one.model_dump() for name, one in params.channels.items()}
    del channels["video"]
    assert carried_scales(effects, fake_panel(), fake_params(channels=channels)) is None


@pytest.mark.parametrize("digits", [6, 2])
def test_a_national_outcome_divided_over_regions_is_refused(digits: int) -> None:
    params = fake_params(model={"geography": "regional"})
    panel = fake_panel(params, regions=REGIONS)
    frame = panel.frame.copy()
    outcome = f"outcome:{MODEL}"
    total = frame.groupby("week")[outcome].transform("sum")
    share = frame["region"].map(dict(zip(REGIONS, (0.5, 0.3, 0.2), strict=True))).astype(float)
    frame[outcome] = (total * share).round(digits)
    with pytest.raises(MMMError, match=r"divided by fixed shares.*model\.geography to national"):
        prepare(Panel(frame, "USD"), params, MODEL)
    prepare(panel, params, MODEL)


def test_a_channel_younger_than_the_holdout_is_not_to_be_removed() -> None:
    def start_late(frame: pd.DataFrame) -> None:
        frame.loc[frame.index < 97, "spend:video"] = 0.0

    panel = changed(start_late)
    prepare(panel, fake_params(), MODEL)
    message = r"without its last 8 weeks cannot.*video has no spend.*shorten health\.holdout_weeks"
    with pytest.raises(MMMError, match=message):
        prepare(panel, fake_params(), MODEL, holdout_weeks=8)


@pytest.mark.parametrize(
    ("spend", "fault"),
    [(500.0, "channel video never changes"), ("search", "channels search and video are identical")],
)
def test_what_only_the_last_weeks_tell_apart_is_not_to_be_removed(
    spend: float | str, fault: str
) -> None:
    def alike(frame: pd.DataFrame) -> None:
        early = frame.index < 97
        frame.loc[early, "spend:video"] = frame["spend:search"] if spend == "search" else spend

    message = rf"{fault}.*shorten health\.holdout_weeks"
    with pytest.raises(MMMError, match=message):
        prepare(changed(alike), fake_params(), MODEL, holdout_weeks=8)


def exposed(regional: bool, change: Callable[[pd.DataFrame], object]) -> ModelData:
    """Search is bought at 5 a view; then something happens to its data."""
    channels = {name: one.model_dump() for name, one in fake_params().channels.items()}
    channels["search"]["exposure"] = "views"
    geography = "regional" if regional else "national"
    params = fake_params(channels=channels, model={"geography": geography})
    panel = fake_panel(params, regions=REGIONS if regional else ("national",))
    frame = panel.frame.copy()
    frame["exposure:search"] = frame["spend:search"] / 5
    change(frame)
    return prepare(Panel(frame, "USD"), params, MODEL)


def test_media_that_ran_where_nothing_was_booked_costs_what_it_costs_elsewhere() -> None:
    def book_elsewhere(frame: pd.DataFrame) -> None:
        frame.loc[frame["region"] == "south", "spend:search"] = 0.0

    data = exposed(True, book_elsewhere)
    recent = slice(-4, None)
    everywhere = data.spend[0, :, recent].sum() / data.media[0, :, recent].sum()
    south = data.regions.index("south")
    expected = [everywhere if row == south else 5.0 for row in range(3)]
    np.testing.assert_allclose(data.media_cost[0], expected)
    _, split = todays_spend(data, 13)
    ran = data.media[0, :, -13:].sum(-1) * data.media_cost[0]
    np.testing.assert_allclose(split[0], ran / ran.sum())


def test_a_plan_pays_the_price_of_today_and_not_that_of_the_last_year() -> None:
    """The price of a view doubled ten weeks ago."""

    def dearer(frame: pd.DataFrame) -> None:
        frame.loc[frame.index >= len(frame) - 10, "exposure:search"] /= 2

    np.testing.assert_allclose(exposed(False, dearer).media_cost[0, 0], 10.0)


def test_a_late_invoice_is_no_price() -> None:
    def late(frame: pd.DataFrame) -> None:
        last = frame.index >= len(frame) - 4
        frame.loc[last, "exposure:search"] *= 0.01
        frame.loc[last, "spend:search"] *= 0.02  # little was bought, at twice the price

    data = exposed(False, late)
    assert 5.0 < data.media_cost[0, 0] < 5.1


def test_a_region_has_its_own_price_in_a_history_shorter_than_half_a_year() -> None:
    def dear_in_the_south(frame: pd.DataFrame) -> None:
        frame.loc[frame["region"] == "south", "exposure:search"] /= 2

    data = exposed(True, dear_in_the_south)
    short = replace(data, spend=data.spend[:, :, -20:], media=data.media[:, :, -20:])
    expected = [10.0 if name == "south" else 5.0 for name in data.regions]
    np.testing.assert_allclose(short.media_cost[0], expected)


def test_media_that_outlives_its_spend_costs_what_it_did() -> None:
    def stop_paying(frame: pd.DataFrame) -> None:
        frame.loc[frame.index >= 40, "spend:search"] = 0.0

    data = exposed(False, stop_paying)
    assert 0 < data.media_cost[0, 0] < 5


@pytest.mark.parametrize(("weeks", "holdout"), [(50, 0), (40, 0), (59, 8)])
def test_todays_spend_is_of_the_weeks_that_there_are(weeks: int, holdout: int) -> None:
    data = prepare(fake_panel(weeks=weeks), fake_params(), MODEL, holdout)
    today, split = todays_spend(data, 52)
    seen = data.spend[:, :, : data.fitted_weeks].sum(1)
    np.testing.assert_allclose(today, seen[:, -52:].mean(-1))
    np.testing.assert_allclose(split.sum(1), 1)
