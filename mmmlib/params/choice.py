"""Which model a notebook shows: the one that is asked for by name, or the one that leads the pack."""

from __future__ import annotations

from mmmlib.errors import InputError
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.schema import Params

__all__ = ["chosen_model", "chosen_view", "model_note"]


def chosen_model(params: Params, asked: str = "") -> str:
    """Return the model to show.

    Parameters
    ----------
    params
        Parameters of the run.
    asked
        ``outcome.motion``, or empty for the one that leads the pack (of an outcome with several
        motions, the first).

    Returns
    -------
    str
        One of ``params.model_names``.

    Raises
    ------
    InputError
        If there is no such model.

    Examples
    --------
    ::

        chosen_model(params_of(open_run()), "revenue.self_serve")
    """
    return _chosen(params, asked or params.parts_of(params.primary)[0], params.model_names)


def chosen_view(params: Params, asked: str = "") -> str:
    """Return what to show of a comparison: a model, or the outcome that leads over its motions.

    Parameters
    ----------
    params
        Parameters of the run.
    asked
        ``outcome.motion``, or the outcome that leads; empty for what leads the pack.

    Returns
    -------
    str
        One of ``params.views``.

    Raises
    ------
    InputError
        If there is no such model or outcome.

    Examples
    --------
    ::

        chosen_view(params_of(open_run()))
    """
    return _chosen(params, asked or params.primary, params.views)


def model_note(params: Params, model: str) -> str:
    """Say which model is shown, and where the number that leads the pack is.

    Parameters
    ----------
    params
        Parameters of the run.
    model
        One of ``params.model_names``.

    Returns
    -------
    str
        A sentence or two; the second where the pack leads with a sum that the model is a part of.

    Examples
    --------
    ::

        print(model_note(params, chosen_model(params)))
    """
    note = f"Shown: {params.model_label(model)}."
    parts = params.parts_of(params.primary)
    if len(parts) > 1 and model in parts:
        note += (
            f" It is one of {len(parts)} motions: the pack leads with {params.model_label(params.primary)} "
            f"over all of them, whose returns are others."
        )
    return note


def _chosen(params: Params, name: str, known: tuple[str, ...]) -> str:
    if name in known:
        return name
    motions = [one for one in known if one.startswith(f"{name}.")]
    action = (
        f"The outcome '{name}' has the models {', '.join(motions)}: name one of them."
        if motions
        else did_you_mean(name, known)
    )
    raise InputError.one(
        "the parameters cell", "model", shown(name), f"one of {', '.join(known)}", action
    )
