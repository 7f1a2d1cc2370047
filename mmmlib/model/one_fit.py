"""One fit, in this process: from panel and parameters to posterior and effects."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmlib.data.panel.panel import Panel
from mmmlib.params import Params

if TYPE_CHECKING:
    import xarray as xr

    from mmmlib.model.arrays import Scales

COMPARED_DRAWS = 500
"""Draws of each chain of a fit that is only compared with: enough to see that chains agree."""


@dataclass(frozen=True)
class FitRequest:
    """One fit that is asked for.

    Parameters
    ----------
    model
        One of ``params.model_names``.
    holdout_weeks
        Last weeks of the panel that the fit must not see; they are predicted.
    label
        Tells fits of the same model apart, and moves the seed.
    calibrated
        Whether lift tests are part of the likelihood. A fit without them is there to be
        compared with: it takes fewer draws, see :data:`COMPARED_DRAWS`.
    """

    model: str
    holdout_weeks: int = 0
    label: str = ""
    calibrated: bool = True

    def __str__(self) -> str:
        parts = [self.model]
        if self.holdout_weeks:
            parts.append(f"without the last {self.holdout_weeks} weeks")
        if not self.calibrated:
            parts.append("without lift tests")
        if self.label:
            parts.append(self.label)
        return ", ".join(parts)


@dataclass(frozen=True)
class Fit:
    """What a fit gave.

    Parameters
    ----------
    request
        What was asked.
    posterior
        Groups ``posterior``, ``sample_stats`` and ``linear`` (levels and columns).
    effects
        See :mod:`mmmlib.model.effects`.
    times
        When sampling began, when it ended and when the fit was done, in seconds since 1970;
        zeros where the fit was loaded.
    """

    request: FitRequest
    posterior: xr.DataTree
    effects: xr.Dataset
    times: tuple[float, float, float]


Progress = Callable[[FitRequest, float], None]
"""Called with a request and the share of it that is done, 1 at its end."""


def seed_of(params: Params, request: FitRequest) -> int:
    """Seed of a fit: the same for the same request, different between requests."""
    text = f"{request.model}|{request.holdout_weeks}|{request.label}"
    text += "" if request.calibrated else "|without lift tests"
    digest = hashlib.sha256(text.encode()).digest()
    return (params.model.seed + int.from_bytes(digest[:6], "big")) % 2**63


def fit_one(
    panel: Panel,
    params: Params,
    request: FitRequest,
    cores: int | None = None,
    progress: Progress | None = None,
    scales: Scales | None = None,
) -> Fit:
    """Fit one model in this process.

    Raises
    ------
    MMMError
        If the data cannot be fitted or sampling failed, with the likely cause.
    """
    from mmmlib.model.derive import derive_effects
    from mmmlib.model.sample import sample
    from mmmlib.model.spec import prepare

    data = prepare(panel, params, request.model, request.holdout_weeks, scales, request.calibrated)
    settings = params.model
    if not request.calibrated:
        enough = max(-(-settings.kept_draws // settings.chains), COMPARED_DRAWS)
        settings = settings.model_copy(update={"draws": min(enough, settings.draws)})
    seed = seed_of(params, request)
    report = (lambda done: progress(request, 0.95 * done)) if progress else None
    began = time.time()
    tree = sample(data, settings, seed, cores or available_cores(), report)
    sampled = time.time()
    effects, linear = derive_effects(data, params, tree["posterior"].to_dataset(), seed + 1)
    import xarray as xr

    tree["linear"] = xr.DataTree(linear)
    if progress:
        progress(request, 1.0)
    return Fit(request, tree, effects, (began, sampled, time.time()))


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
