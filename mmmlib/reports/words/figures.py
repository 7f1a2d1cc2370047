"""What the figures say: title, subtitle, caption and alternative text, made from the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mmmlib.estimates import Estimate, format_number, roughly
from mmmlib.findings import Status
from mmmlib.model.effects import share
from mmmlib.params import Params
from mmmlib.phrases import count_text, listed, month_text
from mmmlib.readiness.verdict import Readiness
from mmmlib.refresh.comparison import Movement
from mmmlib.refresh.movement import wide_noise
from mmmlib.reports.blocks import Picture
from mmmlib.reports.markup import cut_short
from mmmlib.reports.quantities import ChannelNumbers, ModelNumbers, held
from mmmlib.reports.rankings import CLEAR, NAMED, inferable, ranking_of
from mmmlib.reports.results import Results
from mmmlib.reports.words.returns import best_sentence, either
from mmmlib.scenarios.labels import likely, probability_text
from mmmlib.scenarios.pack import Label, Scenario, ScenarioPack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE_PLAN = 72
"""Letters of a plan's name in a title."""
READ = "Thin line: 90 % range, thick: 50 %, dot: median."


@dataclass(frozen=True)
class Words:
    """The words of a figure."""

    title: str
    subtitle: str
    caption: str
    alt: str

    def picture(
        self, name: str, figure: Callable[..., Figure], *drawn: Any, **more: Any
    ) -> Picture:
        """Return the figure that a function draws, with these words."""
        draw = partial(figure, *drawn, title=self.title, subtitle=self.subtitle, **more)
        return Picture(name, draw, self.caption, self.alt)


def the_channels(results: Results) -> str:
    """How channels with spend are called: paid, where there are others."""
    return "paid channels" if results.params.unpaid_channels else "channels"


def outcome_of(results: Results, model: str) -> str:
    """Name of a model's outcome inside a sentence."""
    outcome, _, motion = model.partition(".")
    name = cut_short(results.model(f"{outcome}.pooled"))
    name = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return name if motion in ("", "pooled") else f"{motion.replace('_', '-')} {name}"


def window_of(numbers: ModelNumbers) -> str:
    """The months that a model was fitted to."""
    return f"{month_text(numbers.first_week)} to {month_text(numbers.last_week)}"


def returns_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the figure of returns."""
    returns = numbers.returns
    title = best_sentence(results, numbers).rstrip(".")
    prior = any(row.prior is not None for row in numbers.channels)
    faint = " Grey, above: the belief before the fit." if prior else ""
    rows = [row for row in numbers.by_return if row.roi is not None]
    said = "; ".join(
        f"{results.channel(row.channel)} {row.roi.text(mass=False)}" for row in rows if row.roi
    )
    return Words(
        title,
        f"{returns.head} spent, {window_of(numbers)}. {READ}{faint}",
        f"Return of each channel on {outcome_of(results, numbers.name)}, {returns.head} spent, "
        f"the highest first.",
        f"90 % ranges of the return in {returns.head} spent, the highest first: {said}.",
    )


def learnt_sentence(results: Results, numbers: ModelNumbers) -> str:
    """Name the channel of whose return the data said most, by the measure of the health check."""
    limit = results.params.health.min_prior_shrinkage
    most = numbers.least_learnt[-1] if numbers.least_learnt else None
    if most is None or not (most.narrowed or 0.0) >= limit:
        return (
            f"The data narrowed no return by {format_number(limit, 'share')}: what is shown is the "
            f"belief before the fit"
        )
    assert most.roi is not None and most.prior is not None
    return (
        f"The data narrowed {results.short(most.channel)} most: {most.roi.text(mass=False)}, before "
        f"the fit {most.prior.text(mass=False)}"
    )


def contributions_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the figure of contributions."""
    said = "; ".join(
        f"{results.channel(row.channel)} {row.contribution.text(mass=False)}"
        for row in numbers.with_unpaid
    )
    outcome = outcome_of(results, numbers.name)
    return Words(
        _contributed_title(results, numbers, outcome),
        f"{numbers.unit}, {window_of(numbers)}. {READ}",
        f"Contribution of each channel to {outcome}, in {numbers.unit}, the largest first.",
        f"90 % ranges of each channel's contribution, the largest first: {said}.",
    )


