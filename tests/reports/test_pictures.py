"""Titles of the figures that notebooks show: what they say follows from the fit, and of which model."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.params.choice import chosen_model, chosen_view, model_note
from mmmlib.reports.blocks import Picture
from mmmlib.reports.pictures import curves_pictures, fit_picture, learning_picture
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from tests.fakes import fake_effects, fake_params, two_motions

PARAMS = fake_params()


@pytest.fixture
def effects() -> xr.Dataset:
    return fake_effects(PARAMS)


def title(picture: Picture) -> str:
    return " ".join(" ".join(text.get_text() for text in picture.draw().texts).split())


def with_prior(effects: xr.Dataset, channel: str, low: float, high: float) -> xr.Dataset:
    """The same fit, told of another belief on one channel."""
    prior = effects["prior_roi"].copy()
    draws = np.exp(np.linspace(np.log(low), np.log(high), effects.sizes["draw"]))
    prior.loc[{"channel": channel}] = draws
    return effects.assign(prior_roi=prior)


def test_the_data_did_not_narrow_what_was_stated_narrowly(
    second: Results, effects: xr.Dataset
) -> None:
    wide = ModelNumbers(with_prior(effects, "search", 1e-4, 1e4))
    assert "The data narrowed Search most: USD" in title(learning_picture(second, wide))
    narrow = ModelNumbers(with_prior(effects, "search", 2.9, 3.1))
    assert "narrowed Search" not in title(learning_picture(second, narrow))


def test_where_no_return_was_narrowed_the_figure_says_so(
    second: Results, effects: xr.Dataset
) -> None:
    for channel in PARAMS.channels:
        effects = with_prior(effects, channel, 2.9, 3.1)
    said = title(learning_picture(second, ModelNumbers(effects)))
    assert "The data narrowed no return by 15" in said


def test_every_figure_of_a_notebook_names_its_model(second: Results) -> None:
    params = two_motions()
    results = Results(second.run, params)
    results.__dict__["gates"] = None
    numbers = ModelNumbers(fake_effects(params, model="revenue.self_serve"))
    pictures = [
        learning_picture(results, numbers),
        *curves_pictures(results, numbers),
        fit_picture(results, numbers),
    ]
    for picture in pictures:
        shown = picture._repr_mimebundle_()["text/markdown"]
        assert "self-serve revenue" in shown.rpartition("\n")[2]


def test_the_note_says_that_the_pack_leads_with_the_sum() -> None:
    params = two_motions()
    note = model_note(params, chosen_model(params))
    assert note.startswith("Shown: Revenue, self serve. It is one of 2 motions: the pack leads")
    assert model_note(PARAMS, chosen_model(PARAMS)) == "Shown: Revenue."
    assert chosen_view(params) == "revenue"
