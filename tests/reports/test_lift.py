"""What the reports say of lift tests: foreseen, missed by the model alone, or still apart."""

from __future__ import annotations

import pytest
import xarray as xr

from mmmlib.reports.blocks import Folded, Heading, Picture, Prose
from mmmlib.reports.lift import Experiments, experiments_of
from mmmlib.reports.pictures import lift_pictures
from mmmlib.reports.results import Results
from mmmlib.reports.sections import contribution_roi
from mmmlib.reports.table import Table
from mmmlib.reports.tables.lift import calibration_table, lift_tests_table
from tests.fakes import fake_effects, fake_lift, fake_panel, fake_params, with_lifts

PARAMS = fake_params()
PANEL = fake_panel(PARAMS)
EFFECTS = fake_effects(PARAMS, PANEL)
SPRING = fake_lift(PANEL)
PAUSE = fake_lift(PANEL, "pause", channel="video", spend_change_share=-1, incremental_outcome=-9e3)


def times(effects: xr.Dataset, factor: float) -> xr.Dataset:
    """The same fit, expecting so much more of every test."""
    return effects.assign(lift_expected=effects["lift_expected"] * factor)


def found(alone: float, now: float, *lifts: object) -> Experiments:
    told = with_lifts(EFFECTS, lifts or [SPRING])  # type: ignore[arg-type]
    return Experiments(times(told, now), times(told, alone), PARAMS)


@pytest.mark.parametrize(
    ("alone", "now", "title", "sentence"),
    [
        (1, 1, "The model alone foresaw the lift test", "experiment and data tell the same"),
        (5, 1, "would have missed the test of Search", "What it says now is the better number"),
        (5, 4, "would have missed the test of Search", "cannot both be right"),
    ],
)
def test_words_follow_from_the_distances(
    alone: float, now: float, title: str, sentence: str
) -> None:
    experiments = found(alone, now)
    assert title in experiments.title
    assert sentence in experiments.sentence


def test_a_few_tests_share_a_figure_and_each_says_what_it_saw() -> None:
    tests = [fake_lift(PANEL, f"test-{n}") for n in range(4)]
    experiments = found(5, 1, *tests)
    one, other = lift_pictures(experiments)
    assert one.name != other.name
    groups = [row.group for row in experiments.rows(experiments.tests)]
    assert len([group for group in groups if group]) == len(tests)
    assert groups[0].endswith("the model alone would have missed it")


def test_a_test_below_the_return_is_explained_beside_it() -> None:
    experiments = found(1, 1)
    assert experiments.seemingly_refuted == []
    short = fake_lift(PANEL, incremental_outcome=1.0, standard_error=1.0)
    (said,) = found(1e-4, 1e-4, short).seemingly_refuted
    assert "less than the return of Search" in said
    assert "what comes in its own weeks" in said


def test_a_pause_is_told_per_money_that_was_taken_away() -> None:
    experiments = found(1, 1, SPRING, PAUSE)
    assert "both lift tests" in experiments.title
    pause = next(one for one in experiments.tests if one.test.name == "pause")
    told = experiments.per_money(pause.calibrated, pause.test.spend_change)
    assert pause.calibrated.high < 0 < told.low < told.inner_low < told.median
    assert told.median == pytest.approx(pause.calibrated.median / pause.test.spend_change)


def test_a_range_that_narrowed_is_named() -> None:
    told = with_lifts(EFFECTS, [SPRING])
    share = told["contribution"] / told["contribution"].median("draw")
    wide = told.assign(
        {
            name: (told[name] * share).transpose(*told[name].dims)
            for name in ("contribution", "spend_effect")
        }
    )
    experiments = Experiments(told, wide, PARAMS)
    assert "it narrows the return of Search to" in experiments.title
    assert str(lift_tests_table(experiments).column("Do they agree?")[0]).startswith("yes")
    assert "narrower" in str(calibration_table(experiments).column("The range is")[0])


def test_without_tests_there_is_nothing_to_show() -> None:
    assert experiments_of(EFFECTS, None, PARAMS) is None
    told = with_lifts(EFFECTS, [SPRING])
    assert experiments_of(told, told, PARAMS) is not None


def test_a_notebook_of_a_model_without_tests_says_so(second: Results) -> None:
    [said] = contribution_roi.lift_blocks(second, "signups.pooled")
    assert isinstance(said, Prose) and said.text == "No lift test measured this outcome."


def test_what_every_test_saw_is_a_row() -> None:
    experiments = found(1, 0.9, SPRING, PAUSE)
    table = lift_tests_table(experiments)
    assert set(table.column("Test")) == {"spring", "pause"}
    seen = dict(zip(table.column("Test"), table.column("The test saw"), strict=True))
    assert seen["pause"].median == -9_000  # type: ignore[union-attr]
    channels = list(map(PARAMS.channel_label, PARAMS.channels))
    assert sorted(map(str, calibration_table(experiments).column("Channel"))) == sorted(channels)


def test_nothing_is_read_off_a_fit_without_tests_that_did_not_converge(second: Results) -> None:
    """The health panel does not hold the tests against such a fit; no figure may either."""
    told = with_lifts(EFFECTS, [SPRING])
    apart = told.assign_attrs(largest_rhat=1.3)
    assert experiments_of(told, apart, PARAMS) is None
    results = Results(second.run, second.params)
    results.__dict__["effects"] = {"revenue.pooled": told}
    results.__dict__["lifts"] = lambda model: None
    [said] = contribution_roi.lift_tests(results)
    assert isinstance(said, Prose)
    assert "No lift test" not in said.text
    assert "The health panel says why" in said.text


def test_the_report_shows_them_for_every_model_that_has_some(second: Results) -> None:
    blocks = list(contribution_roi.lift_tests(second))
    assert [block.name for block in blocks if isinstance(block, Picture)] == ["lift-tests"]
    (folded,) = [block for block in blocks if isinstance(block, Folded)]
    assert [block.name for block in folded.blocks if isinstance(block, Table)] == [
        "lift-tests",
        "with-and-without",
    ]


def test_tests_of_another_outcome_than_the_leading_one_say_so(second: Results) -> None:
    params = second.params.model_copy(update={"primary_outcome": "signups.pooled"})
    first = next(iter(contribution_roi.lift_tests(Results(second.run, params))))
    assert isinstance(first, Folded)
    assert isinstance(first.blocks[0], Heading) and first.blocks[0].text == "Revenue"
    assert not isinstance(next(iter(contribution_roi.lift_tests(second))), Heading)
