"""Sentences follow the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from mmmlib.estimates import Estimate
from mmmlib.findings import Level, Status
from mmmlib.governance.agenda import _changes
from mmmlib.governance.labels import label_model
from mmmlib.governance.verdict import Claim
from mmmlib.reports.blocks import Bullets, Picture, Prose, label_mark
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.rankings import ranking_of
from mmmlib.reports.results import Results
from mmmlib.reports.sections import scenario_pack
from mmmlib.reports.sections.executive_summary import moves, what_changed
from mmmlib.reports.statements import (
    best_statement,
    by_size,
    change_statement,
    move_statement,
    plan_sentence,
    total_statement,
    weakest_statement,
)
from mmmlib.reports.tables.channels import agreement
from mmmlib.reports.title_block import title_block
from mmmlib.reports.titles import (
    best_sentence,
    contributions_words,
    curves_words,
    movement_words,
    scenario_words,
)
from mmmlib.scenarios.labels import lowest
from mmmlib.scenarios.pack import Label
from tests.fakes import fake_effects, two_motions


def with_scale(channel: str, factor: float, scale: float = 3.0) -> ModelNumbers:
    effects = fake_effects(scale=scale).copy(deep=True)
    effects["contribution"].loc[{"channel": channel}] *= factor
    return ModelNumbers(effects)


def test_a_clear_leader_is_named(second: Results) -> None:
    sentence = best_sentence(second, with_scale("social", 5.0))
    assert sentence.startswith("Social very likely returned most: USD")
    assert " to " in sentence


def test_a_place_that_is_not_settled_is_called_so(second: Results) -> None:
    sentence = best_sentence(second, with_scale("social", 1.0))
    assert " or " in sentence
    assert sentence.endswith("returned most; it is not clear which.")


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
    return ModelNumbers(effects)


def test_a_last_place_that_any_channel_may_hold_is_not_told(second: Results) -> None:
    numbers = level_field()
    results = claimed(second, numbers, Label.SAFE)
    ranking = ranking_of(results, numbers, "return", least=True)
    assert ranking is not None and not ranking.clear
    said = weakest_statement(results, with_losses(numbers, 0.0))
    assert (said is not None) == ranking.settled
    clear = weakest_statement(results, with_losses(with_scale("video", 0.2, scale=9.0), 0.0))
    assert clear is not None
    assert clear.text.startswith("Video very likely returned least: USD")
    assert clear.mark == label_mark(Label.SAFE)


def only(results: Results, numbers: ModelNumbers, *channels: str) -> Results:
    """Results in which something may be inferred of these channels alone."""
    found = claimed(results, numbers, Label.DO_NOT_INFER)
    assert found.gates is not None
    safe = Claim(label=Label.SAFE, reasons=("Why.",))
    found.gates.claims[numbers.name].update(dict.fromkeys(channels, safe))
    return found


def test_nothing_is_ranked_where_nothing_may_be_inferred(second: Results) -> None:
    numbers = with_scale("social", 5.0)
    none = only(second, numbers)
    assert ranking_of(none, numbers, "return") is None
    said = best_statement(none, numbers)
    assert said.text == "No channel is ranked: nothing may be inferred of any channel's return."
    assert said.mark == label_mark(Label.DO_NOT_INFER)
    assert weakest_statement(none, numbers) is None
    assert contributions_words(none, numbers).title.endswith("revenue")
    assert total_statement(none, numbers).mark == label_mark(Label.DO_NOT_INFER)


def test_the_one_channel_that_can_be_judged_is_neither_best_nor_weakest(second: Results) -> None:
    numbers = with_losses(with_scale("social", 5.0), 0.0)
    one = only(second, numbers, "social")
    said = best_statement(one, numbers)
    assert said.lead == "The one return that can be judged."
    assert said.text.startswith("Social returned USD")
    assert "most" not in said.text
    assert weakest_statement(one, numbers) is None


def test_of_two_channels_one_of_the_two_says_nothing(second: Results) -> None:
    numbers = with_losses(level_field(), 0.0)
    first, other = (row.channel for row in numbers.channels[:2])
    two = only(second, numbers, first, other)
    ranking = ranking_of(two, numbers, "return")
    assert ranking is not None and not ranking.settled
    assert best_sentence(two, numbers).startswith("Whether ")
    assert best_sentence(two, numbers).endswith(" returned most is not clear.")
    assert weakest_statement(two, numbers) is None


def test_a_total_is_no_surer_than_its_parts(second: Results) -> None:
    numbers = with_scale("social", 5.0)
    assert second.gates is not None
    quiet = second.gates.model_copy(update={"entries": ()})
    results = Results(second.run, second.params)
    results.__dict__["gates"] = quiet
    names = [row.channel for row in numbers.channels]
    safe = only(results, numbers, *names)
    assert total_statement(safe, numbers).mark == label_mark(Label.SAFE)
    smallest = min(numbers.channels, key=lambda row: row.spend).channel
    most = only(results, numbers, *(name for name in names if name != smallest))
    assert total_statement(most, numbers).mark == label_mark(Label.REVIEW)


def with_losses(numbers: ModelNumbers, chance: float) -> ModelNumbers:
    """The numbers, every channel with the same chance of not bringing its money back."""
    rows = tuple(replace(row, loses=chance) for row in numbers.channels)
    numbers.__dict__["channels"] = rows
    return numbers


def test_the_largest_part_is_named_only_where_it_is_clear(second: Results) -> None:
    numbers = level_field()
    results = claimed(second, numbers, Label.SAFE)
    title = contributions_words(results, numbers).title
    assert " or " in title or "none of them clearly" in title
    clear = contributions_words(results, with_scale("social", 9.0)).title
    assert clear.endswith("Social very likely the largest part")


def test_a_channel_that_is_not_ranked_is_named(second: Results) -> None:
    numbers = with_scale("social", 5.0)
    results = claimed(second, numbers, Label.SAFE)
    gates = results.gates
    assert gates is not None
    never = Claim(label=Label.DO_NOT_INFER, reasons=("Not ready.",))
    gates.claims[numbers.name]["social"] = never
    said = best_statement(results, numbers).text
    assert said.endswith("Social is not ranked: nothing may be inferred of its return.")


def test_all_channels_on_which_the_next_money_pays_are_counted(second: Results) -> None:
    numbers = ModelNumbers(fake_effects(scale=9.0))
    results = claimed(second, numbers, Label.SAFE)
    assert curves_words(results, numbers).title.endswith(" and 1 more")
    gates = results.gates
    assert gates is not None
    never = Claim(label=Label.DO_NOT_INFER, reasons=("Not ready.",))
    gates.claims[numbers.name]["social"] = never
    title = curves_words(results, numbers).title
    assert "likely pays on" in title
    assert "Social" not in title and "more" not in title


def test_more_of_what_is_counted_is_not_called_better(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    plan = next(one for one in pack.scenarios if one.spend_change)
    assert "that it beats today's plan" in plan_sentence(second, pack, plan)
    counted = plan.model_copy(update={"net": None})
    told = plan_sentence(second, pack.model_copy(update={"model": "signups.pooled"}), counted)
    assert "that it brings more signups than today's plan" in told
    title = scenario_words(second, pack.model_copy(update={"recommended": None}), [counted]).title
    assert title == "No plan may be recommended"


def test_where_the_next_money_counts_most_is_open_where_it_is(second: Results) -> None:
    effects = fake_effects(model="signups.pooled").copy(deep=True)
    typical = effects["marginal_roi"].median("draw")
    effects["marginal_roi"] = effects["marginal_roi"] / typical
    unsettled = ModelNumbers(effects)
    assert "not clear" in curves_words(second, unsettled).title
    effects = effects.copy(deep=True)
    effects["marginal_roi"].loc[{"channel": "video"}] *= 9
    title = curves_words(second, ModelNumbers(effects)).title
    assert "very likely returns most on Video: " in title


def test_what_may_not_be_inferred_is_not_called_best(second: Results) -> None:
    numbers = with_scale("social", 5.0)
    gates = second.gates
    assert gates is not None
    claims = {name: dict(of) for name, of in gates.claims.items()}
    never = Claim(label=Label.DO_NOT_INFER, reasons=("Not ready.",))
    claims.setdefault(numbers.name, {})["social"] = never
    results = Results(second.run, second.params)
    results.__dict__["gates"] = gates.model_copy(update={"claims": claims})
    assert "Social" not in best_sentence(results, numbers)
    said = best_statement(results, numbers)
    assert "Social" not in said.text.partition("Social is not ranked")[0]
    results.__dict__["gates"] = None  # nothing was judged: all take part, nothing is claimed
    assert "Social" in best_sentence(results, numbers)
    assert best_statement(results, numbers).mark == label_mark(Label.DO_NOT_INFER)


def test_money_that_does_not_come_back_is_said(second: Results) -> None:
    statement = weakest_statement(second, with_scale("video", 0.05))
    assert statement is not None
    assert statement.lead == "Money that did not come back."
    assert "Video very likely returned less than" in statement.text


def test_it_is_said_of_all_where_it_is_so(second: Results) -> None:
    statement = weakest_statement(second, with_scale("video", 0.9, scale=0.1))
    assert statement is not None
    assert statement.text.endswith("The same is likely of every other channel.")


def test_a_return_that_pays_is_only_the_weakest(second: Results) -> None:
    statement = weakest_statement(second, with_scale("video", 1.0, scale=9.0))
    assert statement is not None
    assert statement.lead == "Weakest return."
    assert "returned least" in statement.text


def test_what_may_not_be_recommended_is_not(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    plan = pack.scenarios[1].name
    open_pack = pack.model_copy(update={"recommended": None, "candidate": plan})
    said = move_statement(second, open_pack)
    assert said.lead == "No recommendation."
    assert "For the meeting to judge" in said.text
    none = move_statement(second, pack.model_copy(update={"recommended": None, "candidate": None}))
    assert "keep spending as today" in none.text


def test_nothing_is_recommended_where_a_gate_blocks(second: Results) -> None:
    gates = second.gates
    assert gates is not None
    results = Results(second.run, second.params)
    results.__dict__["gates"] = gates.model_copy(update={"level": Level.BLOCK})
    pack = results.scenarios
    assert pack is not None
    sentence = "A gate blocks, so nothing of this run may be acted on yet."
    assert move_statement(results, pack).text == sentence
    assert [block.text for block in moves(results) if isinstance(block, Prose)] == [sentence]
    plans = [plan for plan in pack.scenarios if plan.kind != "baseline"]
    assert scenario_words(results, pack, plans).title.startswith("A gate blocks")
    assert {plan.label for plan in pack.scenarios} == {Label.DO_NOT_INFER}
    whole = total_statement(results, results.leading)
    assert whole.mark != label_mark(Label.SAFE)


def test_movement_beyond_noise_is_told_with_both_ranges(second: Results) -> None:
    compared = second.comparison
    assert compared is not None
    moved = [
        m.model_copy(update={"beyond_noise": m.channel == "social"}) for m in compared.movements
    ]
    said = change_statement(second, compared.model_copy(update={"movements": tuple(moved)}))
    assert said.text.startswith(
        "1 of 4\N{NO-BREAK SPACE}returns of revenue moved by more than noise: Social"
    )
    assert said.text.count(" to ") == 2


def test_calm_is_told_of_the_outcome_that_is_calm(second: Results) -> None:
    """Another outcome may have moved; the summary lists that a few lines below."""
    compared = second.comparison
    assert compared is not None
    calm = tuple(move.model_copy(update={"change": 0.02}) for move in compared.movements)
    compared = compared.model_copy(update={"movements": calm})
    none = "None of the 4\N{NO-BREAK SPACE}returns of revenue moved by more than noise."
    assert change_statement(second, compared).text == none
    moves = [m for m in compared.movements if (m.model, m.quantity) == ("revenue.pooled", "roi")]
    title = movement_words(second, moves, "before").title
    assert title == "No return of revenue moved by more than noise since the last refresh"
    one = compared.model_copy(update={"movements": tuple(moves[:1])})
    assert change_statement(second, one).text == (
        "The one return of revenue did not move by more than noise."
    )
    results = Results(second.run, second.params)
    results.__dict__["comparison"] = one
    (_, told) = what_changed(results)
    assert isinstance(told, Bullets)
    assert told.items[0].text == "The one return did not move by more than noise."


@pytest.mark.parametrize(
    ("change", "money", "words"),
    [
        (100.0, True, "would bring USD\N{NO-BREAK SPACE}10 to 30 more than it costs"),
        (0.0, True, "would bring USD\N{NO-BREAK SPACE}10 to 30 more revenue"),
        (-100.0, True, "would save USD\N{NO-BREAK SPACE}10 to 30 more than it loses"),
        (0.0, False, "would bring 10 to 30\N{NO-BREAK SPACE}signups more"),
    ],
)
def test_a_gain_is_told_as_what_it_is(
    second: Results, change: float, money: bool, words: str
) -> None:
    pack = second.scenarios
    assert pack is not None
    gain = Estimate.from_draws(np.linspace(10, 30, 2001), "USD" if money else "signups")
    gain = gain.model_copy(update={"low": 10.0, "high": 30.0})
    plan = pack.scenarios[1].model_copy(
        update={"spend_change": change, "net": gain if money else None, "difference": gain}
    )
    model = "revenue.pooled" if money else "signups.pooled"
    chosen = pack.model_copy(update={"model": model, "recommended": plan.name})
    assert scenario_words(second, chosen, [plan]).title.endswith(words)


def test_no_chance_is_told_of_plans_of_which_nothing_may_be_inferred(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    never = [
        plan.model_copy(update={"label": Label.DO_NOT_INFER, "probability_better": 0.97})
        for plan in pack.scenarios[1:]
    ]
    none = pack.model_copy(update={"recommended": None})
    assert scenario_words(second, none, never).title == "No plan may be recommended"


def test_what_only_people_can_weigh_is_left_to_them(second: Results) -> None:
    """More of what is counted for more money: no draw says whether that is worth it."""
    pack = second.scenarios
    assert pack is not None
    counted = tuple(
        plan.model_copy(update={"net": None, "label": Label.REVIEW}) for plan in pack.scenarios
    )
    bare = pack.model_copy(
        update={
            "model": "signups.pooled",
            "scenarios": counted,
            "recommended": None,
            "candidate": None,
        }
    )
    said = move_statement(second, bare).text
    assert "keep spending as today" not in said
    assert "for the meeting to judge" in said
    results = Results(second.run, second.params)
    results.__dict__["scenarios"] = bare
    (picture,) = scenario_pack.comparison(results)
    assert isinstance(picture, Picture)
    drawn = " ".join(text.get_text() for text in picture.figure.findobj(Text))
    assert "better" not in drawn and "less than today" in drawn


def test_where_no_gate_has_judged_nothing_is_advised(second: Results) -> None:
    results = Results(second.run, second.params)
    results.__dict__["gates"] = None
    pack = results.scenarios
    assert pack is not None
    assert move_statement(results, pack).text == "No gate has judged this run yet."
    assert title_block(results).sentence == "No gate has judged this run yet."


def test_a_large_movement_within_noise_is_no_sign_of_calm(second: Results) -> None:
    compared = second.comparison
    assert compared is not None
    wide = [
        move.model_copy(update={"change": 0.76 if move.channel == "social" else 0.0})
        for move in compared.movements
    ]
    said = change_statement(second, compared.model_copy(update={"movements": tuple(wide)})).text
    assert "moved by more than noise. That is no sign of calm: the median of Social went up" in said
    # Nor do the figure of the change log and the agenda of the meeting claim it.
    words = movement_words(second, wide, "before")
    assert words.title.startswith("Noise is wide: even Social, moved by")
    (point, *_) = _changes(compared.model_copy(update={"movements": tuple(wide)}), second.params)
    assert "That is no sign of calm: the return of Social" in point
    assert "76" in said


def test_the_largest_movement_comes_first_and_unknown_before_all(second: Results) -> None:
    compared = second.comparison
    assert compared is not None
    base = compared.movements[0].model_copy(update={"beyond_noise": False})
    sizes = [0.1, -0.5, float("nan"), 0.3]
    moves = [base.model_copy(update={"change": size}) for size in sizes]
    moves.append(base.model_copy(update={"change": 0.01, "beyond_noise": True}))
    ordered = [move.change for move in by_size(moves)]
    assert ordered[0] == 0.01
    assert ordered[1] != ordered[1]
    assert ordered[2:] == [-0.5, 0.3, 0.1]


def test_the_most_careful_label_wins() -> None:
    assert lowest([Label.SAFE, Label.DO_NOT_INFER, Label.REVIEW]) is Label.DO_NOT_INFER
    assert lowest([]) is Label.DO_NOT_INFER


@pytest.mark.parametrize(
    ("level", "label"), [(Level.BLOCK, Label.DO_NOT_INFER), (Level.WARN, Label.REVIEW)]
)
def test_a_flag_on_a_model_lowers_its_label(second: Results, level: Level, label: Label) -> None:
    model = second.params.primary
    gates = second.gates
    assert gates is not None
    entry = next(e for e in gates.entries if e.finding.subject == model)
    flag = entry.finding.model_copy(update={"status": Status.FLAG, "level": level})
    bad = entry.model_copy(update={"finding": flag, "level": level})
    results = Results(second.run, second.params)
    results.__dict__["gates"] = gates.model_copy(update={"entries": (bad,)})
    assert label_model(model, results.gates, results.params) is label
    results.__dict__["gates"] = None
    assert label_model(model, results.gates, results.params) is Label.DO_NOT_INFER


def test_what_blocks_on_the_sum_of_motions_lowers_the_label_of_each(second: Results) -> None:
    gates = second.gates
    assert gates is not None
    entry = gates.entries[0]
    moved = entry.finding.model_copy(
        update={"subject": "revenue", "status": Status.FLAG, "level": Level.BLOCK}
    )
    bad = entry.model_copy(update={"finding": moved, "level": Level.BLOCK})
    results = Results(second.run, two_motions())
    results.__dict__["gates"] = gates.model_copy(update={"entries": (bad,), "level": Level.BLOCK})
    assert label_model("revenue", results.gates, results.params) is Label.DO_NOT_INFER
    assert label_model("revenue.self_serve", results.gates, results.params) is Label.DO_NOT_INFER


def test_outcomes_that_disagree_are_seen() -> None:
    one, other = with_scale("social", 9.0), with_scale("social", 0.01)
    assert agreement([one, other], "social") == "they disagree"
    assert agreement([one, one], "social") == "within their ranges"
    assert agreement([one], "social") == "one model only"
