"""Controls that plans may set, in the effects: what goes with a unit of each, and what it was.

The coefficient of a control says what went with it, whatever the reason: it is no effect that was
tested. So a lever stays in the baseline, and is told beside the channels for plans alone.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from mmmlib.model.arrays import ModelData


def with_levers(effects: xr.Dataset, data: ModelData, slopes: np.ndarray) -> xr.Dataset:
    """Add to effects what the fit says of the controls that are declared levers.

    Parameters
    ----------
    effects
        Of the fit.
    data
        What was fitted.
    slopes
        Coefficients of the columns, ``(draw, column)``, in units of the region's mean outcome.

    Returns
    -------
    xarray.Dataset
        The same where there are none. One that did not move in the fitted weeks is left out: the
        model has no coefficient of it.
    """
    columns = {
        name: place
        for place, name in enumerate(data.column_names)
        if data.components[place] == "controls" and name in data.levers
    }
    if not columns:
        return effects
    each = []
    for name, place in columns.items():
        # A column is the control, centred by region, over one size: where it moves most tells it.
        moved = np.ptp(data.levers[name], axis=-1)
        widest = int(moved.argmax())
        size = moved[widest] / np.ptp(data.columns[widest, place])
        each.append(slopes[:, place, None] * data.scales.outcome / size)
    known = effects.assign_coords(lever=list(columns))
    known["lever_effect"] = (("draw", "lever", "region"), np.stack(each, 1).astype("float32"))
    known["lever_value"] = (
        ("lever", "region", "week"),
        np.stack([data.levers[name] for name in columns]),
    )
    return known
