from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import Finding, Level, Status
from mmmlib.health.convergence import SAMPLER_CHECKS, check_convergence
from mmmlib.model.chains import sort_parameters
from mmmlib.params.limits import HealthParams

LIMITS = HealthParams()


def tree(chains: int = 4, draws: int = 500, seed: int = 0, **variables: np.ndarray) -> xr.DataTree:
    """A small posterior of independent draws; ``variables`` replace or add some."""
    rng = np.random.default_rng(seed)
    posterior = xr.Dataset(
        {
            "roi": (("chain", "draw", "channel"), rng.normal(size=(chains, draws, 3))),
            "sigma": (("chain", "draw"), rng.gamma(4, size=(chains, draws))),
        },
        coords={"channel": ["search", "social", "video"]},
    )
    stats = xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros((chains, draws), dtype=bool)),
            "energy": (("chain", "draw"), rng.normal(size=(chains, draws))),
        }
    )
    for name, values in variables.items():
        target = stats if name in stats else posterior
        dims = target[name].dims if name in target else ("chain", "draw")
        target[name] = (dims, values)
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def by_check(posterior: xr.DataTree | None) -> dict[str, Finding]:
    findings = check_convergence("revenue.pooled", posterior, LIMITS)
    assert [finding.check for finding in findings] == list(SAMPLER_CHECKS)
    return {finding.check: finding for finding in findings}


def test_independent_draws_pass_everything() -> None:
    assert {finding.status for finding in by_check(tree()).values()} == {Status.OK}


def test_chains_that_disagree_block_and_the_parameter_is_named() -> None:
    good = tree()
    roi = good["posterior"]["roi"].to_numpy().copy()
    roi[0, :, 1] += 1.0
    finding = by_check(tree(roi=roi))["health.rhat"]
    assert finding.level is Level.BLOCK
    assert "roi[social]" in finding.message
    assert isinstance(finding.value, float)
    assert finding.value > 1.05


def test_chains_that_differ_in_spread_only_are_seen() -> None:
    sigma = np.random.default_rng(3).normal(size=(4, 500))
    sigma[0] *= 4
    assert by_check(tree(sigma=sigma))["health.rhat"].status is Status.FLAG


def autoregressive(strength: float, chains: int = 4, draws: int = 500) -> np.ndarray:
    rng = np.random.default_rng(5)
    values = np.zeros((chains, draws))
    values[:, 0] = rng.normal(size=chains) / np.sqrt(1 - strength**2)
    for step in range(1, draws):
        values[:, step] = strength * values[:, step - 1] + rng.normal(size=chains)
    return values


@pytest.mark.parametrize(
    ("strength", "level"), [(0.0, Level.INFO), (0.75, Level.WARN), (0.97, Level.BLOCK)]
)
def test_few_effective_draws_warn_and_very_few_block(strength: float, level: Level) -> None:
    finding = by_check(tree(sigma=autoregressive(strength)))["health.ess_bulk"]
    assert finding.level is level
    # An AR(1) chain is worth n (1 - r) / (1 + r) independent draws.
    expected = 2000 * (1 - strength) / (1 + strength)
    if strength:
        assert finding.value == pytest.approx(expected, rel=0.5)


@pytest.mark.parametrize(
    ("count", "level"),
    [(0, Level.INFO), (2, Level.INFO), (3, Level.WARN), (20, Level.WARN), (21, Level.BLOCK)],
)
def test_divergences_are_graded_by_their_share(count: int, level: Level) -> None:
    diverging = np.zeros((4, 500), dtype=bool)
    diverging.flat[:count] = True
    finding = by_check(tree(diverging=diverging))["health.divergences"]
    assert finding.level is level
    assert finding.message.startswith(f"{count} of 2000 draws were divergent (limit 0.1 %)")


def test_slow_energy_warns() -> None:
    energy = np.cumsum(np.random.default_rng(1).normal(size=(4, 500)), axis=1)
    assert by_check(tree(energy=energy))["health.bfmi"].level is Level.WARN


def test_energy_that_is_not_a_number_does_not_pass() -> None:
    energy = np.random.default_rng(1).normal(size=(4, 500))
    energy[2, 7] = np.nan
    assert by_check(tree(energy=energy))["health.bfmi"].status is Status.FLAG
    assert by_check(tree(energy=np.ones((4, 500))))["health.bfmi"].status is Status.FLAG


