"""Parameter files: read strictly, keep with the run, write the next period's.

Everything that is wrong in a file is told at once, with line and column.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from mmmlib.errors import InputError, Problem
from mmmlib.params.lift import POOLED
from mmmlib.params.messages import did_you_mean, shown, translate
from mmmlib.params.places import Document, KeyPath, Place, dotted, read_yaml
from mmmlib.params.schema import Params
from mmmlib.runs import Run, write_atomic

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

    Raises
    ------
    InputError
        With every problem of the file and the overrides, each with its place.
    """
    path = Path(path)
    document = read_yaml(read_text(path), str(path))
    content = document.content
    if content is None:
        raise InputError.one(path, "the file", "no parameters", "a mapping (key: value)")
    if not isinstance(content, dict):
        raise InputError.one(path, "line 1, column 1", shown(content), "a mapping (key: value)")
    problems = list(document.problems)
    set_paths: dict[KeyPath, str] = {}
    for override in overrides:
        try:
            key, value = _split_override(override)
            _put(content, key, value, override)
            set_paths[key] = override
        except InputError as error:
            problems.extend(error.problems)
    found = dict.fromkeys(_broken_references(content))
    try:
        # JSON mode: lists may be tuples and dates may be text, but '"500"' is no number.
        params = Params.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        faults = [fault for fault in error.errors() if fault["loc"]]
        found |= dict.fromkeys(translate(faults, content))
        params = None
    ranked = [(*_rank(path_, document), path_, fault) for path_, fault in found]
    for *_, key, fault in sorted(ranked, key=lambda item: item[:2]):
        place = _place_of(key, document, set_paths)
        problems.append(Problem(place, fault.found, fault.expected, fault.action))
    if problems or params is None:
        raise InputError(path, problems)
    return params


