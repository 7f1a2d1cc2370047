"""What hangs on the prior is told, and what cannot be told does not pass."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmmlib.findings import Finding, Level, Status
from mmmlib.health.prior_sensitivity import (
    OUR_ASSUMPTION,
    PRIOR,
    _unclear,
    check_prior_sensitivity,
)
from mmmlib.model.power_scaling import MAX_PARETO_K, Reweighted
from mmmlib.params.limits import HealthParams
from tests.fakes import fake_effects, over_at_once
from tests.model.test_power_scaling import fitted

LIMITS = HealthParams()


def of(subject: str, findings: list[Finding]) -> Finding:
    return next(one for one in findings if one.subject == subject)


def test_a_return_that_the_data_settled_passes() -> None:
    found = check_prior_sensitivity(fake_effects(), LIMITS)
    assert {one.check for one in found} == {PRIOR}
    assert [one.status for one in found] == [Status.OK] * (1 + fake_effects().sizes["channel"])


@pytest.mark.parametrize("likely", [-1.0, 1.0])
def test_a_return_that_is_the_prior_is_called_an_assumption(likely: float) -> None:
    effects = fitted(likely, 3.0)
    found = of("revenue.pooled/search", check_prior_sensitivity(effects, LIMITS))
    assert (found.status, found.level) == (Status.FLAG, Level.INFO)
    assert OUR_ASSUMPTION[8:] in found.meaning
    # A prior half a spread higher moves a return of which the data say little by nearly that.
    assert 0.5 < found.value < 1.0
    assert "the probability that it pays" in found.message


def test_the_total_moves_with_all_priors_together() -> None:
    effects = fitted(0.0, 2.0)
    found = of("revenue.pooled", check_prior_sensitivity(effects, LIMITS))
    assert found.status is Status.FLAG
    assert "the channels together would contribute" in found.message


def test_a_counted_outcome_has_no_probability_to_pay() -> None:
    effects = fake_effects(model="signups.pooled")
    texts = [one.message for one in check_prior_sensitivity(effects, LIMITS)]
    assert not any("pays" in text for text in texts)


def test_what_could_not_be_told_does_not_pass() -> None:
    effects = fake_effects()
    effects["contribution"][0, 0, 0] = np.nan
    effects = over_at_once(effects)
    found = check_prior_sensitivity(effects, LIMITS)
    assert of("revenue.pooled", found).status is Status.NOT_RUN
    first = effects["channel"].to_numpy()[0]
    assert of(f"revenue.pooled/{first}", found).status is Status.NOT_RUN


def test_draws_that_cannot_tell_count_as_if_the_return_hung_on_its_prior() -> None:
    under = Reweighted(np.full((3, 4), 0.25), MAX_PARETO_K + 0.1)
    assert not under.known
    finding = _unclear("revenue.pooled/tv", under)
    assert (finding.status, finding.value) == (Status.FLAG, "not known")
    assert "Pareto's k" in finding.message


def test_priors_that_are_not_known_are_not_judged() -> None:
    effects = fake_effects()
    effects.attrs["inputs"] = json.dumps({"sum_of": ["a", "b"]})
    found = check_prior_sensitivity(effects, LIMITS)
    assert {(one.status, one.level) for one in found} == {(Status.NOT_RUN, Level.WARN)}
