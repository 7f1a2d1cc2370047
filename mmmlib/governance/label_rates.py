"""How often what carries a label was right, on worlds whose truth is known. (O8)

``label_rates.json`` beside this file is what ``benchmarks/honesty.py --publish`` counted. It is
the one place of these figures: the pack reads it, and docs/labels.md has its tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmmlib.scenarios.labels import probability_text
from mmmlib.scenarios.pack import Label

RATES = Path(__file__).with_name("label_rates.json")
RULE = "2026-11-30"
"""Day on which the rule of docs/labels.md was last changed: what was counted under another one says so."""


@dataclass(frozen=True)
class LabelRate:
    """How often statements of one label were right."""

    directions: tuple[int, int]
    """True ones and all: sentences that say that something is so (a channel pays, a plan is better), from
    a probability of 80 % on."""
    ranges: tuple[int, int]
    """Those that hold the truth and all: 90 % ranges."""
    worlds: int
    """Test worlds, none of them looked at while the rule was made."""
    earlier: bool = False
    """Whether it was counted under an earlier rule."""
    where: str = ""
    """Which of the test worlds, in words; empty if all."""

    def text(self) -> str:
        """Say the rates in a sentence."""
        (true, said), (held, ranges) = self.directions, self.ranges
        rule = " That was under the rule before this one." if self.earlier else ""
        if not said or not ranges:
            return (
                f"In {self.worlds} test worlds{self.where} too little was labelled so to say how "
                f"often it was right.{rule}"
            )
        return (
            f"Of statements so labelled, {probability_text(true / said)} were true and "
            f"{probability_text(held / ranges)} of the 90 % ranges held the truth, in "
            f"{self.worlds} test worlds{self.where} ({true} of {said}, {held} of {ranges}).{rule}"
        )


@cache
def label_rates(file: Path = RATES, *, in_common: bool = False) -> dict[Label, LabelRate]:
    """Read how often statements of each label were right, all kinds of test world together.

    ``in_common`` counts only worlds whose budgets follow something in common, as ``health.unseen_demand``
    sees it: what needs review is right less often there.
    """
    counted = json.loads(file.read_text(encoding="utf-8"))
    part, where = counted, ""
    if in_common:
        part, where = counted["in_common"], " whose budgets follow something in common"
    earlier = counted.get("rule") != RULE
    return {
        Label(label): LabelRate(
            tuple(one["directions"]), tuple(one["ranges"]), part["worlds"], earlier, where
        )
        for label, one in part["labels"].items()
    }
