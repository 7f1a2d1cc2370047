"""One specification among those that are compared."""

from __future__ import annotations

import xarray as xr

from mmmlib.reports.quantities import ModelNumbers
from mmmlib.workbench.specification import Specification


class Side:
    """One specification on the page, fitted if it was not yet; ``view`` is a model, or an outcome over motions."""

    def __init__(self, trial: Specification, label: str, view: str, colour: str) -> None:
        self.trial, self.label, self.colour = trial, label, colour
        self.parts = trial.params.parts_of(view)
        self.effects = trial.effects(view)
        self.numbers = ModelNumbers(self.effects)
        self.channels = {row.channel: row for row in self.numbers.channels}

    @property
    def models(self) -> list[xr.Dataset]:
        """Effects of every model that is a part of it."""
        return [self.trial.fits[part].effects for part in self.parts]