def _contributed_title(results: Results, numbers: ModelNumbers, outcome: str) -> str:
    """Say what the channels contributed, and whose part is the largest."""
    share = numbers.all_share.text(mass=False)
    channels = the_channels(results)
    ranking = ranking_of(results, numbers, "contribution")
    if ranking is None or len(ranking.rows) < 2:
        return f"Together the {channels} contributed {share} of {outcome}"
    if ranking.clear:
        top = results.short(ranking.top.channel)
        return (
            f"Together the {channels} contributed {share} of {outcome}, {top} {ranking.surely} the "
            f"largest part"
        )
    if not ranking.settled:
        return (
            f"Together the {channels} contributed {share} of {outcome}, none of them clearly the "
            f"largest part"
        )
    ahead = either(results, ranking.contenders)
    return (
        f"Together the {channels} contributed {share} of {outcome}; {ahead} {ranking.surely} the "
        f"largest part"
    )


def shares_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the figure of shares: of the effect, beside those of the spend."""
    outcome = outcome_of(results, numbers.name)
    rows = sorted(numbers.channels, key=lambda row: -row.spend_share)
    known = inferable(results, numbers, rows)
    off = [
        row for row in known if not row.effect_share.low <= row.spend_share <= row.effect_share.high
    ]
    title = "No channel's share of the effect is clearly off its share of the spend"
    if off:
        most = max(off, key=lambda row: abs(row.effect_share.median - row.spend_share))
        title = (
            f"{results.short(most.channel)} took {format_number(most.spend_share, 'share')} of the "
            f"spend and contributed {most.effect_share.text(mass=False)} of the effect of all channels"
        )
    said = "; ".join(
        f"{results.channel(row.channel)} {row.effect_share.text(mass=False)} of the effect for "
        f"{format_number(row.spend_share, 'share')} of the spend"
        for row in rows
    )
    return Words(
        title,
        f"Share of what all channels contributed to {outcome}, {window_of(numbers)}. {READ} "
        f"Triangle: share of what all channels cost",
        f"Share of the effect and share of the spend of each channel on {outcome}, the largest spend "
        f"first. A channel whose range lies right of its triangle returned more than the average.",
        f"90 % ranges, the largest spend first: {said}.",
    )


def over_time_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the figure over time."""
    outcome = outcome_of(results, numbers.name)
    weeks = numbers.weeks
    late = _share(numbers.effects, slice(weeks[-min(13, len(weeks))], weeks[-1]))
    title = (
        f"In the last {min(13, len(weeks))} weeks the {the_channels(results)} contributed "
        f"{late.text(mass=False)} of {outcome}"
    )
    if len(weeks) >= 65:
        early = _share(numbers.effects, slice(weeks[-65], weeks[-53]))
        title += f"; in the same weeks a year before {early.text(mass=False)}"
    return Words(
        title,
        f"{numbers.unit} per week, each panel on its own scale; line and bands: median, 50 % and "
        f"90 %. Dots: the outcome as observed",
        f"Weekly {outcome}: what the baseline and each channel contributed, the largest first.",
        f"Weekly contribution of the baseline and of each channel to {outcome}. {title} (90 %). "
        f"The baseline is {numbers.base_share.text(mass=False)} of the whole.",
    )


def _share(effects: xr.Dataset, weeks: slice) -> Estimate:
    return Estimate.from_draws(share(effects, weeks).sum("channel").to_numpy(), "share")


def rising_prices(results: Results) -> list[str]:
    """Name the channels whose unit price is declared to rise with weekly spend."""
    return [results.short(name) for name, one in results.params.channels.items() if one.unit_price]


