"""Sampling: nutpie's NUTS on the compiled log density."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr

from mmmlib.errors import MMMError
from mmmlib.model.arrays import ModelData
from mmmlib.model.deferred import deferred
from mmmlib.model.kernel.compiled import c_copy, machine_code
from mmmlib.model.layout import Layout, labels_of, layout_of, split
from mmmlib.model.start import TUNE, Start, fresh_start
from mmmlib.params.model import ModelParams

with deferred("arviz"):  # two seconds in every worker, for a conversion that is not asked for
    import nutpie  # type: ignore[import-untyped]
    from nutpie import _lib  # type: ignore[import-untyped]
    from nutpie.sample import CompiledModel  # type: ignore[import-untyped]

STATISTICS = {
    "diverging": "diverging",
    "energy": "energy",
    "depth": "tree_depth",
    "n_steps": "n_steps",
    "step_size": "step_size",
}
"""Sampler statistics that are kept, by nutpie's name, with the name that ArviZ reads."""


@dataclass(frozen=True)
class CompiledDensity(CompiledModel):
    """The compiled log density with the data of one fit, as nutpie takes it.

    The machine code is the same for all fits with one kind of noise.
    """

    code: Any
    start: Start

    @property
    def n_dim(self) -> int:
        """Number of sampled values."""
        return len(self.start.point)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of the one variable that is stored."""
        return {"theta": (self.n_dim,)}

    @property
    def coords(self) -> dict[str, Any]:
        """Labels of the one dimension."""
        return {"place": pd.RangeIndex(self.n_dim)}

    def _make_model(self, init_mean: np.ndarray) -> Any:
        address = self.start.packed.ctypes.data
        sizes = {"place": self.n_dim}
        return _lib.PyMcModel(
            _lib.LogpFunc(self.code.address, address, self),
            _lib.ExpandFunc(self.n_dim, self.n_dim, c_copy.address, address, self),
            _lib.PyVariable.new_variables(
                ["theta"], ["float64"], [(self.n_dim,)], sizes, {"theta": ("place",)}
            ),
            self.n_dim,
            sizes,
            self.coords,
            self.start.near,
            None,
        )

    def _make_sampler(self, settings: Any, init_mean: np.ndarray, cores: int, *others: Any) -> Any:
        # The others (progress, a callback, where draws go) are passed on as they come.
        return _lib.PySampler.from_pymc(settings, cores, self._make_model(init_mean), *others)


def compiled(data: ModelData, start: Start | None = None) -> CompiledDensity:
    """Bind the compiled log density to the data of a fit."""
    code = machine_code(density_name(data))
    return CompiledDensity(dims={"theta": ("place",)}, code=code, start=start or fresh_start(data))


def density_name(data: ModelData) -> str:
    """Name of the compiled density of a fit."""
    return "integrated" if data.likelihood == "normal" else "sampled"


def sample(
    data: ModelData,
    settings: ModelParams,
    seed: int,
    cores: int,
    progress: Callable[[float], None] | None = None,
    start: Start | None = None,
) -> xr.DataTree:
    """Draw from the posterior.

    Returned are the groups ``posterior`` (named parameters on their own scale) and
    ``sample_stats``; ArviZ reads it as it is. Same seed and data, same draws, whatever ``cores``
    (chains that run at a time). ``progress`` is called now and then with the share that is done. It
    begins at the prior, if no ``start`` is given; one of an earlier fit takes less tuning.

    Raises
    ------
    MMMError
        If the sampler could not start, a chain was cut off or never moved; with
        the likely cause.
    KeyboardInterrupt
        If a person stopped it.
    """
    layout = layout_of(data)
    start = start or fresh_start(data)
    tune = min(settings.tune, TUNE) if start.carried else settings.tune
    total = settings.chains * (tune + settings.draws)

    def watch(chains: list[Any]) -> None:
        if progress:
            progress(sum(chain.finished_draws for chain in chains) / total)

    try:
        sampler = nutpie.sample(
            compiled(data, start),
            draws=settings.draws,
            tune=tune,
            chains=settings.chains,
            cores=cores,
            seed=seed,
            target_accept=settings.target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=watch if progress else None,
            return_raw_trace=True,
            blocking=False,  # or it would take what there is when it is interrupted for the whole
        )
        raw = sampler.wait()
    except KeyboardInterrupt:
        sampler.cancel()
        raise KeyboardInterrupt(
            f"{data.model}: the fit was interrupted, and nothing of it is kept."
        ) from None
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise MMMError(f"{data.model}: sampling failed ({reason}). {_cause(data)}") from error
    draws, statistics = _kept_draws(*raw.get_arrow_trace())
    if any(len(chain) != settings.draws for chain in draws):
        raise MMMError(f"{data.model}: a chain was cut off. {_cause(data)}")
    theta = start.parameters(np.stack(draws))
    _check_moved(theta, data)
    return named_tree(theta, statistics, layout, data)


def _kept_draws(
    draws: list[Any], statistics: list[Any]
) -> tuple[list[np.ndarray], dict[str, list[np.ndarray]]]:
    """Read the chains' Arrow batches, without the tuning; ``(draw, place)`` for each chain."""
    tuned = [int(chain.column("tuning").to_numpy().sum()) for chain in statistics]
    theta = [
        pa.array(chain.column("theta")).flatten().to_numpy().reshape(chain.num_rows, -1)[skip:]
        for chain, skip in zip(draws, tuned, strict=True)
    ]
    kept = {
        name: [
            pa.array(chain.column(source)).to_numpy(zero_copy_only=False)[skip:]
            for chain, skip in zip(statistics, tuned, strict=True)
        ]
        for source, name in STATISTICS.items()
    }
    return theta, kept


