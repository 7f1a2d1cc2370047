"""The life of a run: begun from files that were checked, held while it is worked on, found again."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.disk import new_folder, writing
from mmmlib.errors import InputError, MMMError, RunError
from mmmlib.params.load import write_params
from mmmlib.params.schema import Params
from mmmlib.params.strict import read_text
from mmmlib.provenance import code_facts
from mmmlib.runs import Manifest, Run, list_runs, sha256_json, write_atomic

if TYPE_CHECKING:
    from mmmlib.data.naming.taxonomy import Taxonomy

RUN_NAME = re.compile(r"^[a-z][a-z0-9_]*-[0-9]{4}-(Q[1-4]|[0-9]{2})-[0-9a-f]{8}$")
LOCK = ".lock"


def begin_run(
    params: Params, params_file: Path, folder: Path, resume: bool, overrides: Sequence[str] = ()
) -> tuple[Run, bool]:
    """Take up or make a run; everything that can be wrong with its files is told first.

    A run whose model was set by ``overrides`` is a trial. Returns the run, and whether it was taken up:
    the newest unfinished one of these parameters (see :func:`bring_up_to_date` for what is then due).
    InputError if policy, roles, taxonomy or the parent are wrong, RunError if there is nothing to resume;
    nothing is written then.
    """
    files = governance_files(params, params_file)
    digest = sha256_json(params.model_dump(mode="json", exclude={"compute"}))
    period = params.refresh.period
    if resume:
        run = unfinished_run(folder, params.workbook, period, digest)
        if run is None:
            raise RunError(
                f"{folder}: no unfinished run of {params.workbook}, {period}, with these parameters: "
                f"nothing to resume. Leave --resume out to make a new run."
            )
        return run, True
    from mmmlib.refresh.changes import trial_keys
    from mmmlib.refresh.parent import choose_parent
    from mmmlib.reports.format import format_version

    def fill(path: Path) -> None:
        write_params(path, params, read_text(params_file))
        for name, content in files.items():
            write_atomic(path / name, content)

    from mmmlib.governance.rebuild import ENTRIES

    approved, kept = _record(folder, params.workbook)
    chosen = choose_parent(folder, params, approved=approved)
    if kept:
        files[ENTRIES] = kept
    seed = params.model.seed
    run = new_run(
        folder,
        params.workbook,
        period,
        params=digest,
        seed=seed,
        parent=chosen.parent,
        parent_reason=chosen.reason,
        trial=trial_keys(overrides),
        report_format=format_version(),
        fill=fill,
    )
    return run, False


def _record(folder: Path, workbook: str) -> tuple[list[str] | None, bytes]:
    """Read the store: approved runs of a workbook (None where nobody has signed any), its entries."""
    from mmmlib.governance.follow_up import entries_of_workbook, entry_lines
    from mmmlib.governance.store import open_store, store_exists
    from mmmlib.governance.workflow import approved_runs

    if not store_exists(folder):
        return None, b""
    with open_store(folder) as store:
        own = entries_of_workbook(store.entries(), workbook)
        return approved_runs(store, list_runs(folder, workbook)), entry_lines(own)


def bring_up_to_date(run: Run, params: Params, params_file: Path) -> None:
    """Take policy, roles and taxonomy as they are now into a run that is taken up.

    The run must be held (see :func:`locked`): another process may read them.
    """
    for name, content in governance_files(params, params_file).items():
        if (run.path / name).read_bytes() != content:
            write_atomic(run.path / name, content)
    # What the process that was killed has left half done.
    for path in run.path.rglob(".*.partial*"):
        path.unlink()
    for path in run.path.glob(".pack-*"):
        shutil.rmtree(path)


def governance_files(params: Params, params_file: Path) -> dict[str, bytes]:
    """Read and check what lies beside a parameter file: policy, roles, taxonomy, plans.

    InputError has the problems of all.
    """
    from mmmlib.data.naming.taxonomy import read_taxonomy
    from mmmlib.governance.policy import read_policy
    from mmmlib.governance.roles import read_roles
    from mmmlib.scenarios.own import check_plan_file, declared_files

    files: dict[str, bytes] = {}
    faults: list[InputError] = []
    declared: dict[str, tuple[str, Callable[[Path], object]]] = {
        "policy.yaml": (params.governance.policy, read_policy),
        "roles.yaml": (params.governance.roles, read_roles),
    }
    if params.data.taxonomy is not None:
        declared["taxonomy.yaml"] = (params.data.taxonomy, read_taxonomy)
    for name, path in declared_files(params).items():
        declared[name] = (path, lambda file: check_plan_file(file, params))
    for name, (path, read) in declared.items():
        source = params_file.parent / path
        try:
            read(source)
            files[name] = source.read_bytes()
        except InputError as error:
            faults.append(error)
    raise_together(faults)
    return files


def taxonomy_beside(params: Params, params_file: Path) -> Taxonomy | None:
    """Read the taxonomy that lies beside a parameter file; None where none is declared."""
    from mmmlib.data.naming.taxonomy import read_taxonomy

    if params.data.taxonomy is None:
        return None
    return read_taxonomy(params_file.parent / params.data.taxonomy)


def raise_together(faults: Sequence[MMMError]) -> None:
    """Raise the problems of several files as one error; do nothing where there is none."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise MMMError("\n".join(str(fault) for fault in faults))


