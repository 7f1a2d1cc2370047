"""What a key of the parameter file is, in the words of its documentation."""

from __future__ import annotations

import re
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from mmmlib.params.schema import Params

SENTENCE_END = re.compile(r"(?<=[.;:])\s")
MARKUP = re.compile(r"``|:\w+:`~?|`")


def key_help(key: str) -> str:
    """Return the first sentence on a parameter; empty where none was written, or it is unknown.

    Parameters
    ----------
    key
        As :func:`mmmlib.refresh.changes.flatten` names it.

    Examples
    --------
    >>> key_help("data.limits.outlier_distance")
    'How many robust standard deviations from its neighbours make a week an outlier.'
    >>> key_help("no.such.key")
    ''
    """
    kind: Any = Params
    text = ""
    for name in key.split("."):
        models = list(_models(kind))
        field = next((one.model_fields[name] for one in models if name in one.model_fields), None)
        if field is not None:
            kind, text = field.annotation, field.description or ""
        elif (values := _values(kind)) is not None:
            kind, text = values, ""  # a name that the user chose: a channel, an outcome
        else:
            return ""
    first = SENTENCE_END.split(" ".join(MARKUP.sub("", text).split()), maxsplit=1)[0]
    return f"{first.rstrip('.;:')}." if first else ""


def _models(kind: Any) -> list[type[BaseModel]]:
    """Sections that a kind of value may be."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if get_origin(kind) in (Union, UnionType, Annotated):
        return [model for part in get_args(kind) for model in _models(part)]
    return []


def _values(kind: Any) -> Any:
    """What a mapping holds under names that the user chose; None for anything else."""
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    if get_origin(kind) in (Union, UnionType, Annotated):
        return next(
            (found for part in get_args(kind) if (found := _values(part)) is not None), None
        )
    return None
