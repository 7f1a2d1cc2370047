"""What changed in parameters and software since the last refresh (O5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mmmlib.data.history.taxonomy_moves import TAXONOMY
from mmmlib.data.naming.taxonomy import read_taxonomy
from mmmlib.errors import InputError
from mmmlib.findings import Finding, judge, none_of
from mmmlib.params.load import params_of
from mmmlib.phrases import some_of
from mmmlib.refresh.comparison import ParameterChange
from mmmlib.runs import Manifest, Run

ABSENT = "not set"
MODEL_KEYS = ("channels.", "outcomes.", "controls.", "events.", "model.", "data.gaps", "currency")
SAMPLING_KEYS = tuple(
    f"model.{name}" for name in ("chains", "tune", "draws", "target_accept", "seed", "kept_draws")
)
"""They change how long is sampled, not what is estimated."""
WORDS = (".label", ".bias", ".stage")
"""Ends of keys that say what something is called; they change no number. Channels of older runs
have a stage of the funnel."""
PLAN_WORDS = {"channels": ("scalable", "unit_price"), "controls": ("lever",)}
"""What is written beside a channel or a control and limits plans: whether it is offered for an
increase, what more of it costs, whether plans may set it."""
EVERY_TIME = ("refresh.period", "refresh.as_of", "data.simulated.vintage")
PLACES = (".path", ".root", ".url")
"""Ends of keys that say where the data lie."""
LIMIT_KEYS = ("readiness.", "health.", "comparison.", "scenarios.", "governance.")


def parameters_of(run: Run) -> dict[str, Any]:
    """Return a run's parameters as plain values, defaults filled in where they can be read.

    A run that was made by an older library may have keys that are no longer known;
    its file is then taken as it is. The version of the taxonomy is among them, as
    ``data.taxonomy_version``: it is a parameter that lies in a file of its own.
    """
    try:
        content = params_of(run).model_dump(mode="json")
    except InputError:
        content = json.loads((run.path / "params.json").read_bytes())
        if not isinstance(content, dict):
            raise
    if (run.path / TAXONOMY).is_file() and isinstance(content.get("data"), dict):
        taxonomy = read_taxonomy(run.path / TAXONOMY)
        rules = f"{taxonomy.version} (rules {taxonomy.digest[:8]})"
        content["data"] = {**content["data"], "taxonomy_version": rules}
    return content


def flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested parameters as ``{"model.draws": "800"}``; lists of plain values as one."""
    return dict(_flat(content, prefix))


def parameter_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ParameterChange]:
    """List every parameter that differs, in the order of the parameter file."""
    return _differences(flatten(before), flatten(after))


def code_changes(before: Manifest, after: Manifest) -> list[ParameterChange]:
    """List differences of the library, Python and packages between two runs."""
    return _differences(_software(before), _software(after))


def changes_model(changes: Sequence[ParameterChange]) -> list[ParameterChange]:
    """Return those changes that alter what is estimated."""
    return [change for change in changes if is_of_model(change.key)]


def is_of_model(key: str) -> bool:
    """Say whether a parameter alters what is estimated."""
    return (
        key.startswith(MODEL_KEYS)
        and not key.startswith(SAMPLING_KEYS)
        and not key.endswith(WORDS)
        and not is_of_plans(key)
    )


def is_of_plans(key: str) -> bool:
    """Say whether a parameter that is written beside a channel or a control is of plans only."""
    section, *rest = key.split(".")
    asked = rest[1].partition("[")[0] if len(rest) > 1 else ""
    return asked in PLAN_WORDS.get(section, ())


def trial_keys(overrides: Iterable[str]) -> list[str]:
    """Return those keys of ``key=value`` overrides that alter what is estimated.

    >>> trial_keys(["model.trend_knots=3", "model.draws=2000", "refresh.period=2026-Q3"])
    ['model.trend_knots']
    """
    keys = [override.partition("=")[0].strip() for override in overrides]
    # A section that is given as a whole is of the model where any of its keys is.
    return [key for key in keys if is_of_model(key) or f"{key}." in MODEL_KEYS]


def changes_every_time(key: str) -> bool:
    """Say whether a parameter names the period, a day or a place of files, as each refresh has its own."""
    return key in EVERY_TIME or (key.startswith("data.") and key.endswith(PLACES))


def changes_limits(changes: Sequence[ParameterChange]) -> list[ParameterChange]:
    """Return those changes that alter what the model and its plans are held against."""
    return [
        change for change in changes if change.key.startswith(LIMIT_KEYS) or is_of_plans(change.key)
    ]


def parameter_findings(changes: Sequence[ParameterChange]) -> list[Finding]:
    """Judge changed parameters: of the model, and of the limits it is held against.

    Other changes (the period, paths, wording) come with every refresh and are only listed.
    """
    groups = {"model": changes_model(changes), "limits": changes_limits(changes)}
    found = [
        judge(
            "refresh.parameters",
            name,
            passed=False,
            case=name,
            value=float(len(group)),
            limit=0.0,
            message=f"Parameters of the {name} changed: {_shown(group)}.",
        )
        for name, group in groups.items()
        if group
    ]
    if found:
        return found
    return [
        judge(
            "refresh.parameters",
            "workbook",
            passed=True,
            value=0.0,
            limit=0.0,
            message=f"No parameter of the model or of a limit changed ({len(changes)} others did).",
        )
    ]


def code_finding(changes: Sequence[ParameterChange]) -> Finding:
    """Say whether the software changed; for information, since it changes with most refreshes."""
    return none_of(
        "refresh.code",
        "workbook",
        len(changes),
        f"The software changed: {_shown(changes)}.",
        "Library, Python and packages are those of the last refresh.",
    )


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[ParameterChange]:
    keys = [*after, *(key for key in before if key not in after)]
    return [
        ParameterChange(key=key, before=before.get(key, ABSENT), after=after.get(key, ABSENT))
        for key in keys
        if before.get(key, ABSENT) != after.get(key, ABSENT)
    ]


def _software(manifest: Manifest) -> dict[str, str]:
    own = {
        "mmmlib": manifest.code_version,
        "source files of mmmlib": manifest.library[:12],
        "python": manifest.python,
    }
    return own | dict(manifest.packages)


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(part, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for place, part in enumerate(value):
            yield from _flat(part, f"{prefix}[{place}]")
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(changes: Sequence[ParameterChange]) -> str:
    return some_of([f"{one.key} {one.before} → {one.after}" for one in changes])
