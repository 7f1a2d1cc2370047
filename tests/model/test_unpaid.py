"""A channel without spend: its contribution is found, and nothing asks what it returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.effects import fitted
from mmmlib.model.motions import sum_motions
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.model.power_scaling import stated_returns
from mmmlib.model.spec import prepare
from mmmlib.model.unpaid import COMPONENT, paid_baseline, unpaid_of
from mmmlib.params import Params
from tests.fakes import fake_params, two_motions
from tests.unpaid import unpaid_effects, unpaid_panel

MODEL = "revenue.pooled"


def with_newsletter(**overrides: Any) -> Params:
    """Parameters with two channels of money and a newsletter that nobody pays for."""
    channels: dict[str, Any] = {name: {"spend": f"{name}_spend"} for name in ("search", "social")}
    channels["newsletter"] = {"exposure": "newsletter_mails"}
    return fake_params(**({"channels": channels} | overrides))


def world(params: Params) -> tuple[Panel, np.ndarray]:
    """A panel whose newsletter causes a known part of the outcome, week by week."""
    panel = unpaid_panel(params, weeks=130)
    rng = np.random.default_rng(4)
    frame = panel.frame.copy()
    frame["exposure:newsletter"] = mails = rng.gamma(2.0, 2_000.0, 130) * (rng.random(130) < 0.6)
    carried = mails + 0.3 * np.append(0, mails[:-1])
    truth = 60_000 * (1 - np.exp(-carried / 4_000))
    frame[f"outcome:{MODEL}"] += truth
    return replace(panel, frame=frame), truth


@pytest.fixture(scope="module")
def fitted_world() -> tuple[xr.Dataset, np.ndarray]:
    settings = {"chains": 2, "tune": 300, "draws": 400, "kept_draws": 800}
    params = with_newsletter(model=settings)
    panel, truth = world(params)
    return fit_one(panel, params, FitRequest(MODEL)).effects, truth


def test_the_range_of_its_contribution_holds_the_truth(
    fitted_world: tuple[xr.Dataset, np.ndarray],
) -> None:
    effects, truth = fitted_world
    found = effects["unpaid_contribution"].sel(unpaid="newsletter").sum("week")
    low, high = found.quantile([0.05, 0.95], "draw").to_numpy()
    assert low < truth.sum() < high
    assert high < 4 * low  # the data said much: of the prior the ends are a factor of 50 apart


def test_it_is_no_channel_with_a_return(fitted_world: tuple[xr.Dataset, np.ndarray]) -> None:
    effects, _ = fitted_world
    assert effects["channel"].to_numpy().tolist() == ["search", "social"]
    assert effects["unpaid"].to_numpy().tolist() == ["newsletter"]
    own = unpaid_of(effects)
    assert own is not None
    np.testing.assert_allclose(
        effects["baseline_part"].sel(component=COMPONENT), own["contribution"].sum("channel"), 1e-5
    )
    whole = (
        paid_baseline(effects)
        + own["contribution"].sum("channel")
        + effects["contribution"].sum("channel")
    )
    np.testing.assert_allclose(fitted(effects), whole, rtol=1e-4)
    stated = stated_returns(effects)  # other priors of the returns can be asked for
    assert stated is not None and len(stated.mean) == 2


def test_its_prior_is_a_share_whatever_the_unit_of_exposure() -> None:
    params = with_newsletter()
    panel, _ = world(params)
    thousands = replace(
        panel,
        frame=panel.frame.assign(
            **{"exposure:newsletter": panel.frame["exposure:newsletter"] / 1000}
        ),
    )
    one, other = (prepare(each, params, MODEL) for each in (panel, thousands))
    shares = [
        np.exp(data.priors["roi"][0][2]) * data.seen_spend[2] / data.seen_total
        for data in (one, other)
    ]
    stated = params.model.default_share
    assert shares == pytest.approx([np.sqrt(stated.low * stated.high)] * 2)
    # The believed returns of the others know nothing of mails.
    np.testing.assert_allclose(one.priors["roi"][0][:2], other.priors["roi"][0][:2])
    assert one.alike.tolist() == [True, True, False]


def test_motions_add_up_without_spend_too() -> None:
    params = two_motions(
        channels={
            "search": {"spend": "search_spend"},
            "newsletter": {"exposure": "mails"},
        }
    )
    panel = unpaid_panel(params)
    parts = [unpaid_effects(params, panel, name) for name in params.model_names]
    whole = sum_motions("revenue", parts)
    np.testing.assert_allclose(
        whole["unpaid_contribution"], sum(part["unpaid_contribution"] for part in parts), 1e-5
    )
    assert whole["exposure"].equals(parts[0]["exposure"])
    assert np.isfinite(whole["unpaid_half_life"]).all()
    assert whole["unpaid_prior"].median() > parts[0]["unpaid_prior"].median()
