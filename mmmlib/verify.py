"""Whether a run is still as its refresh left it.

The manifest has the hash of every other file, and of its own content. That shows what was changed
by mistake or in passing; who wants to deceive can make the hashes again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from mmmlib.errors import RunError
from mmmlib.manifest import seal_of
from mmmlib.phrases import some_of
from mmmlib.runs import Run, sha256_file

MANIFEST = "manifest.json"
BESIDE = ("params.yaml", "params.json", "policy.yaml", "roles.yaml", "taxonomy.yaml", "store.jsonl")
"""Files of a run that no step writes."""
NOT_SEALED = (
    "It was made before manifests had seals, so a change of its manifest would not be seen."
)


def hash_beside(run: Run) -> dict[str, str]:
    """Hash the files of a run that no step writes."""
    return {name: sha256_file(run.path / name) for name in BESIDE if (run.path / name).is_file()}


def recorded_files(run: Run) -> dict[str, str]:
    """Return the sha256 of every file of a run that its manifest knows, by path in the run."""
    manifest = run.manifest
    steps = [record.outputs for record in manifest.steps]
    return {name: sha for files in (manifest.files, *steps) for name, sha in files.items()}


def is_sealed(run: Run) -> bool:
    """Say whether a run's manifest has, or should have, a seal: only old ones have none."""
    manifest = run.manifest
    return bool(manifest.seal) or manifest.version > 1


def altered_files(run: Run, names: Iterable[str] | None = None) -> dict[str, str]:
    """Compare a run, finished or not, with what its manifest says of it.

    What became of each file that is not as the refresh left it (``altered`` or ``missing``), by its
    path in the run. ``names`` are those to look at, beside the manifest; all that the manifest
    knows if not given.
    """
    known = recorded_files(run)
    looked_at = {name: run.path / name for name in (known if names is None else names)}
    faults = {} if _seal_holds(run) else {MANIFEST: "altered"}
    for name, path in looked_at.items():
        if not path.is_file():
            faults[name] = "missing"
        elif name in known and sha256_file(path) != known[name]:
            faults[name] = "altered"
    return faults


def refuse_altered(
    run: Run, names: Iterable[str] | None = None, apart: tuple[str, ...] = ()
) -> None:
    """Refuse a run whose files are not as its refresh left them: nothing may rest on them.

    ``names`` are as in :func:`altered_files`; paths that begin as one of ``apart`` do not count.

    Raises
    ------
    RunError
        With the files, and what to do.
    """
    altered = altered_files(run, names)
    faults = [f"{name} is {how}" for name, how in altered.items() if not name.startswith(apart)]
    if faults:
        raise RunError(
            f"{run.name} is not as its refresh left it: {some_of(faults)}. Nothing is signed, decided "
            f"or made again from a run that changed ('mmm verify {run.name}' names every such file). "
            f"Restore the files from a copy, or make the refresh again."
        )


def _seal_holds(run: Run) -> bool:
    # What stands in the file, not what is read into today's manifest: that may have new fields.
    content = json.loads((run.path / MANIFEST).read_bytes())
    return not is_sealed(run) or content.get("seal") == seal_of(content)
