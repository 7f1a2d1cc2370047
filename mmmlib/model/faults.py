"""Data from which no answer can come."""

from __future__ import annotations

import numpy as np

from mmmlib.errors import MMMError


def refuse_faults(
    model: str,
    channels: tuple[str, ...],
    outcome: np.ndarray,
    spend: np.ndarray,
    media: np.ndarray,
    seen: int,
) -> None:
    """Refuse data from which no answer can come, with all reasons at once."""
    faults: list[str] = []
    visible = media[:, :, : max(seen, 0)]
    if seen < 2 * len(channels) + 10:
        faults.append(
            f"{max(seen, 0)} weeks are too few for {len(channels)} channels "
            f"(at least {2 * len(channels) + 10} are needed): bring more history, "
            f"join channels, or shorten the holdout"
        )
    elif not (outcome[:, :seen].mean(-1) > 0).all():
        faults.append("a region's outcome is zero in all weeks: take the region out")
    elif not (outcome[:, :seen].std(-1) > 0).all():
        faults.append("a region's outcome never changes, so nothing can explain it")
    else:
        for row, name in enumerate(channels):
            if not visible[row].any() or not spend[row, :, :seen].any():
                faults.append(f"channel {name} has no spend in the fitted weeks: remove it")
            elif np.ptp(visible[row], axis=-1).max() == 0:
                faults.append(
                    f"channel {name} never changes, so its effect cannot be told from "
                    f"the level: leave it out, or vary it"
                )
            faults += [
                f"channels {channels[other]} and {name} are identical: join them"
                for other in range(row)
                if visible[row].any() and np.array_equal(visible[row], visible[other])
            ]
    if faults:
        raise MMMError(f"{model} cannot be fitted. " + "; ".join(faults) + ".")
