"""Two people at two machines, who sign, decide and publish the same runs at the same time.

    python -m tests.governance.race FOLDER RUNS [URL]

plays it by hand on RUNS copies of a run (a few hundred take a minute), in the file in FOLDER or in
a database, and holds what came of it against the rules.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from mmmlib.errors import MMMError
from mmmlib.governance.chain import verify_store
from mmmlib.governance.decisions import record_decision
from mmmlib.governance.records import Decision, Publication, SignOff, records_of
from mmmlib.governance.store import Entry, Store, open_store
from mmmlib.governance.workflow import Desk
from mmmlib.runs import Run

TODAY = dt.date(2026, 8, 3)


def act(store: Store, run: Run) -> int:
    """Do everything that a run needs, whoever else is at it; return what was refused."""
    desk = Desk(run, store, TODAY)
    refused = 0
    for one in desk.gates.sign_offs:
        try:
            desk.sign(one.subject, one.person, one.role)
        except MMMError:
            refused += 1  # the other was faster
    values = {"title": "Wait", "stance": "defer", "decided": TODAY, "owner": "Dana Okafor"}
    record_decision(store, values | {"rationale": "No.", "follow_up": TODAY}, run, "")
    try:
        desk.publish("published")
    except MMMError:
        refused += 1
    return refused


def play(folder: Path, template: Run, count: int, url: str = "") -> list[Entry]:
    """Let two processes go through copies of a run, and return the entries that they left."""
    runs = folder / "runs"
    for number in range(count):
        shutil.copytree(template.path, runs / f"fake-2026-Q1-{number:08x}")
    words = [sys.executable, "-m", "tests.governance.race", "--one", str(runs), url]
    people = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    refused = [int(one.communicate(timeout=900)[0]) for one in people]
    assert [one.returncode for one in people] == [0, 0]
    with open_store(runs, url or None) as store:
        assert verify_store(store) == []
        entries = store.entries()
    needed = len(Desk(template, store, TODAY).gates.sign_offs)
    # Everything was done once and refused once, but for decisions: each made its own.
    assert sum(refused) == count * (needed + 1)
    return entries


def hold(entries: list[Entry], count: int, needed: int) -> None:
    """Hold what two processes did against the rules."""
    signed = Counter((one.run, one.subject, one.role) for one in records_of(entries, SignOff))
    assert len(signed) == count * needed
    assert set(signed.values()) == {1}  # nobody signed what was signed
    assert Counter(Counter(one.run for one in records_of(entries, Publication)).values()) == {
        1: count
    }
    for entry in entries:
        if entry.kind == "publication":
            before = [one.kind for one in entries[: entry.seq - 1] if one.subject == entry.subject]
            assert before.count("sign_off") == needed  # nothing was published before it was signed
    numbers = [one.decision for one in records_of(entries, Decision)]
    assert numbers == [f"D{number}" for number in range(1, 2 * count + 1)]


def main() -> None:
    """Play it by hand, or be one of the two."""
    if sys.argv[1] == "--one":
        with open_store(Path(sys.argv[2]), sys.argv[3] or None) as store:
            runs = sorted(Path(sys.argv[2]).glob("fake-*"))
            print(sum(act(store, Run(path)) for path in runs))
        return
    from tests.fake_run import make_fake_run
    from tests.governance.test_workflow import NEEDED, prepare

    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    template = prepare(make_fake_run(folder / "template"))
    began = time.monotonic()
    entries = play(folder, template, count, *sys.argv[3:])
    hold(entries, count, len(NEEDED))
    print(f"{len(entries)} entries, {time.monotonic() - began:.0f} s: nothing lost, no rule broken")


if __name__ == "__main__":
    main()
