"""Fits: effects that add up, holdouts that are not seen, draws that repeat."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from mmmlib.data.panel.panel import Panel, write_panel
from mmmlib.errors import MMMError, RunError
from mmmlib.health.lift import distance
from mmmlib.model.chains import MAX_RHAT, largest_rhat
from mmmlib.model.derive import form_factors
from mmmlib.model.effects import baseline, contribution, effects_of, fitted, roi, uncalibrated_of
from mmmlib.model.fit import FITS_LOG, fit_each, fit_run, posterior_of, save_fit
from mmmlib.model.linear import draw_linear
from mmmlib.model.one_fit import LONGER, Fit, FitRequest, _rhat_limit, fit_one, quick, seed_of
from mmmlib.model.response import respond
from mmmlib.model.sample import _cause, _check_moved
from mmmlib.params import Params
from mmmlib.reports.tables.fit import diagnostics_table, sampler_table
from mmmlib.runs import Run
from tests.fake_run import make_fake_run
from tests.fakes import fake_lift, fake_panel, fake_params
from tests.model.worlds import MODEL, REGIONS, mixed_data, mixed_params

SHORT = {"chains": 2, "tune": 200, "draws": 200, "kept_draws": 100}
HOLDOUT = FitRequest(MODEL, holdout_weeks=8)


def case(regional: bool) -> tuple[Params, Panel]:
    geography = "regional" if regional else "national"
    params = mixed_params(geography=geography, **SHORT)
    regions = REGIONS if regional else ("national",)
    return params, fake_panel(params, weeks=80, regions=regions)


@pytest.fixture(scope="module", params=[False, True], ids=["national", "regional"])
def made(request: pytest.FixtureRequest) -> tuple[Params, Panel, Fit]:
    params, panel = case(request.param)
    return params, panel, fit_one(panel, params, FitRequest(MODEL))


def test_parts_add_up(made: tuple[Params, Panel, Fit]) -> None:
    _, panel, fit = made
    effects = fit.effects
    np.testing.assert_array_equal(
        fitted(effects), baseline(effects) + effects["contribution"].sum("channel")
    )
    np.testing.assert_allclose(
        effects["contribution_region"].sum("region"), contribution(effects), rtol=1e-4
    )
    # The fit explains the outcome in its own unit.
    observed = panel.outcome(MODEL).sum("region")
    assert float(fitted(effects).mean() / observed.mean()) == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(effects["observed"], observed, rtol=1e-6)


def test_formula_gives_the_contribution(made: tuple[Params, Panel, Fit]) -> None:
    effects = made[2].effects
    scale = float(effects["contribution"].max())
    np.testing.assert_allclose(
        respond(effects, effects["media"]), effects["contribution"], atol=1e-5 * scale
    )


def test_return_is_the_parameter(made: tuple[Params, Panel, Fit]) -> None:
    _, _, fit = made
    parameter = fit.posterior["posterior"]["roi"].median(("chain", "draw"))
    np.testing.assert_allclose(roi(fit.effects).median("draw"), parameter, rtol=0.15)
    fitted_return = roi(fit.effects) / fit.effects["form_factor"]
    lowest, highest = (
        fit.posterior["posterior"]["roi"].min(),
        fit.posterior["posterior"]["roi"].max(),
    )
    assert float(fitted_return.min()) >= float(lowest) * 0.999
    assert float(fitted_return.max()) <= float(highest) * 1.001


def test_curve_starts_at_zero_rises_and_holds_todays_marginal(
    made: tuple[Params, Panel, Fit],
) -> None:
    effects = made[2].effects
    response = effects["response"]
    assert float(abs(response.isel(point=0)).max()) == 0
    assert (response.diff("point") >= 0).all()
    # A curve's slope at today's spend, read off the grid, is near the marginal return.
    for name in effects["channel"].to_numpy():
        one = effects.sel(channel=name)
        slope = one["response"].mean("draw").differentiate("point").to_numpy()
        slope = slope / np.gradient(one["response_spend"].to_numpy())
        near = np.interp(float(one["spend_today"]), one["response_spend"].to_numpy(), slope)
        assert near == pytest.approx(float(one["marginal_roi"].mean()), rel=0.2)


def test_predictions_cover_the_weeks(made: tuple[Params, Panel, Fit]) -> None:
    effects = made[2].effects
    low, high = effects["predicted"].quantile([0.05, 0.95], "draw")
    inside = (effects["observed"] >= low) & (effects["observed"] <= high)
    assert 0.8 <= float(inside.mean()) <= 1


def test_same_request_same_draws_whatever_the_cores() -> None:
    params, panel = case(regional=False)
    one = fit_one(panel, params, FitRequest(MODEL), cores=1)
    two = fit_one(panel, params, FitRequest(MODEL), cores=2)
    other = fit_one(panel, params, FitRequest(MODEL, label="again"), cores=2)
    xr.testing.assert_equal(one.effects, two.effects)
    xr.testing.assert_equal(
        one.posterior["posterior"].to_dataset(), two.posterior["posterior"].to_dataset()
    )
    assert not np.array_equal(one.effects["contribution"], other.effects["contribution"])
    assert seed_of(params, FitRequest(MODEL)) != seed_of(params, HOLDOUT)


def test_another_currency_changes_no_return() -> None:
    params, panel = case(regional=False)
    frame = panel.frame.copy()
    money = [name for name in frame if name.startswith(("spend:", f"outcome:{MODEL}"))]
    frame[money] *= 1000
    first = fit_one(panel, params, FitRequest(MODEL))
    second = fit_one(Panel(frame, panel.currency, panel.units), params, FitRequest(MODEL))
    # Rounding differs, so chains part in the end: the laws agree, not the draws.
    np.testing.assert_allclose(
        roi(first.effects).median("draw"), roi(second.effects).median("draw"), rtol=0.35
    )


def test_held_out_outcomes_are_not_seen_but_their_spend_is_used() -> None:
    params, panel = case(regional=False)
    outcome, spend = panel.frame.copy(), panel.frame.copy()
    last = panel.frame.index[-8:]
    outcome.loc[last, f"outcome:{MODEL}"] *= 3
    spend.loc[last, "spend:search"] = 0.0
    first, second, third = (
        fit_one(Panel(frame, panel.currency, panel.units), params, HOLDOUT).effects
        for frame in (panel.frame, outcome, spend)
    )
    assert int((~first["in_sample"]).sum()) == 8
    xr.testing.assert_equal(first["predicted"], second["predicted"])
    assert not np.allclose(first["observed"], second["observed"])
    held = slice(-4, None)
    assert float(third["contribution"].sel(channel="search")[:, held].mean()) < float(
        first["contribution"].sel(channel="search")[:, held].mean()
    )


def test_a_refit_is_not_sampled_longer_for_what_only_a_model_needs() -> None:
    params = fake_params()
    assert _rhat_limit(params, FitRequest(MODEL)) == params.health.max_rhat < MAX_RHAT
    assert _rhat_limit(params, HOLDOUT) == MAX_RHAT
    assert _rhat_limit(quick(params), FitRequest(MODEL, label="refit")) == MAX_RHAT


def test_fits_are_saved_and_loaded(tmp_path: Path) -> None:
    params, panel = case(regional=False)
    run = make_fake_run(tmp_path)
    run.exploring = False
    fit = fit_one(panel, params, FitRequest(MODEL))
    save_fit(run, fit)
    without = fit_one(panel, params, HOLDOUT)
    save_fit(run, without)
    told = [json.loads(line) for line in (run.path / FITS_LOG).read_text().splitlines()]
    assert [one["fit"] for one in told] == [str(fit.request), str(HOLDOUT)]
    assert all(one["began"] < one["sampled"] <= one["done"] for one in told)
    assert told[0]["done"] <= told[1]["began"]
    xr.testing.assert_equal(effects_of(run, MODEL), fit.effects)
    assert int((~effects_of(run, MODEL, holdout=True)["in_sample"]).sum()) == 8
    assert_rounded(run, without)
    posterior = posterior_of(run, MODEL)
    assert set(posterior.children) == {"posterior", "sample_stats", "linear"}
    assert run.artefact(f"models/{MODEL}/posterior.nc").stat().st_size < 3_000_000
    table = diagnostics_table(posterior)
    assert all(0.98 < float(str(rhat)) < 1.2 for rhat in table.column("R-hat"))
    assert len(sampler_table(posterior).rows) == 2
    with pytest.raises(RunError, match="is not there"):
        posterior_of(run, "signups.pooled")


def assert_rounded(run: Run, fit: Fit) -> None:
    """What rounding does to the ends of ranges is far below what other draws would do."""
    kept = effects_of(run, MODEL, holdout=True)
    for quantity in (roi, contribution):
        before, after = quantity(fit.effects), quantity(kept)
        for mass in (0.05, 0.5, 0.95):
            moved = abs(after.quantile(mass, "draw") - before.quantile(mass, "draw"))
            noise = before.std("draw") / np.sqrt(before.sizes["draw"])
            assert float((moved / noise).max()) < 0.05
    folder = run.artefact(f"models/{MODEL}")
    small, whole = (folder / name for name in ("holdout.nc", "effects.nc"))
    assert small.stat().st_size < 0.6 * whole.stat().st_size


def test_a_run_is_fitted_once_and_without_lift_tests_where_it_has_some(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path, model=SHORT)
    run.exploring = False
    panel = fake_panel(weeks=80)
    # An error so small that the fit must follow the test wherever it leads.
    lift = fake_lift(panel, incremental_outcome=90_000, standard_error=1_000)
    write_panel(run, replace(panel, lift_tests=(lift,)))
    told: list[tuple[str, float]] = []
    first = fit_run(run, progress=lambda request, done: told.append((str(request), done)))
    without = "revenue.pooled, without lift tests"
    assert {request for request, done in told if done == 1} == {*first, without}
    told.clear()
    second = fit_run(run, progress=lambda request, done: told.append((str(request), done)))
    assert told == []
    for model, fit in first.items():
        xr.testing.assert_equal(fit.effects, second[model].effects)
    alone = uncalibrated_of(run, MODEL)
    assert alone is not None
    # A run that is taken up again begins it with the fit that it kept, and comes to the same.
    run.artefact(f"models/{MODEL}/uncalibrated.nc").unlink()
    fit_run(run)
    xr.testing.assert_equal(uncalibrated_of(run, MODEL), alone)
    assert uncalibrated_of(run, "signups.pooled") is None
    off, off_alone = (
        distance(lift, fit["lift_expected"].to_numpy()) for fit in (effects_of(run, MODEL), alone)
    )
    assert abs(off) < 2 < abs(off_alone)


def test_nothing_to_fit_is_nothing_done() -> None:
    params, panel = case(regional=False)
    assert list(fit_each(panel, params, [])) == []


def test_stuck_chains_name_the_likely_cause() -> None:
    data = mixed_data(weeks=30, seasonality=10, trend_knots=12)
    still = np.zeros((2, 50, 4))
    with pytest.raises(MMMError, match=r"chain 1 never moved\. There are 30 observations for"):
        _check_moved(still, data)
    with pytest.raises(MMMError, match="a chain was cut off"):
        _check_moved(np.full((2, 5, 4), np.nan), data)
    data = mixed_data(weeks=104)
    media = data.media.copy()
    media[data.channels.index("video"), :, 3] *= 1e5
    outlier = replace(data, media=media)
    assert "A week of channels.video has more than 50 times" in _cause(outlier)


def test_linear_terms_are_recovered() -> None:
    """Least squares says the same where the prior is weak and the data many."""
    data = mixed_data(weeks=150, noise="independent", trend="linear", seasonality=2)
    draws = 2000
    parameters = {
        "sigma": np.full((draws, 1), 0.02),
        "scale": np.full((draws, 1), 5.0),
    }
    media = np.zeros((draws, 1, data.fitted_weeks))
    levels, slopes = draw_linear(data, parameters, media, np.random.default_rng(1))
    design = np.vstack([np.ones(data.fitted_weeks), data.columns[0, :, : data.fitted_weeks]])
    expected = np.linalg.lstsq(design.T, data.seen_outcome[0])[0]
    covariance = 0.02**2 * np.linalg.inv(design @ design.T)
    found = np.concatenate([levels, slopes], axis=1)
    np.testing.assert_allclose(found.mean(0), expected, atol=0.003)
    np.testing.assert_allclose(found.std(0), np.sqrt(np.diag(covariance)), rtol=0.1)


def test_an_interrupted_fit_is_told_as_such() -> None:
    """And not as a chain that the priors cut off."""
    params, panel = case(regional=False)
    long = params.model.model_copy(update={"tune": 50_000, "draws": 50_000})
    begun = threading.Event()

    def interrupt() -> None:
        begun.wait(120)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt, match=f"{MODEL}: the fit was interrupted, and nothing"):
        fit_one(
            panel,
            params.model_copy(update={"model": long}),
            FitRequest(MODEL),
            progress=lambda request, done: begun.set(),
        )


def test_chains_that_nearly_agree_are_sampled_on_before_they_are_judged() -> None:
    params, panel = case(regional=False)
    limits = params.health.model_copy(update={"max_rhat": 1.0001})  # no short chain is as close
    strict = params.model_copy(update={"health": limits})
    short, longer = (fit_one(panel, one, FitRequest(MODEL)) for one in (params, strict))
    sizes = [fit.posterior["posterior"].sizes["draw"] for fit in (short, longer)]
    assert sizes[1] == LONGER * SHORT["draws"]
    same = longer.posterior["posterior"]["roi"].isel(draw=slice(SHORT["draws"]))
    if sizes[0] == SHORT["draws"]:
        np.testing.assert_array_equal(same, short.posterior["posterior"]["roi"])
    assert largest_rhat(longer.posterior) < 1.1
    assert longer.effects.sizes["draw"] == SHORT["kept_draws"]


def test_what_a_form_may_miss_is_in_the_effect_and_leaves_the_fit_as_it_was() -> None:
    params, panel = case(regional=True)
    with_error, without = (
        params.model_copy(update={"model": params.model.model_copy(update={"form_error": one})})
        for one in (0.4, 0.0)
    )
    wide, narrow = (fit_one(panel, one, FitRequest(MODEL)).effects for one in (with_error, without))
    factor = wide["form_factor"]
    spread = 0.4 * np.sqrt(1 + wide.attrs["budgets_in_common"])
    assert float(factor.median()) == pytest.approx(1, abs=0.03)
    assert float(np.log(factor).std()) == pytest.approx(spread, rel=0.1)
    for name in ("contribution", "contribution_region", "response", "marginal_roi", "coefficient"):
        np.testing.assert_allclose(wide[name], narrow[name] * factor, rtol=1e-3)
    # What the channels did not cause, the baseline did: prediction and fit are the same.
    np.testing.assert_allclose(fitted(wide), fitted(narrow), rtol=1e-4)
    np.testing.assert_array_equal(wide["predicted"], narrow["predicted"])
    assert float(narrow["form_factor"].std()) == 0


def test_what_a_form_may_miss_is_in_part_common_to_all_channels() -> None:
    """Totals had been as narrow as if one channel's error made up for another's."""
    for common in (0.0, 0.8):
        logs = np.log(form_factors(1000, 6, 0.3, common))
        assert logs.std() == pytest.approx(0.3 * np.sqrt(1 + common), rel=0.05)
        between = np.corrcoef(logs.T)[np.triu_indices(6, 1)]
        assert between.mean() == pytest.approx((0.5 + common) / (1 + common), abs=0.05)
    assert (form_factors(100, 3, 0.0, 0.5) == 1).all()