def named_tree(
    theta: np.ndarray,
    statistics: Mapping[str, Sequence[np.ndarray]],
    layout: Layout,
    data: ModelData,
) -> xr.DataTree:
    """Name the draws: parameters on their own scale, with channels and regions.

    ``theta`` are ``(chain, draw, place)``, as the log density takes them; ``statistics`` are those
    of the sampler, by ArviZ's names, each ``(chain, draw)``.
    """
    coords: dict[str, Any] = {
        "chain": np.arange(theta.shape[0]),
        "draw": np.arange(theta.shape[1]),
    }
    labels = labels_of(data, layout)
    variables = {}
    for name, value in split(layout, theta, data.adstock_weeks).items():
        variables[name] = (("chain", "draw", *labels[name]), value)
        coords |= {dim: list(found) for dim, found in labels[name].items() if dim != "law"}
    posterior = xr.Dataset(variables, coords=coords)
    kept = xr.Dataset(
        {name: (("chain", "draw"), np.stack(values)) for name, values in statistics.items()},
        coords={"chain": coords["chain"], "draw": coords["draw"]},
    )
    posterior.attrs["model"] = data.model
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": kept})


def _check_moved(theta: np.ndarray, data: ModelData) -> None:
    if not np.isfinite(theta).all():
        raise MMMError(f"{data.model}: a chain was cut off. {_cause(data)}")
    for chain, draws in enumerate(theta):
        still = np.ptp(draws, axis=0) == 0
        if still.any():
            raise MMMError(f"{data.model}: chain {chain + 1} never moved. {_cause(data)}")


def _cause(data: ModelData) -> str:
    """Name the likeliest reason why sampling failed, from the data."""
    size = layout_of(data).size + len(data.column_names) + len(data.regions)
    cells = data.fitted_weeks * len(data.regions)
    if cells < 2 * size:
        return (
            f"There are {cells} observations for {size} parameters: bring more weeks, "
            f"join channels, or lower model.seasonality and model.trend_knots."
        )
    share = data.seen_outcome
    if share.max() > 50:
        return (
            f"The outcome's largest week is {share.max():.0f} times its mean: look for an "
            f"outlier or a change of unit."
        )
    steep = (data.scaled_media.max(axis=(1, 2)) > 50).nonzero()[0]
    if steep.size:
        return (
            f"A week of channels.{data.channels[steep[0]]} has more than 50 times its mean spend: "
            f"look for an outlier or a change of unit."
        )
    return "Look at the priors: a stated range may lie far from what the data say."
