"""Experiments beside the model: what tests saw, what the model says alone and with them (M8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import xarray as xr

from mmmlib.estimates import Estimate, ReturnWords, return_words, scaled
from mmmlib.health.lift import LiftComparison, compare_lifts
from mmmlib.model.chains import agreed
from mmmlib.model.effects import lift_tests_of, roi
from mmmlib.params import Params
from mmmlib.phrases import count_text, listed, month_text
from mmmlib.reports.figures.intervals import IntervalRow
from mmmlib.reports.markup import plain
from mmmlib.reports.style import FAINT, INK, channel_colours

CLEARLY = 0.15
"""Share by which a range has to narrow to be worth a word."""


@dataclass(frozen=True)
class Experiments:
    """The lift tests of one model, beside it: the fit with them, and the one without."""

    effects: xr.Dataset
    uncalibrated: xr.Dataset
    params: Params

    @property
    def model(self) -> str:
        """``outcome.motion``."""
        return str(self.effects.attrs["model"])

    @cached_property
    def return_words(self) -> ReturnWords:
        """How returns of this model are written."""
        return return_words(str(self.effects.attrs["return_unit"]), self.params.currency)

    @cached_property
    def tests(self) -> list[LiftComparison]:
        """Every test beside the model, the one furthest off the model alone first."""
        found = compare_lifts(self.effects, self.uncalibrated)
        return sorted(found, key=lambda one: -abs(one.off_alone))

    def is_off(self, distance: float) -> bool:
        """Say whether a distance is beyond the limit; NaN is."""
        return not abs(distance) <= self.params.health.max_lift_distance

    def returned(self, fit: xr.Dataset, channel: str) -> Estimate | None:
        """Return of a channel in one of the fits, as reports write it; None without spend."""
        draws = roi(fit).sel(channel=channel).to_numpy().astype(float)
        if not all(map(math.isfinite, draws)):
            return None
        return self.return_words.estimate(Estimate.from_draws(draws, str(fit.attrs["return_unit"])))

    @cached_property
    def returns(self) -> list[tuple[str, Estimate, Estimate]]:
        """Channel, return without and with tests; the range that narrowed most first."""
        pairs = [
            (name, self.returned(self.uncalibrated, name), self.returned(self.effects, name))
            for name in map(str, self.effects["channel"].to_numpy())
        ]
        both = [(name, a, b) for name, a, b in pairs if a is not None and b is not None]
        return sorted(both, key=lambda row: row[2].width / max(row[1].width, 1e-300))

    def per_money(self, estimate: Estimate, change: float) -> Estimate:
        """Bring an incremental outcome to one unit of the money that was changed."""
        one = scaled(estimate, self.return_words.factor / change, self.return_words.unit)
        if change > 0:
            return one
        ends = {"low": one.high, "high": one.low}
        return one.model_copy(
            update=ends | {"inner_low": one.inner_high, "inner_high": one.inner_low}
        )

    # --- words

    def channel(self, name: str) -> str:
        """Name of a channel inside a sentence."""
        return plain(self.params.channel_label(name))

    def name_of(self, one: LiftComparison) -> str:
        """Name of a test: channel, place, month."""
        where = f" in {', '.join(one.test.where)}" if one.test.where else ""
        return f"{self.channel(one.test.channel)}{where}, {month_text(one.test.start)}"

    @cached_property
    def foreseen(self) -> str:
        """How many of the tests the model alone would have foreseen."""
        missed = [one for one in self.tests if self.is_off(one.off_alone)]
        many = len(self.tests)
        every = {1: "the lift test", 2: "both lift tests"}.get(many, f"all {many} lift tests")
        if missed and many == 1:
            return f"The model alone would have missed the test of {self.name_of(missed[0])}"
        if missed:
            return f"The model alone would have missed {len(missed)} of {many} lift tests"
        return f"The model alone foresaw {every}"

    @cached_property
    def title(self) -> str:
        """What the tests say of the model, in a line."""
        head, many = self.foreseen, len(self.tests)
        if self.narrowed is None:
            return f"{head}, and no range narrows by much with {'it' if many == 1 else 'them'}"
        channel, _, after = self.narrowed
        return (
            f"{head}; {'it narrows' if many == 1 else 'they narrow'} the return of "
            f"{self.channel(channel)} to {after.text(mass=False)}"
        )

    @cached_property
    def narrowed(self) -> tuple[str, Estimate, Estimate] | None:
        """The tested channel whose range narrowed most, if by enough to speak of."""
        tested = {one.test.channel for one in self.tests}
        for name, before, after in self.returns:
            if name in tested and after.width < (1 - CLEARLY) * before.width:
                return name, before, after
        return None

    @property
    def sentence(self) -> str:
        """Where tests and model agree, and which stay apart."""
        head = f"{count_text(len(self.tests), 'lift test')} measured this outcome."
        them = "it" if len(self.tests) == 1 else "them"
        alone = [self.name_of(one) for one in self.tests if self.is_off(one.off_alone)]
        still = [self.name_of(one) for one in self.tests if self.is_off(one.off)]
        if still:
            return (
                f"{head} Though the model was calibrated by {them}, it lies off {listed(still)}: there "
                f"test and data cannot both be right."
            )
        if alone:
            return (
                f"{head} Told nothing of {them}, the model would have been off {listed(alone)}; "
                f"calibrated by {them}, it agrees with {them} within both errors. What it says now is "
                f"the better number."
            )
        return (
            f"{head} Told nothing of {them}, the model expected what {'it' if them == 'it' else 'they'} saw, within "
            f"both errors: experiment and data tell the same."
        )

    @property
    def subtitle(self) -> str:
        """What the figure draws."""
        return (
            f"{self.return_words.head} of spend that was changed, as far as it came in the weeks of the "
            f"test. Dark: what the test saw; grey: the model without any test; colour: with "
            f"them. Thin line: 90 % range, thick: 50 %, dot: median."
        )

    def said(self, one: LiftComparison) -> str:
        """What a test says, as the heading of its ranges."""
        if self.is_off(one.off):
            return f"{self.name_of(one)}: even with it, the model is off it"
        if self.is_off(one.off_alone):
            return f"{self.name_of(one)}: the model alone would have missed it"
        return f"{self.name_of(one)}: the model alone foresaw it"

    def rows(self, tests: Sequence[LiftComparison]) -> list[IntervalRow]:
        """What every test saw, and what the model says of it without and with tests."""
        colours = channel_colours(self.params.channels)
        rows = []
        for one in tests:
            saw, alone, together = (
                self.per_money(estimate, one.test.spend_change)
                for estimate in (one.measured, one.alone, one.calibrated)
            )
            rows += [
                IntervalRow("the test saw", saw, INK, group=self.said(one)),
                IntervalRow("model alone", alone, FAINT),
                IntervalRow("model with tests", together, colours[one.test.channel]),
            ]
        return rows

    @property
    def seemingly_refuted(self) -> list[str]:
        """Explain each test that saw less than the channel returns: its weeks end before the effect does."""
        found = []
        for one in self.tests:
            saw = self.per_money(one.measured, one.test.spend_change)
            inside = self.per_money(one.calibrated, one.test.spend_change)
            whole = self.returned(self.effects, one.test.channel)
            if whole is None or saw.high >= whole.median or self.is_off(one.off):
                continue
            found.append(
                f"{self.name_of(one)} saw {saw.text(mass=False)} per {self.return_words.spend}, less "
                f"than the return of {self.channel(one.test.channel)}, "
                f"{whole.text(mass=False)}: a test counts what comes in its own weeks and at its own "
                f"level of spend. For these the model says {inside.text(mass=False)}."
            )
        return found

    def alt(self, tests: Sequence[LiftComparison]) -> str:
        """What a figure of these tests says, in words."""
        said = "; ".join(
            f"{self.name_of(one)}: the test saw {one.measured.text(mass=False)}, the model alone "
            f"{one.alone.text(mass=False)}, with tests {one.calibrated.text(mass=False)}"
            for one in tests
        )
        return f"90 % ranges of the incremental outcome of each lift test: {said}."


def experiments_of(
    effects: xr.Dataset, uncalibrated: xr.Dataset | None, params: Params
) -> Experiments | None:
    """Return the experiments of a model; None where there are none, or no fit to hold them against."""
    if uncalibrated is None or not agreed(uncalibrated) or not lift_tests_of(effects):
        return None
    return Experiments(effects, uncalibrated, params)
