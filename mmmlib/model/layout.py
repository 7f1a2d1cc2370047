"""Where every parameter stands in the sampler's vector, and the packed data beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from mmmlib.model.arrays import FORM_PARAMETERS, ModelData
from mmmlib.model.kernel.packed import (
    ADSTOCK,
    CARRY,
    CARRY_2,
    HEADER,
    POOLING,
    RETURN,
    SATURATION,
    SHAPE,
    SHAPE_2,
    SLOTS,
)
from mmmlib.model.priors import LEVEL_SD, LOG, LOGIT, SHARE_WIDTH
from mmmlib.model.rotation import mirror, varies_by_region
from mmmlib.model.whitening import Whitening, turned_columns, turned_outcome, whiten
from mmmlib.transforms import ADSTOCKS, SATURATIONS

LIKELIHOODS = ("normal", "student_t", "negative_binomial")
"""In the order of their numbers in :mod:`mmmlib.model.kernel.packed`."""
EDGE = 1e-6
"""How far inside its range a value at the end of it is taken to be."""


@dataclass(frozen=True)
class Layout:
    """Order of the sampled parameters.

    ``places`` are the first and last place (exclusive) of every parameter in the vector; ``rows``
    the channels that have it, where it goes by channel.
    """

    places: dict[str, tuple[int, int]]
    shapes: dict[str, tuple[int, ...]]
    rows: dict[str, list[int]]
    whitening: Whitening | None = None
    """Of the linear terms, where they are sampled; they stand last."""

    @property
    def known(self) -> int:
        """Number of sampled values without the linear terms."""
        return max(end for _, end in self.places.values())

    @property
    def size(self) -> int:
        """Number of sampled values."""
        return self.known + (0 if self.whitening is None else len(self.whitening.origin))


def layout_of(data: ModelData) -> Layout:
    """Order the parameters of a fit as its priors are ordered."""
    rows = {name: data.using(name) for name in (*FORM_PARAMETERS, "roi", "pooling", "deviation")}
    places, start = {}, 0
    for name, (mean, _) in data.priors.items():
        places[name] = (start, start + mean.size)
        start += mean.size
    shapes = {name: mean.shape for name, (mean, _) in data.priors.items()}
    return Layout(places, shapes, rows, None if data.likelihood == "normal" else whiten(data))


def split(layout: Layout, theta: np.ndarray, adstock_weeks: int) -> dict[str, np.ndarray]:
    """Name the values of unconstrained vectors ``(..., size)`` and take them to their own scale.

    By name, shape ``(...) + shape of the parameter``.
    """
    named = {}
    for name, (start, end) in layout.places.items():
        raw = theta[..., start:end].reshape(theta.shape[:-1] + layout.shapes[name])
        if name in LOG:
            raw = np.exp(raw)
        elif name in LOGIT:
            raw = 1 / (1 + np.exp(-raw))
        named[name] = raw * adstock_weeks if name == "peak" else raw
    if layout.whitening is not None:
        named |= layout.whitening.name(theta[..., layout.known :], named["roi"])
    return named


def labels_of(data: ModelData, layout: Layout) -> dict[str, dict[str, list[str]]]:
    """Dimensions of every parameter, with the labels along each.

    A parameter that some of the channels have has a dimension of its own.
    """
    channels, regions = list(data.channels), list(data.regions)
    scaled = [name for name in ("trend", "seasonality", "holidays") if _is_learned(data, name)]
    dims: dict[str, dict[str, list[str]]] = {
        "sigma": {"movement": ["common", "regional"][: len(data.priors["sigma"][0])]},
        "autocorrelation": {"movement": ["common", "regional"][: len(data.priors["sigma"][0])]},
        "degrees": {"law": [""]},
        "scale": {"term": scaled},
        "level": {"region": regions},
        "slope_of": {"column": list(data.column_names)},
        "deviation": {"channel": channels, "region": regions},
    }
    for name in layout.places:
        if name not in dims:
            mine = [channels[row] for row in layout.rows[name]]
            dims[name] = {"channel" if mine == channels else f"channel_{name}": mine}
    return dims


def _is_learned(data: ModelData, component: str) -> bool:
    parts = np.array(data.components)
    return bool((data.linear.group[parts == component] > 0).any()) if parts.size else False


def unconstrained(layout: Layout, named: dict[str, np.ndarray], adstock_weeks: int) -> np.ndarray:
    """Undo :func:`split` for draws by name, ``(draw, ...)``; without the linear terms.

    Values at the end of their range (single precision reaches it) are taken a little inside.
    """
    columns = []
    for name, (start, end) in layout.places.items():
        raw = named[name].astype(float).reshape(-1, end - start)
        if name == "peak":
            raw = raw / adstock_weeks
        if name in LOG:
            raw = np.log(np.maximum(raw, EDGE))
        elif name in LOGIT:
            raw = logit(np.clip(raw, EDGE, 1 - EDGE))
        columns.append(raw)
    return np.concatenate(columns, axis=1)


def gram_matrices(columns: np.ndarray) -> np.ndarray:
    """Products of level and columns under the three parts of the AR(1) precision.

    With autocorrelation ``rho`` the precision is ``I - rho * N + rho^2 * D``: ``N`` couples
    neighbouring weeks, ``D`` is the identity without the first and last week. Columns are
    ``(region, column, week)``, the products ``(region, 3, 1 + column, 1 + column)``, level first.
    """
    regions, _, weeks = columns.shape
    wide = np.concatenate([np.ones((regions, 1, weeks)), columns], axis=1)
    whole = np.einsum("rit,rjt->rij", wide, wide)
    ahead = np.einsum("rit,rjt->rij", wide[:, :, 1:], wide[:, :, :-1])
    inner = np.einsum("rit,rjt->rij", wide[:, :, 1:-1], wide[:, :, 1:-1])
    return np.stack([whole, ahead + ahead.transpose(0, 2, 1), inner], axis=1)


def pack(data: ModelData) -> np.ndarray:
    """Put all data of a fit into the one vector that the compiled function reads."""
    layout = layout_of(data)
    channels, regions, weeks = data.media.shape[0], len(data.regions), data.fitted_weeks
    lags, count = data.adstock_weeks, len(data.column_names)

    def first(name: str) -> int:
        return layout.places[name][0] if name in layout.places else -1

    header = np.zeros(HEADER)
    header[:6] = channels, regions, weeks, lags, count, layout.known
    header[6] = first("sigma")
    header[7] = first("autocorrelation")
    header[8] = first("scale")
    header[9] = first("deviation")
    header[10:13] = LEVEL_SD**-2, data.max_media_share, SHARE_WIDTH
    header[14] = sum(varies_by_region(data.columns[:, k]) for k in range(count))
    terms = layout.whitening
    header[19] = LIKELIHOODS.index(data.likelihood)
    header[20], header[21] = first("degrees"), layout.known
    header[22] = 0 if terms is None else len(terms.origin)
    header[23] = data.likeness
    slots = np.full((channels, SLOTS), -1.0)
    slots[:, ADSTOCK] = [list(ADSTOCKS).index(form) for form in data.adstock]
    slots[:, SATURATION] = [list(SATURATIONS).index(form) for form in data.saturation]
    for slot, names in {
        CARRY: ("retention", "weibull_shape"),
        CARRY_2: ("peak", "weibull_scale"),
        SHAPE: ("steepness", "half_saturation"),
        SHAPE_2: ("slope",),
        RETURN: ("roi",),
        POOLING: ("pooling",),
    }.items():
        for name in names:
            if name in layout.places:
                rows = layout.rows[name]
                slots[rows, slot] = first(name) + np.arange(len(rows))
    lifts = pack_lifts(data)
    header[15] = len(lifts[0])
    header[16:18] = lifts[2].shape
    seen = turned_columns(data)
    counts = data.likelihood == "negative_binomial"
    media = np.pad(data.scaled_media[:, :, :weeks], ((0, 0), (0, 0), (lags - 1, lags - 1)))
    parts = [
        header,
        np.concatenate([np.ravel(mean) for mean, _ in data.priors.values()]),
        np.concatenate([np.ravel(sd) for _, sd in data.priors.values()]),
        slots,
        data.seen_spend,
        data.seen_spend / data.seen_total,
        data.scales.outcome,
        data.noise_weight,
        mirror(data.noise_weight) * (not counts),
        data.linear.sd,
        data.linear.group,
        turned_outcome(data),
        media,
        seen,
        gram_matrices(seen),
        np.zeros(regions) if terms is None else terms.level_mean,
        *(() if terms is None else (terms.origin, terms.matrix, terms.media)),
        data.alike,
        *lifts,
    ]
    header[13] = sum(np.size(part) for part in parts)
    header[18] = header[13] - sum(part.size for part in lifts)
    return np.concatenate([np.ravel(part).astype(float) for part in parts])


def pack_lifts(data: ModelData) -> tuple[np.ndarray, ...]:
    """Lay out the lift tests of the likelihood as the compiled function reads them.

    Tests, and their cells' regions, weights and media: see
    :class:`mmmlib.model.kernel.packed.PackedLifts`. A cell is a test in one region; all are as wide
    as the longest test, with weights of zero after a shorter one's end.
    """
    lifts, before = data.calibration, data.adstock_weeks - 1
    cells = sum(len(lift.regions) for lift in lifts)
    width = max((len(lift.counted) for lift in lifts), default=0)
    tests = np.empty((len(lifts), 4))
    regions = np.empty(cells)
    weight = np.zeros((cells, width))
    media = np.zeros((cells, 2, before + width))
    start = 0
    for row, lift in enumerate(lifts):
        mine = slice(start, start + len(lift.regions))
        weeks = len(lift.counted)
        tests[row] = lift.channel, start, len(lift.regions), lift.measured / lift.error
        regions[mine] = lift.regions
        scale = data.scales.outcome[list(lift.regions)] / lift.error
        weight[mine, :weeks] = scale[:, None] * lift.counted
        media[mine, 0, : before + weeks] = lift.without
        media[mine, 1, : before + weeks] = lift.tested
        start = mine.stop
    return tests, regions, weight, media
