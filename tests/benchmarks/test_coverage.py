"""Coverage: counted against effects whose draws are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from small_worlds import cover, fewest_covered


def effects(draws: np.ndarray) -> xr.Dataset:
    """Effects of two channels and two weeks with these totals."""
    values = np.stack([draws, draws], axis=1)[..., None] / 2
    part = xr.DataArray(
        np.concatenate([values, values], axis=-1),
        dims=("draw", "channel", "week"),
        coords={"channel": ["a", "b"]},
    )
    return xr.Dataset({"contribution": part})


def truth(a: float, b: float) -> xr.DataArray:
    return xr.DataArray(
        [[[b / 2, b / 2]], [[a / 2, a / 2]]],
        dims=("channel", "region", "week"),
        coords={"channel": ["b", "a"]},
    )


def test_ranges_and_ranks_by_channel_whatever_their_order() -> None:
    table = cover(effects(np.linspace(0, 100, 1001)), truth(a=30, b=99))
    assert list(table.index) == ["a", "b"]
    assert table["low"].tolist() == pytest.approx([5, 5])
    assert table["high"].tolist() == pytest.approx([95, 95])
    assert table["covered"].tolist() == [True, False]
    assert table["rank"].tolist() == pytest.approx([0.3, 0.99], abs=0.01)


def test_nan_is_not_covered() -> None:
    table = cover(effects(np.linspace(0, 1, 11)), truth(a=float("nan"), b=0.5))
    assert table["covered"].tolist() == [False, True]


@pytest.mark.parametrize(("count", "least"), [(8, 5), (32, 24), (100, 82)])
def test_fewest_covered_is_the_binomial_bound(count: int, least: int) -> None:
    from scipy.stats import binom

    assert fewest_covered(count) == least
    assert binom.cdf(least - 1, count, 0.9) < 0.01 <= binom.cdf(least, count, 0.9)
