"""What media bring does not hang on how many rows a channel is told in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_worlds import make_known

from mmmlib.model.one_fit import FitRequest, fit_one

SHORT = {"tune": 300, "draws": 250}


def brought(kind: str, seed: int, parts: tuple[float, ...]) -> tuple[float, float]:
    """What the first channel's spend brings, all its rows together, and what all media do."""
    world, rows = make_known(kind, seed), len(parts)
    spend = world.case.spend
    spend = np.concatenate([*(spend[:1] * part for part in parts), spend[1:]])
    effects = (*[world.effects[0]] * rows, *world.effects[1:])
    world = replace(world, case=replace(world.case, spend=spend), effects=effects)
    fit = fit_one(world.panel, world.params(SHORT, {}), FitRequest("revenue.pooled"), cores=1)
    draws = fit.effects["spend_effect"].sum("week")
    mine = draws[:, :rows].sum("channel").median("draw")
    return float(mine), float(draws.sum("channel").median("draw"))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), [("independent", 21), ("follows demand", 21)])
def test_a_channel_that_is_told_in_parts_brings_what_it_brings_as_one(kind: str, seed: int) -> None:
    """Told with its fee as a second row, a channel had brought 2.4 times as much, or 1.4 times, or half."""
    channel, media = brought(kind, seed, (1.0,))
    for parts in ((0.9, 0.1), (0.5, 0.3, 0.2)):
        in_parts, media_then = brought(kind, seed, parts)
        assert media_then == pytest.approx(media, rel=0.12)
        assert in_parts == pytest.approx(channel, rel=0.2)
