from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Level, Status
from mmmlib.health.demand import check_demand, follow_demand
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects

LIMITS = HealthParams()


def following(sign: float) -> xr.Dataset:
    """Effects of a company whose search budget follows (or flees) a demand nobody measured."""
    effects = fake_effects()
    rng = np.random.default_rng(2)
    demand = rng.normal(size=effects.sizes["week"])
    spend = effects["spend"].to_numpy().copy()
    spend[0] = spend[0].mean() * np.exp(0.5 * sign * demand + 0.1 * rng.normal(size=demand.size))
    caused = effects["contribution"].median("draw").sum("channel")
    effects["spend"] = (("channel", "week"), spend)
    effects["observed"] = caused + 1e5 * (5 + demand)
    return effects


def test_spend_of_its_own_passes_and_the_caveat_is_told_all_the_same() -> None:
    (finding,) = check_demand(fake_effects(), LIMITS)
    assert finding.status is Status.OK
    assert "more likely too high than too low" in finding.message


@pytest.mark.parametrize(("sign", "leans"), [(1, "too high than"), (-1, "too low than")])
def test_spend_that_follows_demand_is_named_with_the_direction(sign: float, leans: str) -> None:
    effects = following(sign)
    assert sign * follow_demand(effects)["search"] > 0.8
    (finding,) = check_demand(effects, LIMITS)
    assert (finding.status, finding.level) == (Status.FLAG, Level.WARN)
    assert "search" in finding.message
    assert f"more likely {leans}" in finding.message
    assert "social" not in finding.message


def test_spend_that_never_changes_leaves_nothing_to_say() -> None:
    effects = fake_effects()
    effects["spend"] = effects["spend"] * 0 + 7.0
    (finding,) = check_demand(effects, LIMITS)
    assert finding.status is Status.FLAG


def test_what_is_not_a_number_does_not_pass() -> None:
    effects = fake_effects()
    effects["observed"] = effects["observed"] * np.nan
    assert check_demand(effects, LIMITS)[0].status is Status.FLAG
