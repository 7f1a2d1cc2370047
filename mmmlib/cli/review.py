"""The commands of the review: who signs a run, what is waived, and its publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmmlib.cli.arguments import RunRef, RunsDir, StoreUrl

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from mmmlib.governance.review import Review
    from mmmlib.governance.workflow import Desk

Signer = Annotated[
    str, typer.Option("--as", metavar="PERSON", help="Name or e-mail, as in the roles file.")
]
Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Your private Ed25519 key; an SSH key will do."),
]
Why = Annotated[str, typer.Option("--why", help="The reason.")]
Day = Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
RolesFile = Annotated[
    Path | None,
    typer.Option("--roles", metavar="FILE", help="Roles of today. Default: as the run kept them."),
]


def preread(
    run: RunRef = "", roles: RolesFile = None, runs: RunsDir = None, store: StoreUrl = None
) -> None:
    """Open the review of a run: print its agenda, and who has to sign."""
    from mmmlib.cli.screen import print_text
    from mmmlib.governance.agenda import Agenda, agenda_markdown
    from mmmlib.scenarios.pack import ScenarioPack

    with _desk(run, runs, store, roles) as desk:
        review = desk.open_review()
        print_text(agenda_markdown(desk.run.load_json("agenda.json", Agenda)))
        if desk.run.has("scenarios.json"):
            typer.echo("Plans, by the names that 'mmm decide --scenario' takes:")
            for plan in desk.run.load_json("scenarios.json", ScenarioPack).scenarios:
                typer.echo(f"  {plan.name}: {plan.title}")
        _print_review(desk, review)


def sign(
    subject: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="data, model, recommendation or publication."),
    ],
    person: Signer,
    run: RunRef = "",
    role: Annotated[str, typer.Option(help="Which role, where the person holds two.")] = "",
    key: Key = None,
    roles: RolesFile = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Sign a run for one of the roles that have to."""
    with _desk(run, runs, store, roles) as desk:
        _print_review(desk, desk.sign(subject, person, role, _private_key(key)))


def waive(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="Check that blocks.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="What it is about.")],
    person: Signer,
    why: Why,
    until: Day,
    run: RunRef = "",
    key: Key = None,
    roles: RolesFile = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Let a blocking finding of a run pass for a time, for a limited audience."""
    with _desk(run, runs, store, roles) as desk:
        review = desk.waive(check, subject, person, why, until.date(), _private_key(key))
        _print_review(desk, review)


def publish(
    run: RunRef = "",
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Folder of all publications.")
    ] = Path("published"),
    webhook: Annotated[
        str, typer.Option("--webhook", metavar="URL", help="Address that is told by POST, as JSON.")
    ] = "",
    mail: Annotated[
        Path | None, typer.Option("--mail", metavar="FILE", help="Write an e-mail message (.eml).")
    ] = None,
    roles: RolesFile = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Publish a run that was signed: its pack, with its release status on every page."""
    from mmmlib.runner.publish import announce, publish_run

    with _desk(run, runs, store, roles) as desk:
        target = publish_run(desk, to)
        entry = desk.store.entries("publication", desk.run.name)[-1]
    for fault in announce(entry, webhook, mail):
        typer.echo(f"mmm: {fault}", err=True)
    typer.echo(target)


def document(
    kind: Annotated[
        Literal["preread", "agenda", "memo", "decision", "retrospective"],
        typer.Argument(metavar="KIND", help="preread, agenda, memo, decision or retrospective."),
    ],
    about: Annotated[
        str,
        typer.Argument(metavar="RUN|DECISION", help="Run (empty: newest), or decision such as D1."),
    ] = "",
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where the page and the PDF go.")
    ] = Path("documents"),
    roles: RolesFile = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Write a document of the review, as a page and as PDF."""
    from mmmlib.governance.decisions import followed_decision
    from mmmlib.governance.roles import read_roles
    from mmmlib.governance.workflow import Desk
    from mmmlib.params.load import params_of
    from mmmlib.reports.papers import OF_DECISIONS, paper_of_decision, paper_of_run
    from mmmlib.reports.render import render_paper
    from mmmlib.reports.results import Results
    from mmmlib.runner.publish import released_gates
    from mmmlib.runs import open_run

    # A retrospective is written from the newest run, which looked back; the rest from its own.
    of_decision = kind in OF_DECISIONS
    with _desk("" if of_decision else about, runs, store, roles) as desk:
        followed = followed_decision(desk.store.entries(), about) if of_decision else None
        if kind == "decision" and followed and followed.decision.run:
            opened = open_run(followed.decision.run, desk.run.runs_dir)
            desk = Desk(opened, desk.store, roles=read_roles(roles) if roles else None)
        released = released_gates(desk, desk.review())
        results = Results(desk.run, params_of(desk.run), released)
        if followed is not None:
            paper = paper_of_decision(results, kind, followed)
        else:
            paper = paper_of_run(results, kind)
        for path in render_paper(results, paper, to / desk.run.manifest.workbook / desk.run.name):
            typer.echo(path)


def withdraw(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run id or folder.")],
    person: Signer,
    why: Why,
    roles: RolesFile = None,
    runs: RunsDir = None,
    store: StoreUrl = None,
) -> None:
    """Take a published run back: it is no parent of later refreshes any more."""
    with _desk(run, runs, store, roles) as desk:
        _print_review(desk, desk.withdraw(person, why))


def new_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of the new private key.")],
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Ask for one.")] = False,
) -> None:
    """Make a key to sign with; print the line for the roles file."""
    from mmmlib.governance.keys import make_key

    words = (
        typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if passphrase else ""
    )
    typer.echo(make_key(file, words))


@contextmanager
def _desk(run: str, runs: Path | None, url: str | None, roles: Path | None) -> Iterator[Desk]:
    from mmmlib.governance.roles import read_roles
    from mmmlib.governance.store import open_store
    from mmmlib.governance.workflow import Desk
    from mmmlib.runs import open_run

    opened = open_run(run, runs)
    with open_store(opened.runs_dir, url) as store:
        yield Desk(opened, store, roles=read_roles(roles) if roles else None)


def _private_key(path: Path | None) -> Ed25519PrivateKey | None:
    from mmmlib.governance.keys import is_encrypted, read_key

    if path is None:
        return None
    words = typer.prompt("Passphrase", hide_input=True) if is_encrypted(path) else ""
    return read_key(path, words)


def _print_review(desk: Desk, review: Review) -> None:
    typer.echo(f"{desk.run.name}: {review.state}. {review.sentence}".strip())