def curves_words(results: Results, numbers: ModelNumbers) -> Words:
    """Words of the response curves."""
    returns = numbers.returns
    rows = sorted(numbers.channels, key=lambda row: -row.marginal.median)
    said = "; ".join(
        f"{results.channel(row.channel)} {row.marginal.text(mass=False)}" for row in rows
    )
    known = [row for row in inferable(results, numbers, rows) if row.next_loses is not None]
    pays = [row for row in known if (row.next_loses or 0.0) <= 1 - CLEAR]
    costs = [row for row in known if (row.next_loses or 0.0) >= CLEAR]
    names = [_first_of(results, part) for part in (pays, costs)]
    rising = rising_prices(results)
    dearer = f" The unit price of {listed(rising)} rises with spend, as declared." if rising else ""
    if pays and costs:
        title = f"The next {returns.spend} likely pays on {names[0]}, and likely not on {names[1]}"
    elif pays:
        title = f"The next {returns.spend} likely pays on {names[0]}"
    elif costs:
        title = f"The next {returns.spend} likely does not come back on {names[1]}"
    elif returns.break_even is None:
        title = _next_money(results, numbers)
    else:
        title = f"Whether the next {returns.spend} pays is not clear for any channel"
    return Words(
        title,
        f"Weekly {numbers.unit} that a channel contributes, against its weekly spend in "
        f"{numbers.currency}; bands: 50 % and 90 %. Grey ground and solid: spend seen in the "
        f"past. Dashed and pale: never seen, the formula's guess. Circle: {numbers.level}",
        f"Response curves of {outcome_of(results, numbers.name)}. Outside the grey ground a "
        f"curve is a guess.{dearer}",
        f"Return of the next {returns.spend} at {numbers.level}, 90 % ranges, in {returns.unit}: "
        f"{said}.",
    )


def _first_of(results: Results, rows: Sequence[ChannelNumbers]) -> str:
    """Name channels; past the first few, count."""
    names = [results.short(row.channel) for row in rows[:NAMED]]
    more = len(rows) - NAMED
    return listed([*names, f"{more} more"] if more > 0 else names)


def _next_money(results: Results, numbers: ModelNumbers) -> str:
    """Say where the next money returns most of what is counted."""
    spend = numbers.returns.spend
    ranking = ranking_of(results, numbers, "next return")
    if ranking is None or not ranking.settled:
        return f"On which channel the next {spend} returns most is not clear"
    if ranking.clear:
        value = ranking.top.marginal.text(mass=False)
        name = results.short(ranking.top.channel)
        return f"The next {spend} {ranking.surely} returns most on {name}: {value}"
    names = either(results, ranking.contenders)
    return f"The next {spend} {ranking.surely} returns most on {names}; it is not clear which"


def fit_words(results: Results, numbers: ModelNumbers, holdout: xr.Dataset | None) -> Words:
    """Words of actual against fitted."""
    outcome = outcome_of(results, numbers.name)
    inside, weeks = held(numbers.effects, np.ones(len(numbers.weeks), dtype=bool))
    fit = f"The 90 % band holds {inside} of the {count_text(weeks, 'week')} that the model saw"
    title = fit
    alt = f"Weekly {outcome} over the model's bands. {fit}."
    if holdout is not None and not bool(holdout["in_sample"].all()):
        good, unseen = held(holdout, ~holdout["in_sample"].to_numpy())
        title = f"The model of {outcome} foresaw {good} of the {unseen} weeks that it was not shown"
        alt += f" {title}, as counted by its 90 % band."
    return Words(
        title,
        f"{numbers.unit} per week. Dots: as observed; line and bands: median, 50 % and 90 %",
        f"Actual against fitted, {outcome}. {fit}; about nine of ten are expected.",
        alt,
    )


