"""The commands that work on one parameter file: make a refresh of it, or only check it."""

from __future__ import annotations

from typing import Annotated

import typer

from mmmlib.cli.arguments import Overrides, ParamsFile, RunsDir
from mmmlib.cli.screen import why_blocked
from mmmlib.errors import BlockedError, InputError, MMMError


def refresh(
    params: ParamsFile,
    overrides: Overrides = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up the unfinished run of these parameters.")
    ] = False,
    runs: RunsDir = None,
) -> None:
    """Make a refresh: from data to the finished pack.

    The last line of the output is the run folder. Exit code 0: may be published;
    2: a gate blocks, and the pack says why; 1: an error.
    """
    from mmmlib.runner.pipeline import run_refresh
    from mmmlib.runner.progress import make_watcher

    with make_watcher() as watcher:
        try:
            run = run_refresh(params, overrides or (), watcher, resume=resume, runs_dir=runs)
        finally:
            watcher.close()
            if watcher.run is not None:
                typer.echo(watcher.run.path)
    if run.manifest.verdict not in ("info", "warn"):
        raise BlockedError(f"{run.name}: a gate blocks publication. {why_blocked(run)}")
    typer.echo(
        f"mmm: {run.name} is done, verdict {run.manifest.verdict}. Read "
        f"{run.path / 'pack' / 'index.html'}; 'mmm show {run.name}' says who has to sign.",
        err=True,
    )


def check(params: ParamsFile, overrides: Overrides = None) -> None:
    """Check parameters, policy, roles, taxonomy and data; write nothing."""
    from mmmlib.data.ingest import check_data
    from mmmlib.findings import Finding, Level, Status
    from mmmlib.governance.policy import rank, read_policy
    from mmmlib.model.spec import why_not
    from mmmlib.params.load import read_params
    from mmmlib.runner.lifecycle import governance_files, raise_together, taxonomy_beside
    from mmmlib.runner.tasks import simulated_sources

    asked = read_params(params, overrides or ())
    faults: list[MMMError] = []
    findings: list[Finding] = []
    try:
        governance_files(asked, params)
    except MMMError as error:
        faults.append(error)
    try:
        taxonomy = taxonomy_beside(asked, params)
    except InputError:
        raise_together(faults)  # it is among them, and without it no name means anything
    try:
        with simulated_sources(asked) as folder:
            panel, findings = check_data(asked, folder, taxonomy=taxonomy)
        reasons = [why_not(panel, asked, model) for model in asked.model_names]
        faults += [MMMError(reason) for reason in dict.fromkeys(reasons) if reason]
    except InputError as error:
        faults.append(error)
    raise_together(faults)
    flags = [finding for finding in findings if finding.status is not Status.OK]
    for finding in flags:
        typer.echo(
            f"{finding.level}: {finding.subject}: {finding.message} {finding.action}".strip()
        )
    passed = len(findings) - len(flags)
    typer.echo(f"{params}: parameters, policy and roles are in order.")
    typer.echo(f"Data: {passed} checks passed, {len(flags)} flagged.")
    policy = read_policy(params.parent / asked.governance.policy)
    broken = {f"{f.check} ({f.subject})" for f in flags if rank(policy, f)[0] is Level.BLOCK}
    if broken:
        raise BlockedError(f"{params}: the data would block: {', '.join(sorted(broken))}.")
