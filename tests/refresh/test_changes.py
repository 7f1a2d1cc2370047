from __future__ import annotations

import datetime as dt
from typing import Any

from mmmlib.findings import Level, Status
from mmmlib.refresh.changes import (
    ABSENT,
    changes_limits,
    changes_model,
    code_changes,
    code_finding,
    flatten,
    parameter_changes,
    parameter_findings,
)
from mmmlib.runs import Manifest
from tests.fakes import fake_params


def dumped(**sections: Any) -> dict[str, Any]:
    return fake_params(**sections).model_dump(mode="json")


def test_nested_parameters_become_dotted_keys() -> None:
    content = {"a": {"b": 1, "c": [1, 2]}, "d": [{"e": None}], "f": {}, "g": "x"}
    assert flatten(content) == {
        "a.b": "1",
        "a.c": "[1, 2]",
        "d[0].e": "null",
        "f": "{}",
        "g": "x",
    }


def test_equal_parameters_differ_in_nothing() -> None:
    assert parameter_changes(dumped(), dumped()) == []


def test_every_difference_is_listed_with_both_values() -> None:
    after = dumped(model={"trend_knots": 9}, refresh={"period": "2026-Q3"})
    found = {
        change.key: (change.before, change.after) for change in parameter_changes(dumped(), after)
    }
    assert found == {"refresh.period": ("2026-Q2", "2026-Q3"), "model.trend_knots": ("6", "9")}


def test_a_key_that_came_or_went_is_listed() -> None:
    before = dumped()
    after = dumped(controls={})
    assert ABSENT in {change.after for change in parameter_changes(before, after)}
    assert ABSENT in {change.before for change in parameter_changes(after, before)}


def test_changes_of_the_model_and_of_limits_are_flagged_apart() -> None:
    after = dumped(model={"seasonality": 5, "draws": 900}, health={"max_rhat": 1.1})
    found = parameter_findings(parameter_changes(dumped(), after))
    assert {(f.subject, f.level, f.value) for f in found} == {
        ("model", Level.WARN, 1.0),
        ("limits", Level.WARN, 1.0),
    }
    assert "model.seasonality 3 → 5" in found[0].message


def test_longer_sampling_and_a_new_period_are_no_change_of_the_model() -> None:
    after = dumped(model={"draws": 900, "seed": 7}, refresh={"period": "2026-Q3"})
    changes = parameter_changes(dumped(), after)
    assert len(changes) == 3
    assert changes_model(changes) == []
    [finding] = parameter_findings(changes)
    assert finding.status is Status.OK


def test_words_are_no_change_of_the_model_and_what_may_be_bought_is_one_of_limits() -> None:
    content = dumped()
    content["channels"]["search"]["label"] = "Paid search"
    content["outcomes"]["revenue"]["bias"] = "Booked late."
    content["channels"]["events"]["scalable"] = False
    content["controls"]["price"]["lever"] = {"unit": "points", "cost_per_week": 0}
    content["channels"]["video"]["unit_price"] = [{"weekly": 9.0, "price": 2.0}]
    changes = parameter_changes(dumped(), content)
    assert len(changes) == 9
    assert changes_model(changes) == []
    assert {change.key for change in changes_limits(changes)} == {
        "channels.events.scalable",
        "controls.price.lever",
        "controls.price.lever.unit",
        "controls.price.lever.cost_per_week",
        "channels.video.unit_price",
        "channels.video.unit_price[0].weekly",
        "channels.video.unit_price[0].price",
    }


def manifest(**facts: Any) -> Manifest:
    content = {
        "run": "fake-2026-Q2-0",
        "workbook": "fake",
        "period": "2026-Q2",
        "created": dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        "code_version": "0.1.0",
        "python": "3.13.5",
        "packages": {"pymc": "6.4.0", "numpy": "2.3.5"},
    }
    return Manifest.model_validate(content | facts)


def test_software_that_changed_is_listed_for_information() -> None:
    after = manifest(packages={"pymc": "6.5.0", "numba": "0.70"}, library="a" * 64)
    changes = code_changes(manifest(), after)
    assert {(c.key, c.before, c.after) for c in changes} == {
        ("source files of mmmlib", "", "aaaaaaaaaaaa"),
        ("pymc", "6.4.0", "6.5.0"),
        ("numba", ABSENT, "0.70"),
        ("numpy", "2.3.5", ABSENT),
    }
    finding = code_finding(changes)
    assert (finding.status, finding.level) == (Status.FLAG, Level.INFO)
    assert code_finding([]).status is Status.OK
