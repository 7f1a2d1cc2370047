"""A channel without spend in the pack: with its contribution, without a return, in no plan."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.data.panel.panel import Panel
from mmmlib.readiness.assess import assess
from mmmlib.readiness.verdict import Verdict
from mmmlib.reports.blocks import Picture
from mmmlib.reports.export import facts_of
from mmmlib.reports.results import Results, results_of
from mmmlib.reports.sections import briefing, contribution_roi, health_panel
from mmmlib.reports.sheets import sheets
from tests import fake_run
from tests.fakes import fake_params
from tests.unpaid import unpaid_effects, unpaid_panel

CHANNELS = {
    "search": {"label": "Search", "spend": "s"},
    "events": {"label": "Events", "spend": "e"},
    "news": {"label": "Newsletter", "exposure": "mails"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    revenue = {"revenue": {"label": "Revenue", "kind": "revenue", "column": "revenue"}}
    folder = tmp_path_factory.mktemp("unpaid")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_run, "fake_panel", unpaid_panel)
        patch.setattr(fake_run, "fake_effects", unpaid_effects)
        return results_of(fake_run.make_fake_run(folder, channels=CHANNELS, outcomes=revenue))


def test_pages_say_what_it_contributed_and_ask_no_return_of_it(results: Results) -> None:
    (row,) = results.leading.unpaid
    picture, *rest = contribution_roi.contributions(results)
    said = [repr(block) for block in rest]
    assert any("It has no spend, so no return, and is in no plan" in text for text in said)
    assert any("Without spend" in repr(block) for block in briefing.insights(results))
    assert isinstance(picture, Picture) and row.contribution.text(mass=False) in picture.alt
    assert "exposure-curves-1" in repr(list(contribution_roi.curves(results)))
    for returns in (contribution_roi.returns, contribution_roi.other_outcomes):
        assert "Newsletter" not in repr(list(returns(results)))
    facts = facts_of(results)
    mine = facts[facts["channel"] == "news"]
    assert {"contribution", "exposure", "half_life"} <= set(mine["quantity"])
    assert not mine["quantity"].str.contains("return|spend").any()
    assert set(sheets(results)["Channels without spend"].rows[0]) >= {"Newsletter"}
    pack = results.scenarios
    assert pack is not None
    assert all(line.channel != "news" for plan in pack.scenarios for line in plan.plan)


def test_baseline_channels_and_those_without_spend_make_the_whole(results: Results) -> None:
    numbers = results.leading
    parts = numbers.base_share, numbers.all_share, numbers.unpaid[0].share
    assert sum(part.median for part in parts) == pytest.approx(1, abs=0.02)
    assert numbers.unpaid[0].share.low > 0


def test_its_health_is_its_own_and_none_of_the_models(results: Results) -> None:
    health = results.health("revenue.pooled")
    mine = {one.check for one in health if one.subject == "revenue.pooled/news"}
    assert mine == {"health.prior_shrinkage", "health.prior_conflict"}
    assert "Newsletter" in repr(list(health_panel.passed(results)))
    assert "news" not in repr([*results.gates.claims["revenue.pooled"].values()])  # type: ignore[union-attr]


def test_readiness_judges_its_exposure() -> None:
    params = fake_params(channels=CHANNELS, key_questions=[])
    panel = unpaid_panel(params)
    assert assess(panel, params).channels["news"] is not Verdict.NOT_READY
    frame = panel.frame.assign(**{"exposure:news": np.full(len(panel.weeks), 100.0)})
    found = assess(Panel(frame, panel.currency, panel.units), params)
    assert found.channels["news"] is Verdict.NOT_READY
    # What nobody pays for cannot be stopped for a test.
    assert [one.channel for one in found.alternatives] == []
