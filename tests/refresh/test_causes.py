"""A change explains what it can move, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mmmlib.data.panel.panel import Panel, write_panel
from mmmlib.findings import Level
from mmmlib.params.limits import ComparisonParams
from mmmlib.params.load import params_of
from mmmlib.refresh.causes import Changes, explained_channels
from mmmlib.refresh.changes import parameter_changes
from mmmlib.refresh.compare import compare_refreshes
from mmmlib.refresh.comparison import DataChange
from mmmlib.runs import Run
from tests.fakes import CHANNELS, fake_lift, fake_panel, fake_params, two_motions
from tests.refresh.test_compare import make

ALL = set(CHANNELS)
MODEL = "revenue.pooled"
WEEKS = pd.date_range("2024-01-01", periods=104, freq="7D")


def explained(
    models: tuple[str, ...] = (MODEL,),
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    data: tuple[DataChange, ...] = (),
    tested: frozenset[str] = frozenset(),
) -> set[str]:
    plain = fake_params().model_dump(mode="json")
    old, new = before or plain, after or plain
    changes = Changes(old, new, parameter_changes(old, new), data, tested)
    return explained_channels(changes, models, CHANNELS, WEEKS, ComparisonParams())


def told(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    content = fake_params().model_dump(mode="json")
    change(content)
    return content


def series(name: str, kind: str = "restated", share: float = 0.5) -> tuple[DataChange, ...]:
    first, last = WEEKS[3].date(), WEEKS[5].date()
    change = DataChange(series=name, kind=kind, cells=3, first=first, last=last, share=share)  # type: ignore[arg-type]
    return (change,)


def test_nothing_explains_where_nothing_changed() -> None:
    assert explained() == set()


@pytest.mark.parametrize(
    ("change", "reached"),
    [
        (lambda c: c["channels"]["search"].update(label="Paid search"), set()),
        (lambda c: c["channels"]["search"].update(scalable=False), set()),
        (lambda c: c["outcomes"]["revenue"].update(bias="Late."), set()),
        (lambda c: c["controls"]["price"].update(label="Price"), set()),
        (lambda c: c["model"].update(draws=900), set()),
        (lambda c: c["channels"]["search"].update(adstock="delayed"), {"search"}),
        (lambda c: c["channels"].pop("search"), ALL),
        (lambda c: c["outcomes"]["revenue"].update(likelihood="student_t"), ALL),
        (lambda c: c["outcomes"]["signups"].update(likelihood="student_t"), set()),
        (lambda c: c["controls"].pop("price"), ALL),
        (lambda c: c["model"].update(trend_knots=9), ALL),
        (lambda c: c["data"].update(gaps="zero"), ALL),
    ],
)
def test_a_parameter_explains_what_it_is_of(
    change: Callable[[dict[str, Any]], object], reached: set[str]
) -> None:
    assert explained(after=told(change)) == reached


def test_a_prior_in_cost_explains_the_models_of_its_outcome() -> None:
    def priors(low: float) -> dict[str, Any]:
        channels = fake_params().model_dump(mode="json")["channels"]
        channels["search"]["prior"] = {"cost_per": {"signups": {"low": low, "high": 50}}}
        return fake_params(channels=channels).model_dump(mode="json")

    before, after = priors(5), priors(8)
    assert explained((MODEL,), before, after) == set()
    assert explained(("signups.pooled",), before, after) == {"search"}


def test_a_motion_explains_itself_and_the_sum_that_it_is_part_of() -> None:
    before, after = (two_motions(key_questions=[]).model_dump(mode="json") for _ in range(2))
    after["outcomes"]["revenue"]["motions"]["self_serve"]["column"] = "web_shop"
    assert explained(("revenue.self_serve",), before, after) == ALL
    assert explained(("revenue.sales_assisted",), before, after) == set()
    assert explained(("revenue.sales_assisted", "revenue.self_serve"), before, after) == ALL


@pytest.mark.parametrize(
    ("event", "reached"),
    [
        ({"start": "2026-05-04", "end": "2026-05-10"}, set()),
        ({"start": "2025-12-28", "end": "2026-01-10"}, ALL),
        ({"start": "2024-05-06", "end": "2024-05-12"}, ALL),
        ({"column": "is_launch"}, ALL),
    ],
)
def test_an_event_explains_where_it_lies_in_the_window(
    event: dict[str, str], reached: set[str]
) -> None:
    after = fake_params(events={"launch": event}).model_dump(mode="json")
    assert explained(after=after, data=series("event:launch", "added")) == reached


@pytest.mark.parametrize(
    ("data", "reached"),
    [
        (series("spend:search"), {"search"}),
        (series("spend:search", share=0.01), set()),
        (series("exposure:search"), {"search"}),
        (series("exposure:search", "added"), {"search"}),
        (series("spend:radio", "removed"), ALL),
        (series(f"outcome:{MODEL}"), ALL),
        (series("outcome:signups.pooled"), set()),
        (series("control:price"), ALL),
        (series("event:launch"), ALL),
        (series("funnel:all"), set()),
        (series("region emea", "added"), ALL),
        (series("all series", "extended"), set()),
        (series("all series", "removed"), set()),
    ],
)
def test_a_series_explains_what_it_feeds(data: tuple[DataChange, ...], reached: set[str]) -> None:
    assert explained(data=data) == reached


def test_a_lift_test_explains_the_models_that_were_told_of_it() -> None:
    tested = frozenset({"signups.pooled"})
    assert explained(tested=tested) == set()
    assert explained(("signups.pooled",), tested=tested) == ALL


def severe(run: Run, parent: Run) -> set[str]:
    """Subjects whose movement blocks because nothing explains it."""
    return {
        finding.subject
        for finding in compare_refreshes(run, parent).findings
        if finding.check == "refresh.movement" and finding.level is Level.BLOCK
    }


def test_a_new_label_lets_no_severe_movement_pass(tmp_path: Path) -> None:
    parent = make(tmp_path)
    channels = fake_params().model_dump(mode="json")["channels"]
    channels["search"]["label"] = "Paid search"
    assert len(severe(make(tmp_path, parent, scale=2.6, channels=channels), parent)) == 8


def test_restated_spend_lets_its_own_channel_pass(tmp_path: Path) -> None:
    parent = make(tmp_path)
    run = make(tmp_path, parent, scale=2.6)
    panel = fake_panel(params_of(run), weeks=104)
    frame = panel.frame.copy()
    frame.loc[40:44, "spend:search"] *= 3
    write_panel(run, Panel(frame, panel.currency, panel.units))
    found = severe(run, parent)
    assert len(found) == 6
    assert not any(subject.endswith("/search") for subject in found)


def test_a_lift_test_lets_its_own_model_pass(tmp_path: Path) -> None:
    parent = make(tmp_path)
    run = make(tmp_path, parent, scale=2.6)
    panel = fake_panel(params_of(run), weeks=104)
    tests = (fake_lift(panel, outcome="signups"),)
    write_panel(run, Panel(panel.frame, panel.currency, panel.units, lift_tests=tests))
    assert severe(run, parent) == {f"{MODEL}/{channel}" for channel in CHANNELS}
