"""Specifications side by side, on one page: what each says, how well it says it, what would be done.

There is no number on it that ranks models. Which one is right is a matter of what it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from string import ascii_uppercase

import numpy as np
import xarray as xr

from mmmlib.errors import InputError
from mmmlib.estimates import Estimate
from mmmlib.health.predictive import coverage
from mmmlib.health.residuals import autocorrelation
from mmmlib.model.chains import largest_rhat, least_ess
from mmmlib.model.effects import fitted, lift_tests_of, seen_weeks
from mmmlib.params.choice import chosen_view
from mmmlib.refresh.choice import share_of_choice
from mmmlib.reports.blocks import Block
from mmmlib.reports.cells import Cell, Column, Observed, observed
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.quantities import ChannelNumbers
from mmmlib.reports.style import CHANNEL_COLOURS
from mmmlib.reports.table import Table
from mmmlib.reports.words.figures import Words
from mmmlib.workbench.decisions import decision_blocks
from mmmlib.workbench.overview import Overview
from mmmlib.workbench.side import Side
from mmmlib.workbench.specification import AS_IN_RUN, Specification
from mmmlib.workbench.unseen import unseen_blocks

SHORT = 22
"""Letters of a name that stands beside a channel; longer ones are a letter there."""
FEW_ROWS = 16
"""Rows that a figure can have and be read."""
CUTS = 4
"""Cut-offs that weeks are predicted after, where the goal is prediction."""


def side_by_side(
    *trials: Specification,
    model: str = "",
    holdouts: int | None = None,
    decision: bool | None = None,
    **named: Specification,
) -> Overview:
    """Put specifications side by side; see :func:`mmmlib.workbench.compare`."""
    asked = [(trial.label, trial) for trial in trials] + list(named.items())
    if len(asked) < 2:
        raise InputError.one(None, "compare", f"{len(asked)} trial", "two or more")
    if len(asked) > len(CHANNEL_COLOURS):
        raise InputError.one(
            None, "compare", f"{len(asked)} trials", f"{len(CHANNEL_COLOURS)} at most"
        )
    goals = {trial.goal for _, trial in asked if trial.goal}
    if holdouts is None:
        holdouts = CUTS if "prediction" in goals else 0
    if decision is None:
        decision = not goals or "decision" in goals
    first = asked[0][1].params
    view = chosen_view(first, model)
    for label, trial in asked[1:]:
        if view not in (*trial.params.views, *trial.params.outcomes):
            raise InputError.one(
                None, "compare", f"'{label}', which has no {view}", "trials that have it"
            )
    labels = shown_labels([label for label, _ in asked])
    sides = [
        Side(trial, label, view, CHANNEL_COLOURS[place])
        for place, (label, (_, trial)) in enumerate(zip(labels, asked, strict=True))
    ]
    returns = sides[0].numbers.returns
    names = [row.channel for row in sides[0].numbers.by_return]
    names += [name for side in sides[1:] for name in side.channels if name not in names]
    names = list(dict.fromkeys(names))
    what = first.model_label(view)
    parts: dict[str, tuple[Block, ...]] = {
        "What is compared": (_specifications(sides, [label for label, _ in asked]),),
        "Returns": (
            *_figures(sides, names, what),
            _by_channel("returns", f"return ({returns.head})", sides, names, lambda row: row.roi),
        ),
    }
    for head, name, said, quantity in (
        ("Contributions", "contributions", "contribution", attrgetter("contribution")),
        ("The next money", "next", f"return on more spend ({returns.head})", attrgetter("marginal")),
        ("Half-lives", "half-lives", "weeks until half of the effect has come", attrgetter("half_life")),
    ):  # fmt: skip
        parts[head] = (_by_channel(name, said, sides, names, quantity),)
    parts["Baseline and fit"] = (_fit_table(sides),)
    lifts = _lift_table(sides)
    if lifts is not None:
        parts["Lift tests"] = (lifts,)
    parts["Weeks not seen"] = tuple(unseen_blocks(sides, holdouts))
    if decision:
        parts["What would be done"] = tuple(decision_blocks(sides))
    title = f"{what}: {len(sides)} specifications"
    if goals:
        title += f", compared for {' and '.join(sorted(goals))}"
    return Overview(title, parts)


def shown_labels(names: Sequence[str]) -> list[str]:
    """Return short names that differ; a letter where a name is long or not the only one."""
    return [
        name if len(name) <= SHORT and list(names).count(name) == 1 else ascii_uppercase[place]
        for place, name in enumerate(names)
    ]


def _specifications(sides: Sequence[Side], names: Sequence[str]) -> Table:
    def row(side: Side, name: str) -> tuple[Cell, ...]:
        trial = side.trial
        changed = "; ".join(trial.said) or AS_IN_RUN
        if trial.custom:
            changed += f"; custom model: {trial.custom.name}"
        known = name if name != side.label else ""
        return (
            side.label,
            f"{known}: {changed}" if known and known not in changed else changed,
            trial.run.name,
            Observed(float(side.effects["in_sample"].sum())),
            " ".join(trial.notes) or None,
        )

    heads = ("Specification", "What differs", "Run", "Weeks", "To be known")
    rows = tuple(row(side, name) for side, name in zip(sides, names, strict=True))
    caption = "What is compared; the changes are in the words of the parameter file."
    table = Table("specifications", caption, tuple(map(Column, heads)), rows)
    return table if any(table.column(heads[-1])) else table.only(*heads[:-1])


def _figures(sides: Sequence[Side], names: Sequence[str], what: str) -> list[Block]:
    """Draw returns; several figures where one would be too long."""
    shown = [
        name
        for name in names
        if any(name in side.channels and side.channels[name].roi is not None for side in sides)
    ]
    each = max(1, FEW_ROWS // len(sides))
    pictures: list[Block] = []
    for start in range(0, len(shown), each):
        rows = [
            IntervalRow(
                f"{side.trial.params.channel_label(name)}, {side.label}", row.roi, side.colour
            )
            for name in shown[start : start + each]
            for side in sides
            if (row := side.channels.get(name)) is not None and row.roi is not None
        ]
        title = f"Returns of {what} under {len(sides)} specifications"
        returns = sides[0].numbers.returns
        said = "; ".join(f"{row.name}: {row.estimate.text()}" for row in rows)
        words = Words(
            title if not start else f"{title}, continued",
            f"Return ({returns.head}); thick: 50 %, thin: 90 %",
            "Each channel once for every specification, in one colour each.",
            f"{title}. {said}.",
        )
        even = returns.break_even
        pictures.append(words.picture(f"compared-{start}", interval_figure, rows, even=even))
    return pictures


def _by_channel(
    name: str,
    what: str,
    sides: Sequence[Side],
    channels: Sequence[str],
    quantity: Callable[[ChannelNumbers], Estimate | None],
) -> Table:
    """Make a row for each channel, a column for each specification, and how far they are apart."""
    rows = []
    for channel in channels:
        found = [
            quantity(side.channels[channel]) if channel in side.channels else None for side in sides
        ]
        known = [one for one in found if one is not None]
        label = next(s for s in sides if channel in s.channels).trial.params.channel_label(channel)
        part = round(share_of_choice(known), 2) if len(known) > 1 else None
        rows.append((label, *found, _over_all(known), observed(part, "share")))
    heads = (Column("Channel"), *(Column(side.label) for side in sides))
    caption = (
        f"By channel: {what}, under each specification and over all of them; ranges hold 90 %. The last "
        f"column is the part of the whole spread that comes of the choice of specification, not of the data."
    )
    return Table(name, caption, (*heads, Column("Over all"), Column("Of the choice")), tuple(rows))


def _over_all(known: Sequence[Estimate]) -> Cell:
    """Return the range from the lowest end to the highest; it holds 90 % or more under each."""
    if len(known) < 2:
        return None
    return Estimate(
        median=float(np.median([one.median for one in known])),
        low=min(one.low for one in known),
        high=max(one.high for one in known),
        inner_low=min(one.inner_low for one in known),
        inner_high=max(one.inner_high for one in known),
        unit=known[0].unit,
        draws=min(one.draws for one in known),
    )


def _fit_table(sides: Sequence[Side]) -> Table:
    rows = []
    for side in sides:
        inside = seen_weeks(side.effects)
        off = fitted(inside).transpose("draw", "week").to_numpy() - inside["observed"].to_numpy()
        error = np.abs(off).mean(1) / float(inside["observed"].mean())
        seen, own, _ = autocorrelation(side.effects)
        fits = [side.trial.fits[part] for part in side.parts]
        diverging = sum(int(_count(fit.posterior)) for fit in fits)
        rows.append(
            (
                side.label,
                side.numbers.base_share,
                Estimate.from_draws(error, "share"),
                Observed(coverage(inside, 0.9)[0], "share"),
                f"{seen:.2f}, expected {own:.2f}",
                f"{max(largest_rhat(fit.posterior) for fit in fits):.3f}",
                Observed(min(least_ess(fit.posterior) for fit in fits)),
                Observed(float(diverging)),
            )
        )
    heads = ("Specification", "Baseline, share", "Mean error", "Inside 90 % band", "Errors, week to week",
             "Largest R-hat", "Least effective draws", "Divergences")  # fmt: skip
    return Table(
        "fit",
        "How each fits the weeks that it saw, and whether its chains agree. A smaller error on weeks that "
        "were seen is no sign of a better model: more terms always fit better. R-hat should be at most "
        "1.01, effective draws 400, divergences none.",
        tuple(map(Column, heads)),
        tuple(rows),
    )


def _count(tree: xr.DataTree) -> float:
    return (
        float(tree["sample_stats"]["diverging"].sum()) if "sample_stats" in tree.children else 0.0
    )


def _lift_table(sides: Sequence[Side]) -> Table | None:
    """Make a row for each lift test: what it saw, and what each specification expects of it."""
    tests = {
        lift.name: lift
        for side in sides
        for part in side.parts
        for lift in lift_tests_of(side.trial.fits[part].effects)
    }
    if not tests:
        return None

    def expected(side: Side, name: str) -> Cell:
        for part in side.parts:
            effects = side.trial.fits[part].effects
            if "test" in effects.dims and name in effects["test"].to_numpy():
                return Estimate.from_draws(
                    effects["lift_expected"].sel(test=name).to_numpy(), side.numbers.unit
                )
        return None

    rows = tuple(
        (
            name,
            sides[0].trial.params.channel_label(lift.channel),
            Estimate.from_measurement(
                lift.incremental_outcome, lift.standard_error, sides[0].numbers.unit
            ),
            *(expected(side, name) for side in sides),
        )
        for name, lift in tests.items()
    )
    heads = ("Test", "Channel", "The test saw", *(side.label for side in sides))
    caption = (
        f"Incremental {sides[0].numbers.unit} of each lift test, as it was measured and as each "
        f"specification expects it, the test itself included; ranges hold 90 %."
    )
    return Table("lift-tests", caption, tuple(map(Column, heads)), rows)
