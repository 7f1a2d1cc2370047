"""Names in one part of a parameter file that stand for another part of it.

They are checked on the raw content, so that they are reported together with everything else
that is wrong in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mmmlib.params.lift import POOLED
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.places import KeyPath, KeyProblem

Motions = Mapping[str, tuple[str, ...]]
"""Outcomes that are declared, and the motions of each."""


def broken_references(content: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """Yield every name in a parameter file, as mappings and lists, that stands for nothing.

    Parts that are not what they should be are passed over; the schema reports them.
    """
    channels = _mapping(content.get("channels"))
    unpaid = {shown(name) for name, one in _sections(channels) if one.get("spend") is None}
    for problem in _broken(content, channels):
        if problem.found in unpaid:
            problem = problem._replace(found=f"{problem.found}, which has no spend", action="")
        yield problem


def _broken(content: Mapping[str, Any], channels: Mapping[str, Any]) -> Iterator[KeyProblem]:
    outcomes = _mapping(content.get("outcomes"))
    motions = {
        name: tuple(map(str, _mapping(_mapping(outcome).get("motions")))) or (POOLED,)
        for name, outcome in outcomes.items()
    }
    paid = [name for name, one in _sections(channels) if one.get("spend") is not None]
    for number, question in _sections(content.get("key_questions")):
        asked = channels if question.get("kind", "other") == "other" else paid
        for field, known in (("channel", asked), ("outcome", motions)):
            yield from _unknown(("key_questions", number, field), question.get(field), known)
    for name, channel in _sections(channels):
        prior = _mapping(channel.get("prior"))
        key: KeyPath = ("channels", name, "prior")
        yield from _unknown_costs(key, prior, outcomes)
        known_motions = list(dict.fromkeys(one for each in motions.values() for one in each))
        for motion, stated in _mapping(prior.get("motions")).items():
            yield from _unknown((*key, "motions", motion), motion, known_motions)
            yield from _unknown_costs((*key, "motions", motion), _mapping(stated), outcomes)
    plans = _mapping(content.get("scenarios")).get("plans")
    for name, plan in _sections(plans):
        for rule in ("change", "weekly", "flights"):
            for channel in _mapping(plan.get(rule)):
                yield from _unknown(("scenarios", "plans", name, rule, channel), channel, paid)
        for lever in _mapping(plan.get("levers")):
            key = ("scenarios", "plans", name, "levers", lever)
            yield from _no_lever(key, lever, _mapping(content.get("controls")))
    yield from _unknown_optimised(_mapping(content.get("scenarios")).get("optimise"), paid)
    for name, test in _sections(content.get("lift_tests")):
        for one in unknown_names(test, paid, motions):
            yield one._replace(key=("lift_tests", name, *one.key))
    models = [f"{name}.{motion}" for name, known in motions.items() for motion in known]
    leading = content.get("primary_outcome") or None
    yield from _unknown(("primary_outcome",), leading, [*motions, *models])


def _unknown_optimised(section: object, channels: Iterable[str]) -> Iterator[KeyProblem]:
    """Yield channels in the limits of optimised plans that are not declared."""
    optimise, place = _mapping(section), ("scenarios", "optimise")
    for channel in _mapping(optimise.get("channels")):
        yield from _unknown((*place, "channels", channel), channel, channels)
    named: list[tuple[KeyPath, object]] = [(("fixed",), optimise.get("fixed"))]
    for name, group in _sections(optimise.get("groups")):
        named.append((("groups", name, "channels"), group.get("channels")))
    for key, listed in named:
        for number, channel in enumerate(listed if isinstance(listed, list | tuple) else ()):
            yield from _unknown((*place, *key, number), channel, channels)


def _no_lever(key: KeyPath, name: object, controls: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """Yield a name in a plan's levers that is not that of a control declared to be one."""
    levers = [one for one, control in _sections(controls) if control.get("lever") is not None]
    if name in levers:
        return
    expected = f"a lever: one of {', '.join(levers)}" if levers else "a lever, and none is declared"
    found, action = shown(name), did_you_mean(str(name), levers)
    if name in controls:
        found = f"{found}, a control that is not declared a lever"
        action = f"Declare controls.{name}.lever: its unit, and what a unit costs per week."
    yield KeyProblem(key, found, expected, action)


def _unknown_costs(
    key: KeyPath, prior: Mapping[str, Any], outcomes: Mapping[str, Any]
) -> Iterator[KeyProblem]:
    """Yield outcomes of a prior's ``cost_per`` that are not declared, or not counted."""
    for outcome in _mapping(prior.get("cost_per")):
        place: KeyPath = (*key, "cost_per", outcome)
        yield from _unknown(place, outcome, outcomes)
        declared = _mapping(outcomes.get(outcome))
        if declared.get("kind") == "revenue" or declared.get("value_per_unit"):
            found = f"{shown(outcome)}, which is in money"
            yield KeyProblem(place, found, "an outcome that is counted", "State 'roi' for it.")


def unknown_names(
    test: Mapping[str, Any], channels: Iterable[str], motions: Motions
) -> Iterator[KeyProblem]:
    """Yield channel, outcome and motion of a lift test where they are not declared.

    The test is as it is written, in a parameter file or in a table; channels are those with a
    spend.
    """
    yield from _unknown(("channel",), test.get("channel"), channels)
    outcome, motion = test.get("outcome"), test.get("motion")
    yield from _unknown(("outcome",), outcome, motions)
    known = motions.get(outcome, ()) if isinstance(outcome, str) else ()
    if known and isinstance(motion, str | None) and (motion or POOLED) not in known:
        found = shown(motion) if motion else "no motion"
        yield KeyProblem(("motion",), found, f"a motion: one of {', '.join(known)}")


def _unknown(key: KeyPath, name: object, known: Iterable[str]) -> Iterator[KeyProblem]:
    """Yield a name that is not declared; nothing where nothing is, which is reported itself."""
    names = list(known)
    if names and isinstance(name, str) and name not in names:
        yield KeyProblem(key, shown(name), f"one of {', '.join(names)}", did_you_mean(name, names))


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _sections(value: object) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Yield the sections in a mapping or a list, each with its key or number."""
    entries = enumerate(value) if isinstance(value, list | tuple) else _mapping(value).items()
    yield from ((key, entry) for key, entry in entries if isinstance(entry, Mapping))
