"""A modeller's own PyMC model: fitted, and its results brought into the same form as all others."""

from __future__ import annotations

import inspect
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mmmlib.errors import InputError, MMMError
from mmmlib.model.arrays import ModelData
from mmmlib.model.derive import derive_effects, thin
from mmmlib.model.effects import check_effects, fitted
from mmmlib.model.one_fit import Fit, FitRequest, available_cores, seed_of
from mmmlib.model.rotation import rotate_back
from mmmlib.model.unpaid import set_apart
from mmmlib.params import Params
from mmmlib.params.messages import refuse_unknown
from mmmlib.workbench.bar import progress_bar
from mmmlib.workbench.specification import CustomModel, Specification

if TYPE_CHECKING:
    import pymc as pm

PARTS = ("returns", "effect", "term", "noise")
CUBES = ("contribution", "fitted")
"""What is taken over week by week, and not kept among the draws."""
SAME = 1e-3
"""Relative difference of contributions that is none."""
SOURCE = "workbench_source"


def own_model(data: ModelData, own: Mapping[str, Callable[..., Any]]) -> pm.Model:
    """Build the model of a fit with parts of one's own; see :meth:`Trial.pymc_model`."""
    from mmmlib.model.build import build_model

    for name in own:
        refuse_unknown("pymc_model", name, PARTS)
    model = build_model(data, **own)
    if own:
        said = {name: _source(part) for name, part in own.items()}
        named = ", ".join(f"{key}={getattr(part, '__name__', key)}" for key, part in own.items())
        setattr(model, SOURCE, CustomModel(named, "\n\n".join(said.values())))
    return model


def fit_custom[S: Specification](trial: S, name: str, given: Any) -> S:
    """Fit a modeller's model in place of the workbook's; see :meth:`Trial.fit`."""
    data = trial.prepare(name)
    model, custom = _taken(given, trial, name)
    needed = _needed(data)
    known = sorted({one.name for one in (*model.free_RVs, *model.deterministics)})
    missing = [one for one in needed if one not in known]
    if missing:
        raise InputError.one(
            None,
            "the custom model",
            f"no variable called {', '.join(missing)}",
            f"the names that effects are made from: {', '.join(needed)}",
            f"It has {', '.join(known)}. Build it from trial.pymc_model(), and keep these names.",
        )
    request = FitRequest(name, label=f"custom {custom.name}")
    seed = seed_of(trial.params, request)
    began = time.time()
    with progress_bar([request]) as progress:
        tree = _sample(model, trial.params, seed, lambda share: progress(request, share))
        sampled = time.time()
        effects = custom_effects(data, trial.params, tree["posterior"].to_dataset(), model, seed)
        effects.attrs["custom"] = custom.name
        progress(request, 1.0)
    small = tree["posterior"].to_dataset().drop_vars(CUBES)
    tree = xr.DataTree.from_dict(
        {"posterior": small, "sample_stats": tree["sample_stats"].to_dataset()}
    )
    fit = Fit(request, tree, effects, (began, sampled, time.time()))
    label = trial.name or f"custom: {custom.name}"
    return replace(trial, source=None, name=label, custom=custom, fits={name: fit})


def _taken(given: Any, trial: Specification, name: str) -> tuple[pm.Model, CustomModel]:
    import pymc as pm

    if isinstance(given, pm.Model):
        as_built = CustomModel(
            "a model of one's own", f"# Built in a notebook; its variables:\n{given.str_repr()}"
        )
        return given, getattr(given, SOURCE, as_built)
    if callable(given):
        model = own_model(trial.prepare(name), {})
        made = given(model)
        made = model if made is None else made
        if isinstance(made, pm.Model):
            return made, CustomModel(getattr(given, "__name__", "a function"), _source(given))
        given = made
    found = f"a value of type {type(given).__name__}"
    raise InputError.one(
        None, "fit(model=…)", found, "a pymc.Model, or a function of one that returns it"
    )


