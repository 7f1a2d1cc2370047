"""Change log (O5): what is not as it was at the last refresh, and why numbers moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mmmlib.data.history.restatement import kept_moves, revision_shares
from mmmlib.errors import RunError
from mmmlib.findings import Level, Status
from mmmlib.governance.data_debt import next_restatements, restated_by_refresh
from mmmlib.phrases import capital, count_text, listed
from mmmlib.refresh.changes import changes_every_time
from mmmlib.refresh.comparison import Bridge
from mmmlib.reports.blocks import Block, Bullets, Folded, Heading, Prose, level_mark
from mmmlib.reports.format import format_version
from mmmlib.reports.pictures import bridge_picture, movements_picture, restated_picture
from mmmlib.reports.results import Results
from mmmlib.reports.tables.candidates import tried_table
from mmmlib.reports.tables.changes import (
    SHOWN,
    bridge_table,
    data_changes_table,
    lift_changes_table,
    movement_table,
    parameter_table,
    restated_cost_table,
    restated_table,
    scored_forecast_table,
)
from mmmlib.reports.tables.data import next_restatement_table
from mmmlib.reports.words.advice import (
    NO_ADVICE,
    advice_sentence,
    changed_advice,
    uptake_sentences,
)
from mmmlib.reports.words.bridges import reason_sentence, restated_sentence
from mmmlib.reports.words.candidates import furthest_sentence
from mmmlib.reports.words.restatements import restated_cost_sentence
from mmmlib.reports.words.statements import (
    by_size,
    change_statement,
    compared_sentence,
    leading_returns,
    named_moves,
)

MOST = 5
"""Ways in a figure; the table has them all."""
GOALS = {
    "fit": "to explain the weeks that were seen",
    "prediction": "to predict the weeks to come",
    "decision": "to decide on budgets",
    "": "",
}
"""What a choice of the model is for."""
SURPRISES = (
    "refresh.reproduction",
    "refresh.movement",
    "refresh.restated_effect",
    "refresh.range",
    "refresh.forecast",
    "refresh.rank",
    "refresh.details",
)
"""Checks that speak up about numbers, not about what people changed; the most telling first."""


def summary(results: Results) -> Iterator[Block]:
    """What this refresh is compared with, surprises, and what changed in one sentence."""
    compared = results.comparison
    if compared is None:
        yield Prose(
            "This refresh was not compared with the one before: no model was fitted."
            if not results.effects
            else "This refresh was not compared with the one before."
        )
        return
    if not compared.readable:
        yield Prose(compared.not_compared)
        return
    chosen = results.run.manifest.parent_reason
    yield Prose(f"{compared_sentence(compared)} {chosen}".strip())
    surprises = [
        (finding, level)
        for finding, level in results.findings()
        if finding.check in SURPRISES and finding.status is not Status.OK
    ]
    surprises.sort(key=lambda one: (-one[1].rank, SURPRISES.index(one[0].check)))
    if surprises:
        yield Prose("What a reader would not expect comes first, the worst of it on top:")
        yield Bullets(
            tuple(
                Prose(
                    finding.message,
                    lead=f"{capital(results.subject(finding.subject))}.",
                    mark=level_mark(level),
                )
                for finding, level in surprises
            )
        )
    yield change_statement(results, compared)


def movements(results: Results) -> Iterator[Block]:
    """Before and after of every return and contribution, and of what lies behind them."""
    compared = results.comparison
    if compared is None or compared.parent is None or not compared.movements:
        return
    moves = leading_returns(results, compared)
    if moves:
        yield movements_picture(results, compared, moves)
    primary = results.params.primary
    hidden = 0
    for kind, moved in (
        ("return and contribution", compared.movements),
        ("return of the next money, half-life and region", compared.details),
    ):
        shown = [m for m in moved if m.model == primary or m.beyond_noise]
        hidden += len(moved) - len(shown)
        if shown:
            table = movement_table(results.params, by_size(shown)).only(*SHOWN)
            yield Folded(f"By {kind}: {count_text(len(shown), 'number')} before and now", (table,))
    if hidden:
        yield Prose(
            f"{count_text(hidden, 'number')} of the other outcomes moved within noise; the "
            f"workbook of tables has {'it' if hidden == 1 else 'them'}."
        )


def reasons(results: Results) -> Iterator[Block]:
    """By which steps the estimates moved; those that moved by more than noise come first."""
    compared = results.comparison
    if compared is None or not compared.readable or not compared.movements:
        return
    if not compared.bridges:
        yield Prose(compared.not_bridged or "By which steps the estimates moved is not known.")
        return
    yield Prose(
        "A movement of an estimate says that more, or something else, is known; it does not say that "
        "a channel works better or worse than it did."
    )
    moves = leading_returns(results, compared)
    named = named_moves(results, compared)
    if named:
        yield Bullets(
            tuple(
                Prose(
                    reason_sentence(results, m, compared.bridge_of(m.model, m.channel, m.quantity))
                )
                for m in named
            )
        )
    primary = results.params.primary
    ways = [way for m in moves if (way := compared.bridge_of(primary, m.channel, "roi"))]
    if ways:
        yield bridge_picture(results, by_length(ways)[:MOST])
    total = compared.bridge_of(primary, "", "contribution")
    every = [*ways, *([total] if total else [])]
    details: list[Block] = [bridge_table(results.params, every)]
    if total is not None:
        details.append(bridge_picture(results, [total], "bridge-total"))
    yield Folded(f"{count_text(len(every), 'movement')} in steps", tuple(details))


def by_length(ways: Iterable[Bridge]) -> list[Bridge]:
    """The longest ways first."""
    return sorted(ways, key=lambda way: -abs(way.after - way.before) / max(abs(way.before), 1e-9))


def forecasts(results: Results) -> Iterator[Block]:
    """What the last refresh's models say of the weeks that came since, held against them."""
    compared = results.comparison
    if compared is None or not compared.forecasts:
        return
    yield Prose(
        "Nothing was fitted again for this: the models of the last refresh, told what was spent since, "
        "against what came. Nine of ten weeks should lie inside their range."
    )
    yield scored_forecast_table(results.params, compared.forecasts)


