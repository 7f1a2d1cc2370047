"""Titles of the modeller's figures: what they say follows from the fit, and says of which model."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from mmmlib.params.choice import chosen_model, chosen_view, model_note
from mmmlib.reports.modeller import curves_by_channel, prior_and_posterior, seen_and_fitted
from tests.fakes import fake_effects, fake_params, two_motions

PARAMS = fake_params()


@pytest.fixture
def effects() -> xr.Dataset:
    return fake_effects(PARAMS)


def texts(figure: Figure) -> str:
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def with_prior(effects: xr.Dataset, channel: str, low: float, high: float) -> xr.Dataset:
    """The same fit, told of another belief on one channel."""
    prior = effects["prior_roi"].copy()
    draws = np.exp(np.linspace(np.log(low), np.log(high), effects.sizes["draw"]))
    prior.loc[{"channel": channel}] = draws
    return effects.assign(prior_roi=prior)


def test_the_data_did_not_narrow_what_was_stated_narrowly(effects: xr.Dataset) -> None:
    before = prior_and_posterior(with_prior(effects, "search", 1e-4, 1e4), PARAMS)
    assert "The data narrowed Search most" in texts(before)
    after = prior_and_posterior(with_prior(effects, "search", 2.9, 3.1), PARAMS)
    assert "narrowed Search" not in texts(after)


def test_where_no_return_was_narrowed_the_figure_says_so(effects: xr.Dataset) -> None:
    for channel in PARAMS.channels:
        effects = with_prior(effects, channel, 2.9, 3.1)
    assert "The data narrowed no return by 15" in texts(prior_and_posterior(effects, PARAMS))


def test_every_figure_names_its_model() -> None:
    params = two_motions()
    effects = fake_effects(params, model="revenue.self_serve")
    for draw in (prior_and_posterior, curves_by_channel, seen_and_fitted):
        assert "Revenue, self serve" in texts(draw(effects, params))


def test_the_note_says_that_the_pack_leads_with_the_sum() -> None:
    params = two_motions()
    note = model_note(params, chosen_model(params))
    assert note.startswith("Shown: Revenue, self serve. It is one of 2 motions: the pack leads")
    assert model_note(PARAMS, chosen_model(PARAMS)) == "Shown: Revenue."
    assert chosen_view(params) == "revenue"
