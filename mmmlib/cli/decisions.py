"""The commands of the decision log: what was decided, what came of it, what is due."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmmlib.cli.arguments import RunsDir, StoreUrl

if TYPE_CHECKING:
    from mmmlib.runs import Run

Date = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
RunOption = Annotated[
    str, typer.Option("--run", metavar="RUN", help="Run id. Default: the newest run.")
]
Needed = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]


def decide_on(
    stance: Annotated[
        Literal["approve", "modify", "defer"], typer.Argument(help="What becomes of it.")
    ],
    owner: Annotated[str, typer.Option("--owner", metavar="PERSON", help="Who decided.")],
    rationale: Annotated[str, typer.Option(help="Why, with its uncertainty.")],
    run: RunOption = "",
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="PLAN", help="Plan of the run that was taken.")
    ] = "",
    title: Annotated[str, typer.Option(help="What it is about, where no plan was taken.")] = "",
    evidence: Annotated[str, typer.Option(help="What it rests on beside the run.")] = "",
    risks: Annotated[str, typer.Option(help="Risks and constraints.")] = "",
    watch: Annotated[str, typer.Option(help="What to watch meanwhile.")] = "",
    decided: Date = None,
    executes: Date = None,
    follow_up: Annotated[
        dt.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Default for a plan: when most of what it brings can have come.",
        ),
    ] = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Record a decision, with the range that it should bring."""
    from mmmlib.governance.decisions import record_decision
    from mmmlib.governance.store import open_store
    from mmmlib.runs import open_run

    opened = open_run(run, runs)
    values = {
        "stance": stance,
        "owner": owner,
        "rationale": rationale,
        "title": title if title or scenario else f"On {opened.name}",
        "evidence": evidence,
        "risks": risks,
        "watch": watch,
        "decided": _day(decided, opened),
        "executes": executes and executes.date(),
        "follow_up": follow_up and follow_up.date(),
    }
    with open_store(opened.runs_dir, store) as kept:
        made = record_decision(kept, values, opened, scenario)
    expected = f" Expected: {made.expected}, {made.expected_is}." if made.expected else ""
    older = " A newer run has been published since." if made.run_superseded else ""
    typer.echo(f"{made.decision}: {made.title}.{expected} Follow-up on {made.follow_up}.{older}")


