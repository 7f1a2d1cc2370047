"""The beginning of a refresh: what it is about is read and checked, and its run is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.errors import InputError, MMMError
from mmmlib.params.load import write_params
from mmmlib.params.schema import Params
from mmmlib.params.strict import read_text
from mmmlib.runner.lifecycle import new_run, unfinished_run
from mmmlib.runs import Run, sha256_json, write_atomic

if TYPE_CHECKING:
    from mmmlib.data.naming.taxonomy import Taxonomy


def begin_run(params: Params, params_file: Path, folder: Path, resume: bool) -> tuple[Run, bool]:
    """Take up or make a run; everything that can be wrong with its files is told first.

    Returns
    -------
    tuple
        The run, and whether it was taken up; see :func:`bring_up_to_date` for what is then due.
        Its parameters are the same by how it was found.

    Raises
    ------
    InputError
        If policy, roles, taxonomy or the parent are wrong; nothing is written then.
    """
    files = governance_files(params, params_file)
    digest = sha256_json(params.model_dump(mode="json", exclude={"compute"}))
    period = params.refresh.period
    if resume:
        run = unfinished_run(folder, params.workbook, period, digest)
        if run is not None:
            return run, True
    from mmmlib.refresh.parent import choose_parent
    from mmmlib.reports.format import format_version

    def fill(path: Path) -> None:
        write_params(path, params, read_text(params_file))
        for name, content in files.items():
            write_atomic(path / name, content)

    parent = choose_parent(folder, params)
    seed = params.model.seed
    run = new_run(
        folder,
        params.workbook,
        period,
        params=digest,
        seed=seed,
        parent=parent,
        report_format=format_version(),
        fill=fill,
    )
    return run, False


def bring_up_to_date(run: Run, params: Params, params_file: Path) -> None:
    """Take policy, roles and taxonomy as they are now into a run that is taken up.

    The run must be held (see :func:`mmmlib.runner.lifecycle.locked`): another process may read them.
    """
    for name, content in governance_files(params, params_file).items():
        if (run.path / name).read_bytes() != content:
            write_atomic(run.path / name, content)


def governance_files(params: Params, params_file: Path) -> dict[str, bytes]:
    """Read and check the policy, the roles and the taxonomy that lie beside a parameter file.

    Raises
    ------
    InputError
        With the problems of all.
    """
    from mmmlib.data.naming.taxonomy import read_taxonomy
    from mmmlib.governance.policy import read_policy
    from mmmlib.governance.roles import read_roles

    files: dict[str, bytes] = {}
    faults: list[InputError] = []
    wanted_files: dict[str, tuple[str, Callable[[Path], object]]] = {
        "policy.yaml": (params.governance.policy, read_policy),
        "roles.yaml": (params.governance.roles, read_roles),
    }
    if params.data.taxonomy is not None:
        wanted_files["taxonomy.yaml"] = (params.data.taxonomy, read_taxonomy)
    for name, (path, read) in wanted_files.items():
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
