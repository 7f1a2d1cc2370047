"""A modeller's own PyMC model: its effects are the workbook's where it adds nothing, and follow what it adds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pymc import Normal, sample_prior_predictive

from mmmlib.model.derive import derive_effects
from mmmlib.model.effects import baseline
from mmmlib.model.spec import prepare
from mmmlib.workbench.custom import custom_effects, own_model
from tests.fakes import fake_params
from tests.unpaid import unpaid_panel


def dip(data: Any) -> Any:
    return Normal("dip", 0, 0.1) * (np.arange(data.fitted_weeks) > 50)[None, :]


def double(data: Any, contribution: Any) -> Any:
    return 2.0 * contribution


@pytest.mark.filterwarnings("ignore:The effect of Potentials")
def test_effects_follow_what_a_model_adds() -> None:
    channels: dict[str, Any] = {name: {"spend": name} for name in ("search", "social", "video")}
    params = fake_params(channels=channels | {"news": {"exposure": "mails"}})
    data = prepare(unpaid_panel(params), params, "revenue.pooled")
    model = own_model(data, {"term": dip, "effect": double})
    with model:
        drawn = sample_prior_predictive(100, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"})
    draws = drawn["prior"].to_dataset()
    own = custom_effects(data, params, draws, model, 3)
    plain, _ = derive_effects(data, params, draws.drop_vars(["contribution", "fitted"]), 4)
    doubled = ("contribution", "coefficient", "spend_effect", "marginal_roi", "unpaid_contribution")
    for name in (*doubled, "unpaid_effect", "unpaid_response"):
        np.testing.assert_allclose(own[name], 2 * plain[name], rtol=1e-3)
    assert "own terms" in own["component"].to_numpy()
    whole = (baseline(own) + own["contribution"].sum("channel")).transpose("draw", "week")
    fitted = draws["fitted"].to_numpy()[0, :, 0] * data.scales.outcome[0]
    np.testing.assert_allclose(whole, fitted, rtol=1e-3, atol=1e-3 * np.abs(fitted).max())
    assert own.attrs["engine"] == "custom"
