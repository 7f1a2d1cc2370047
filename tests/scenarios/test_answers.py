"""Key questions get an answer with a range and a label."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from mmmlib.findings import FindingList, Level
from mmmlib.params.schema import KeyQuestion, Params
from mmmlib.readiness.verdict import Verdict
from mmmlib.scenarios.answers import answer_questions
from mmmlib.scenarios.baseline import baseline_of
from mmmlib.scenarios.pack import Label
from mmmlib.scenarios.projection import outcome_function, sum_outcomes
from tests.fakes import over_at_once
from tests.scenarios.helpers import finding, healthy, known_effects, ready

GAINS = {"weak": 0.2, "fair": 1.1, "good": 2.0, "best": 4.0}
MODEL = "revenue.pooled"


def _answer(
    kind, channel=None, outcome=None, *, money=True, verdicts=None, change=None, flagged=()
):
    params, effects = known_effects(GAINS, money=money)
    question = KeyQuestion(question="May we?", kind=kind, channel=channel, outcome=outcome)
    params = params.model_copy(update={"key_questions": (question,)})
    if not money:
        params = params.model_copy(update={"primary_outcome": "signups.pooled"})
    if change:
        effects = change(effects)
    models = {params.primary: effects}
    readiness = ready(params, **(verdicts or {}))
    outcomes = {params.primary: outcome_function(effects)}
    base = baseline_of(effects, params)
    health = {
        name: FindingList(findings=(*found.findings, *flagged))
        for name, found in healthy(*models).items()
    }
    (answer,) = answer_questions(models, readiness, health, params, base, outcomes)
    return answer


@pytest.mark.parametrize(
    ("kind", "channel", "start", "value"),
    [
        ("scale", "best", "Yes, very likely", 4.0),
        ("scale", "weak", "No, very likely not", 0.2),
        ("cut", "weak", "Yes, very likely", 0.2),
        ("cut", "best", "No, very likely not", 4.0),
    ],
)
def test_scale_and_cut(kind, channel, start, value):
    answer = _answer(kind, channel)
    assert answer.text.startswith(start)
    assert answer.value is not None
    assert answer.value.median == pytest.approx(value, rel=4e-3)
    ends = answer.value.text(mass=False)
    assert f" USD\N{NO-BREAK SPACE}{ends} per USD\N{NO-BREAK SPACE}1" in answer.text
    assert "(90\N{NO-BREAK SPACE}%)" in answer.text
    assert answer.label is Label.SAFE


def test_without_a_channel_the_best_and_the_least_missed_are_asked_about():
    scale, cut = _answer("scale"), _answer("cut")
    assert (scale.channel, cut.channel) == ("best", "weak")
    first = "The channel to scale first is very likely Best: its next money returns most"
    assert scale.text.startswith(first)
    last = "The channel to cut first is very likely Weak: its next money returns least"
    assert cut.text.startswith(last)
    assert {scale.label, cut.label} == {Label.SAFE}


def test_where_budgets_follow_something_in_common_no_channel_comes_first():
    common = finding(
        "health.unseen_demand", MODEL, passed=False, level=Level.WARN, message="They do."
    )
    rank = _answer("rank", flagged=(common,))
    assert rank.label is Label.DO_NOT_INFER
    assert rank.text.startswith("Which channel returned most over the last 52 weeks cannot be told")
    assert "probability" not in rank.text
    assert any("something in common" in reason for reason in rank.reasons)
    scale = _answer("scale", flagged=(common,))
    assert scale.text.startswith("Which channel to scale first is not clear; ")
    assert any("comes first is not settled" in reason for reason in scale.reasons)
    asked = _answer("scale", "best", flagged=(common,))
    assert asked.text.startswith("Yes, very likely")


def _level(effects):
    """Every channel's next money returns about the same."""
    noise = np.random.default_rng(5).normal(1, 0.1, effects["coefficient"].shape)
    gain = xr.DataArray(list(GAINS.values()), dims="channel")
    effects["coefficient"] = effects["coefficient"] / gain * 4.0 * noise
    return effects


