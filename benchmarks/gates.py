"""How often do the checks of a refresh speak up, and when should they? Measured on sequences.

    python benchmarks/gates.py FOLDER [--sequences 20] [--first 0] [--worlds …] [--around] [--show] [--publish]

Every sequence of :mod:`mmmlib.simulate.sequences` is fitted refresh after refresh, as a workbook
would: with scales that are carried on, by the model's defaults except for fewer draws. What the
checks need of each refresh is one line of JSON in ``FOLDER/sequences.jsonl``; a sequence that is
there is not fitted again, so limits can be tried without fitting. With ``--around`` only what lies around the
event of a world is fitted, a third of the work. Sequences from seed
:data:`FINAL` on are for the published table: no limit was chosen by looking at them, but for the one that
``docs/gates.md`` names.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from kept_lines import measured

from mmmlib.simulate.sequences import EVENT, MODEL, REFRESHES, WORLDS, Sequence, make_sequence

FINAL = 1000
AROUND = (0, EVENT - 1, EVENT, EVENT + 1)
"""Refreshes by which an event is seen within two: the first, whose scales all have, and those at it.
Before the event a company is that of the stable world with the same seed."""
CHEAP = {"chains": 2, "tune": 200, "draws": 200, "kept_draws": 200}
"""Fewer draws than the defaults; ``--full`` takes those."""


def measure(
    world: str, seed: int, refreshes: int, full: bool = False, around: bool = False
) -> dict[str, Any]:
    """Fit a sequence, and keep what the checks need of every refresh, or of those at its event."""
    began = time.time()
    sequence = make_sequence(world, seed, refreshes)
    kept, before = [], None
    for refresh in AROUND if around else range(refreshes + 1):
        now = Fitted(sequence, refresh, before, full)
        if before is not None and before.refresh == refresh - 1:
            kept.append(_compare(before, now, full))
        before = now
    return {"world": world, "seed": seed, "seconds": time.time() - began, "refreshes": kept}


class Fitted:
    """One refresh: its panel, draws and effects; scales are those of the one before."""

    def __init__(
        self,
        sequence: Sequence,
        refresh: int,
        before: Fitted | None,
        full: bool,
        panel: Any = None,
    ) -> None:
        from mmmlib.model.inputs import carried_scales
        from mmmlib.model.sample import sample
        from mmmlib.model.spec import prepare

        params = sequence.params(refresh)
        if not full:
            model = params.model.model_copy(update=CHEAP)
            params = params.model_copy(update={"model": model})
        self.sequence, self.refresh, self.params = sequence, refresh, params
        self.panel = sequence.panel(refresh) if panel is None else panel
        scales = None
        if before is not None:
            scales = carried_scales(before.effects, self.panel, params)
        data = prepare(self.panel, params, MODEL, scales=scales)
        tree = sample(data, params.model, sequence.seed + 1, 1)
        self.scales, self.posterior = data.scales, tree["posterior"].to_dataset()
        self.effects = effects_only(data, params, self.posterior)


def effects_only(data: Any, params: Any, posterior: Any) -> Any:
    """Derive effects."""
    from mmmlib.model.derive import derive_effects

    with _without_prior():
        return derive_effects(data, params, posterior, 2)[0]


def _without_prior() -> Any:
    """Leave out the prior's own returns, which no check here reads: they take as long as a fit."""

    def ones(mean: np.ndarray, *rest: Any) -> np.ndarray:
        return np.ones((rest[4], len(mean)))

    return mock.patch("mmmlib.model.derive.truncated_points", ones)


def _compare(before: Fitted, now: Fitted, full: bool) -> dict[str, Any]:
    from mmmlib.refresh.data_changes import restated_cells
    from mmmlib.refresh.movement import common_weeks

    weeks = common_weeks(before.effects, now.effects)
    cells = restated_cells(before.panel, now.panel)
    line = {
        "refresh": now.refresh,
        "weeks": [len(before.panel.weeks), len(now.panel.weeks)],
        "before": _numbers(before.effects, weeks),
        "now": _numbers(now.effects, weeks),
        "details": _details(before.effects, now.effects),
        "forecast": _forecast(before, now),
        "restated": len(cells),
    }
    if len(cells):
        again = old_window(before, now, full)
        line["restated_only"] = _numbers(again.effects, weeks)
    return line


