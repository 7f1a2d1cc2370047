"""Worlds: the panel is what the truth says, of any size and form."""

from __future__ import annotations

import numpy as np
import pytest
from small_worlds import LEVEL, MODEL, World, make_world


@pytest.mark.parametrize(
    "world",
    [
        make_world(1),
        make_world(2, weeks=60, channels=6, regions=3),
        make_world(3, adstock=("geometric", "delayed"), saturation=("logistic", "hill", "hill")),
        make_world(3, adstock=("weibull",), saturation=("michaelis_menten",)),
    ],
    ids=["national", "regional", "mixed", "other forms"],
)
def test_panel_is_what_the_truth_says(world: World) -> None:
    truth, panel = world.truth, world.panel
    parts = truth["baseline"] + truth["noise"] + truth["contribution"].sum("channel")
    np.testing.assert_allclose(panel.outcome(MODEL), parts, rtol=1e-9)
    spend = panel.array("spend").sum(["region", "week"])
    so_far = (truth["contribution"].sum(["region", "week"]) / spend / truth["roi"]).to_numpy()
    assert ((so_far > 0.9) & (so_far < 1)).all()  # the rest comes after the last week
    assert (truth["contribution"] >= 0).all()
    assert list(world.params.channels) == panel.names("spend")
    assert world.params.model_names == (MODEL,)


def test_same_seed_same_world_other_seed_another() -> None:
    assert make_world(4).panel.frame.equals(make_world(4).panel.frame)
    assert not make_world(4).panel.frame.equals(make_world(5).panel.frame)


@pytest.mark.parametrize("regions", [1, 4])
@pytest.mark.parametrize("autocorrelation", [0.0, 0.7])
def test_noise_is_as_large_as_asked(regions: int, autocorrelation: float) -> None:
    world = make_world(6, weeks=2000, regions=regions, noise=0.05, autocorrelation=autocorrelation)
    noise = world.truth["noise"].sum("region").to_numpy()
    assert noise.std() == pytest.approx(0.05 * LEVEL, rel=0.1)
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(autocorrelation, abs=0.08)


def test_unknown_form_is_refused() -> None:
    for kind, form, known in (
        ("adstock", "weibul", "geometric, delayed, weibull"),
        ("saturation", "log", "logistic, hill, michaelis_menten"),
    ):
        with pytest.raises(ValueError, match=f"should be one of {known} but got '{form}'"):
            make_world(1, **{kind: (form,)})