def check_run_name(name: str) -> str:
    """Refuse, by RunError, a run id that is not ``workbook-period-hash``: above all, one with path parts."""
    if not RUN_NAME.match(name):
        raise RunError(
            f"run id: found {name!r}; expected workbook-period-hash, such as demo-2026-Q2-0a1b2c3d."
        )
    return name


def new_run(
    runs_dir: Path,
    workbook: str,
    period: str,
    *,
    params: str,
    seed: int,
    parent: str | None = None,
    parent_reason: str = "",
    trial: Sequence[str] = (),
    report_format: int | None = None,
    fill: Callable[[Path], None] | None = None,
) -> Run:
    """Begin a run, ``running``: its folder appears at once, with its first files, or not at all.

    It is found again by the hash of its resolved parameters (``params``). ``trial`` has the keys of the model
    that the command line set; ``fill`` writes what is kept from the start into the folder: parameters,
    policy, roles.
    """
    created = dt.datetime.now(dt.UTC)
    # Two refreshes with the same parameters are two runs.
    digest = sha256_json([params, created.isoformat(), secrets.token_hex(8)])
    name = check_run_name(f"{workbook}-{period}-{digest[:8]}")
    manifest = Manifest(
        run=name,
        workbook=workbook,
        period=period,
        created=created,
        seed=seed,
        params=params,
        parent=parent,
        parent_reason=parent_reason,
        trial=list(trial),
        report_format=report_format,
        **code_facts(),
    )
    with new_folder(runs_dir / name) as folder:
        if fill:
            fill(folder)
        write_atomic(folder / "manifest.json", manifest.sealed())
    return Run(runs_dir / name)


def unfinished_run(runs_dir: Path, workbook: str, period: str, params: str) -> Run | None:
    """Return the newest run of these parameters that did not come to its end, if there is one."""
    for run in reversed(list_runs(runs_dir, workbook)):
        manifest = run.manifest
        if (manifest.period, manifest.params) == (period, params) and manifest.status != "done":
            run.exploring = False
            return run
    return None


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Hold a run, so that no second process writes it; the system lets go if we die.

    RunError if another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(run.path / LOCK, timeout=0)
    try:
        with writing(run.path):
            lock.acquire()
    except Timeout:
        raise RunError(
            f"{run.name}: another refresh is working on this run. Wait for it, or start a new "
            f"one without --resume."
        ) from None
    try:
        yield
    finally:
        lock.release()