@pytest.mark.parametrize("kind", ["scale", "cut"])
def test_a_channel_that_is_first_by_chance_needs_review(kind):
    answer = _answer(kind, change=_level)
    assert answer.label is Label.REVIEW
    assert any("comes first is not settled" in reason for reason in answer.reasons)
    assert answer.text.startswith(f"Which channel to {kind} first is not clear; ")


def test_a_rank_that_is_open_is_called_open():
    def level(effects):
        noise = np.random.default_rng(5).normal(1, 0.2, (effects.sizes["draw"], 4, 1))
        share = effects["contribution"] / effects["contribution"].sum("week").median("draw")
        effects["contribution"] = share * noise * effects["spend"].sum("week")
        return over_at_once(effects)

    answer = _answer("rank", change=level)
    assert answer.text.startswith("Which channel returned most over the last 52 weeks is not clear")
    assert answer.label is Label.REVIEW
    assert answer.channel is not None
    other = next(name for name in GAINS if name != answer.channel)
    told = _answer("rank", other, change=level).text
    assert re.match(rf"{other.title()} is number [12] to [34] of 4 by return over", told)


@pytest.mark.parametrize(
    ("first", "words"), [(49, "very likely returned most"), (42, "likely returned most")]
)
def test_a_first_place_is_told_as_surely_as_the_draws_are(first, words):
    def tell_apart(effects):
        returns = np.ones((effects.sizes["draw"], 4, 1))
        returns[:, 3] = 0.5
        returns[:first, 3] = 2.0
        effects["contribution"] = (effects["contribution"] * 0 + effects["spend"]) * returns
        return over_at_once(effects)

    assert _answer("rank", change=tell_apart).text.startswith(f"Best {words} over the last 52")


def test_a_channel_that_is_not_ready_is_not_inferred():
    answer = _answer("scale", "best", verdicts={"best": Verdict.NOT_READY})
    assert answer.label is Label.DO_NOT_INFER


def test_an_answer_outside_the_past_range_is_not_inferred():
    def shrink(effects):
        today = effects["spend"].isel(week=-1)
        effects["spend"] = effects["spend"].clip(today * 0.5, today * 1.01)
        return effects

    answer = _answer("scale", "best", change=shrink)
    assert answer.label is Label.DO_NOT_INFER
    assert answer.reasons[0].startswith("Extrapolated")


def _stopped(weeks):
    def stop(effects):
        effects["spend"].loc[{"channel": "best", "week": effects["week"][-weeks:]}] = 0.0
        return effects

    return stop


def test_a_channel_without_spend_has_no_answer():
    answer = _answer("scale", "best", change=_stopped(60))
    assert answer.value is None
    assert answer.label is Label.DO_NOT_INFER
    assert "no spend now and had none in the last year" in answer.text


@pytest.mark.parametrize("kind", ["scale", "cut"])
def test_a_channel_that_sleeps_is_answered_on_its_own_season(kind):
    answer = _answer(kind, "best", change=_stopped(20))
    assert answer.value is not None
    assert answer.value.median == pytest.approx(4.0, rel=4e-3)
    assert "over 52 weeks" in answer.text
    assert "Best spends nothing now: this is on its own season" in answer.text
    assert _answer(kind, change=_stopped(20)).channel != "best"


def test_an_answer_that_is_another_one_from_what_is_spent_now_is_not_safe():
    """The next money pays back at the quarter's mean, and not at the rate of the last weeks."""

    def jump(effects):
        high = effects["spend"].sel(channel="best").max()
        for name in ("spend", "media"):
            effects[name].loc[{"channel": "best", "week": effects["week"][-4:]}] = high
        effects["media_scale"].loc[{"channel": "best"}] = high * 0.7
        effects["coefficient"].loc[{"channel": "best"}] = high * 2.2
        return effects

    answer = _answer("scale", "best", change=jump)
    assert answer.text.startswith("Yes, very likely")
    assert "From the rate of the last 4\N{NO-BREAK SPACE}weeks" in answer.text
    assert "that probability is under 1" in answer.text
    assert answer.label is not Label.SAFE
    assert any("What is spent now is not the baseline" in reason for reason in answer.reasons)