def outcome(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Id, such as D1.")],
    value: Annotated[
        float | None,
        typer.Argument(metavar="VALUE", help="What it brought. Default: as a later run estimates."),
    ] = None,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="The later run. Default: the newest.")
    ] = "",
    low: Annotated[float | None, typer.Option(help="Lower end of its range.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper end of its range.")] = None,
    executed: Annotated[
        float | None, typer.Option(min=0, help="Spend that was really moved, as a share: 0.9.")
    ] = None,
    baseline: Annotated[
        float | None, typer.Option(help="Change that would have come without it.")
    ] = None,
    note: Annotated[str, typer.Option(help="What should be known of it.")] = "",
    measured: Date = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Record what came of a decision, and hold it against what was expected."""
    from mmmlib.governance.decisions import record_outcome, retrospective
    from mmmlib.governance.follow_up import estimated_outcome
    from mmmlib.governance.records import DecisionOutcome
    from mmmlib.governance.store import open_store
    from mmmlib.runs import find_runs_dir, open_run

    today = _today(runs)
    if value is None:
        record = estimated_outcome(open_run(run, runs), decision)
    else:
        record = DecisionOutcome(
            decision=decision,
            measured=measured.date() if measured else today,
            value=value,
            low=low,
            high=high,
            executed_share=executed,
            baseline_change=baseline,
            note=note,
        )
    with open_store(find_runs_dir(runs), store) as kept:
        followed = record_outcome(kept, record, today)
    for sentence in retrospective(followed):
        typer.echo(sentence)


def decisions(
    due: Annotated[bool, typer.Option("--due", help="Only what waits for its follow-up.")] = False,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """List the decisions, what came of them, and how often stated ranges held."""
    from mmmlib.governance.decisions import decision_log
    from mmmlib.governance.promises import promise_book
    from mmmlib.governance.store import open_store
    from mmmlib.runs import find_runs_dir

    with open_store(find_runs_dir(runs), store) as kept:
        entries = kept.entries()
    log = decision_log(entries)
    today = _today(runs)
    for one in log:
        if due and not one.is_due(today):
            continue
        state = one.landing or ("due" if one.is_due(today) else f"due on {one.decision.follow_up}")
        expected = f"; expected {one.decision.expected}" if one.decision.expected else ""
        typer.echo(
            f"{one.decision.decision}  {one.decision.decided}  {one.decision.stance}  "
            f"{one.decision.title} ({one.decision.owner}{expected}): {state}"
        )
    for workbook in dict.fromkeys(
        one.body["workbook"] for one in entries if "workbook" in one.body
    ):
        book = promise_book(entries, workbook)
        typer.echo(f"{workbook}: {len(book.open)} promises wait for data. {book}")


def predict_lift_test(
    name: Annotated[str, typer.Argument(metavar="TEST", help="Its name in lift_tests, later.")],
    channel: Annotated[str, typer.Option(help="What is tested.")],
    outcome_model: Annotated[str, typer.Option("--outcome", help="revenue.self_serve")],
    start: Needed,
    end: Needed,
    change: Annotated[float, typer.Option(help="Change of spend as a share: 0.5; -1 for a pause.")],
    run: RunOption = "",
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Write down what a planned lift test should measure; later refreshes hold it to the result."""
    from mmmlib.governance.predictions import predict_test
    from mmmlib.governance.store import open_store
    from mmmlib.runs import open_run

    opened = open_run(run, runs)
    days = (start.date(), end.date())
    with open_store(opened.runs_dir, store) as kept:
        made = predict_test(kept, opened, name, channel, outcome_model, days, change)
    typer.echo(f"{made.about}: {made.expected} expected from {made.start} to {made.end}.")


