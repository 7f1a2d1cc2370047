"""What a later refresh makes of earlier ones: promises settled, decisions looked back at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmmlib.errors import InputError, RunError
from mmmlib.estimates import Estimate
from mmmlib.governance.agenda import build_agenda
from mmmlib.governance.closed_loop import close_loop, decision_horizon
from mmmlib.governance.decisions import decision_log, record_decision, record_outcome
from mmmlib.governance.follow_up import (
    FollowUp,
    entries_of_workbook,
    entry_lines,
    estimated_outcome,
    follow_up_of,
)
from mmmlib.governance.predictions import predict_test
from mmmlib.governance.promises import (
    Kept,
    kept_promise,
    promise_book,
    published_promises,
    score_kept,
)
from mmmlib.governance.rebuild import ENTRIES
from mmmlib.governance.records import PromiseOutcome, Publication, RangePromise
from mmmlib.governance.store import Store, open_store
from mmmlib.governance.verdict import GateResult
from mmmlib.model.effects import effects_of
from mmmlib.params.load import params_of
from mmmlib.reports.results import results_of
from mmmlib.reports.sections.executive_summary import follow_up_lines
from mmmlib.runs import Run, write_atomic
from mmmlib.scenarios.forecast import Forecast, ModelForecast
from mmmlib.scenarios.pack import LeverLine, ScenarioPack
from tests.fake_run import finish, make_fake_pair

WEEK = dt.timedelta(days=7)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two refreshes, 13 weeks apart; the first has forecast what the second knows."""
    before, after = make_fake_pair(tmp_path_factory.mktemp("runs"))
    model = params_of(before).model_names[0]
    seen = effects_of(after, model)["observed"].to_series()
    coming = seen[seen.index > effects_of(before, model)["week"].to_numpy()[-1]]
    assert len(coming) == 13
    # Three weeks come out above what was forecast, the others in the middle of it.
    medians = [value - (3000.0 if place < 3 else 0.0) for place, value in enumerate(coming)]
    ranges = tuple(Estimate.from_measurement(median, 500.0, "USD") for median in medians)
    total = Estimate.from_measurement(sum(medians), 2000.0, "USD")
    forecast = ModelForecast(
        model=model,
        weeks=tuple(coming.index.date),
        outcome=ranges,
        total=total,
        baseline=ranges,
        baseline_total=total,
        independent=6.5,
    )
    before.save_json("forecast.json", Forecast(plan="as it was", spend={}, models=(forecast,)))
    return Run(finish(before).path), Run(finish(after).path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def publish(store: Store, run: Run, **more: Any) -> None:
    """Record a publication as it stands after review."""
    body = Publication(
        run=run.name,
        workbook="fake",
        period=run.manifest.period,
        digest="",
        release="APPROVED",
        audience="everyone",
        policy_version="1",
        folder="",
        signed_by=(),
        **more,
    ).body()
    store.append("publication", run.name, lambda _: body)


def keep(store: Store, run: Run) -> None:
    """Let a run keep what the store says, as one that begins now."""
    own = entries_of_workbook(store.entries(), "fake")
    write_atomic(run.path / ENTRIES, entry_lines(own))


def decide(store: Store, run: Run, **more: Any) -> str:
    values = {
        "stance": "approve",
        "decided": dt.date(2026, 1, 5),
        "owner": "Dana Okafor",
        "rationale": "It pays.",
    }
    plan = run.load_json("scenarios.json", ScenarioPack).scenarios[1]
    return record_decision(store, values | more, run, plan.name).decision


def test_forecasts_are_scored_by_the_next_refresh(store: Store, pair: tuple[Run, Run]) -> None:
    before, after = pair
    promises = published_promises(before)
    assert {one.kind for one in promises} == {"forecast", "plan"}
    assert sum(one.independent for one in promises if one.kind == "forecast") == pytest.approx(6.5)
    publish(store, before, promises=promises)
    keep(store, after)
    found = follow_up_of(after)
    assert len(found.came) == 13
    assert found.open_promises == 0
    (everything, weeks) = found.kinds
    assert (weeks.kind, weeks.promises, weeks.held, weeks.above) == ("forecast", 13, 10, 3)
    assert everything.held == 10
    assert found.record[0].startswith("10 of 13 published 90 % ranges")
    # Once it is published, a third refresh counts each week once, by what was said first.
    publish(store, after, promises=promises, came=found.came)
    book = promise_book(store.entries(), "fake")
    assert (len(book.kept), book.open) == (13, ())
    after.save_json("follow_up.json", found)
    (shown,) = follow_up_lines(results_of(after).follow_up)
    assert "10 of 13" in shown.text
    gates = after.load_json("gates.json", GateResult)
    points = next(
        one.points for one in build_agenda(after, gates, found).items if "Follow-ups" in one.title
    )
    assert "10 of 13" in points[0]


def test_a_decision_is_looked_back_at(store: Store, pair: tuple[Run, Run]) -> None:
    before, after = pair
    name = decide(store, before, follow_up=dt.date(2026, 2, 2))
    (one,) = decision_log(store.entries())
    pack = before.load_json("scenarios.json", ScenarioPack)
    after_plan = pack.first_week + pack.weeks * WEEK
    assert one.decision.judge_from is not None and one.decision.judge_from > after_plan
    keep(store, after)
    (early,) = follow_up_of(after).loops
    assert early.known == 13
    assert "it is judged from" in early.note  # its effect is not over in the last known week
    with pytest.raises(RunError, match="judged from"):
        early.outcome(dt.date.today())
    too_soon = one.decision.judge_from - dt.timedelta(days=1)
    assert store.entries("outcome") == []

    ripe = one.decision.model_copy(update={"judge_from": after_plan})
    loop = close_loop(ripe, after)
    assert loop is not None and loop.realised and loop.as_decided and loop.execution
    assert loop.executed_share is not None
    # What was decided and what was done differ by the execution, draw by draw.
    assert loop.realised.median == pytest.approx(
        loop.as_decided.median + loop.execution.median, abs=0.2 * loop.as_decided.width
    )
    assert loop.world is not None
    with pytest.raises(InputError, match="when most of what it brings can have come"):
        record_outcome(
            store,
            loop.outcome(too_soon).model_copy(update={"decision": name}),
            dt.date(2027, 1, 1),
        )
    after.save_json("follow_up.json", FollowUp(as_of=after_plan, record=(), loops=(loop,)))
    assert estimated_outcome(after, name).value == loop.realised.median
    with pytest.raises(InputError, match="looked back at: D1"):
        estimated_outcome(after, "D7")


def test_the_same_run_gives_a_plan_what_the_pack_said(pair: tuple[Run, Run], store: Store) -> None:
    before, after = pair
    decide(store, before)
    (one,) = decision_log(store.entries())
    assert one.decision.follow_up == one.decision.judge_from
    decision = one.decision.model_copy(
        update={"judge_from": dt.date(2026, 1, 1), "follow_up": dt.date(2026, 1, 1)}
    )
    loop = close_loop(decision, after)
    assert loop is not None and loop.as_decided is not None and decision.expected is not None
    # The effects of the later fake run are 3.4 / 3.0 of the earlier ones.
    assert not loop.as_decided.low > decision.expected.high
    assert not loop.as_decided.high < decision.expected.low
    moved = decision.model_copy(update={"spend_change": 10 * abs(decision.spend_change or 1.0)})
    assert close_loop(moved, after) is None  # planned by other rules than today's
    pack = before.load_json("scenarios.json", ScenarioPack)
    effect = pack.scenarios[1].difference
    lever = LeverLine(
        lever="price",
        move="Price from 1 to 2 points in 13 weeks",
        unit="points",
        seen_low=0.0,
        seen_high=3.0,
        effect=effect,
        cost=None,
        extrapolated=False,
    )
    plans = [one.model_copy(update={"levers": (lever,)}) for one in pack.scenarios]
    before.save_json("scenarios.json", pack.model_copy(update={"scenarios": tuple(plans)}))
    loop = close_loop(decision, after)
    assert loop is not None and loop.realised is None and "It moves Price" in loop.note
    before.save_json("scenarios.json", pack)


def test_the_horizon_is_that_of_the_slowest_channel(pair: tuple[Run, Run]) -> None:
    effects = effects_of(pair[0], params_of(pair[0]).model_names[0])
    channels = tuple(map(str, effects["channel"].to_numpy()))
    each = [decision_horizon(effects, (one,)) for one in channels]
    assert decision_horizon(effects, channels) == max(each)
    slow = effects.copy()
    slow["adstock_weight"] = effects["adstock_weight"] * 0 + 1 / effects.sizes["lag"]
    assert decision_horizon(slow, channels) >= 0.85 * effects.sizes["lag"]


def test_a_run_from_before_any_store_finds_nothing(pair: tuple[Run, Run]) -> None:
    found = follow_up_of(pair[0])
    assert (found.record, found.due, found.loops, found.came) == ((), (), (), ())


def test_a_measurement_s_own_error_is_no_broken_promise() -> None:
    promise = RangePromise(
        promise="test",
        kind="lift_test",
        about="Search in spring",
        subject="search_spring",
        start=dt.date(2026, 1, 5),
        end=dt.date(2026, 1, 11),
        expected=Estimate.from_measurement(100.0, 10.0),
    )

    def kept(error: float) -> Kept:
        return kept_promise(
            promise, PromiseOutcome(promise="test", value=130.0, standard_error=error)
        )

    assert score_kept([kept(0.0)]).held == 0
    assert score_kept([kept(20.0)]).held == 1
    assert kept(20.0).expected.low < 100 < kept(20.0).expected.high
    assert kept(20.0).expected.inner_low > kept(20.0).expected.low


def test_weeks_that_err_together_are_not_called_out_as_if_they_were_many() -> None:
    """Teams whose honest forecasts come in blocks of 13 weeks that hold or fail together."""
    rng = np.random.default_rng(3)
    called = {True: 0, False: 0}
    teams = 300
    expected = Estimate.from_measurement(0.0, 1.0)
    for _ in range(teams):
        values = np.repeat(rng.normal(size=12), 13)
        for counted in called:
            share = 1 / 13 if counted else 1.0
            kept = [Kept("forecast", "", expected, float(v), share) for v in values]
            called[counted] += score_kept(kept).too_narrow
    assert called[True] / teams <= 0.1
    assert called[False] / teams > 0.2


def test_a_lift_test_is_held_to_what_was_predicted(store: Store, pair: tuple[Run, Run]) -> None:
    before, after = pair
    channel = next(iter(params_of(before).channels))
    model = params_of(before).model_names[0]
    first = effects_of(before, model)["week"].to_numpy()[-1] + np.timedelta64(7, "D")
    start = first.astype("datetime64[D]").astype(object)
    days = (start + WEEK, start + 4 * WEEK)
    more = predict_test(store, before, "search_spring", channel, model, days, 0.5)
    less = predict_test(store, before, "a_pause", channel, model, days, -1.0)
    assert less.expected.high < 0 < more.expected.low
    with pytest.raises(InputError, match="not predicted before"):
        predict_test(store, before, "a_pause", channel, model, days, -1.0)
    for bad in ({"channel": "nothing"}, {"days": (days[1], days[0])}, {"change": 0.0}):
        values = {"channel": channel, "model": model, "days": days, "change": 0.5} | bad
        with pytest.raises(InputError):
            predict_test(store, before, "another", **values)
    keep(store, after)
    found = follow_up_of(after)  # its panel has the result of one of the two
    assert [one.promise for one in found.came] == [more.promise]
    assert found.came[0].standard_error > 0
    assert found.open_promises == 1
