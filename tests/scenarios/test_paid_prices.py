"""A declared price against what past weeks paid."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.findings import Status
from mmmlib.model.prices import price_of
from mmmlib.scenarios.paid_prices import price_findings
from tests.fakes import fake_effects, fake_params
from tests.scenarios.helpers import with_rising


def _priced(share, *, noise=0.01, moves=True):
    """Search bought at a share of the rise that is declared, while all prices rise over time."""
    params, effects = fake_params(), fake_effects(draws=2)
    level = float(effects["spend_today"].sel(channel="search"))
    effects = with_rising(effects, {"search": (0.3 * level, level, 5 * level)}, (0.8, 1.0, 2.0))
    here = {"channel": "search"}
    if not moves:
        effects["spend"].loc[here] = level
    spend = effects["spend"].sel(here).to_numpy()
    price = spend / price_of(effects, "search").whole.worth(spend[None])[0]
    rng = np.random.default_rng(3)
    random = np.exp(noise * rng.normal(size=len(spend)) + np.linspace(0, 0.3, len(spend)))
    effects["media"].loc[here] = (spend / (price**share * random))[None]
    return price_findings(effects, params)


@pytest.mark.parametrize("share", [1.0, 0.0, 2.0, 0.8])
def test_what_was_paid_is_found_beside_a_price_that_rises_for_all(share):
    (finding,) = _priced(share)
    assert finding.value == pytest.approx(share, abs=0.1)
    assert finding.status is (Status.OK if abs(share - 1) < 0.5 else Status.FLAG)
    assert "the declared price of Search rises by" in finding.message


def test_prices_that_jump_about_contradict_nothing():
    (finding,) = _priced(0.0, noise=1.5)
    assert finding.status is Status.OK


def test_a_past_that_cannot_tell_is_said_to_be_so():
    (finding,) = _priced(1.0, moves=False)
    assert finding.status is Status.NOT_RUN
    assert price_findings(fake_effects(draws=2), fake_params()) == []
