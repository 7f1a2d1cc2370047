"""Titles of figures follow the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.estimates import Estimate
from mmmlib.governance.verdict import Claim
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.words.figures import contributions_words, curves_words, scenario_words
from mmmlib.scenarios.pack import Label
from tests.fakes import fake_effects
from tests.reports.leaders import claimed, level_field, with_scale


def test_the_largest_part_is_named_only_where_it_is_clear(second: Results) -> None:
    numbers = level_field()
    results = claimed(second, numbers, Label.SAFE)
    title = contributions_words(results, numbers).title
    assert " or " in title or "none of them clearly" in title
    clear = contributions_words(results, with_scale("social", 9.0)).title
    assert clear.endswith("Social very likely the largest part")


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
