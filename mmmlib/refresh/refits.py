"""The fits between two refreshes: one's question on the other's data.

A fit between them is named by three choices: whose specification (model, priors, lift tests,
scales), whose values of the weeks that both have, and whether the new weeks are in. The way from
the last refresh to this one changes one of them at a time. Each is fitted in the pool of the
refresh, which has the model compiled, and with fewer draws: the noise of that is told with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd
import xarray as xr

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.data.panel.panel import Panel, panel_of
from mmmlib.model.effects import effects_of
from mmmlib.model.fit import fit_each, learned_by
from mmmlib.model.inputs import carried_scales
from mmmlib.model.motions import sum_motions
from mmmlib.model.one_fit import FitRequest, quick
from mmmlib.params.load import params_of
from mmmlib.runs import Run

Side = Literal["last", "this"]
LABEL = "refit"


@dataclass(frozen=True)
class Between:
    """A fit between two refreshes."""

    specification: Side
    values: Side
    new_weeks: bool


@dataclass
class Refits:
    """Makes the fits between this refresh and the last one, each once.

    ``respecified`` and ``restated`` say whether specification, and values of weeks that both have,
    differ at all. Where they do not, fits that differ by them only are one.
    """

    run: Run
    parent: Run
    respecified: bool
    restated: bool
    made: dict[Between, dict[str, xr.Dataset]] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.panels = {"last": panel_of(self.parent), "this": panel_of(self.run)}
        self.params = {"last": params_of(self.parent), "this": params_of(self.run)}
        self.models = [
            m for m in self.params["this"].model_names if m in self.params["last"].model_names
        ]
        self.last_week = self.panels["last"].weeks[-1]

    def effects(self, asked: Between) -> dict[str, xr.Dataset]:
        """Return the effects of a fit by model; that of this refresh itself is not made again.

        Raises
        ------
        MMMError
            If the data of one refresh cannot be fitted by the specification of the other.
        """
        one = self._alike(asked)
        if one == self._alike(Between("this", "this", True)):
            return {model: effects_of(self.run, model) for model in self.models}
        if one not in self.made:
            self.made[one] = self._fit(one)
        return self.made[one]

    def view(self, asked: Between, model: str) -> xr.Dataset:
        """Return the effects of a model, or of an outcome over its motions."""
        effects = self.effects(asked)
        if model in effects:
            return effects[model]
        parts = self.params["this"].parts_of(model)
        return sum_motions(model, [effects[part] for part in parts])

    def _alike(self, asked: Between) -> Between:
        return Between(
            asked.specification if self.respecified else "last",
            asked.values if self.restated else "last",
            asked.new_weeks,
        )

    def _fit(self, one: Between) -> dict[str, xr.Dataset]:
        params = quick(self.params[one.specification])
        panel = self._panel(one)
        source = self.parent if one.specification == "last" else self.run
        scales = {}
        for model in self.models:
            found = carried_scales(effects_of(source, model), panel, params)
            if found is not None:
                scales[model] = found
        requests = [FitRequest(model, label=LABEL) for model in self.models]
        self.count += len(requests)
        earlier = learned_by(source, self.models)
        return {
            fit.request.model: fit.effects
            for fit in fit_each(panel, params, requests, scales=scales, earlier=earlier)
        }

    def _panel(self, one: Between) -> Panel:
        last, this = self.panels["last"], self.panels["this"]
        if one.values == "last":
            panel = panel_extended(last, this, self.last_week) if one.new_weeks else last
        else:
            panel = this if one.new_weeks else panel_until(this, self.last_week)
        return replace(panel, lift_tests=self._lift_tests(one))

    def _lift_tests(self, one: Between) -> tuple[Lift, ...]:
        """Tests of a specification; one that was made in the new weeks comes with them."""
        own = self.panels[one.specification].lift_tests
        end = self.last_week.date()
        if not one.new_weeks:
            return tuple(lift for lift in own if lift.weeks[-1] <= end)
        known = {lift.name for lift in own}
        return own + tuple(
            lift
            for lift in self.panels["this"].lift_tests
            if lift.name not in known and lift.weeks[-1] > end
        )


def panel_until(panel: Panel, last_week: pd.Timestamp) -> Panel:
    """Return a panel without the weeks after one."""
    frame = panel.frame[panel.frame["week"] <= last_week].reset_index(drop=True)
    return replace(panel, frame=frame, kept_out=())


def panel_extended(last: Panel, this: Panel, last_week: pd.Timestamp) -> Panel:
    """Return the last refresh's values with this one's new weeks after them.

    Raises
    ------
    KeyError
        If this one does not have all series of the last one.
    """
    fresh = this.frame.loc[this.frame["week"] > last_week, list(last.frame.columns)]
    frame = pd.concat([last.frame, fresh]).sort_values(["region", "week"], kind="stable")
    order = {region: place for place, region in enumerate(last.regions)}
    frame = frame.sort_values("region", key=lambda one: one.map(order), kind="stable")
    return replace(last, frame=frame.reset_index(drop=True), kept_out=())
