"""Is a refresh enough, or is a rebuild due? (M7)

A refresh keeps the structure of the model; a rebuild questions it. What calls for one is watched:
parts of the business that came or went, breaks, residuals that drift, movements that nothing
explains twice in a row, and what people in the field saw against the model. It is advice with its
reasons; nothing is rebuilt by itself.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence

from mmmlib.errors import InputError, RunError
from mmmlib.findings import Finding, Status, none_of
from mmmlib.governance.records import Observation, records_of
from mmmlib.governance.store import Entry, Store
from mmmlib.params.load import params_of
from mmmlib.params.messages import refuse_unknown
from mmmlib.params.schema import Params
from mmmlib.phrases import date_text
from mmmlib.refresh.comparison import Comparison
from mmmlib.runs import Run

CHECK = "gates.rebuild"
ENTRIES = "store.jsonl"
"""What the store said of the workbook when the run began: decisions, promises, observations."""
REMEMBERED = dt.timedelta(days=183)
"""How long an observation counts."""
SHOWN = 3
"""Reasons of one kind that are named; the others are counted."""


def record_observation(store: Store, run: Run, values: dict[str, object]) -> Observation:
    """Write down what somebody saw in the field; ``values`` are the fields of an Observation.

    A channel that is none of the workbook's, and one of which nothing was said, is an InputError.
    """
    params = params_of(run)
    channel = str(values["channel"])
    refuse_unknown("channel", channel, params.channels)
    if not str(values["text"]).strip():
        raise InputError.one(None, "what was seen", "nothing", "what was seen, in words")
    made = Observation.model_validate(values | {"workbook": params.workbook})
    store.append("observation", params.workbook, lambda _: made.body())
    return made


def kept_entries(run: Run) -> list[Entry]:
    """Read the entries that a run kept; none where there was no store when it began."""
    path = run.path / ENTRIES
    if not path.is_file():
        return []
    return [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def recent_observations(run: Run) -> list[Observation]:
    """Return what was seen in the half year before a run, as it knew it."""
    day = params_of(run).as_of
    found = records_of(kept_entries(run), Observation)
    return [one for one in found if day - REMEMBERED <= one.seen <= day]


def rebuild_finding(
    run: Run, findings: Sequence[Finding], comparison: Comparison | None
) -> Finding:
    """Say whether a rebuild is due, and why, by all that a run's checks saw and what people did.

    Its value is the number of reasons. For information: a rebuild is for people to decide.
    """
    params = params_of(run)
    reasons = [
        f"{lead}: {'. '.join(_some(found))}."
        for lead, found in (
            ("The business changed", _messages(findings, "refresh.structure")),
            ("A break", _messages(findings, "health.changed_effect", "data.level_shift")),
            ("Residuals drift", _messages(findings, "health.autocorrelation", "refresh.forecast")),
            ("Movements that stay unexplained", _again(run, comparison, params)),
            ("Seen in the field", list(_contradictions(run, comparison, params))),
        )
        if found
    ]
    return none_of(
        CHECK,
        "workbook",
        len(reasons),
        f"Something speaks for a rebuild of the model. {' '.join(reasons)}",
        "Nothing calls for a rebuild: the structure stands.",
    )


def _some(found: Sequence[str]) -> list[str]:
    """Return the first sentences, and how many more there are."""
    more = len(found) - SHOWN
    return [*found[:SHOWN], f"And {more} more like these"] if more > 0 else [*found]


def _messages(findings: Iterable[Finding], *checks: str) -> list[str]:
    return [
        one.message.rstrip(".")
        for one in findings
        if one.check in checks
        and one.status is Status.FLAG
        and (one.check != "data.level_shift" or one.subject.startswith("outcome:"))
    ]


def _again(run: Run, comparison: Comparison | None, params: Params) -> list[str]:
    """Channels that moved beyond what new weeks bring in this refresh and in the last one."""
    if comparison is None or comparison.parent is None:
        return []
    try:
        before = Run(run.runs_dir / comparison.parent).load_json("refresh.json", Comparison)
    except (RunError, OSError):
        return []  # that it cannot be read is a finding of its own
    moved = [
        {(one.model, one.channel) for one in each.movements if one.beyond_noise}
        for each in (before, comparison)
    ]
    return [
        f"{params.channel_label(channel)} ({params.model_label(model)})"
        for model, channel in sorted(moved[0] & moved[1])
    ]


def _contradictions(run: Run, comparison: Comparison | None, params: Params) -> Iterator[str]:
    """Observations against which the estimate moved, more likely than not."""
    for seen in recent_observations(run):
        moves = [
            one.higher
            for one in (comparison.movements if comparison else ())
            if one.quantity == "roi"
            and one.channel == seen.channel
            and one.model == params.primary
            and one.higher is not None
        ]
        if any(one > 0.5 if seen.direction == "worse" else one < 0.5 for one in moves):
            yield (
                f"'{seen.text}' ({seen.person}, {date_text(seen.seen)}), while the return of "
                f"{params.channel_label(seen.channel)} moved the other way"
            )