def show_calendar(
    ics: Annotated[
        Path | None, typer.Option("--ics", metavar="FILE", help="Write it for calendars, too.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Show what is due when, and by whom; for the workbook of the newest run."""
    from mmmlib.governance.calendar import calendar_items, icalendar
    from mmmlib.governance.gates import POLICY, ROLES
    from mmmlib.governance.policy import read_policy
    from mmmlib.governance.roles import read_roles
    from mmmlib.governance.store import open_store
    from mmmlib.params.load import params_of
    from mmmlib.runs import open_run, write_atomic

    run = open_run("", runs)
    today = params_of(run).today
    with open_store(run.runs_dir, store) as kept:
        entries = kept.entries()
    policy, roles = read_policy(run.path / POLICY), read_roles(run.path / ROLES)
    workbook, period = run.manifest.workbook, run.manifest.period
    items = calendar_items(entries, workbook, policy, roles, period, today)
    for one in items:
        if not overdue or one.state(today) == "overdue":
            typer.echo(f"{one.day}  {one.state(today):8}  {one.what} ({one.who})")
    if ics is not None:
        write_atomic(ics, icalendar(items, workbook, dt.datetime.now(dt.UTC)).encode())
        typer.echo(ics)


def budget_decision(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What was decided.")],
    amount: Annotated[float, typer.Argument(metavar="AMOUNT", help="Money that it moves.")],
    owner: Annotated[str, typer.Option("--owner", metavar="PERSON", help="Who decided.")],
    decision: Annotated[
        str, typer.Option("--decision", metavar="ID", help="Decision of the log that it cites.")
    ] = "",
    decided: Date = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Record a major budget decision, with MMM evidence or without."""
    from mmmlib.governance.decisions import record_budget_decision
    from mmmlib.governance.records import BudgetDecision
    from mmmlib.governance.store import open_store
    from mmmlib.params.load import params_of
    from mmmlib.runs import open_run

    run = open_run("", runs)
    record = BudgetDecision(
        workbook=run.manifest.workbook,
        title=title,
        decided=_day(decided, run),
        amount=amount,
        currency=params_of(run).currency,
        owner=owner,
        decision=decision,
    )
    with open_store(run.runs_dir, store) as kept:
        record_budget_decision(kept, record)
    typer.echo(f"Recorded: {title}.")


def observe(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was seen, in words.")],
    channel: Annotated[str, typer.Option("--channel", help="Of which channel.")],
    direction: Annotated[
        Literal["better", "worse"], typer.Option(help="Does it work better or worse than before?")
    ],
    person: Annotated[str, typer.Option("--by", metavar="PERSON", help="Who saw it.")],
    region: Annotated[str, typer.Option(help="Where, if not everywhere.")] = "",
    seen: Date = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Write down what the field sees of a channel; the next refresh holds the model against it."""
    from mmmlib.governance.rebuild import record_observation
    from mmmlib.governance.store import open_store
    from mmmlib.runs import open_run

    run = open_run("", runs)
    values: dict[str, object] = {
        "text": text,
        "channel": channel,
        "direction": direction,
        "person": person,
        "region": region,
        "seen": _day(seen, run),
    }
    with open_store(run.runs_dir, store) as kept:
        made = record_observation(kept, run, values)
    typer.echo(f"Recorded of {made.channel}, {made.direction}: {made.text}")


def adoption(
    views: Annotated[
        Path | None,
        typer.Option(
            "--views", metavar="LOG", help="First import who looked: combined log or CSV."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Write it as a page and PDF, too.")
    ] = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Show how the evidence is used, and where the team stands on the ladder."""
    from mmmlib.data.panel.panel import panel_of
    from mmmlib.governance.adoption import adoption_cycles, adoption_measures
    from mmmlib.governance.gates import POLICY
    from mmmlib.governance.maturity import maturity
    from mmmlib.governance.policy import read_policy
    from mmmlib.governance.store import open_store
    from mmmlib.governance.views import import_views, views_key
    from mmmlib.governance.workflow import Desk
    from mmmlib.params.load import params_of
    from mmmlib.reports.papers import paper_of_adoption
    from mmmlib.reports.render import render_paper
    from mmmlib.reports.results import Results
    from mmmlib.runner.publish import released_gates
    from mmmlib.runs import open_run

    run = open_run("", runs)
    workbook = run.manifest.workbook
    with open_store(run.runs_dir, store) as kept:
        if views is not None:
            names = read_policy(run.path / POLICY).viewers.names
            seen = import_views(kept, views, workbook, views_key(run.runs_dir), names=names)
            typer.echo(f"{seen} views in {views}")
        entries = kept.entries()
        desk = Desk(run, kept)
        released = released_gates(desk, desk.review(entries))
    measures = adoption_measures(entries, workbook, params_of(run).today)
    rungs = maturity(entries, params_of(run), len(panel_of(run).lift_tests))
    for one in measures:
        typer.echo(f"{one.name}: {one.value}\n    {one.definition}")
    for rung in rungs:
        typer.echo(f"{'x' if rung.reached else '-'} {rung.name}: {'; '.join(rung.evidence)}")
    if coming := next((rung for rung in rungs if not rung.reached), None):
        typer.echo(f"Next: {coming.next}")
    if to is not None:
        paper = paper_of_adoption(measures, adoption_cycles(entries, workbook), rungs)
        for path in render_paper(Results(run, params_of(run), released), paper, to / workbook):
            typer.echo(path)


def _day(given: dt.datetime | None, run: Run) -> dt.date:
    """Return the day that was given, or the run's today."""
    from mmmlib.params.load import params_of

    return given.date() if given else params_of(run).today


def _today(runs: Path | None) -> dt.date:
    """The day of the newest run's :attr:`Params.today`; today where there is none."""
    from mmmlib.params.load import params_of
    from mmmlib.runs import find_runs_dir, list_runs

    made = list_runs(find_runs_dir(runs))
    return params_of(made[-1]).today if made else dt.date.today()
