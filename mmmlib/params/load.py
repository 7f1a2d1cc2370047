"""Parameter files: read strictly, keep with the run, write the next period's."""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from mmmlib.errors import InputError, Problem
from mmmlib.params.compute import open_scheduler
from mmmlib.params.messages import shown, translate
from mmmlib.params.places import KeyPath, KeyProblem, dotted, read_yaml
from mmmlib.params.references import broken_references
from mmmlib.params.schema import Params
from mmmlib.params.section import days_of
from mmmlib.params.strict import KeyChange, change_strict, read_strict, read_text
from mmmlib.runs import Run, write_atomic

__all__ = ["new_params", "next_period", "params_of", "read_params"]

FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")


# --- reading ------------------------------------------------------------------------


def read_params(path: str | Path, overrides: Sequence[str] = ()) -> Params:
    """Read a parameter file.

    Parameters
    ----------
    path
        A YAML file.
    overrides
        ``key=value``, dotted keys, values in YAML: ``model.draws=500``,
        ``key_questions.0.channel=tv``. They replace what the file says.

    Returns
    -------
    Params
        All parameters, defaults included; frozen.

    Raises
    ------
    InputError
        With every problem of the file and the overrides, each with its place.

    Examples
    --------
    >>> read_params("params/demo.yaml", ["model.draws=500"]).model.draws
    500
    """
    params = read_strict(path, Params, "a parameter file", _more_faults, overrides)
    _refuse_impossible_candidates(Path(path), params)
    return params


def _refuse_impossible_candidates(path: Path, params: Params) -> None:
    """Raise with every candidate that would be no parameter file."""
    problems = []
    for name, one in params.candidates.specifications.items() if params.candidates else ():
        try:
            changed = change_params(params, one.changes)
        except InputError as error:
            problems += [
                replace(problem, place=f"candidates.specifications.{name}, {problem.place}")
                for problem in error.problems
            ]
            continue
        if changed == params:
            place = f"candidates.specifications.{name}"
            problems.append(Problem(place, "nothing that differs from the file", "a change"))
        if changed.primary != params.primary:
            place = f"candidates.specifications.{name}"
            expected = f"a specification of {params.primary}, which leads the pack"
            problems.append(Problem(place, f"one that is led by {changed.primary}", expected))
    if problems:
        raise InputError(path, problems)


def change_params(params: Params, changes: Sequence[KeyChange]) -> Params:
    """Return new parameters with some keys set or taken out, checked as the file is.

    Raises
    ------
    InputError
        With every problem that the changes make, each with the change that makes it.
    """
    return change_strict(params, changes, "the changed parameters", _more_faults)


def _more_faults(content: dict[str, Any]) -> Iterator[KeyProblem]:
    yield from broken_references(content)
    yield from open_scheduler(content)


# --- with the run -------------------------------------------------------------------


def write_params(run_path: str | Path, params: Params, source_text: str) -> None:
    """Keep ``params.yaml``, the file as it was given, and ``params.json``, what it came to."""
    folder = Path(run_path)
    write_atomic(folder / "params.yaml", source_text.encode())
    write_atomic(folder / "params.json", params.model_dump_json(indent=2).encode())


def params_of(run: Run) -> Params:
    """Return the parameters of a run.

    Parameters
    ----------
    run
        A run of today or of an earlier version; keys that were renamed since are understood.

    Returns
    -------
    Params
        As they were read when the run was made.

    Raises
    ------
    InputError
        If the run has no parameters, or they are damaged.
    """
    path = run.path / "params.json"
    if not path.is_file():
        raise InputError.one(
            path,
            "the file",
            "nothing",
            "the parameters of the run",
            "Make the run again.",
        )
    try:
        return Params.model_validate_json(as_it_was(path.read_bytes()))
    except ValidationError as error:
        faults = error.errors()
        if faults[0]["type"] == "json_invalid":
            found, expected = f"broken JSON ({faults[0]['msg']})", "the parameters of the run"
            raise InputError.one(path, "the file", found, expected) from None
        content = json.loads(path.read_bytes())
        problems = [one.at(dotted(one.key)) for one in translate(faults, content, Params)]
        raise InputError(path, problems) from None


def as_it_was(resolved: bytes) -> bytes:
    """Add to the parameters of an earlier run what was so then, without a key for it.

    All keys were written down as they were resolved, so what is not there was not there:
    returns were believed one by one, and every form was taken for the truth.
    """
    try:
        content = json.loads(resolved)
        for key in ("returns_alike", "form_error"):
            content["model"].setdefault(key, 0.0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return resolved  # the reader says what is wrong with it
    return json.dumps(content).encode()


# --- the next period ------------------------------------------------------------------


def next_period(period: str, kind: Literal["monthly", "quarterly"]) -> str:
    """Return the first period of a kind that ends after ``period``.

    Parameters
    ----------
    period
        A quarter such as ``2026-Q4`` or a month such as ``2026-04``.
    kind
        What to return: a month or a quarter.

    Returns
    -------
    str
        A month or a quarter, written the same way.

    Examples
    --------
    >>> next_period("2026-Q4", "quarterly"), next_period("2026-Q2", "monthly")
    ('2027-Q1', '2026-07')
    """
    following = _last_month(period) + 1  # months since year 0
    if kind == "monthly":
        return f"{following // 12:04d}-{following % 12 + 1:02d}"
    return f"{following // 12:04d}-Q{following % 12 // 3 + 1}"


def _last_month(period: str) -> int:
    last = days_of(period)[1]
    return 12 * last.year + last.month - 1


def new_params(source: str | Path, name: str) -> Path:
    """Write the next period's parameter file beside the last one.

    Only the period moves (with ``as_of`` and the vintage of simulated data, where
    the file has them); comments and layout stay as they are.

    Parameters
    ----------
    source
        Parameter file of the last period.
    name
        Name of the new file, with or without ``.yaml``.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    InputError
        If the name is no file name, or a file of that name exists: none is ever replaced.

    Examples
    --------
    ::

        new_params("params/demo.yaml", "demo_q3")
    """
    source = Path(source)
    params = read_params(source)
    stem = name.removesuffix(".yaml")
    if not FILE_NAME.match(stem):
        raise InputError.one(
            None, "NAME", shown(name), "a file name of letters, digits, '-' and '_'"
        )
    target = source.with_name(f"{stem}.yaml")
    period = next_period(params.refresh.period, params.refresh.kind)
    changes: dict[KeyPath, str] = {("refresh", "period"): period}
    if params.refresh.as_of:
        months = _last_month(period) - _last_month(params.refresh.period)
        moved = _months_later(params.refresh.as_of, months)
        changes["refresh", "as_of"] = moved.isoformat()
    if params.data.simulated:
        changes["data", "simulated", "vintage"] = str(params.data.simulated.vintage + 1)
    text = read_text(source)
    places = read_yaml(text, str(source)).places
    spots = [(places[key], value) for key, value in changes.items() if key in places]
    for place, value in sorted(spots, key=lambda spot: spot[0].start, reverse=True):
        text = text[: place.start] + value + text[place.end :]
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError.one(
            target, "the file", "a file", "a name that is free", "Choose another NAME."
        ) from None
    return target


def _months_later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))
