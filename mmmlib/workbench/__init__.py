"""The workbench of a modeller: open a run, change what is asked, fit, compare, keep.

::

    from mmmlib import workbench as wb

    base = wb.open()
    trial = base.change("channels.search.prior.roi", low=1, high=3)
    trial.prior_predictive()
    trial.fit()
    wb.compare(base, trial)

Everything that the notebooks show is here, too, under its own name: ``wb.channel_table``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.workbench.offered import OFFERED

if TYPE_CHECKING:
    from IPython.display import Markdown

    from mmmlib.workbench.overview import Overview
    from mmmlib.workbench.trial import Trial

__all__ = ["compare", "help", "open"]

HELP = """\
| call | what it does |
|---|---|
| `base = wb.open()` | the newest run; `wb.open("RUN")` another one, `wb.open(trial="NAME")` a saved trial |
| `trial = base.change("model.trend", "linear")` | a new specification, in the words of the parameter file |
| `base.change("channels.search.prior.roi", low=1, high=3)` | several keys of one section |
| `base.drop("channels.video")`, `base.window(first="2024-07-01")` | less: a channel, control, event, test; weeks |
| `tried = base.grid({"model.trend": ["linear", "random_walk"]}, goal="decision")` | a trial for each combination; `wb.compare(*tried)` looks at what the goal asks |
| `trial.prior_predictive()` | what it says before any sampling |
| `trial.fit()` | seconds; the stop button keeps what is done |
| `wb.compare(base, trial, holdouts=4)` | side by side; with predictions of weeks not seen |
| `trial.sensitivity(regions=2)` | a placebo channel, weeks (and regions) left out one by one |
| `trial.save("tight")` | kept in the run; notebooks 02 to 06 open it by `trial = "tight"` |
| `trial.promote("params/mine.yaml", write=False)` | the change as lines of the file; without `write=False` it is written |
| `trial.pymc_model()`, `trial.fit(model=…)` | the PyMC model, and yours made from it |
"""


def open(run: str | Path = "", trial: str = "", runs_dir: str | Path | None = None) -> Trial:
    """Open a run for work, or a trial that was saved in it.

    Parameters
    ----------
    run
        A run folder, a run id, or empty for the newest finished run.
    trial
        Name of a saved trial.
    runs_dir
        Folder of runs; ``$MMM_RUNS`` or ``runs`` (here or one folder up) if not given.

    Returns
    -------
    Trial
        The run as it was asked and fitted; nothing in it is ever changed.

    Raises
    ------
    RunError
        If there is no such run or trial.

    Examples
    --------
    ::

        base = wb.open()
    """
    from mmmlib.workbench.trial import open_trial
    from mmmlib.workbench.warm import warm_up

    opened = open_trial(run, trial, runs_dir)
    warm_up(opened)
    return opened


def compare(
    *trials: Trial,
    model: str = "",
    holdouts: int | None = None,
    decision: bool | None = None,
    **named: Trial,
) -> Overview:
    """Put specifications side by side.

    Parameters
    ----------
    *trials
        Two or more, of one run or of several; those that are not fitted yet are fitted.
    model
        ``outcome.motion``, or the outcome that leads; empty for what leads the pack.
    holdouts
        How many cut-offs weeks are predicted after; each takes a fit of every specification. If
        not given, four where a trial's goal is prediction, else none.
    decision
        Whether the best plan under each is looked for. If not given, where a trial's goal is
        decision or none has a goal.
    **named
        Trials by the name that they shall have on the page.

    Returns
    -------
    Overview
        Shown in a notebook; ``tables`` has its numbers, ``page["Returns"]`` a part of it.

    Raises
    ------
    InputError
        If there is only one, or one has no such model.

    Examples
    --------
    ::

        wb.compare(base, tight=trial)
    """
    from mmmlib.workbench.side_by_side import side_by_side

    return side_by_side(*trials, model=model, holdouts=holdouts, decision=decision, **named)


def help() -> Markdown:
    """Show the calls that one needs.

    Returns
    -------
    Markdown
        A table.

    Examples
    --------
    ::

        wb.help()
    """
    from IPython.display import Markdown

    return Markdown(HELP)


def __getattr__(name: str) -> Any:
    """Find what notebooks show by its own name, when it is asked for."""
    if name not in OFFERED:
        from mmmlib.params.messages import did_you_mean

        near = did_you_mean(name, [*OFFERED, *__all__])
        raise AttributeError(f"the workbench has no '{name}'. {near}".strip())
    return getattr(import_module(OFFERED[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *OFFERED])