def test_all_nan_rhat_is_a_flag_not_a_pass() -> None:
    nothing = np.full((4, 500), np.nan)
    found = by_check(tree(roi=np.full((4, 500, 3), np.nan), sigma=nothing))
    for check in ("health.rhat", "health.ess_bulk", "health.ess_tail"):
        assert found[check].level is Level.BLOCK, check
    assert "Not finite" in found["health.rhat"].message


def test_one_draw_that_is_not_finite_is_a_flag() -> None:
    sigma = np.random.default_rng(1).normal(size=(4, 500))
    sigma[0, 0] = np.inf
    finding = by_check(tree(sigma=sigma))["health.rhat"]
    assert finding.level is Level.BLOCK
    assert "sigma" in finding.message


def test_constant_parameters_are_named_and_do_not_hide_the_rest() -> None:
    finding = by_check(tree(fixed=np.full((4, 500), 0.3)))["health.rhat"]
    assert finding.status is Status.OK
    assert "Constant, so without R-hat: fixed." in finding.message


def test_a_posterior_of_constants_only_does_not_pass() -> None:
    finding = by_check(tree(roi=np.ones((4, 500, 3)), sigma=np.ones((4, 500))))["health.rhat"]
    assert finding.level is Level.BLOCK


def test_chains_stuck_at_different_values_are_not_called_constant() -> None:
    stuck = np.repeat(np.arange(4.0)[:, None], 500, axis=1)
    found = by_check(tree(sigma=stuck))
    assert found["health.rhat"].level is Level.BLOCK
    assert found["health.ess_bulk"].level is Level.BLOCK


def test_a_single_chain_cannot_agree_with_itself() -> None:
    assert by_check(tree(chains=1))["health.rhat"].level is Level.BLOCK


def test_without_chains_nothing_is_said_to_have_converged() -> None:
    found = by_check(None)
    assert {finding.status for finding in found.values()} == {Status.NOT_RUN}
    assert {finding.level for finding in found.values()} == {Level.BLOCK}


def test_without_statistics_of_the_sampler_those_checks_are_not_run() -> None:
    only = xr.DataTree.from_dict({"posterior": tree()["posterior"].to_dataset()})
    found = by_check(only)
    assert found["health.rhat"].status is Status.OK
    assert found["health.divergences"].status is Status.NOT_RUN
    assert found["health.bfmi"].status is Status.NOT_RUN


def test_scalars_are_labelled_by_their_coordinates() -> None:
    posterior = xr.Dataset(
        {
            "b": (
                ("chain", "draw", "region", "knot"),
                np.random.default_rng(0).normal(size=(2, 9, 2, 2)),
            )
        },
        coords={"region": ["north", "south"]},
    )
    names = list(sort_parameters(posterior).draws)
    assert names == ["b[north, 0]", "b[north, 1]", "b[south, 0]", "b[south, 1]"]
    picked = sort_parameters(posterior).draws["b[south, 0]"]
    np.testing.assert_array_equal(picked, posterior["b"].to_numpy()[:, :, 1, 0])


@pytest.mark.parametrize("seed", range(10))
def test_good_chains_seldom_raise_an_alarm(seed: int) -> None:
    found = by_check(tree(seed=seed))
    assert found["health.ess_bulk"].status is Status.OK
    assert found["health.rhat"].value == pytest.approx(1.0, abs=0.02)


def test_the_message_says_why_chains_do_not_agree() -> None:
    """Two channels that are traded against each other, and one whose chains found two answers."""
    rng = np.random.default_rng(5)
    roi = rng.normal(1, 0.1, (4, 500, 3))
    roi[2:, :, 0] += 2
    roi[..., 1] = 3 - roi[..., 0] + rng.normal(0, 0.05, (4, 500))
    message = by_check(tree(roi=roi))["health.rhat"].message
    assert "stay at different values, " in message
    assert "traded against roi[" in message
    assert "rank correlation −0." in message
    calm = rng.normal(1, 0.1, (4, 500, 3))
    assert "Its chains" not in by_check(tree(roi=calm))["health.rhat"].message
