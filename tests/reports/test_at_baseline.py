"""The next money is told at the level that the pack is compared with."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.model.effects import effects_of
from mmmlib.reports.at_baseline import at_baseline
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.tables.channels import channel_table
from mmmlib.reports.words.figures import curves_words


def _pack(second: Results, kind: str, factor: float):
    base = second.scenarios.baseline
    lines = tuple(line.model_copy(update={"weekly": factor * line.weekly}) for line in base.lines)
    name = "the same weeks of last year" if kind == "last_year" else base.name
    changed = base.model_copy(update={"kind": kind, "name": name, "lines": lines})
    return second.scenarios.model_copy(update={"baseline": changed})


def test_at_the_recent_mean_the_fit_has_told_it(second):
    effects = effects_of(second.run, second.params.primary)
    same = at_baseline(effects, second.scenarios)
    np.testing.assert_array_equal(same["marginal_roi"], effects["marginal_roi"])
    assert at_baseline(effects, None) is effects


def test_at_more_spend_the_next_money_returns_less_and_the_page_says_where(second):
    effects = effects_of(second.run, second.params.primary)
    pack = _pack(second, "last_year", 1.5)
    there = at_baseline(effects, pack)
    weekly = {line.channel: line.weekly for line in pack.baseline.lines}
    for name in there["channel"].to_numpy():
        assert float(there["spend_today"].sel(channel=name)) == pytest.approx(weekly[str(name)])
    before, after = (one["marginal_roi"].median("draw") for one in (effects, there))
    assert (after < before).all()
    # Where the curves are those of the fit, the same level gives the same return.
    known = _pack(second, "last_year", 1.0)
    np.testing.assert_allclose(
        at_baseline(effects, known)["marginal_roi"].median("draw"), before, rtol=0.1
    )
    numbers = ModelNumbers(there)
    words = curves_words(second, numbers)
    assert "the same weeks of last year" in words.subtitle
    assert "the same weeks of last year" in words.alt
    table = channel_table(second.params, numbers, numbers.channels, second.gates)
    assert "the same weeks of last year" in table.caption
