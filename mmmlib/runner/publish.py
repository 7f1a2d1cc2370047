"""Publishing a run: its pack with its release status, in a folder that others read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mmmlib.errors import RunError
from mmmlib.governance.follow_up import FollowUp, published_promises
from mmmlib.governance.review import Review, State
from mmmlib.governance.store import Entry, Head
from mmmlib.governance.verdict import GateResult
from mmmlib.governance.workflow import Desk
from mmmlib.reports.render import render_pack
from mmmlib.runs import write_atomic

RELEASE = "release.json"
"""In a published folder: run, release status, signatures, and the end of the store's chain."""
LATEST = "latest.json"


def publish_run(desk: Desk, folder: Path) -> Path:
    """Publish a run's pack; what was published before stays where it is.

    Parameters
    ----------
    desk
        With the run; everybody who has to has signed it.
    folder
        Of all publications. The pack goes into ``WORKBOOK/RUN`` in it, and ``latest.json``
        of the workbook then names it.

    Returns
    -------
    Path
        Folder of the published pack. A publication that was cut off is finished.

    Raises
    ------
    RunError
        If gates or signatures do not allow it: what is missing, and who can give it.
    """
    run = desk.run
    target = (folder / run.manifest.workbook / run.name).resolve()
    review = desk.review()
    earlier = desk.store.entries("publication", run.name)
    cut_off = review.state is State.PUBLISHED and not (target / RELEASE).is_file()
    if review.state not in (State.APPROVED, State.LIMITED) and not cut_off:
        raise RunError(f"{run.name} is {review.state}. {desk.why_not(review)}")
    staging = target.with_name(f".{run.name}")
    staging.parent.mkdir(parents=True, exist_ok=True)
    try:
        render_pack(run, released=released_gates(desk, review), into=staging)
        entry = earlier[-1] if cut_off else _published(desk, target)
        write_atomic(staging / RELEASE, json.dumps(_release(entry), indent=2).encode())
        if target.exists():
            shutil.rmtree(target)  # begun by a publication that was cut off
        staging.replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    latest = {"run": run.name, "period": run.manifest.period, "pack": f"{run.name}/index.html"}
    write_atomic(target.parent / LATEST, json.dumps(latest, indent=2).encode())
    return target


def _published(desk: Desk, target: Path) -> Entry:
    """Record the publication, with what the pack promises and what its data settles."""
    run = desk.run
    came = run.load_json("follow_up.json", FollowUp).came if run.has("follow_up.json") else ()
    return desk.publish(str(target), published_promises(run), came)


def released_gates(desk: Desk, review: Review) -> GateResult:
    """Return the gates of a run with the status that its pages show today."""
    return desk.gates.model_copy(
        update={
            "release": review.release,
            "statement": f"{review.sentence} {desk.gates.statement}".strip(),
            "sign_offs": review.missing,
        }
    )


def published_heads(folder: Path) -> list[Head]:
    """Return the ends of the store's chain that went out with published packs."""
    heads = []
    for path in sorted(folder.glob(f"*/*/{RELEASE}")):
        head = json.loads(path.read_bytes())["store"]
        heads.append(Head(int(head["entry"]), str(head["hash"])))
    return heads


def _release(entry: Entry) -> dict[str, object]:
    store = {"entry": entry.seq, "hash": entry.hash}
    return entry.body | {"published": entry.made, "store": store}
