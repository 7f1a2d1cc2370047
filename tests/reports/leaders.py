"""Numbers of models in which one channel leads, or none; and what may be inferred of them."""

from __future__ import annotations

from dataclasses import replace

from mmmlib.findings import Level
from mmmlib.governance.verdict import Claim
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.scenarios.pack import Label
from tests.fakes import fake_effects, over_at_once


def with_scale(channel: str, factor: float, scale: float = 3.0) -> ModelNumbers:
    effects = fake_effects(scale=scale).copy(deep=True)
    for name in ("contribution", "spend_effect"):
        effects[name].loc[{"channel": channel}] *= factor
    return ModelNumbers(effects)


def claimed(results: Results, numbers: ModelNumbers, label: Label) -> Results:
    """Results whose claims on every return of a model have one label."""
    gates = results.gates
    assert gates is not None
    claim = Claim(label=label, reasons=("Why.",))
    claims = {numbers.name: {row.channel: claim for row in numbers.channels}}
    told = Results(results.run, results.params)
    told.__dict__["gates"] = gates.model_copy(update={"claims": claims, "level": Level.INFO})
    return told


def level_field(scale: float = 9.0) -> ModelNumbers:
    """Every channel returns and brings about the same."""
    effects = fake_effects(scale=scale).copy(deep=True)
    typical = effects["contribution"].sum("week").median("draw")
    effects["contribution"] = effects["contribution"] / typical
    effects["spend"] = effects["spend"] / effects["spend"].sum("week")
    return ModelNumbers(over_at_once(effects))


def only(results: Results, numbers: ModelNumbers, *channels: str) -> Results:
    """Results in which something may be inferred of these channels alone."""
    found = claimed(results, numbers, Label.DO_NOT_INFER)
    assert found.gates is not None
    safe = Claim(label=Label.SAFE, reasons=("Why.",))
    found.gates.claims[numbers.name].update(dict.fromkeys(channels, safe))
    return found


def with_losses(numbers: ModelNumbers, chance: float) -> ModelNumbers:
    """The numbers, every channel with the same chance of not bringing its money back."""
    rows = tuple(replace(row, loses=chance) for row in numbers.channels)
    numbers.__dict__["channels"] = rows
    return numbers
