"""One fit, in this process: from panel and parameters to posterior and effects."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import xarray as xr

from mmmlib.data.panel.panel import Panel
from mmmlib.model.arrays import Scales
from mmmlib.model.chains import MAX_RHAT, largest_rhat
from mmmlib.params import Params

COMPARED_DRAWS = 500
"""Draws of each chain of a fit that is only compared with: enough to see that chains agree."""

QUICK_TUNE, QUICK_DRAWS, QUICK_KEPT = 300, 250, 600
"""Of each chain, and draws that are kept: as many as show a step, at a fifth of the time of a fit."""

LONGER, NEARLY = 3, 1.1
"""Chains whose R-hat is above its limit, but not by more than ``NEARLY``, are sampled so many times
as long before anything is said of them: most of them then agree."""


@dataclass(frozen=True)
class FitRequest:
    """One fit that is asked for.

    Parameters
    ----------
    model
        One of ``params.model_names``.
    holdout_weeks
        Last weeks of the panel that the fit must not see; they are predicted. Such a fit is there to
        be compared with: it takes fewer draws, see :data:`COMPARED_DRAWS`.
    label
        Tells fits of the same model apart, and moves the seed.
    calibrated
        Whether lift tests are part of the likelihood. A fit without them is there to be compared
        with, too.
    without
        Channels that are left out: they are younger than the weeks that the fit sees.
    """

    model: str
    holdout_weeks: int = 0
    label: str = ""
    calibrated: bool = True
    without: tuple[str, ...] = ()

    @property
    def beside(self) -> bool:
        """Whether it is made beside the model's own fit, and begins with what that has learned."""
        return bool(self.holdout_weeks) or not self.calibrated

    def __str__(self) -> str:
        parts = [self.model]
        if self.holdout_weeks:
            parts.append(f"without the last {self.holdout_weeks} weeks")
        if not self.calibrated:
            parts.append("without lift tests")
        if self.without:
            parts.append(f"without {', '.join(self.without)}")
        if self.label:
            parts.append(self.label)
        return ", ".join(parts)


@dataclass(frozen=True)
class Fit:
    """What a fit gave.

    ``posterior`` has the groups ``posterior``, ``sample_stats`` and ``linear`` (levels and
    columns). ``times`` are when sampling began, when it ended and when the fit was done, in seconds
    since 1970; zeros where the fit was loaded.
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
    text += f"|without {request.without}" if request.without else ""
    digest = hashlib.sha256(text.encode()).digest()
    return (params.model.seed + int.from_bytes(digest[:6], "big")) % 2**63


def fit_one(
    panel: Panel,
    params: Params,
    request: FitRequest,
    cores: int | None = None,
    progress: Progress | None = None,
    scales: Scales | None = None,
    earlier: xr.Dataset | None = None,
) -> Fit:
    """Fit one model in this process, with so many ``cores`` for its chains.

    ``earlier`` is what an earlier fit of the like has learned (:func:`mmmlib.model.start.learned`):
    this one then begins there, with less tuning. If its chains are far apart, it begins anew at the
    prior. For the others see :func:`mmmlib.model.fit.fit_each`.

    Raises
    ------
    MMMError
        If the data cannot be fitted or sampling failed, with the likely cause.
    """
    from mmmlib.model.derive import derive_effects
    from mmmlib.model.sample import sample
    from mmmlib.model.spec import prepare
    from mmmlib.model.start import carried_start

    if request.without:
        params, scales = leave_out(params, scales, request.without)
    data = prepare(
        panel,
        params,
        request.model,
        request.holdout_weeks,
        scales,
        request.calibrated,
    )
    settings = params.model
    if request.beside:
        enough = max(-(-settings.kept_draws // settings.chains), COMPARED_DRAWS)
        settings = settings.model_copy(update={"draws": min(enough, settings.draws)})
    seed = seed_of(params, request)
    report = (lambda done: progress(request, 0.95 * done)) if progress else None
    began = time.time()
    cores = cores or available_cores()
    limit = _rhat_limit(params, request)
    start = None if earlier is None else carried_start(data, earlier)
    tree = sample(data, settings, seed, cores, report, start)
    rhat = largest_rhat(tree)
    if start is not None and not rhat <= NEARLY:
        start = None
        tree = sample(data, settings, seed, cores, report)
        rhat = largest_rhat(tree)
    if limit < rhat <= NEARLY:
        # The same seed and tuning: these are the same chains, and they go on.
        settings = settings.model_copy(update={"draws": LONGER * settings.draws})
        tree = sample(data, settings, seed, cores, report, start)
    sampled = time.time()
    effects, linear = derive_effects(data, params, tree["posterior"].to_dataset(), seed + 1)
    tree["linear"] = xr.DataTree(linear)
    if progress:
        progress(request, 1.0)
    return Fit(request, tree, effects, (began, sampled, time.time()))


def quick(params: Params) -> Params:
    """Return parameters for a refit that is only compared with: fewer draws, and the looser R-hat."""
    model = params.model.model_copy(
        update={
            "tune": min(QUICK_TUNE, params.model.tune),
            "draws": min(QUICK_DRAWS, params.model.draws),
            "kept_draws": min(QUICK_KEPT, params.model.kept_draws),
        }
    )
    loose = {"max_rhat": max(params.health.max_rhat, MAX_RHAT)}
    health = params.health.model_copy(update=loose)
    return params.model_copy(update={"model": model, "health": health})


def leave_out(
    params: Params, scales: Scales | None, without: Sequence[str]
) -> tuple[Params, Scales | None]:
    """Take channels out of what is asked, and of the scales that are carried on."""
    kept = [name not in without for name in params.channels]
    channels = {name: one for name, one in params.channels.items() if name not in without}
    if scales is not None:
        scales = replace(scales, media=scales.media[kept])
    return params.model_copy(update={"channels": channels}), scales


def _rhat_limit(params: Params, request: FitRequest) -> float:
    """Return the R-hat above which chains are sampled longer."""
    own = params.health.max_rhat
    return max(own, MAX_RHAT) if request.beside else own


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