def advice(results: Results) -> Iterator[Block]:
    """What was advised last time and is not any more, with reasons; whether it was followed."""
    changes = changed_advice(results)
    if changes is None:
        return
    if results.blocked:
        yield Prose(NO_ADVICE)
    elif changes:
        yield Bullets(tuple(advice_sentence(change) for change in changes))
    else:
        yield Prose("The advice of the last refresh stands: nothing of it changed.")
    uptake = tuple(uptake_sentences(results))
    if uptake:
        yield Bullets(uptake)


def data(results: Results) -> Iterator[Block]:
    """Restated, added and removed series."""
    compared = results.comparison
    if compared is None or not compared.readable:
        return
    if not compared.data_changes:
        yield Prose("The data that both refreshes saw is the same, value by value.")
        return
    yield Prose(restated_sentence(compared.data_changes))
    cells = results.restated
    if len(cells):
        yield restated_picture(results, compared, cells)
    count = count_text(len(compared.data_changes), "series", "series")
    table = data_changes_table(results.params, compared.data_changes)
    yield Folded(f"{count} that changed", (table,))
    if len(cells):
        values = count_text(len(cells), "restated value")
        yield Folded(f"{values}, one by one", (restated_table(results.params, cells),))
    yield from _data_debt(results)


def _data_debt(results: Results) -> Iterator[Block]:
    """What restated history cost, by refresh, and how far the next restatement may go."""
    lines = list(restated_by_refresh(results.run))
    moves = kept_moves(results.run)
    coming = next_restatements(moves)
    if not coming and not any(line.series for line in lines):
        return
    yield Heading("What restated data costs")
    if lines:
        yield Prose(restated_cost_sentence(results, lines[0]))
    shares = revision_shares(results.run, 3)
    moving = [one for one in coming if any(one.moved) or shares[one.source].any()]
    if moving:
        yield next_restatement_table(results.params, shares, moving)
    if quiet := [one.source for one in coming if one not in moving]:
        yield Prose(f"{listed(quiet)}.", lead="Sources that restated nothing so far:")
    if len(lines) > 1:
        table = restated_cost_table(results.params, lines)
        yield Folded(f"The same in {count_text(len(lines), 'refresh', 'refreshes')}", (table,))


