"""Whether the past has seen a mix of channels."""

from __future__ import annotations

import numpy as np

from mmmlib.scenarios.build import build_pack
from mmmlib.scenarios.pack import Label
from mmmlib.scenarios.support import mix_cover
from tests.scenarios.helpers import healthy, known_effects, ready

MODEL = "revenue.pooled"


def _together(noise=0.02):
    """Two channels that always rose and fell together, and one of its own."""
    params, effects = known_effects({"a": 4.0, "b": 0.2, "c": 1.0})
    rng = np.random.default_rng(4)
    weeks = effects.sizes["week"]
    common = np.exp(rng.normal(0, 0.3, weeks))
    for place, name in enumerate(("a", "b")):
        path = 100 * (place + 1) * common * np.exp(rng.normal(0, noise, weeks))
        for what in ("spend", "media"):
            effects[what].loc[{"channel": name}] = path if what == "spend" else path[None]
    return params, effects


def _plan(effects, **factors):
    level = effects["spend"].mean("week")
    return {
        str(name): np.full((1, 13), float(level.sel(channel=name)) * factors.get(str(name), 1.0))
        for name in level["channel"].to_numpy()
    }


def test_against_the_way_that_channels_went_together_nothing_was_seen():
    _, effects = _together()
    base = _plan(effects)
    assert mix_cover(effects, _plan(effects, a=1.2, b=1.2), base) == "seen"
    assert mix_cover(effects, _plan(effects, a=1.2, b=0.8), base) == "outside"
    assert mix_cover(effects, _plan(effects, c=1.1), base) == "seen"
    assert mix_cover(effects, base, base) == "seen"


def test_between_the_two_it_is_thin():
    _, effects = _together(noise=0.02)
    base = _plan(effects)
    covers = [
        mix_cover(effects, _plan(effects, a=1 + part, b=1 - part), base)
        for part in np.linspace(0, 0.2, 41)
    ]
    assert covers[0] == "seen" and covers[-1] == "outside" and "thin" in covers
    order = {"seen": 0, "thin": 1, "outside": 2}
    assert sorted(covers, key=order.__getitem__) == covers


def test_nothing_may_be_inferred_of_a_mix_that_was_never_seen():
    params, effects = _together()
    pack = build_pack({MODEL: effects}, ready(params), healthy(MODEL), params)
    moved = [one for one in pack.scenarios if one.kind == "reallocate"]
    assert moved
    for one in moved:
        change = {line.channel: line.change for line in one.plan}
        if change["a"] > 0 > change["b"]:
            assert one.label is Label.DO_NOT_INFER
            assert any("together" in reason for reason in one.reasons)