def _numbers(effects: Any, weeks: Any) -> dict[str, list[float]]:
    """Quantiles of every channel's return on the window."""
    from mmmlib.model.effects import roi

    found = roi(effects, weeks)
    return {
        str(name): _quantiles(found.sel(channel=name)).tolist() for name in found["channel"].data
    }


def _details(before: Any, now: Any) -> dict[str, dict[str, list[list[float]]]]:
    """Quantiles then and now of every channel's half-life and return of the next money."""
    from mmmlib.model.effects import marginal_roi

    level = before["spend_today"]
    now = now.sel(channel=before["channel"])
    pairs = {
        "marginal_roi": [marginal_roi(one, level) for one in (before, now)],
        "half_life": [one["half_life"] for one in (before, now)],
    }
    return {
        what: {
            str(name): [_quantiles(one.sel(channel=name)).tolist() for one in pair]
            for name in level["channel"].to_numpy()
        }
        for what, pair in pairs.items()
    }


def _quantiles(draws: Any) -> Any:
    return np.quantile(draws, [0.05, 0.25, 0.5, 0.75, 0.95])


def old_window(before: Fitted, now: Fitted, full: bool) -> Fitted:
    """The older refresh's weeks with today's values: what restated history moves."""
    from mmmlib.refresh.refits import panel_until

    panel = panel_until(now.panel, before.panel.weeks[-1])
    return Fitted(now.sequence, now.refresh, before, full, panel)


def _forecast(before: Fitted, now: Fitted) -> dict[str, Any]:
    """Hold the new weeks against what the older refresh would have said of them."""
    from mmmlib.refresh.forecasts import forecast_of, score

    known = [f"spend:{name}" for name in before.params.channels]
    frame = now.panel.frame[["region", "week", f"outcome:{MODEL}", *known, "imputed"]]
    seen = replace(now.panel, frame=frame)
    last = before.panel.weeks[-1]
    with _without_prior():
        effects = forecast_of(before.posterior, before.params, MODEL, seen, last, before.scales)
    scored = score(MODEL, effects)
    return {
        "inside": scored.inside,
        "weeks": scored.weeks,
        "distance": scored.distance,
    }


def _measure_safely(world: str, seed: int, **how: Any) -> dict[str, Any]:
    """Measure a sequence; one that cannot be fitted says why."""
    from mmmlib.errors import MMMError

    try:
        return measure(world, seed, **how)
    except (MMMError, ValueError) as error:
        return {"world": world, "seed": seed, "refused": str(error), "refreshes": []}


def main() -> None:
    """Fit what is missing, then print the operating card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the lines of JSON are kept")
    parser.add_argument("--sequences", type=int, default=20, help="of each world")
    parser.add_argument("--refreshes", type=int, default=REFRESHES, help="of each sequence")
    parser.add_argument("--first", type=int, default=0, help=f"first seed; {FINAL} to publish")
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=list(WORLDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--full", action="store_true", help="as many draws as a refresh takes")
    parser.add_argument("--around", action="store_true", help="fit what lies around the event only")
    parser.add_argument("--show", action="store_true", help="fit nothing")
    parser.add_argument("--publish", action="store_true", help="write what the health panel says")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.sequences)
    wanted = [(world, seed) for seed in seeds for world in asked.worlds]
    os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    how = {"refreshes": asked.refreshes, "full": asked.full, "around": asked.around}
    measure = partial(_measure_safely, **how)
    file = asked.folder / "sequences.jsonl"
    lines = measured(file, wanted, None if asked.show else measure, asked.workers, kind="world")
    from gates_table import card_of, print_card, publish

    card = card_of(lines)
    print_card(card, lines)
    if asked.publish:
        from mmmlib.refresh.gate_rates import RATES

        publish(card, asked.first, RATES)


if __name__ == "__main__":
    main()
