"""Names that stand for another part of the file: each is found, with its line, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mmmlib.errors import InputError
from mmmlib.params.load import read_params
from mmmlib.params.references import broken_references, unknown_names
from tests.fakes import fake_params

GOOD = Path(__file__).parent / "good.yaml"
TEST = {
    "start": "2026-01-05",
    "end": "2026-02-01",
    "spend_change": 9,
    "incremental_outcome": 3,
    "standard_error": 1,
}


def test_every_broken_reference_has_its_line(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    text = text.replace(
        "prior: {roi: {low: 1e-1, high: 3}}",
        "prior: {cost_per: {leeds: {low: 1, high: 2}, revenue: {low: 1, high: 2}}}",
    ).replace("outcomes:\n", "outcomes:\n  leads: {kind: count, unit: leads, column: c}\n")
    text += (
        "primary_outcome: revenue.self_serv\n"
        "key_questions:\n"
        "- {question: a, channel: tvv}\n"
        "- {question: b, outcome: profit}\n"
        "lift_tests:\n"
        "  one: {channel: on, outcome: revenue, start: 2026-01-05, end: 2026-02-01,\n"
        "    spend_change: 9, incremental_outcome: 3, standard_error: 1}\n"
    )
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_params(path)
    assert [str(problem) for problem in raised.value.problems] == [
        (
            "line 26, column 24, key channels.tv.prior.cost_per.leeds: found 'leeds'; expected one of "
            "leads, revenue. Did you mean 'leads'?"
        ),
        (
            "line 26, column 50, key channels.tv.prior.cost_per.revenue: found 'revenue', which is in "
            "money; expected an outcome that is counted. State 'roi' for it."
        ),
        (
            "line 41, column 1, key primary_outcome: found 'revenue.self_serv'; expected one of leads, "
            "revenue, leads.pooled, revenue.self_serve, revenue.sales_assisted. Did you mean "
            "'revenue.self_serve'?"
        ),
        (
            "line 43, column 17, key key_questions[0].channel: found 'tvv'; expected one of on, tv. "
            "Did you mean 'tv'?"
        ),
        (
            "line 44, column 17, key key_questions[1].outcome: found 'profit'; expected one of leads, "
            "revenue."
        ),
        (
            "line 46, column 3, key lift_tests.one.motion: found no motion; expected a motion: one of "
            "self_serve, sales_assisted."
        ),
    ]


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"primary_outcome": "profit"}, ("primary_outcome",)),
        ({"key_questions": [{"question": "?", "channel": "fax"}]}, ("key_questions", 0, "channel")),
        (
            {
                "channels": {
                    "tv": {"spend": "x", "prior": {"cost_per": {"x": {"low": 1, "high": 2}}}}
                }
            },
            ("channels", "tv", "prior", "cost_per", "x"),
        ),
        (
            {"lift_tests": {"a": {"channel": "fax", "outcome": "revenue", **TEST}}},
            ("lift_tests", "a", "channel"),
        ),
    ],
)
def test_parameters_made_in_code_are_held_to_the_same(
    overrides: dict[str, Any], key: tuple[str | int, ...]
) -> None:
    if "channels" in overrides:
        overrides = overrides | {"key_questions": []}
    with pytest.raises(ValidationError) as raised:
        fake_params(**overrides)
    assert [error["loc"] for error in raised.value.errors()] == [key]


@pytest.mark.parametrize("low", [150, 1e6])
def test_a_return_in_percent_or_cents_is_asked_about(low: float, tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8").replace("low: 1e-1, high: 3", f"low: {low}, high: 1e7")
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"line 26, column 13, key channels\.tv\.prior\.roi"
    ) as raised:
        read_params(path)
    assert "1.5 for 1.50 back per 1.00 spent" in str(raised.value)
    assert read_params(path, ["health.max_plausible_roi=1e7"])


@pytest.mark.parametrize(
    "part", [None, 5, "text", [], [[]], {}, {"a": None}, {"a": 5}, {"a": {"motions": 3}}]
)
@pytest.mark.parametrize(
    "section", ["channels", "outcomes", "key_questions", "lift_tests", "primary_outcome"]
)
def test_parts_of_another_kind_are_left_to_the_schema(section: str, part: object) -> None:
    content = fake_params().model_dump() | {section: part}
    keys = {one.key[0] for one in broken_references(content)}
    assert keys <= {"key_questions", "channels", "lift_tests", "primary_outcome"}


def test_a_lift_test_of_a_table_is_held_to_the_same() -> None:
    known = {"revenue": ("self_serve", "assisted")}
    fine = {"channel": "tv", "outcome": "revenue", "motion": "assisted"}
    assert not list(unknown_names(fine, ["tv"], known))
    broken = {"channel": "fax", "outcome": "revenue"}
    assert [one.key for one in unknown_names(broken, ["tv"], known)] == [("channel",), ("motion",)]


def test_what_asks_for_a_return_is_not_asked_of_a_channel_without_spend() -> None:
    content = {
        "channels": {"search": {"spend": "s"}, "news": {"exposure": "mails"}},
        "outcomes": {"revenue": {"column": "r"}},
        "key_questions": [
            {"question": "Scale it?", "kind": "scale", "channel": "news"},
            {"question": "And?", "kind": "other", "channel": "news"},
        ],
        "lift_tests": {"spring": {"channel": "news", "outcome": "revenue"}},
        "scenarios": {
            "plans": {"more": {"change": {"news": 0.2}}},
            "optimise": {"fixed": ["news"]},
        },
    }
    problems = list(broken_references(content))
    assert [one.key[0] for one in problems] == [
        "key_questions",
        "scenarios",
        "scenarios",
        "lift_tests",
    ]
    assert {one.found for one in problems} == {"'news', which has no spend"}
    assert {one.expected for one in problems} == {"one of search"}


def test_a_channel_without_spend_has_an_exposure_and_states_a_share() -> None:
    news: dict[str, Any] = {
        "prior": {"roi": {"low": 1, "high": 2}, "motions": {"pooled": {"cost_per": {"s": {"low": 1, "high": 2}}}}},
        "credit_notes": "earlier_weeks",
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        fake_params(channels={"search": {"spend": "s"}, "news": news})
    text = str(caught.value)
    for part in ("'exposure' that its effect follows", "a prior stated as 'share'", "credit notes"):
        assert part in text
    with pytest.raises(ValidationError, match="no channel with spend"):
        fake_params(channels={"news": {"exposure": "mails"}}, key_questions=[])
    good = fake_params(channels={"search": {"spend": "s"}, "news": {"exposure": "mails"}})
    assert (good.paid_channels, good.unpaid_channels) == (("search",), ("news",))
