"""Which movements have a known cause: what was restated, or changed in the model, reaches them.

A change explains only what it can move: the parameters and the history of one channel that
channel, those of an outcome its models, a control or an event every model. A name that is
written differently moves nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib.params.limits import ComparisonParams
from mmmlib.refresh.changes import changes_model
from mmmlib.refresh.comparison import DataChange, ParameterChange

EVERY = ""
"""Instead of a model or a channel: all of them."""

type Reach = tuple[str, str]
"""The model (``revenue.pooled``, or ``revenue.`` for all of an outcome) and channel reached."""


@dataclass(frozen=True)
class Changes:
    """What differs between two refreshes.

    Parameters
    ----------
    before, after
        All parameters as plain values, see :func:`mmmlib.refresh.changes.parameters_of`.
    parameters
        Those that differ.
    data
        Series that were restated, came or went.
    tested
        Models of which a lift test came, went or changed.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    parameters: Sequence[ParameterChange]
    data: Sequence[DataChange]
    tested: frozenset[str]


def explained_channels(
    changes: Changes,
    models: Iterable[str],
    channels: Iterable[str],
    weeks: pd.DatetimeIndex,
    limits: ComparisonParams,
) -> set[str]:
    """Return those of ``channels`` whose movement has a known cause.

    ``models`` are the model, or the models that an outcome over its motions consists of. An event
    that lies outside of the common window of ``weeks`` explains nothing; nor does a restatement up
    to ``max_restated_share``.
    """
    reached = [
        channel
        for model, channel in _reaches(changes, weeks, limits)
        if model == EVERY or any(_is_of(one, model) for one in models)
    ]
    return {name for name in channels if EVERY in reached or name in reached}


def _is_of(model: str, reach: str) -> bool:
    return model.startswith(reach) if reach.endswith(".") else model == reach


def _reaches(
    changes: Changes, weeks: pd.DatetimeIndex, limits: ComparisonParams
) -> Iterator[Reach]:
    for parameter in changes_model(changes.parameters):
        yield from _of_parameter(parameter.key, changes, weeks)
    for series in changes.data:
        yield from _of_series(series, weeks, limits)
    for model in changes.tested:
        yield model, EVERY


def _of_parameter(key: str, changes: Changes, weeks: pd.DatetimeIndex) -> Iterator[Reach]:
    section, _, rest = key.partition(".")
    name, *parts = rest.split(".")
    both = [side.get(section) or {} for side in (changes.before, changes.after)]
    if section == "channels":
        # A channel that came or went took from, or left to, all the others.
        stayed = all(name in side for side in both)
        outcome = f"{parts[2]}." if parts[:2] == ["prior", "cost_per"] and parts[2:] else EVERY
        yield outcome, name if stayed else EVERY
    elif section == "outcomes":
        yield f"{name}.{parts[1] if parts[:1] == ['motions'] and parts[1:] else ''}", EVERY
    elif section != "events" or any(_touches(side.get(name), weeks) for side in both):
        yield EVERY, EVERY


def _of_series(
    change: DataChange, weeks: pd.DatetimeIndex, limits: ComparisonParams
) -> Iterator[Reach]:
    """Say what a series reaches; dated events that came or went are told by their parameters."""
    role, _, name = change.series.partition(":")
    restated = change.kind == "restated"
    share = change.worst_share if change.worst_share is not None else change.share
    if restated and not (share is not None and share > limits.max_restated_share):
        return
    if change.kind == "extended":
        return
    if role in ("spend", "exposure"):
        yield EVERY, name if restated or role == "exposure" else EVERY
    elif role == "outcome":
        yield name, EVERY
    elif role == "event":
        if restated and _overlap(change.first, change.last, weeks):
            yield EVERY, EVERY
    elif role == "control" or change.series.startswith("region "):
        yield EVERY, EVERY


def _touches(event: Mapping[str, Any] | None, weeks: pd.DatetimeIndex) -> bool:
    """Say whether an event lies in the window; one that a column tells of may."""
    if event is None:
        return False
    first, last = (event.get(side) for side in ("start", "end"))
    if first is None or last is None:
        return True
    return _overlap(dt.date.fromisoformat(first), dt.date.fromisoformat(last), weeks)


def _overlap(first: dt.date | None, last: dt.date | None, weeks: pd.DatetimeIndex) -> bool:
    if first is None or last is None or not len(weeks):
        return False
    return first <= weeks[-1].date() + dt.timedelta(days=6) and last >= weeks[0].date()