def configuration(results: Results) -> Iterator[Block]:
    """Parameters and lift tests that differ."""
    compared = results.comparison
    if compared is None or not compared.readable:
        return
    if compared.lift_changes:
        yield lift_changes_table(results.params, compared.lift_changes)
    every_time = [one for one in compared.parameter_changes if changes_every_time(one.key)]
    chosen = [one for one in compared.parameter_changes if one not in every_time]
    if chosen:
        yield parameter_table(chosen)
    else:
        yield Prose("No parameter changed but those that do with every refresh.")
    if every_time:
        yield Prose(
            f"{', '.join(one.key for one in every_time)}.", lead="What changes with every refresh:"
        )


def candidates(results: Results) -> Iterator[Block]:
    """Specifications that were tried and not taken: how many, and how far their answers are apart."""
    choice = results.choice
    if choice is None or not choice.tried:
        return
    tried = count_text(len(choice.tried), "other specification")
    they, were = ("it", "was") if len(choice.tried) == 1 else ("they", "were")
    yield Prose(
        f"{tried} {were} declared before anything was fitted, {GOALS[choice.goal]}; {they} {were} "
        f"tried and not taken. {choice.said}".strip()
    )
    if choice.compared:
        yield Prose(furthest_sentence(results, choice))
    yield tried_table(results.params, choice)


def code(results: Results) -> Iterator[Block]:
    """Library and packages that differ; what this refresh ran with."""
    manifest = results.run.manifest
    compared = results.comparison
    if compared is not None and compared.readable:
        if compared.code_changes:
            caption = "Code and packages that differ."
            yield parameter_table(compared.code_changes, "code", caption).only(
                "What", "Before", "Now"
            )
        else:
            yield Prose("The code and its packages are the same.")
    version = manifest.code_version or "unknown"
    dirty = ", with changes that are not committed" if manifest.code_dirty else ""
    yield Prose(
        f"Version {version}{dirty}, Python {manifest.python or 'unknown'}, seed {manifest.seed}. The "
        f"documents follow format {format_version()}.",
        lead="This refresh ran with.",
    )
    if manifest.notebooks:
        changed = "; ".join(f"{name} ({what})" for name, what in manifest.notebooks.items())
        yield Prose(
            f"{changed}. What they did beside the released ones is not known.",
            lead="Notebooks that were changed.",
        )
    if manifest.trial:
        yield Prose(
            f"{', '.join(manifest.trial)} of the model was set on the command line. No later refresh "
            "is compared with a trial; what is to stay goes into the parameter file.",
            lead="This refresh is a trial.",
        )


def caveats(results: Results) -> Iterator[Block]:
    """What to keep in mind when reading any number of this pack."""
    said: dict[str, list[str]] = {}
    for name, outcome in results.params.outcomes.items():
        if outcome.bias:
            said.setdefault(results.model(name), []).append(outcome.bias)
    for finding, level in results.findings():
        rooms = ("readiness.", "data.", *(() if level is Level.INFO else ("health.",)))
        if finding.status is not Status.OK and finding.check.startswith(rooms):
            subject = capital(results.subject(finding.subject))
            said.setdefault(subject, []).append(finding.message)
    if said:
        yield Bullets(tuple(Prose(" ".join(texts), lead=f"{who}.") for who, texts in said.items()))
    else:
        yield Prose("None beyond the boundaries in the executive summary.")


def _format_before(results: Results) -> int | None:
    try:
        parent = results.run.parent
        return parent.manifest.report_format if parent is not None else None
    except RunError:
        return None  # the summary says that the last refresh cannot be read


def format(results: Results) -> Iterator[Block]:  # noqa: A001  # the section's name in the format
    """That the fixed format changed, where it did."""
    now = format_version()
    before = _format_before(results)
    if before is not None and before != now:
        yield Prose(
            f"The documents follow format {now}; the last refresh followed format {before}."
        )