def movement_words(results: Results, movements: Sequence[Movement], parent: str) -> Words:
    """Words of the figure of movements."""
    beyond = [m for m in movements if m.beyond_noise]
    names = listed([results.short(m.channel) for m in beyond[:3]])
    outcome = outcome_of(results, movements[0].model)
    wide = wide_noise(movements)
    if not beyond and wide is not None:
        size = format_number(roughly(abs(wide.change)), "share")
        title = f"Noise is wide: even {results.short(wide.channel)}, moved by {size}, is within it"
    elif not beyond:
        title = f"No return of {outcome} moved by more than noise since the last refresh"
    elif len(beyond) <= 3:
        title = f"{names} moved by more than noise since the last refresh"
    else:
        title = f"{len(beyond)} of {len(movements)} returns of {outcome} moved by more than noise"
    said = "; ".join(
        f"{results.channel(m.channel)} from {_return(results, m, m.before)} "
        f"to {_return(results, m, m.after)}"
        for m in movements
    )
    returns = results.return_words(movements[0].model)
    return Words(
        title,
        f"{returns.head} spent, on the weeks that both refreshes saw. Colour: now; grey, above: "
        f"the last refresh. {READ}",
        f"Returns before ({parent}) and now, the largest movement first.",
        f"{title}. 90 % ranges in {returns.head} spent: {said}.",
    )


def _return(results: Results, movement: Movement, estimate: Estimate) -> str:
    return results.return_words(movement.model).estimate(estimate).text(mass=False)


def scenario_words(results: Results, pack: ScenarioPack, plans: Sequence[Scenario]) -> Words:
    """Words of the comparison of plans."""
    outcome = outcome_of(results, pack.model)
    net = all(plan.net is not None for plan in plans)
    what = f"{outcome}, after its cost," if net else outcome
    by_name = {plan.name: plan for plan in plans}
    chosen = by_name.get(pack.recommended or "")
    if chosen is not None:
        gain = chosen.gain.text(mass=False)
        would = f"change {what} by {gain}"
        if chosen.gain.low > 0:
            would = _gains(chosen, gain, outcome)
        title = f"“{cut_short(chosen.title, TITLE_PLAN)}” would {would}"
    elif not plans:
        title = "There is no plan but the baseline"
    elif results.blocked:
        title = "None of these plans may be acted on"
    else:
        chances = [
            plan.probability_better
            for plan in plans
            if plan.comparable and plan.label is not Label.DO_NOT_INFER
        ]
        title = "No plan may be recommended"
        if chances:
            title += f"; the likeliest to beat the baseline does so with {probability_text(max(chances))}"
    said = "; ".join(
        f"{plan.title}: {plan.gain.text(mass=False)}, "
        f"{likely(plan.probability_better)} {'better' if plan.comparable else 'more'} than the baseline"
        for plan in plans
    )
    return Words(
        title,
        f"Difference to {pack.compared_with} over {pack.weeks} weeks in "
        f"{results.params.outcome_unit(pack.model)}, carryover included. {READ} "
        f"Triangle: one case in ten is worse than this",
        f"What each plan would change in {what.rstrip(',')}, against {pack.compared_with}.",
        f"90 % ranges of the difference to {pack.compared_with}: {said}.",
    )


def _gains(plan: Scenario, gain: str, outcome: str) -> str:
    """Say of a plan that surely gains what its gain is."""
    if plan.net is None:
        return f"bring {gain} more"
    if plan.spend_change > 0:
        return f"bring {gain} more than it costs"
    return (
        f"save {gain} more than it loses" if plan.spend_change else f"bring {gain} more {outcome}"
    )


def bad_case(plan: Scenario) -> float:
    """What one case in ten is worse than, in the digits that the gain is written with."""
    return plan.gain.rounded(plan.downside)


def _exposures(params: Params) -> str:
    names = listed([params.channel_label(name) for name in params.unpaid_channels])
    return f" (of {names}: exposure)" if names else ""


def spend_words(readiness: Readiness, params: Params) -> Words:
    """Words of the figure of spend."""
    flat = [
        params.channel_label(finding.subject)
        for finding in readiness.findings
        if finding.check == "readiness.variation" and finding.status is not Status.OK
    ]
    count = len(readiness.channels)
    title = (
        f"Spend moved too little in {len(flat)} of {count} channels: {', '.join(flat)}"
        if flat
        else f"Spend moved enough in all {count} channels"
    )
    band = params.readiness.flat_band * 100
    return Words(
        title,
        f"Weekly spend, {params.currency}{_exposures(params)}; dots: weeks within {band:.0f} % of the level of the "
        f"half year around them",
        "Weekly spend of each channel.",
        f"Weekly spend of each channel. {title}.",
    )