def read_text(path: Path, what: str = "a parameter file") -> str:
    """Read a text file; a missing, unreadable or not UTF-8 one is an InputError.

    Parameters
    ----------
    what
        What the file should be, for the message.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = did_you_mean(path.name, _yaml_beside(path), cutoff=0.7)
        raise InputError.one(path, "the file", "nothing", what, near) from None
    except UnicodeDecodeError as error:
        raise InputError.one(
            path,
            f"byte {error.start + 1}",
            "a byte that is not UTF-8",
            "text in UTF-8",
            "Save the file again with the encoding UTF-8.",
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.one(path, "the file", reason, "a file that can be read") from None


def _yaml_beside(path: Path) -> list[str]:
    if not path.parent.is_dir():
        return []
    return sorted(other.name for other in path.parent.glob("*.y*ml"))


def _split_override(override: str) -> tuple[KeyPath, Any]:
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        raise InputError.one(
            None,
            f"--set {override}",
            shown(override),
            "key=value, such as model.draws=500",
        )
    document = read_yaml(text, "--set")
    if document.problems:
        raise InputError.one(None, f"--set {override}", "a broken value", "plain YAML")
    return tuple(key.strip().split(".")), document.content


def _put(content: Any, key: KeyPath, value: Any, override: str) -> None:
    """Set a value in nested mappings and lists; missing mappings are made."""
    for depth, part in enumerate(key):
        last = depth == len(key) - 1
        if isinstance(content, list):
            if not str(part).isdigit() or int(part) >= len(content):
                raise InputError.one(
                    None,
                    f"--set {override}",
                    f"'{part}' after {dotted(key[:depth])}",
                    f"a number from 0 to {len(content) - 1}",
                )
            part = int(part)
        elif not isinstance(content, dict):
            raise InputError.one(
                None,
                f"--set {override}",
                f"{shown(content)} at {dotted(key[:depth])}",
                "a mapping, which has keys",
            )
        elif not last and content.get(part) is None:
            content[part] = {}
        if last:
            content[part] = value
        else:
            content = content[part]


def _broken_references(content: dict[str, Any]) -> Iterator[tuple[KeyPath, Problem]]:
    """Yield names that point at nothing.

    Checked on the raw values, so that they are told together with other problems.
    """
    channels, outcomes = content.get("channels"), content.get("outcomes")
    questions = content.get("key_questions")
    if isinstance(questions, list):
        for number, question in enumerate(questions):
            for field, known in (("channel", channels), ("outcome", outcomes)):
                name = question.get(field) if isinstance(question, dict) else None
                if isinstance(known, dict) and isinstance(name, str) and name not in known:
                    yield _broken(("key_questions", number, field), name, list(known))
    yield from _broken_tests(content.get("lift_tests"), channels, outcomes)
    primary = content.get("primary_outcome")
    if isinstance(outcomes, dict) and isinstance(primary, str) and primary:
        models = list(map(str, outcomes))
        for name, outcome in outcomes.items():
            motions = outcome.get("motions") if isinstance(outcome, dict) else None
            models += [f"{name}.{motion}" for motion in motions or ("pooled",)]
        if primary not in models:
            yield _broken(("primary_outcome",), primary, models)


def _broken_tests(tests: Any, channels: Any, outcomes: Any) -> Iterator[tuple[KeyPath, Problem]]:
    """Yield the channels, outcomes and motions of lift tests that are not declared."""
    for name, test in tests.items() if isinstance(tests, dict) else ():
        if not isinstance(test, dict):
            continue
        for field, known in (("channel", channels), ("outcome", outcomes)):
            given = test.get(field)
            if isinstance(known, dict) and isinstance(given, str) and given not in known:
                yield _broken(("lift_tests", name, field), given, list(known))
        named, motion = test.get("outcome"), test.get("motion")
        outcome = (
            outcomes.get(named) if isinstance(outcomes, dict) and isinstance(named, str) else None
        )
        if isinstance(outcome, dict) and isinstance(motion, str | None):
            motions = outcome.get("motions")
            known = list(motions) if isinstance(motions, dict) and motions else [POOLED]
            if (motion or POOLED) not in known:
                path = ("lift_tests", name, "motion" if "motion" in test else "outcome")
                found = shown(motion) if motion else "no motion"
                yield path, Problem(dotted(path), found, f"a motion: one of {', '.join(known)}")


def _broken(path: KeyPath, name: str, known: list[str]) -> tuple[KeyPath, Problem]:
    expected = f"one of {', '.join(map(str, known))}"
    return path, Problem(dotted(path), shown(name), expected, did_you_mean(name, known))


def _known_place(key: KeyPath, document: Document) -> Place | None:
    """Return the place of a key, or of the nearest section around it."""
    for end in range(len(key), 0, -1):
        if key[:end] in document.places:
            return document.places[key[:end]]
    return None


def _rank(key: KeyPath, document: Document) -> tuple[int, int]:
    place = _known_place(key, document)
    return (place.line, place.column) if place else (0, 0)


def _place_of(key: KeyPath, document: Document, set_paths: dict[KeyPath, str]) -> str:
    texts = tuple(map(str, key))
    for path, override in set_paths.items():
        if texts[: len(path)] == path or path[: len(texts)] == texts:
            return f"--set {override}, key {dotted(key)}"
    place = _known_place(key, document)
    return f"{place}, key {dotted(key)}" if place else f"key {dotted(key)}"


# --- with the run -------------------------------------------------------------------


def write_params(run_path: str | Path, params: Params, source_text: str) -> None:
    """Keep ``params.yaml`` (the file as given) and ``params.json`` (what it came to)."""
    folder = Path(run_path)
    write_atomic(folder / "params.yaml", source_text.encode())
    write_atomic(folder / "params.json", params.model_dump_json(indent=2).encode())


def params_of(run: Run) -> Params:
    """Return the parameters of a run."""
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
        return Params.model_validate(json.loads(path.read_bytes()))
    except ValidationError as error:
        content = json.loads(path.read_bytes())
        problems = [problem for _, problem in translate(error.errors(), content)]
        raise InputError(path, problems) from None
    except ValueError as error:
        raise InputError.one(
            path, "the file", f"broken JSON ({error})", "the parameters of the run"
        ) from None


# --- the next period ------------------------------------------------------------------


def next_period(period: str, kind: Literal["monthly", "quarterly"]) -> str:
    """Return the first period of a kind that ends after ``period``.

    >>> next_period("2026-Q4", "quarterly"), next_period("2026-Q2", "monthly")
    ('2027-Q1', '2026-07')
    """
    following = _last_month(period) + 1  # months since year 0
    if kind == "monthly":
        return f"{following // 12:04d}-{following % 12 + 1:02d}"
    return f"{following // 12:04d}-Q{following % 12 // 3 + 1}"


def _last_month(period: str) -> int:
    year, _, part = period.partition("-")
    month = 3 * int(part[1:]) - 1 if part.startswith("Q") else int(part) - 1
    return 12 * int(year) + month


def new_params(source: str | Path, name: str) -> Path:
    """Write the next period's parameter file beside ``source`` as ``NAME.yaml``.

    Only the period moves (with ``as_of`` and the vintage of simulated data, where
    the file has them); comments and layout stay as they are.

    Returns
    -------
    Path
        The file that was written. A file that is there already is never replaced.
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
