"""Publishing a run: its pack with its release status, in a folder that others read."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from mmmlib.errors import RunError
from mmmlib.governance.follow_up import FollowUp
from mmmlib.governance.labels import STOPPED, stop_words
from mmmlib.governance.promises import published_promises
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

    The pack goes into ``WORKBOOK/RUN`` in the folder of all publications, and ``latest.json`` of the workbook
    then names it. A publication that was cut off is finished. RunError if gates or signatures do not allow
    it: what is missing, and who can give it.
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
    # What blocked and is waived is told by the waiver, not by the statement of before it.
    statement = "" if review.waivers and not review.blocking else desk.gates.statement
    gates = desk.gates.model_copy(
        update={
            "release": review.release,
            "statement": f"{review.sentence} {statement}".strip(),
            "sign_offs": review.missing,
        }
    )
    return gates.reworded(STOPPED, stop_words(gates)) if gates.blocked else gates


def announce(entry: Entry, webhook: str = "", mail: Path | None = None) -> list[str]:
    """Tell others of a publication: what was published stands whatever becomes of that.

    ``webhook`` is an address that takes the release as JSON by POST; ``mail`` a file that takes an e-mail
    message, for any mail program to send. Returns what could not be done, in a sentence each.
    """
    body = entry.body
    text = f"{body['workbook']} {body['period']}: {body['release']}"
    faults = []
    if webhook:
        import urllib.request

        facts = {name: body[name] for name in ("run", "workbook", "period", "release", "audience")}
        content = json.dumps({"text": text, "folder": body["folder"]} | facts).encode()
        try:
            if not webhook.startswith(("https://", "http://")):
                raise ValueError("expected an address with https://")
            request = urllib.request.Request(  # noqa: S310  its scheme was looked at
                webhook, content, {"Content-Type": "application/json"}, method="POST"
            )
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except (OSError, ValueError) as error:
            faults.append(f"The webhook was not told: {error}. The pack is published.")
    if mail is not None:
        message = EmailMessage()
        message["Subject"] = text
        message["Date"] = format_datetime(dt.datetime.fromisoformat(entry.made))
        signed = "\n".join(f"- {one}" for one in body["signed_by"])
        message.set_content(
            f"The pack of {body['period']} is published ({body['release']}, for "
            f"{body['audience']}).\n\n{body['folder']}/index.html\n\nSigned by:\n{signed}\n"
        )
        write_atomic(mail, bytes(message))
    return faults


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