def _source(function: Callable[..., Any]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return f"# The source of {function!r} is not known."


def _needed(data: ModelData) -> list[str]:
    noise = ("sigma", "autocorrelation", "degrees", "scale")
    names = [name for name in data.priors if name not in noise]
    return [*names, "level", "slope_of", *CUBES]


def _sample(
    model: pm.Model, params: Params, seed: int, report: Callable[[float], None]
) -> xr.DataTree:
    import nutpie  # type: ignore[import-untyped]

    if model.discrete_value_vars:
        raise MMMError(
            f"the custom model has discrete variables ({', '.join(one.name for one in model.discrete_value_vars)}), "
            f"which the sampler cannot move: sum them out, or use continuous ones."
        )
    settings = params.model
    total = settings.chains * (settings.tune + settings.draws)

    def watch(chains: list[Any]) -> None:
        report(0.95 * sum(chain.finished_draws for chain in chains) / total)

    try:
        sampler = nutpie.sample(
            nutpie.compile_pymc_model(model, backend="numba"),
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=available_cores(),
            seed=seed,
            target_accept=settings.target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=watch,
            blocking=False,
        )
        tree = sampler.wait()
    except KeyboardInterrupt:
        sampler.cancel()
        raise
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise MMMError(f"the custom model could not be sampled ({first}).") from error
    return tree


def custom_effects(
    data: ModelData, params: Params, posterior: xr.Dataset, model: pm.Model, seed: int
) -> xr.Dataset:
    """Make effects of a model that has the workbook's names, and more or other terms.

    ``posterior`` has draws by chain, ``contribution`` and ``fitted`` by week among them; ``model`` is for its own
    noise, where it has not the workbook's. Contributions and the fitted outcome are the model's own. What
    its terms add beside the workbook's baseline stands as the component ``own terms``. Where contributions
    are not those of the channel's form (a coefficient that moves), what comes is planned with the
    coefficient of the latest weeks (``scenarios.reference_weeks``), and a week's spend is taken to work as
    that week's coefficient has it.
    """
    small = posterior.drop_vars([name for name in posterior.data_vars if _is_wide(posterior[name])])
    noise = {"sigma", *(("autocorrelation",) if data.autocorrelated else ())}
    noise |= {"degrees"} if data.likelihood == "student_t" else set()
    own_noise = not noise <= set(small.data_vars)
    for name in noise - set(small.data_vars):  # taken out again below: the model draws its own
        small[name] = (("chain", "draw", f"{name}_of"), np.full((*_shape(small), 1), 0.5))
    effects, _ = derive_effects(data, params, small, seed + 1, apart=False)
    scale = data.scales.outcome
    cubes = thin(posterior[list(CUBES)], params.model.kept_draws)
    own_fitted = np.einsum("drt,r->dt", cubes["fitted"], scale)
    plain = np.einsum("dcrt,r->dct", cubes["contribution"], scale)
    off = effects["form_factor"].to_numpy()[:, :, None]
    formula = effects["contribution"].to_numpy() / off
    moved = np.abs(plain - formula).max((0, 2)) > SAME * np.maximum(
        np.abs(formula).max((0, 2)), 1e-12
    )
    effects["contribution"] = (("draw", "channel", "week"), (plain * off).astype("float32"))
    before = fitted(effects).transpose("draw", "week").to_numpy()
    rest = own_fitted - before
    if np.abs(rest).max() > SAME * np.abs(own_fitted).max():
        effects = _with_component(effects, rest)
    effects["predicted"] = effects["predicted"] + (
        own_fitted - (before - (plain * off - formula * off).sum(1))
    ).astype("float32")
    if moved.any():
        _follow(effects, plain, formula, moved, params.scenarios.reference_weeks)
    if own_noise:
        effects["predicted"] = (
            ("draw", "week"),
            _own_noise(model, posterior, data, effects.sizes["draw"], seed),
        )
    effects.attrs["engine"] = "custom"
    return check_effects(set_apart(effects, data.unpaid))


def _is_wide(array: xr.DataArray) -> bool:
    return {"week", "reach"} & set(map(str, array.dims)) != set()


def _shape(dataset: xr.Dataset) -> tuple[int, int]:
    return dataset.sizes["chain"], dataset.sizes["draw"]


def _with_component(effects: xr.Dataset, rest: np.ndarray) -> xr.Dataset:
    """Add what the model's own terms bring as a part of the baseline."""
    parts = effects["baseline_part"].transpose("draw", "component", "week")
    wide = np.concatenate([parts.to_numpy(), rest[:, None]], axis=1).astype("float32")
    names = [*map(str, parts["component"].to_numpy()), "own terms"]
    effects = effects.drop_dims("component").assign_coords(component=names)
    effects["baseline_part"] = (("draw", "component", "week"), wide)
    return effects


def _follow(
    effects: xr.Dataset, plain: np.ndarray, formula: np.ndarray, moved: np.ndarray, latest: int
) -> None:
    """Let what is planned follow contributions that are not those of the form."""
    with np.errstate(divide="ignore", invalid="ignore"):
        week = np.where(formula != 0, plain / formula, 1.0)
        now = plain[:, :, -latest:].sum(-1) / formula[:, :, -latest:].sum(-1)
        ever = plain.sum(-1) / formula.sum(-1)
    now, ever = (np.where(np.isfinite(one), one, 1.0) for one in (now, ever))
    week, now, ever = (
        np.where(moved.reshape((1, -1) + (1,) * (one.ndim - 2)), one, 1.0)
        for one in (week, now, ever)
    )
    effects["spend_effect"] = effects["spend_effect"] * week.astype("float32")
    effects["contribution_region"] = effects["contribution_region"] * ever[:, :, None].astype(
        "float32"
    )
    for name in ("coefficient", "response"):
        effects[name] = effects[name] * now[:, :, None].astype("float32")
    effects["marginal_roi"] = effects["marginal_roi"] * now.astype("float32")


def _own_noise(
    model: pm.Model, posterior: xr.Dataset, data: ModelData, draws: int, seed: int
) -> np.ndarray:
    """Draw the outcome as the model itself does; ``(draw, week)``, in its unit."""
    import pymc as pm

    free = [one.name for one in model.free_RVs]
    each = draws // posterior.sizes["chain"]
    places = np.linspace(0, posterior.sizes["draw"] - 1, each).round().astype(int)
    picked = xr.DataTree.from_dict({"posterior": posterior[free].isel(draw=places)})
    with model:
        found = pm.sample_posterior_predictive(
            picked, var_names=["outcome"], random_seed=seed, progressbar=False
        )
    outcome = found["posterior_predictive"]["outcome"].to_numpy()
    outcome = outcome.reshape(-1, *outcome.shape[2:])
    if hasattr(model, SOURCE) and "noise=" in getattr(model, SOURCE).name:
        return np.einsum("drt,r->dt", outcome, data.scales.outcome).astype("float32")
    if data.likelihood == "negative_binomial":
        return outcome.sum(1).astype("float32")
    return np.einsum(
        "drt,r->dt", rotate_back(outcome, data.noise_weight), data.scales.outcome
    ).astype("float32")
