"""A specification: a run's with some changes, and its fits.

It is a frozen value: a change makes a new one. Its fits follow from it alone, so they are kept with it
once they are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from mmmlib.data.panel.panel import Panel
from mmmlib.errors import InputError
from mmmlib.model.fit import fit_each, inherited_scales, learned_by, load_fit
from mmmlib.model.one_fit import Fit, FitRequest
from mmmlib.params import Params
from mmmlib.params.candidates import Goal
from mmmlib.params.choice import chosen_model
from mmmlib.params.load import change_params, params_of
from mmmlib.params.messages import shown
from mmmlib.params.places import KeyPath
from mmmlib.params.strict import KeyChange, read_change
from mmmlib.reports.blocks import Prose
from mmmlib.runs import Run
from mmmlib.workbench.bar import progress_bar
from mmmlib.workbench.panels import panel_for

if TYPE_CHECKING:
    import xarray as xr

    from mmmlib.model.arrays import ModelData, Scales

NOTHING = object()
"""No value was given: None is one."""
AS_IN_RUN = "as in the run"
THE_RUN = "the run"


@dataclass(frozen=True)
class CustomModel:
    """What a modeller changed."""

    name: str
    """Of her function, or of the parts that she made."""
    source: str
    """Its text, kept with the trial."""


@dataclass(frozen=True, eq=False, repr=False)
class Specification:
    """A run's specification with changes, and its fits; see :class:`mmmlib.workbench.trial.Trial`."""

    run: Run
    """The run that was opened."""
    params: Params
    panel: Panel
    source: Run | None = None
    """Where fits of exactly this lie: the run itself, or the folder of a saved trial; None for a trial that
    was not saved."""
    changes: tuple[KeyChange, ...] = ()
    """What differs from the run, in the order in which it was changed."""
    name: str = ""
    """How it is called on pages; what was changed, if not given."""
    notes: tuple[str, ...] = ()
    """What has to be known of it: that the sources were read anew."""
    custom: CustomModel | None = None
    """The model that a modeller built from :meth:`pymc_model`, where it was fitted so."""
    fits: dict[str, Fit] = field(default_factory=dict)
    """Fits by model, as far as they are made."""
    goal: Goal | Literal[""] = ""
    """What the choice that it is part of is for, where that was said; see :meth:`mmmlib.workbench.trial.Trial.grid`."""

    # --- what it is

    @property
    def label(self) -> str:
        """What it is called: its name, or what was changed."""
        return self.name or "; ".join(self.said).removeprefix("change ") or THE_RUN

    @property
    def said(self) -> tuple[str, ...]:
        """What was changed, in words."""
        return tuple(dict.fromkeys(one.said for one in self.changes))

    @property
    def models(self) -> tuple[str, ...]:
        """The models that it looks at first: those of the outcome that leads."""
        return self.params.parts_of(self.params.primary)

    def __repr__(self) -> str:
        changed = "; ".join(self.said) or AS_IN_RUN
        fitted = ", ".join(self.fits) or "not fitted"
        return f"Trial of {self.run.name} ({changed}; {fitted})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        text = (
            f"Run {self.run.name}. Shown: {', '.join(map(self.params.model_label, self.models))}."
        )
        changed = self.said
        lines = [f"**{self.label}**" if self.changes else "", text, *changed, *self.notes]
        found = Prose(
            " ".join(line for line in lines[1:] if line), self.label if self.changes else ""
        )
        return found._repr_mimebundle_()

    # --- changes

    def change(self, key: str, value: Any = NOTHING, /, **values: Any) -> Self:
        """Return a trial with something changed, in the words of the parameter file.

        Parameters
        ----------
        key
            Dotted, as ``--set`` takes it: ``"model.trend"``; or the whole of it: ``"model.draws=500"``.
        value
            What it is set to.
        **values
            Keys below it, each set by itself: ``change("channels.tv.prior.roi", low=1, high=3)``.

        Returns
        -------
        Trial
            A new one, not fitted.

        Raises
        ------
        InputError
            If the key or the value is none of the parameter file's, with what is near; or if the
            data has nothing of it.

        Examples
        --------
        ::

            trial = wb.open().change("model.trend", "random_walk").change("controls.price.week", "mean")
        """
        if value is NOTHING and not values:
            at, plain = read_change(key)
            return self.with_changes([KeyChange(at, plain, f"change {key}")])
        said = f"change {key}"
        if value is not NOTHING:
            said += f" = {_short(value)}"
        if values:
            said += f": {', '.join(f'{name} {_short(one)}' for name, one in values.items())}"
        asked = [] if value is NOTHING else [(_path(key), value)]
        asked += [((*_path(key), *_path(name)), one) for name, one in values.items()]
        return self.with_changes([KeyChange(at, one, said) for at, one in asked])

    def drop(self, key: str) -> Self:
        """Return a trial without a part: a channel, a control, an event, a lift test.

        Parameters
        ----------
        key
            Such as ``"channels.video"`` or ``"lift_tests.search_spring"``. A key with a default
            goes back to it.

        Returns
        -------
        Trial
            A new one, not fitted.

        Raises
        ------
        InputError
            If there is nothing of that name, or something else names it.

        Examples
        --------
        ::

            wb.open().drop("controls.category")
        """
        return self.with_changes([KeyChange(_path(key), None, f"drop {key}", out=True)])

    def window(self, first: str | None = None, last: str | None = None) -> Self:
        """Return a trial on a part of the weeks.

        Parameters
        ----------
        first, last
            Days such as ``"2024-07-01"``: the weeks that lie wholly between them are fitted. They are
            written as ``starts`` and ``ends`` of the outcomes.

        Returns
        -------
        Trial
            A new one, not fitted.

        Raises
        ------
        InputError
            If no week is left.

        Examples
        --------
        ::

            wb.open().window(first="2024-07-01")
        """
        days = {"starts": first, "ends": last}
        return self.with_changes(
            [
                KeyChange(("outcomes", name, key), day, f"change outcomes.{name}.{key} = {day}")
                for name in self.params.outcomes
                for key, day in days.items()
                if day is not None
            ]
        )

    def named(self, name: str) -> Self:
        """Return the same trial under a name for pages.

        Parameters
        ----------
        name
            Any short text.

        Returns
        -------
        Trial
            With the same fits.
        """
        return replace(self, name=name)

    def with_changes(self, changes: Sequence[KeyChange]) -> Self:
        """Return a trial with several changes at once, as the loader takes them."""
        params = change_params(self.params, changes)
        panel, anew = panel_for(self.run, self.panel, self.params, params)
        notes = self.notes
        if anew:
            notes = (
                *notes,
                "The sources were read anew: they may tell otherwise than the run saw them.",
            )
        return type(self)(
            self.run,
            params,
            panel,
            self.run if params == params_of(self.run) and not anew else None,
            (*self.changes, *changes),
            notes=tuple(dict.fromkeys(notes)),
            goal=self.goal,
        )

    # --- before the fit

    def prepare(self, model: str = "") -> ModelData:
        """Return the arrays of a fit: all that the log density sees.

        Parameters
        ----------
        model
            ``outcome.motion``; the first of :attr:`models` if not given.

        Returns
        -------
        ModelData
            See :mod:`mmmlib.model.arrays`.

        Raises
        ------
        MMMError
            If nothing can be learned from the data, or the priors leave no room for it.
        """
        from mmmlib.model.spec import prepare

        name = chosen_model(self.params, model)
        return prepare(self.panel, self.params, name, scales=self.scales.get(name))

    # --- the fit

    @cached_property
    def scales(self) -> Mapping[str, Scales]:
        """Scales of the run, carried on where they still fit, so that priors mean the same."""
        from mmmlib.model.inputs import carried_scales

        if self.source is self.run:
            return inherited_scales(self.run, self.panel, self.params)
        found = {}
        for model in self.params.model_names:
            if self.run.has(f"models/{model}/effects.nc"):
                from mmmlib.model.effects import effects_of

                found[model] = carried_scales(effects_of(self.run, model), self.panel, self.params)
        return {model: scales for model, scales in found.items() if scales is not None}

    def fit(self, *models: str) -> Self:
        """Fit it with the workbook's own model; see :meth:`mmmlib.workbench.trial.Trial.fit`."""
        asked = [chosen_model(self.params, name) for name in models] or list(self.models)
        missing = [FitRequest(name) for name in asked if name not in self.fits]
        for request in list(missing):
            if self.source and self.source.has(f"models/{request.model}/effects.nc"):
                self.fits[request.model] = load_fit(self.source, request.model)
                missing.remove(request)
        if not missing:
            return self
        earlier = learned_by(self.run, [request.model for request in missing])
        try:
            with progress_bar(missing) as progress:
                for fit in fit_each(
                    self.panel, self.params, missing, progress, self.scales, earlier
                ):
                    self.fits[fit.request.model] = fit
        except KeyboardInterrupt:
            done = ", ".join(name for name in asked if name in self.fits) or "nothing"
            print(f"Stopped. Kept: {done}.")
        return self

    def effects(self, model: str = "") -> xr.Dataset:
        """Return the effects of a fit.

        Parameters
        ----------
        model
            ``outcome.motion``, or an outcome over its motions; what leads the pack if not given.

        Returns
        -------
        xarray.Dataset
            See :mod:`mmmlib.model.effects`. Fitted first, if it is not yet.
        """
        from mmmlib.model.motions import sum_motions

        name = model or self.params.primary
        parts = self.params.parts_of(name)
        self.fit(*parts)
        missing = [part for part in parts if part not in self.fits]
        if missing:
            raise InputError.one(
                None, "effects", f"no fit of {', '.join(missing)}", "a fit", "Call fit() again."
            )
        effects = [self.fits[part].effects for part in parts]
        return effects[0] if len(parts) == 1 else sum_motions(name, effects)

    def posterior(self, model: str = "") -> xr.DataTree:
        """Return the draws of a fit, as ArviZ reads them.

        Parameters
        ----------
        model
            ``outcome.motion``; the first of :attr:`models` if not given.

        Returns
        -------
        xarray.DataTree
            Groups ``posterior`` and ``sample_stats``.
        """
        name = chosen_model(self.params, model)
        self.fit(name)
        return self.fits[name].posterior


def _path(key: str) -> KeyPath:
    parts = key.split(".")
    if not all(parts):
        raise InputError.one(None, "change", shown(key), "a key such as model.draws")
    return tuple(parts)


def key_change(key: str, value: object) -> KeyChange:
    """Return the change of one key to a value, said as pages show it."""
    return KeyChange(_path(key), value, f"change {key} = {_short(value)}")


def _short(value: object) -> str:
    text = shown(value)
    if isinstance(value, Mapping):
        text = ", ".join(f"{key} {one}" for key, one in value.items())
    return text.strip("'")
