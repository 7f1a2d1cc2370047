"""Which channel is first or last follows the draws."""

from __future__ import annotations

from mmmlib.findings import Level
from mmmlib.governance.verdict import Claim, GateEntry
from mmmlib.reports.blocks import label_mark
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.rankings import ranking_of
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import contributions_words
from mmmlib.reports.words.returns import best_sentence
from mmmlib.reports.words.statements import best_statement, total_statement, weakest_statement
from mmmlib.scenarios.pack import Label
from tests.reports.leaders import claimed, level_field, only, with_losses, with_scale
from tests.scenarios.helpers import finding


def test_a_clear_leader_is_named(second: Results) -> None:
    sentence = best_sentence(second, with_scale("social", 5.0))
    assert sentence.startswith("Social very likely returned most: USD")
    assert " to " in sentence


def test_where_budgets_follow_something_in_common_no_channel_is_named(second: Results) -> None:
    numbers = with_losses(with_scale("social", 5.0), 0.0)
    results = claimed(second, numbers, Label.SAFE)
    assert best_statement(results, numbers).text.startswith("Social very likely returned most")
    assert results.gates is not None
    flag = finding("health.unseen_demand", numbers.name, passed=False, level=Level.WARN)
    judged = GateEntry(finding=flag, level=Level.WARN, rule="as proposed")
    gates = results.gates.model_copy(update={"entries": (judged,)})
    results.__dict__["gates"] = gates
    said = best_statement(results, numbers)
    assert said.text == (
        "Which channel returned most cannot be told: the budgets follow something in common."
    )
    assert said.mark == label_mark(Label.DO_NOT_INFER)
    assert weakest_statement(results, numbers) is None
    assert "none of them clearly" in contributions_words(results, numbers).title


def test_a_place_that_is_not_settled_is_called_so(second: Results) -> None:
    sentence = best_sentence(second, with_scale("social", 1.0))
    assert " or " in sentence
    assert sentence.endswith("returned most; it is not clear which.")


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


def test_a_channel_that_is_not_ranked_is_named(second: Results) -> None:
    numbers = with_scale("social", 5.0)
    results = claimed(second, numbers, Label.SAFE)
    gates = results.gates
    assert gates is not None
    never = Claim(label=Label.DO_NOT_INFER, reasons=("Not ready.",))
    gates.claims[numbers.name]["social"] = never
    said = best_statement(results, numbers).text
    assert said.endswith("Social is not ranked: nothing may be inferred of its return.")


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


def test_money_is_not_called_lost_before_its_effect_is_over(second: Results) -> None:
    numbers = with_scale("video", 0.05)
    numbers.effects["contribution"].loc[{"channel": "video"}] *= 0.6
    statement = weakest_statement(second, ModelNumbers(numbers.effects))
    assert statement is not None
    assert statement.lead == "Weakest return."
    assert "is still to come" in statement.text


def test_it_is_said_of_all_where_it_is_so(second: Results) -> None:
    statement = weakest_statement(second, with_scale("video", 0.9, scale=0.1))
    assert statement is not None
    assert statement.text.endswith("The same is likely of every other channel.")


def test_a_return_that_pays_is_only_the_weakest(second: Results) -> None:
    statement = weakest_statement(second, with_scale("video", 1.0, scale=9.0))
    assert statement is not None
    assert statement.lead == "Weakest return."
    assert "returned least" in statement.text
