"""How many of the demo's ranges hold the truth?

Fits every model of the demo as a refresh does and prints, per model and channel,
the true contribution beside its 90 % range::

    python benchmarks/truth.py [--seeds 1 2 3] [--vintage 1] [--set key=value]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from small_worlds import cover, fewest_covered

from mmmlib.data.panel.build import build_panel
from mmmlib.estimates import format_range
from mmmlib.model.fit import fit_each
from mmmlib.model.one_fit import FitRequest
from mmmlib.params.load import read_params
from mmmlib.runner.lifecycle import taxonomy_beside
from mmmlib.simulate.company import make_company

DEMO = Path(__file__).parents[1] / "params" / "demo.yaml"


def measure(overrides: list[str]) -> pd.DataFrame:
    """Fit the demo and return the coverage of every model and channel."""
    params = read_params(DEMO, overrides)
    asked = params.data.simulated
    assert asked is not None
    company = make_company(asked.company, asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        company.write_vintage(folder, asked.vintage)
        panel = build_panel(params, Path(folder), taxonomy_beside(params, DEMO))
    truth = company.truth(asked.vintage)["contribution"]
    fits = fit_each(panel, params, [FitRequest(model) for model in params.model_names])
    tables = {
        fit.request.model: cover(fit.effects, truth.sel(model=fit.request.model)) for fit in fits
    }
    table = pd.concat(tables, names=["model"])
    units = [params.outcome_unit(model) for model in table.index.get_level_values("model")]
    table["range"] = [
        format_range(low, high, unit)
        for low, high, unit in zip(table["low"], table["high"], units, strict=True)
    ]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--vintage", type=int, default=1)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    asked = parser.parse_args()
    given = [f"data.simulated.vintage={asked.vintage}", *asked.overrides]
    tables = {seed: measure([*given, f"data.simulated.seed={seed}"]) for seed in asked.seeds}
    table = pd.concat(tables, names=["seed"])
    shown = table[["truth", "median", "range", "rank", "covered"]]
    print(shown.to_string(float_format=lambda value: f"{value:,.3g}"))
    print(table.groupby(["seed", "model"])["covered"].agg(["sum", "size"]).to_string())
    print(table.groupby("channel")["covered"].agg(["sum", "size"]).to_string())
    count = len(table)
    print(
        f"{table['covered'].sum()} of {count} ranges hold the truth; 90 % of them should, "
        f"fewer than {fewest_covered(count)} would be a fault."
    )


if __name__ == "__main__":
    main()
