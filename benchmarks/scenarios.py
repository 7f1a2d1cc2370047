"""How long the optimiser takes, and what its plans bring beside PyMC-Marketing's optimiser.

    python benchmarks/scenarios.py [--draws 200] [--own]

First its own size: 8 channels, 20 regions, 13 weeks of their own, 1,000 draws, with floors and
steps; and 1,000 plans on 1,000 draws. Then (unless ``--own``) both optimisers get the same draws
of one model (8 channels, national, 13 weeks), budget and bounds by channel. Both plans are held against each
other by one evaluation: all that they bring, week by week, on top of what was spent before, to its end.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
from cases import Case, simulated_case
from peers import HERE, python_of, versions_of

from mmmlib.scenarios.gradients import PlanResponse
from mmmlib.scenarios.optimise import optimise
from mmmlib.scenarios.question import Bounds, Limit, Question, with_budget
from mmmlib.transforms import geometric_weights

CHANNELS, REGIONS, WEEKS, DRAWS, LAGS = 8, 20, 13, 1000, 8


def made_up(regions: int, draws: int = DRAWS) -> tuple[PlanResponse, np.ndarray]:
    """Draws of logistic channels with carryover, and a baseline; ``(channel, region, week)``."""
    rng = np.random.default_rng(1)
    money = rng.lognormal(10, 0.4, (CHANNELS, regions, 1)) * rng.lognormal(
        0, 0.15, (CHANNELS, regions, 104)
    )
    strength = np.linspace(0.6, 1.6, CHANNELS)[:, None] * rng.uniform(0.7, 1.3, regions)
    spread = rng.lognormal(0, 0.2, (draws, CHANNELS, 1))
    effects = _effects(
        rng.beta(6, 8, (draws, CHANNELS)),
        rng.gamma(20, 0.05, (draws, CHANNELS)),
        3 * strength * money.mean(2) * spread,
        money.max(2),
        money,
    )
    baseline = np.repeat(money[..., -WEEKS:].mean(2, keepdims=True), WEEKS, axis=2)
    return PlanResponse.of([effects]), baseline


def _effects(
    retention: np.ndarray,
    steepness: np.ndarray,
    coefficient: np.ndarray,
    scale: np.ndarray,
    money: np.ndarray,
) -> xr.Dataset:
    """What the optimiser reads of a model, from arrays: by draw and channel, regions and weeks last."""
    names = [f"channel_{n}" for n in range(money.shape[0])]
    two = np.stack([steepness, np.full_like(steepness, np.nan)], axis=-1)
    return xr.Dataset(
        {
            "adstock_weight": (("draw", "channel", "lag"), geometric_weights(retention, LAGS)),
            "saturation": (("draw", "channel", "shape"), two),
            "coefficient": (("draw", "channel", "region"), coefficient),
            "media_scale": (("channel", "region"), scale),
            "media": (("channel", "region", "week"), money),
            "media_cost": (("channel", "region"), np.ones(scale.shape)),
        },
        coords={"channel": names},
        attrs={
            "formula": 1,
            "saturation_kinds": json.dumps(dict.fromkeys(names, "logistic")),
        },
    )


def own() -> None:
    """Time the stated sizes."""
    response, base = made_up(REGIONS)
    every = np.ones(base.shape, bool)
    limits = []
    for region in range(REGIONS):
        cells = np.zeros(base.shape, bool)
        cells[:, region] = True
        limits.append(Limit(f"floor {region}", cells, 0.9 * base[cells].sum(), np.inf))
    for channel in range(CHANNELS):
        cells = np.zeros(base.shape, bool)
        cells[channel] = True
        paid = base[cells].sum()
        limits.append(Limit(f"step {channel}", cells, 0.8 * paid, 1.2 * paid))
    bounds = [Bounds("range", 0.5 * base, 1.5 * base)]
    asked = with_budget(Question(base, every, "week", bounds, limits), base.sum())
    before, cpu = time.time(), time.process_time()
    found = optimise(asked, response)
    took, busy = time.time() - before, time.process_time() - cpu
    print(f"{base.size} weeks of money, {DRAWS} draws: {took:.2f} s, {busy:.2f} s of CPU")
    print(f"  {found.message}")
    response, base = made_up(1)
    rng = np.random.default_rng(2)
    plans = {
        name: list(base[row] * rng.uniform(0.7, 1.3, (1000, 1, WEEKS)))
        for row, name in enumerate(response.channels)
    }
    before, cpu = time.time(), time.process_time()
    response.many_totals(plans)
    took, busy = time.time() - before, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"1,000 national plans, no two weeks alike, {DRAWS} draws: {took:.2f} s, {busy:.2f} s of CPU"
    )
    print(f"largest resident set {peak:,.0f} MB")


def beside_peer(draws: int) -> None:
    """Give both optimisers the same draws, budget and bounds."""
    case = simulated_case(1, 156, CHANNELS)
    paid = case.spend[:, 0, -WEEKS:].sum(1)
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "case.npz", Path(folder) / "out.npz"
        case.save(file)
        asked = {
            "case": str(file),
            "out": str(out),
            "draws": draws,
            "weeks": WEEKS,
            # Its budgets are those of one week.
            "budget": float(paid.sum()) / WEEKS,
            "bounds": [[0.5 * one / WEEKS, 1.5 * one / WEEKS] for one in paid],
        }
        script = str(HERE / "engines" / "optimise_pymc_marketing.py")
        words = [str(python_of("pymc-marketing")), script, json.dumps(asked)]
        subprocess.run(words, check=True)
        with np.load(out) as stored:
            theirs = {name: stored[name] for name in stored.files}
    compare_runs(case, paid, theirs)


def compare_runs(case: Case, paid: np.ndarray, theirs: dict[str, np.ndarray]) -> None:
    """Optimise on the peer's draws, and hold all plans against each other."""
    scale = theirs["channel_scale"]
    effects = _effects(
        theirs["alpha"],
        theirs["lam"],
        (theirs["beta"] * theirs["target_scale"])[..., None],
        scale[:, None],
        case.spend,
    )
    response = PlanResponse.of([effects])
    even = np.repeat(paid[:, None, None] / WEEKS, WEEKS, axis=2)
    bounds = [Bounds("range", 0.5 * even, 1.5 * even)]
    every = np.ones(even.shape, bool)
    rows = {
        "baseline, even weeks": (even, None),
        "PyMC-Marketing": (
            np.repeat(theirs["budgets"][:, None, None], WEEKS, axis=2),
            float(theirs["seconds"][1]),
        ),
    }
    for detail, name in (("channel", "workbook, by channel"), ("week", "workbook, by week")):
        before = time.time()
        found = optimise(
            with_budget(Question(even, every, detail, bounds, []), paid.sum()), response
        )
        assert found.money is not None and found.converged, found.message
        rows[name] = (found.money, time.time() - before)
    base = response.totals(even)
    print(f"\n{response.draws} draws, {versions_of('pymc-marketing')}, ", end="")
    print(f"success {bool(theirs['success'])} after {int(theirs['evaluations'])} evaluations, ")
    print(f"made ready in {float(theirs['seconds'][0]):.1f} s")
    print(
        "| plan | s | brings more than the baseline, mean, k | 5 % | 95 % |\n|---|---:|---:|---:|---:|"
    )
    for name, (money, seconds) in rows.items():
        gain = (response.totals(money) - base) / 1e3
        low, high = np.quantile(gain, [0.05, 0.95])
        took = "–" if seconds is None else f"{seconds:.2f}"
        print(f"| {name} | {took} | {gain.mean():,.1f} | {low:,.1f} | {high:,.1f} |")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200, help="of the model that both are given")
    parser.add_argument("--own", action="store_true", help="without the peer")
    asked = parser.parse_args()
    own()
    if not asked.own:
        beside_peer(asked.draws)


if __name__ == "__main__":
    main()