def test_rank_names_the_first_and_gives_every_range():
    answer = _answer("rank")
    assert answer.kind == "rank"
    assert answer.value is not None and answer.value.unit == "USD/USD"
    assert answer.probability is not None
    for name in ("Weak", "Fair", "Good", "Best"):
        assert name in answer.text
    other = _answer("rank", answer.channel)
    assert other.text == answer.text


def test_a_channel_of_which_nothing_may_be_inferred_takes_no_part_in_a_rank():
    def returns(effects):
        factor = np.array([4.0, 1.0, 2.0, 3.0])[:, None]
        effects["contribution"] = effects["contribution"] * 0 + effects["spend"] * factor
        effects["contribution"] = effects["contribution"].transpose("draw", "channel", "week")
        return over_at_once(effects)

    not_ready = {"weak": Verdict.NOT_READY}
    answer = _answer("rank", change=returns, verdicts=not_ready)
    assert answer.channel == "best"
    assert answer.label is Label.SAFE
    assert answer.text.endswith("Not ranked, since nothing may be inferred of their returns: Weak.")
    asked = _answer("rank", "weak", change=returns, verdicts=not_ready)
    assert asked.label is Label.DO_NOT_INFER
    assert "Left out" not in asked.text
    every = dict.fromkeys(GAINS, Verdict.NOT_READY)
    assert _answer("rank", change=returns, verdicts=every).label is Label.DO_NOT_INFER


def test_a_count_is_asked_about_saturation():
    answer = _answer("scale", "best", money=False)
    assert "saturation" in answer.text
    assert answer.value is not None and answer.value.unit == "signups/USD"


def test_a_free_question_is_left_to_people():
    answer = _answer("other", "best")
    assert answer.label is Label.REVIEW
    assert answer.value is not None and answer.value.unit == "share"


def test_a_question_on_an_outcome_without_fit_says_so():
    answer = _answer("scale", "best", outcome="signups")
    assert (answer.model, answer.label) == ("signups.pooled", Label.DO_NOT_INFER)
    assert answer.value is None


def test_an_answer_on_all_motions_tells_each():
    """The sum of two motions brings what they bring; each is named with its own range."""
    params, effects = known_effects(GAINS)
    motions = {"self_serve": {"column": "a"}, "sales_assisted": {"column": "b"}}
    raw = params.model_dump(mode="json")
    revenue = params.outcomes["revenue"]
    raw["outcomes"] = {
        "revenue": revenue.model_dump(mode="json") | {"column": None, "motions": motions}
    }
    raw["primary_outcome"] = "revenue"
    question = KeyQuestion(question="Does it pay, and how?", kind="scale", channel="best")
    raw["key_questions"] = [question.model_dump(mode="json")]
    params = Params.model_validate(raw)
    parts = {part: outcome_function(effects) for part in params.parts_of("revenue")}
    outcomes = parts | {"revenue": sum_outcomes(list(parts.values()))}
    models = {"revenue": effects, **dict.fromkeys(parts, effects)}
    base = baseline_of(effects, params)
    (answer,) = answer_questions(models, ready(params), healthy(*models), params, base, outcomes)
    assert answer.value is not None and answer.value.median == pytest.approx(8.0, rel=4e-3)
    assert "USD\N{NO-BREAK SPACE}1;" in answer.text
    told = answer.text.partition("By motion: ")[2]
    assert re.fullmatch(r"self serve USD\s4.*; sales assisted USD\s4.*\.", told)
