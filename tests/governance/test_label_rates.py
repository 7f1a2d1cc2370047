"""What is said of the labels' worth is what was counted, and one file has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from honesty_tables import BEGINS, ENDS, publish

from mmmlib.governance.label_rates import RATES, label_rates
from mmmlib.scenarios.pack import Label

PAGE = Path(__file__).parents[2] / "docs" / "labels.md"


def statement(label: str, *, true: bool, low: float) -> dict[str, object]:
    return {"what": "return", "label": label, "probability": 0.9, "true": true} | {
        "low": low,
        "high": 2.0,
        "truth": 1.0,
        "median": 1.2,
        "rank": 0.5,
    }


def test_what_the_benchmark_counted_is_what_is_read(tmp_path: Path) -> None:
    said = [statement("safe to act on", true=n > 0, low=0.5 if n > 1 else 1.5) for n in range(10)]
    said.append({"what": "first", "label": "needs review", "probability": 0.9, "true": True})
    file = tmp_path / "rates.json"
    marks = {"labels.md": ["labels"], "benchmarks.md": ["ranges", "decisions"]}
    for page, names in marks.items():
        tables = "".join(f"{BEGINS.format(name)}\nstale\n{ENDS}\n" for name in names)
        (tmp_path / page).write_text(f"Before.\n{tables}After.\n")
    wrong = [statement("needs review", true=False, low=0.5)]
    share = {"revenue.pooled health.unseen_demand": 0.6, "m/search health.unseen_demand": 0.1}
    lines = [
        {"kind": "a", "seed": 7, "blocked": [], "statements": said},
        {"kind": "a", "seed": 8, "blocked": [], "statements": wrong, "health": share},
    ]
    publish(lines, file, tmp_path)
    page = (tmp_path / "labels.md").read_text()
    assert page.startswith("Before.")
    assert page.endswith("After.\n")
    assert "stale" not in page + (tmp_path / "benchmarks.md").read_text()
    assert "| safe to act on | 90 % (60 to 98; 9 of 10) | 80 % (49 to 94; 8 of 10)" in page
    safe, review = (label_rates(file)[one] for one in (Label.SAFE, Label.REVIEW))
    assert (safe.directions, safe.ranges, safe.worlds) == ((9, 10), (8, 10), 2)
    assert (review.directions, review.ranges) == ((1, 2), (1, 1))
    common = label_rates(file, in_common=True)
    assert (common[Label.REVIEW].directions, common[Label.REVIEW].worlds) == ((0, 1), 1)
    assert "in 1 test worlds whose budgets follow" in common[Label.REVIEW].text()
    assert "whose budgets follow something in common too little" in common[Label.SAFE].text()
    assert "90\xa0% were true and 80\xa0% of the 90 % ranges held" in safe.text()
    assert "rule before" not in safe.text()
    counted = json.loads(file.read_text()) | {"rule": "2026-01-01"}
    (tmp_path / "earlier.json").write_text(json.dumps(counted))
    assert "under the rule before" in label_rates(tmp_path / "earlier.json")[Label.SAFE].text()


@pytest.mark.parametrize("label", Label)
def test_the_page_on_labels_has_the_counts_of_the_file(label: Label) -> None:
    rate, text = label_rates()[label], PAGE.read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {label} |"))
    for true, said in (rate.directions, rate.ranges):
        assert f"; {true} of {said})" in row
    assert f"{rate.worlds} worlds" in text


def test_the_kinds_of_world_add_up_to_all() -> None:
    told = json.loads(RATES.read_text(encoding="utf-8"))
    for label, whole in told["labels"].items():
        for what, counts in whole.items():
            parts = [kind["labels"][label][what] for kind in told["kinds"].values()]
            assert counts == [sum(column) for column in zip(*parts, strict=True)]
