"""The scenario page as a planner reads it: the move, its size against now, its risk, its conditions."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
import pytest

from mmmlib.estimates import Estimate
from mmmlib.findings import Level
from mmmlib.params.series import Channel, Lever
from mmmlib.reports.blocks import Bullets, Picture, Prose, Together
from mmmlib.reports.export import facts_of
from mmmlib.reports.papers import paper_of_decision
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.results import Results
from mmmlib.reports.sections import scenario_pack
from mmmlib.reports.sections.scenario_pack import comes_later
from mmmlib.reports.sheets import sheets
from mmmlib.reports.table import Table
from mmmlib.reports.words.figures import curves_words
from mmmlib.reports.words.first_page import decision_statements
from mmmlib.scenarios.pack import (
    FloorPoint,
    HeldChannel,
    LeverLine,
    OptimisedView,
    ScenarioPack,
)
from tests.fakes import fake_effects
from tests.reports.test_language import faults
from tests.reports.test_papers import decided, texts


class Shown(Results):
    """Results with another pack."""

    pack: ScenarioPack

    @cached_property
    def scenarios(self) -> ScenarioPack:
        return self.pack


def _shown(second: Results, **changes) -> Results:
    gates = second.gates.model_copy(update={"level": Level.WARN})  # nothing blocks
    shown = Shown(second.run, second.params, gates)
    object.__setattr__(shown, "pack", second.scenarios.model_copy(update=changes))
    return shown


def _plan(pack):
    return next(one for one in pack.scenarios if one.kind == "increase")


def _text(blocks) -> str:
    words = []
    for block in blocks:
        each = block.items if isinstance(block, Bullets) else [block]
        words += [f"{one.lead} {one.text}" for one in each if isinstance(one, Prose)]
    return " ".join(words)


def test_the_move_stands_under_the_recommendation_with_its_size_against_now(second):
    plan = _plan(second.scenarios)
    lines = tuple(
        line.model_copy(update={"spend_recent": 2 * line.spend_after}) for line in plan.plan
    )
    plan = plan.model_copy(update={"plan": lines, "payback_weeks": (4.0, 8.0, None)})
    blocks = list(
        scenario_pack.overview(
            _shown(second, scenarios=(plan,), recommended=None, candidate=plan.name)
        )
    )
    kinds = [type(block) for block in blocks[:4]]
    assert kinds == [Prose, Bullets, Picture, Prose]
    text = _text(blocks[:2])
    assert "+20" in text and "\N{MINUS SIGN}50" in text  # on the baseline; on what is spent now
    assert "8 weeks (4 to never)" in text
    assert "revenue, not profit" in text
    assert "Worse than the baseline" in text


def test_profit_is_said_where_a_margin_is_declared(second):
    name = second.scenarios.scenarios[1].name
    text = _text(
        scenario_pack.overview(_shown(second, margin=0.4, candidate=name, recommended=None))
    )
    assert "profit at a margin of 40" in text and "not profit" not in text


def test_prices_that_rise_are_said_to(second):
    name = second.scenarios.scenarios[1].name
    shown = _shown(second, candidate=name, recommended=None)
    assert "at the unit prices of the latest weeks, and" in _text(scenario_pack.overview(shown))
    search = second.params.channels["search"].model_dump() | {
        "exposure": "views",
        "unit_price": [{"weekly": 100, "price": 8}, {"weekly": 200, "price": 9}],
    }
    channels = second.params.channels | {"search": Channel.model_validate(search)}
    object.__setattr__(shown, "params", second.params.model_copy(update={"channels": channels}))
    text = _text(scenario_pack.overview(shown))
    label = shown.short("search")
    assert f"latest weeks (that of {label} rises with weekly spend, as declared), and" in text
    words = curves_words(shown, ModelNumbers(fake_effects()))
    assert words.caption.endswith(f"The unit price of {label} rises with spend, as declared.")


def test_who_is_left_out_and_what_found_no_plan_is_named(second):
    held = (HeldChannel(channel="video", why="nothing may be inferred", way="any"),)
    views = (
        OptimisedView(
            plan="nothing",
            title="Best plan of all",
            converged=False,
            contradicting=("the floor of the north", "the budget"),
            message="",
        ),
        OptimisedView(plan="other", title="Another", converged=False, message=""),
    )
    text = _text(scenario_pack.overview(_shown(second, held=held, optimised=views)))
    assert "As in the baseline: Video (nothing may be inferred)" in text
    assert "the floor of the north and the budget cannot be kept together" in text
    assert "did not converge" in text


def test_levers_stand_apart_from_spend_with_their_range_and_their_cost(second):
    lever = LeverLine(
        lever="price",
        move="Price from 102 to 104 points in 4 weeks",
        unit="points",
        seen_low=100.0,
        seen_high=103.0,
        effect=Estimate.from_draws(np.linspace(-3e4, -1e4, 21), "USD"),
        cost=400.0,
        extrapolated=True,
    )
    base, plan, other = second.scenarios.scenarios[:3]
    dear = plan.model_copy(
        update={
            "levers": (lever,),
            "lever_cost": 400.0,
            "of_spend": plan.difference,
            "spend_change": 5e3,
        }
    )
    free = lever.model_copy(update={"cost": None, "extrapolated": False})
    vague = other.model_copy(
        update={
            "title": "Vague",
            "levers": (free,),
            "lever_cost": None,
            "net": None,
            "of_spend": other.difference,
            "spend_change": 0.0,
        }
    )
    shown = _shown(second, scenarios=(base, dear, vague), recommended=None, candidate=None)
    price = second.params.controls["price"].model_copy(update={"lever": Lever(unit="points")})
    object.__setattr__(
        shown, "params", second.params.model_copy(update={"controls": {"price": price}})
    )
    first = list(scenario_pack.overview(shown))
    text = _text(first)
    assert "Price can be moved by plans of your own." in text
    assert "the optimised ones included, leave it where the forecast has it" in text
    plans = next(b for b in first if isinstance(b, Table) and b.name == "plans")
    assert list(plans.rows[2]).count("cannot be told") == 3
    blocks = list(scenario_pack.plans(shown))
    text = _text(b for each in blocks if isinstance(each, Together) for b in each.blocks)
    assert f"{lever.effect.text()} of revenue goes with the move, and is in no return" in text
    assert "The move costs USD\N{NO-BREAK SPACE}400." in text
    assert "100 to 103\N{NO-BREAK SPACE}points; this plan leaves that." in text
    assert "The spend alone." in text and "and its lever moved" in text
    assert "before what its lever would cost" in text
    levers = sheets(shown)["Levers"]
    assert levers.rows == blocks[-1].rows and len(levers.rows) == 2
    assert levers.column("Cost")[1] == "not known"
    assert levers.column("Within it?") == ("no: extrapolated", "yes")
    picture, left = scenario_pack.comparison(shown)
    assert "Vague" not in picture.alt and left.text.startswith("Vague: what the lever costs")
    memo = texts(paper_of_decision(shown, "decision", decided(second.run, None)))
    assert f"Its lever. {lever.move}." in memo and "The move costs" in memo
    facts = facts_of(shown)
    told = facts[facts["quantity"].str.startswith("lever")]
    assert list(told["quantity"]) == ["lever_effect", "lever_cost", "lever_effect"]
    words = re.split(r"(?<=[.!?])\s+", text)
    assert not faults(("scenario_pack", one) for one in words)


def test_floors_have_a_price_with_a_range(second):
    def estimate(middle: float) -> Estimate:
        return Estimate.from_draws(middle + np.linspace(-1, 1, 9), "USD")

    points = tuple(
        FloorPoint(
            part=part,
            gain=estimate(100 * (2 - part)),
            price=estimate(100 * part),
            regions={"north": 1.0, "south": 2.0},
        )
        for part in (0.0, 1.0)
    )
    blocks = list(scenario_pack.overview(_shown(second, floors=points)))
    (picture,) = [b for b in blocks if isinstance(b, Picture) and b.name == "floors"]
    assert "No floors" in picture.alt
    (table,) = [b for b in blocks if isinstance(b, Table) and b.name == "floors"]
    assert [str(column.head) for column in table.columns][-2:] == ["north", "south"]
    assert len(table.rows) == 2


def test_every_channel_has_its_advice_and_its_ladder(second):
    assert scenario_pack.ladder is scenario_pack.channels  # older workbooks' notebooks ask for it
    advice, folded = scenario_pack.channels(second)
    assert len(advice.rows) == len(second.params.paid_channels)
    (table,) = folded.blocks
    assert [column.head for column in table.columns][1:] == [
        f"{sign}{size}\N{NO-BREAK SPACE}%" if size else "Baseline, a week"
        for sign, size in (("\N{MINUS SIGN}", 20), ("\N{MINUS SIGN}", 10), ("", 0), ("+", 10), ("+", 20), ("+", 30))
    ]  # fmt: skip
    assert len(table.rows) == len({step.channel for step in second.scenarios.ladder})


@pytest.mark.parametrize("which", ["first", "rest"])
def test_old_packs_are_still_read(second, which):
    raw = second.scenarios.model_dump(mode="json")
    for name in ("held", "optimised", "floors", "ladder", "margin"):
        raw.pop(name)
    for plan in raw["scenarios"]:
        for name in ("shortfall", "roi", "marginal_roi", "payback_weeks", "regret", "best_share"):
            plan.pop(name)
    old = ScenarioPack.model_validate(raw)
    shown = _shown(second, **{name: getattr(old, name) for name in ScenarioPack.model_fields})
    blocks = scenario_pack.overview if which == "first" else scenario_pack.plans
    assert list(blocks(shown))


def test_the_first_page_names_what_an_optimised_plan_moves(second):
    moves = "Public (e.g. radio) from USD 1 k to USD 2 k a week"
    plan = _plan(second.scenarios).model_copy(update={"title": "Best plan", "moves": moves})
    shown = _shown(second, scenarios=(plan,), recommended=None, candidate=plan.name)
    asked, _ = decision_statements(shown, shown.scenarios)
    assert f"best plan ({moves}), before it starts on" in asked.text


def test_the_plan_that_the_pack_speaks_for_is_marked(second):
    plan = _plan(second.scenarios)
    shown = _shown(second, recommended=None, candidate=plan.name)
    (picture,) = scenario_pack.comparison(shown)
    words = [label.get_text() for label in picture.draw().axes[0].get_yticklabels()]
    marked = [word for word in words if "for the meeting to" in word.replace("\n", " ")]
    assert len(marked) == 1 and plan.title.split()[0] in marked[0]


def test_what_comes_later_is_told_where_it_is_something(second):
    plan = _plan(second.scenarios)
    half = plan.difference.width / 2
    some = Estimate.from_draws(np.array([-half, half]), plan.difference.unit)
    dust = Estimate.from_draws(np.array([-1e-4 * half, 1e-4 * half]), plan.difference.unit)
    assert comes_later(plan.model_copy(update={"difference_after": some}))
    assert not comes_later(plan.model_copy(update={"difference_after": dust}))
