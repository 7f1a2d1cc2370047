"""Data of the benchmarks: one file a case, which every engine reads without this project.

A case is an ``.npz`` file with ``outcome`` (region, week), ``spend`` (channel, region, week),
``controls`` (control, region, week; spread one), ``population`` (region; empty if unknown)
and ``first`` (day of the first week).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROBYN, GEO = "robyn_weekly", "meridian_geo_media"
PUBLIC = {ROBYN: "1x208x5", GEO: "20x156x4"}
"""Public data sets that are looked for in the folder that ``--data`` names."""
SIMULATED = {"simulated 8x156x8": (8, 156, 8), "simulated 50x208x20": (50, 208, 20)}
"""Simulated companies: regions, weeks, channels."""
REFRESH = "refresh of 12 models"
REFRESH_SIZE = (8, (156, 130))
"""Channels, and weeks of the two windows; three outcomes by two motions are six series."""
ADSTOCK_WEEKS, SEASONALITY = 8, 2
NEAR = {"default_roi": {"low": 0.1, "high": 6.0}, "returns_alike": 0.0, "form_error": 0.0}
"""What the workbook believes where all engines are told the same, as near as each can state it."""


@dataclass(frozen=True)
class Case:
    """What a model is asked to explain."""

    outcome: np.ndarray
    spend: np.ndarray
    controls: np.ndarray
    population: np.ndarray = field(default_factory=lambda: np.zeros(0))
    first: str = "2023-01-02"

    @property
    def size(self) -> str:
        """Regions x weeks x channels."""
        return "x".join(map(str, (*self.outcome.shape, len(self.spend))))

    def save(self, file: Path) -> Path:
        """Write the case."""
        np.savez(file, **vars(self))
        return file

    @classmethod
    def load(cls, file: str | Path) -> Case:
        """Read a case."""
        with np.load(file) as stored:
            values = {name: stored[name] for name in stored.files}
        return cls(**values | {"first": str(values["first"])})


def public_case(name: str, folder: Path) -> Case:
    """Read one of the public data sets."""
    import pandas as pd

    frame = pd.read_csv(folder / f"{name}.csv")
    if name == ROBYN:
        spend = frame[["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"]].to_numpy().T
        control = frame[["competitor_sales_B"]].to_numpy(dtype=float).T
        outcome = frame["revenue"].to_numpy()[None]
        return Case(outcome, spend[:, None], standard(control[:, None]), first=frame["DATE"][0])
    frame = frame.sort_values(["geo", "time"])
    regions = frame["geo"].nunique()

    def grid(columns: list[str]) -> np.ndarray:
        return frame[columns].to_numpy(dtype=float).T.reshape(len(columns), regions, -1)

    return Case(
        grid(["conversions"])[0] * grid(["revenue_per_conversion"])[0],
        grid([f"Channel{n}_spend" for n in range(4)]),
        standard(grid(["competitor_activity_score_control", "sentiment_score_control"])),
        grid(["population"])[0][:, 0],
        first=frame["time"].iloc[0],
    )


def simulated_case(regions: int, weeks: int, channels: int, seed: int = 1) -> Case:
    """Take outcome, spend and control of a simulated world."""
    from small_worlds import MODEL, make_world

    world = make_world(seed, weeks, channels, regions, autocorrelation=0.3)
    panel = world.panel
    return Case(
        panel.outcome(MODEL).to_numpy(),
        panel.array("spend").to_numpy(),
        panel.array("control").to_numpy(),
    )


def refresh_cases() -> list[Case]:
    """Make the twelve models of a refresh: six series, each in a longer and a shorter window."""
    channels, windows = REFRESH_SIZE
    series = [simulated_case(1, max(windows), channels, seed) for seed in range(11, 17)]
    return [
        Case(one.outcome[:, -weeks:], one.spend[:, :, -weeks:], one.controls[:, :, -weeks:])
        for one in series
        for weeks in windows
    ]


def make_cases(row: str, data: Path | None, folder: Path) -> list[Path]:
    """Write the cases of a row; returns their files."""
    if row in PUBLIC:
        assert data is not None
        cases = [public_case(row, data)]
    elif row == REFRESH:
        cases = refresh_cases()
    else:
        size = SIMULATED.get(row) or tuple(map(int, row.rpartition(" ")[2].split("x")))
        cases = [simulated_case(*size)]
    stem = row.replace(" ", "_")
    return [one.save(folder / f"{stem}_{n}.npz") for n, one in enumerate(cases)]


def workbook_params(case: Case, settings: dict[str, Any]) -> Any:
    """Make the parameters with which this project fits a case."""
    from mmmlib.params import Params

    return Params.model_validate(
        {
            "workbook": "benchmark",
            "title": "A benchmark",
            "currency": "USD",
            "refresh": {"period": "2026-Q1"},
            "audience": {"serves": "growth", "supports": ["compare"], "not_for": ["decide"]},
            "data": {"sources": {"world": {"path": "world.csv"}}},
            "channels": {f"channel_{n}": {"spend": "spend"} for n in range(len(case.spend))},
            "outcomes": {"revenue": {"kind": "revenue", "column": "revenue"}},
            "model": {
                "geography": "regional" if len(case.outcome) > 1 else "national",
                "adstock_weeks": ADSTOCK_WEEKS,
                "seasonality": SEASONALITY,
                "trend": "linear",
                "chains": settings["chains"],
                "tune": settings["tune"],
                "draws": settings["draws"],
                "target_accept": settings["target_accept"],
                "seed": settings["seed"],
                **(NEAR if settings.get("priors") == "near" else {}),
                **settings.get("model", {}),
            },
        }
    )


def workbook_panel(case: Case) -> Any:
    """Make the panel with which this project fits a case."""
    import pandas as pd

    from mmmlib.data.contract.layout_columns import NATIONAL
    from mmmlib.data.panel.panel import Panel

    regions, weeks = case.outcome.shape
    places = [NATIONAL] if regions == 1 else [f"region_{n}" for n in range(regions)]
    dates = pd.date_range(case.first, periods=weeks, freq="7D")
    columns: dict[str, Any] = {
        "region": np.repeat(places, weeks),
        "week": np.tile(dates, regions),
        "outcome:revenue.pooled": case.outcome.ravel(),
        "imputed": "",
    }
    columns |= {f"spend:channel_{n}": one.ravel() for n, one in enumerate(case.spend)}
    columns |= {f"control:control_{n}": one.ravel() for n, one in enumerate(case.controls)}
    if case.population.size:
        columns["population"] = np.repeat(case.population, weeks)
    return Panel(pd.DataFrame(columns), "USD")


def standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=(1, 2), keepdims=True)
    return centred / centred.std(axis=(1, 2), keepdims=True)
