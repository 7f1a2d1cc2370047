"""What a modeller works with: a specification that can be looked at, fitted, kept and promoted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

from mmmlib.data.panel.panel import panel_of
from mmmlib.errors import InputError
from mmmlib.params.candidates import Goal
from mmmlib.params.choice import chosen_model
from mmmlib.params.load import params_of
from mmmlib.params.messages import shown
from mmmlib.params.strict import KeyChange
from mmmlib.runs import open_run
from mmmlib.workbench.custom import fit_custom, own_model
from mmmlib.workbench.folder import SavedTrial, save_trial
from mmmlib.workbench.overview import Overview
from mmmlib.workbench.promote import Promotion, promote
from mmmlib.workbench.sensitivity import sensitivity
from mmmlib.workbench.specification import CustomModel, Specification, key_change

if TYPE_CHECKING:
    import pymc as pm


class Trial(Specification):
    """A specification that differs from a run's by some changes, and what it gave.

    Made by :func:`mmmlib.workbench.open` and :meth:`change`; nothing is changed in place.
    """

    def grid(self, choices: Mapping[str, Sequence[Any]], goal: Goal) -> list[Self]:
        """Return a trial for every combination of choices, with what the choice is for.

        Parameters
        ----------
        choices
            Values by key: ``{"model.trend": ["linear", "random_walk"]}``.
        goal
            ``fit``, ``prediction`` or ``decision``, said before anything is fitted. It goes with
            the trials, and says what :func:`mmmlib.workbench.compare` holds them against.

        Returns
        -------
        list of Trial
            New ones, not fitted.

        Raises
        ------
        InputError
            If there is no such goal, or one of the combinations is impossible.

        Examples
        --------
        ::

            base = wb.open()
            tried = base.grid({"model.trend": ["linear", "random_walk"]}, goal="decision")
            wb.compare(*tried)
        """
        if goal not in get_args(Goal):
            expected = f"one of {', '.join(get_args(Goal))}"
            raise InputError.one(None, "grid", f"the goal {shown(goal)}", expected)
        base = replace(self, goal=goal)
        return [
            base.with_changes(
                [key_change(key, one) for key, one in zip(choices, values, strict=True)]
            )
            for values in product(*choices.values())
        ]

    def prior_predictive(self, model: str = "") -> Overview:
        """Show what the specification says before it has seen the outcome.

        Parameters
        ----------
        model
            ``outcome.motion``; the first of :attr:`models` if not given.

        Returns
        -------
        Overview
            Returns and shares by channel, and the outcome that would be expected. How to read it: the
            outcome as seen should lie inside the band, and the band should hold nothing absurd.
        """
        from mmmlib.workbench.prior import prior_page

        return prior_page(self, chosen_model(self.params, model))

    def pymc_model(self, model: str = "", **own: Callable[..., Any]) -> pm.Model:
        """Return the PyMC model of this specification, to read and to extend; see docs/extend.md.

        Parameters
        ----------
        model
            ``outcome.motion``; the first of :attr:`models` if not given.
        **own
            Functions that make a part of it otherwise: ``returns``, ``effect``, ``term``, ``noise``;
            see :func:`mmmlib.model.build.build_model`.

        Returns
        -------
        pymc.Model
            With the names and scales of the saved posterior.
        """
        return own_model(self.prepare(model), own)

    def fit(self, *models: str, model: pm.Model | Any = None) -> Self:
        """Fit it; what is fitted already is not fitted again, and a refit begins with what the run learned.

        Parameters
        ----------
        *models
            ``outcome.motion``; those of the outcome that leads if none is given.
        model
            A PyMC model that was built from :meth:`pymc_model`, or a function that takes that one
            and returns it with what was added. It is fitted in place of the workbook's own.

        Returns
        -------
        Trial
            The same one with its fits; with ``model``, a new one that is marked as custom. A fit that is
            stopped (the square in JupyterLab, or Ctrl-C) leaves those that are done.

        Raises
        ------
        MMMError
            If the data cannot be fitted, or sampling failed, with the likely cause.

        Examples
        --------
        ::

            trial = wb.open().change("model.seasonality", 2).fit()
        """
        if model is None:
            return super().fit(*models)
        return fit_custom(self, chosen_model(self.params, *models[:1]), model)

    def sensitivity(
        self, model: str = "", channel: str = "", weeks: int = 3, regions: int = 0
    ) -> Overview:
        """Ask what the answer hangs on: a channel that cannot have worked, single weeks and regions.

        Parameters
        ----------
        model
            ``outcome.motion``; the first of :attr:`models` if not given.
        channel
            Whose spend is shuffled in time to be the placebo; that of most spend if not given.
        weeks
            How many weeks are left out, one by one: those that the model missed by most.
        regions
            How many regions are left out, one by one: those with the most spend. Three are needed.

        Returns
        -------
        Overview
            Takes a fit of few draws for the placebo, each week and each region. How to read it: a placebo that
            the data raise above what was stated of it means that the model finds effects where there
            are none; a return that one week, or one region, moves far rests on it.

        Raises
        ------
        InputError
            If there is no such model or channel.
        """
        return sensitivity(self, chosen_model(self.params, model), channel, weeks, regions)

    def save(self, name: str) -> Self:
        """Keep it in the run's ``explore`` folder, where notebooks find it.

        All models of the specification are fitted first. Notebooks 02 to 06 read it back through
        their parameter ``trial``; so does :func:`mmmlib.workbench.open`.

        Parameters
        ----------
        name
            Letters, digits, ``-`` and ``_``.

        Returns
        -------
        Trial
            The same one, named so.

        Raises
        ------
        InputError
            If there is a trial of that name: none is replaced.
        """
        return save_trial(self, name)

    def promote(self, file: str | Path, *, write: bool = True) -> Promotion:
        """Write the changes into a parameter file; comments and layout stay as they are.

        Parameters
        ----------
        file
            The workbook's parameter file.
        write
            False shows what would be written.

        Returns
        -------
        Promotion
            Shows the lines that differ.

        Raises
        ------
        InputError
            If the file is not the one that the run was made with, word for word (somebody may have
            changed it meanwhile), or would not be read with the changes. Nothing is written then.
        """
        return promote(self, Path(file), write=write)


def open_trial(run: str | Path = "", trial: str = "", runs_dir: str | Path | None = None) -> Trial:
    """Open a run, or a trial that was saved in it; see :func:`mmmlib.workbench.open`."""
    base = open_run(run, runs_dir)
    if not trial:
        return Trial(base, params_of(base), panel_of(base), base)
    folder = open_run(run, runs_dir, trial=trial)
    saved = SavedTrial.of(folder)
    changes = tuple(KeyChange(one.key, one.value, one.said, one.out) for one in saved.changes)
    custom = None
    if saved.custom:
        custom = CustomModel(saved.custom_name or "a model of one's own", saved.custom)
    return Trial(
        base,
        params_of(folder),
        panel_of(folder),
        folder,
        changes,
        trial,
        saved.notes,
        custom,
        goal=saved.goal,
    )
