from __future__ import annotations

from pathlib import Path
from typing import Any

from gates_table import as_quiet, attributed, card_of, interval, publish

from mmmlib.refresh.gate_rates import gate_rates
from mmmlib.simulate.sequences import EVENT, WORLDS, make_sequence


def quantiles(middle: float) -> list[float]:
    return [middle * ratio for ratio in (0.5, 0.8, 1.0, 1.25, 2.0)]


def sequence(world: str, seed: int, factor: float, distance: float = 0.5) -> dict[str, Any]:
    """Every channel's return is 1 until the event, and ``factor`` of it from then on."""
    lines: list[dict[str, Any]] = []
    for refresh in range(1, EVENT + 3):
        now = quantiles(factor if refresh >= EVENT else 1.0)
        then = quantiles(factor if refresh > EVENT else 1.0)
        names = [f"channel_{number}" for number in range(6)]
        lines.append(
            {
                "refresh": refresh,
                "weeks": [100 + 4 * refresh, 104 + 4 * refresh],
                "before": dict.fromkeys(names, then),
                "now": dict.fromkeys(names, now),
                "details": {"half_life": dict.fromkeys(names, [quantiles(1.0)] * 2)},
                "forecast": {"distance": distance if refresh >= EVENT else 0.0},
                "restated": 0,
            }
        )
    return {"world": world, "seed": seed, "refreshes": lines}


def test_alarms_are_counted_where_nothing_happened_and_sight_where_it_did() -> None:
    lines = [
        sequence("stable", 0, 1.0),
        sequence("effect change", 0, 0.4),
        sequence("effect change", 1, 1.0),
        sequence("level break", 0, 1.0, distance=5.0),
    ]
    rates = {(one.rule, one.world): one for one in card_of(lines)}
    moved = rates["refresh.movement", "effect change"]
    assert (moved.alarms, moved.refreshes) == (0, 2 * (EVENT - 1))
    assert (moved.seen, moved.sequences) == (1, 2)
    assert rates["refresh.movement", "stable"].alarms == 0
    assert rates["refresh.forecast", "level break"].seen == 1
    assert rates["any of these checks", "level break"].seen == 1
    assert rates["mean change of returns above 15 %", "effect change"].seen == 1


def test_a_half_life_that_alone_moves_is_seen_on_its_channel() -> None:
    made = sequence("effect change", 0, 1.0)
    target = f"channel_{make_sequence('effect change', 0).channel}"
    at_event = made["refreshes"][EVENT - 1]["details"]["half_life"]
    for name, seen in (("channel_none", 0), (target, 1)):
        at_event[name] = [quantiles(1.0), quantiles(3.0)]
        rates = {(one.rule, one.world): one for one in card_of([made])}
        assert rates["refresh.details", "effect change"].seen == seen
        assert rates["refresh.movement", "effect change"].seen == 0


def test_published_rules_are_held_against_ours_at_our_rate_of_false_alarms() -> None:
    noisy = sequence("stable", 0, 1.0)
    noisy["refreshes"][0]["forecast"] = {"distance": 5.0}  # ours warns once
    noisy["refreshes"][1]["now"] = dict.fromkeys(noisy["refreshes"][1]["now"], quantiles(1.09))
    noisy["refreshes"][2]["now"] = dict.fromkeys(noisy["refreshes"][2]["now"], quantiles(1.05))
    (mean, _) = as_quiet([noisy]).items()
    assert mean[0] == "mean change of returns, as many false alarms (limit 0.05)"
    assert [mean[1](line, None) for line in noisy["refreshes"]].count(True) == 1


def test_what_is_published_is_what_was_counted(tmp_path: Path) -> None:
    lines = [sequence("stable", 0, 1.0), sequence("level break", 0, 1.0, distance=5.0)]
    publish(card_of(lines), 1000, tmp_path / "rates.json")
    rates = gate_rates(tmp_path / "rates.json")
    assert (rates.warned, rates.refreshes) == (0, EVENT + 2)
    assert 0 == rates.low < rates.high < 0.5
    assert rates.seen == {"level break": (1, 1)}
    assert set(gate_rates().seen) <= set(WORLDS)


def test_the_step_that_moved_most_is_the_one_it_is_put_down_to() -> None:
    one, other = (sequence("restated history", seed, 2.0) for seed in (0, 1))
    for made, middle in ((one, 1.9), (other, 1.1)):
        line = made["refreshes"][EVENT - 1]
        line["restated_only"] = dict.fromkeys(line["before"], quantiles(middle))
    assert attributed([one, other]) == {"restated history": (1, 2)}


def test_a_share_has_its_range() -> None:
    assert interval(0, 48) == "0.0% (0.0% to 7.4%; 0 of 48)"
    assert interval(0, 0) == "–"
