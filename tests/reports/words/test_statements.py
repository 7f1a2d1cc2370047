"""Sentences follow the numbers."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from mmmlib.findings import Level, Reason, Status
from mmmlib.governance.agenda import _changes
from mmmlib.governance.labels import BLOCKED, STOPPED, WAIVED, label_model, stop_words
from mmmlib.governance.verdict import Claim, Release, SignOffNeeded
from mmmlib.refresh.comparison import Comparison
from mmmlib.reports.blocks import Bullets, Picture, Prose, label_mark
from mmmlib.reports.results import Results
from mmmlib.reports.sections import change_log, executive_summary, scenario_pack
from mmmlib.reports.sections.briefing import moves, what_changed
from mmmlib.reports.sheets import sheets
from mmmlib.reports.title_block import metadata, verdict_sentence
from mmmlib.reports.words.advice import NO_ADVICE
from mmmlib.reports.words.figures import movement_words, scenario_words
from mmmlib.reports.words.first_page import change_line
from mmmlib.reports.words.labels import beside_channels
from mmmlib.reports.words.statements import (
    by_size,
    calm_sentence,
    change_statement,
    move_statement,
    plan_sentence,
    total_statement,
)
from mmmlib.scenarios.labels import lowest
from mmmlib.scenarios.pack import Label
from tests.fakes import two_motions
from tests.reports.leaders import only, with_scale


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


def test_more_of_what_is_counted_is_not_called_better(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    plan = next(one for one in pack.scenarios if one.spend_change)
    assert "that it beats the baseline" in plan_sentence(second, pack, plan)
    counted = plan.model_copy(update={"net": None})
    told = plan_sentence(second, pack.model_copy(update={"model": "signups.pooled"}), counted)
    assert "that it brings more signups than the baseline" in told
    title = scenario_words(second, pack.model_copy(update={"recommended": None}), [counted]).title
    assert title == "No plan may be recommended"


def test_what_may_not_be_recommended_is_not(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    plan = pack.scenarios[1].name
    open_pack = pack.model_copy(update={"recommended": None, "candidate": plan})
    said = move_statement(second, open_pack)
    assert said.lead == "No recommendation."
    assert "For the meeting to judge" in said.text
    none = move_statement(second, pack.model_copy(update={"recommended": None, "candidate": None}))
    assert "the baseline stands" in none.text


def test_a_step_is_recommended_with_its_conditions(second: Results) -> None:
    pack = second.scenarios
    assert pack is not None
    step = pack.scenarios[1].model_copy(update={"step": True, "label": Label.REVIEW})
    asked = pack.model_copy(
        update={"scenarios": (step,), "recommended": step.name, "candidate": None}
    )
    said = move_statement(second, asked)
    assert said.lead == "Recommended, as a step to watch."
    assert "take no larger step before the next refresh" in said.text
    assert said.mark == label_mark(Label.REVIEW)


@pytest.mark.parametrize(
    ("release", "sentence"), [(Release.NOT_APPROVED, BLOCKED), (Release.LIMITED, WAIVED)]
)
def test_nothing_is_recommended_where_a_gate_blocks(
    second: Results, release: Release, sentence: str
) -> None:
    gates = second.gates
    assert gates is not None
    gates = gates.model_copy(update={"level": Level.BLOCK, "release": release})
    results = Results(second.run, second.params, gates)
    pack = results.scenarios
    assert pack is not None
    assert move_statement(results, pack).text == sentence
    assert [block.text for block in moves(results) if isinstance(block, Prose)] == [sentence]
    plans = [plan for plan in pack.scenarios if plan.kind != "baseline"]
    assert scenario_words(results, pack, plans).title == "None of these plans may be acted on"
    assert {plan.label for plan in pack.scenarios} == {Label.DO_NOT_INFER}
    whole = total_statement(results, results.leading)
    assert whole.mark != label_mark(Label.SAFE)
    # Once, and not for every plan and answer whose label fell by that.
    assert list(executive_summary.changes(results))[-1] == Prose(NO_ADVICE)
    (never,) = executive_summary.not_to_infer(results)
    assert isinstance(never, Bullets)
    assert never.items[0].text == "No return of this run may be acted on."
    stopped = (Reason(sentence, STOPPED), "Its own reason.")
    model = results.leading.name
    claims = {name: Claim(label=Label.REVIEW, reasons=stopped[:1]) for name in results.colours}
    held = gates.model_copy(update={"claims": {model: claims}})
    own = beside_channels(Results(second.run, second.params, held), model, stopped)
    assert own == ("Its own reason.",)
    assert next(change_log.advice(results)) == Prose(NO_ADVICE)


def test_tables_of_what_was_waived_do_not_say_that_a_gate_blocks(second: Results) -> None:
    gates = second.gates
    assert gates is not None
    gates = gates.model_copy(update={"level": Level.BLOCK, "release": Release.LIMITED})
    claims = {
        model: {
            name: claim.model_copy(update={"reasons": (Reason(BLOCKED, STOPPED),)})
            for name, claim in ones.items()
        }
        for model, ones in gates.claims.items()
    }
    gates = gates.model_copy(update={"claims": claims}).reworded(STOPPED, stop_words(gates))
    cells = str(sheets(Results(second.run, second.params, gates)))
    assert BLOCKED not in cells
    assert WAIVED in cells


def test_movement_beyond_noise_is_told_with_both_ranges(second: Results) -> None:
    compared = second.comparison
    assert compared is not None
    moved = [
        m.model_copy(update={"beyond_noise": m.channel == "social"}) for m in compared.movements
    ]
    said = change_statement(second, compared.model_copy(update={"movements": tuple(moved)}))
    assert said.text.startswith("1 of 4 returns of revenue moved by more than noise: Social")
    assert said.text.count(" to ") == 2


def test_calm_is_told_of_the_outcome_that_is_calm(second: Results) -> None:
    """Another outcome may have moved; the summary lists that a few lines below."""
    compared = second.comparison
    assert compared is not None
    calm = tuple(move.model_copy(update={"change": 0.02}) for move in compared.movements)
    compared = compared.model_copy(update={"movements": calm})
    none = "None of the 4 returns of revenue moved by more than noise."
    assert change_statement(second, compared).text == none
    moves = [m for m in compared.movements if (m.model, m.quantity) == ("revenue.pooled", "roi")]
    title = movement_words(second, moves, "before").title
    assert title == "No return of revenue moved by more than noise since the last refresh"
    one = compared.model_copy(update={"movements": tuple(moves[:1])})
    assert change_statement(second, one).text == (
        "The one return of revenue did not move by more than noise."
    )
    results = Results(second.run, second.params)
    same = change_statement(second, compared.model_copy(update={"data_changes": ()}))
    assert same.text == f"The data are those of the last refresh, so nothing new is known. {none}"
    assert not same.mark  # calm without news is safe to act on for nobody
    results.__dict__["comparison"] = one
    (_, told) = what_changed(results)
    assert isinstance(told, Bullets)
    assert told.items[0].text == "The one return did not move by more than noise."


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
    drawn = " ".join(text.get_text() for text in picture.draw().findobj(Text))
    assert "better" not in drawn and "less than the baseline" in drawn


def test_where_no_gate_has_judged_nothing_is_advised(second: Results) -> None:
    results = Results(second.run, second.params)
    results.__dict__["gates"] = None
    pack = results.scenarios
    assert pack is not None
    assert move_statement(results, pack).text == "No gate has judged this run yet."
    assert verdict_sentence(results.gates) == "No gate has judged this run yet."


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


def test_the_band_names_all_who_have_to_sign(second: Results) -> None:
    gates = second.gates
    assert gates is not None
    people = ["Tomasz Lindqvist", "Mirko Vidal", "Priya Raman", "Dana Okafor"]
    sign_offs = tuple(
        SignOffNeeded(subject="data", role=f"The role of {one}", person=one, why="It is new.")
        for one in people
    )
    statement = f"Gates passed with 2 findings to review. {'The rest is long. ' * 9}".strip()
    gates = gates.model_copy(update={"sign_offs": sign_offs, "statement": statement})
    head = metadata(Results(second.run, second.params, gates))
    band = head["release"]["sentence"]  # type: ignore[index]
    assert band.startswith("Gates passed with 2 findings to review.")
    assert band.endswith(
        "Awaiting sign-off by Tomasz Lindqvist, Mirko Vidal, Priya Raman and Dana Okafor."
    )


def test_the_first_page_says_the_whole_reason_why_nothing_is_compared(second: Results) -> None:
    why = "No refresh of an earlier period is fit to be compared with. Passed over: a was not approved."
    alone = Comparison(parent=None, reason=why)
    assert change_line(second, alone).text == why


def test_movements_of_several_outcomes_are_told_by_their_outcome(second: Results) -> None:
    compared = second.comparison
    assert compared is not None
    moves = [
        m.model_copy(update={"change": 0.9 if m.channel == "social" else 0.0})
        for m in compared.movements
    ]
    assert "the median of Social (" in calm_sentence(second, moves)
    one = [move for move in moves if move.model == moves[0].model]
    assert "the median of Social went up" in calm_sentence(second, one)
