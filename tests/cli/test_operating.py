"""Two people, one run: the commands of a review from the draft to the outcome of a decision."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from mmmlib.governance.verdict import GateResult
from mmmlib.runs import Run
from tests.small import mmm

pytestmark = pytest.mark.slow

PEOPLE = {
    "Data Owner": "Tomasz Lindqvist",
    "MMM Product Owner": "Mirko Vidal",
    "Model Owner": "Priya Raman",
    "Decision Owner": "Dana Okafor",
}


@pytest.fixture
def runs(small_run: Run, tmp_path: Path) -> Path:
    """A folder of runs of this test's own, with one finished refresh."""
    shutil.copytree(small_run.path, tmp_path / "runs" / small_run.name)
    return tmp_path / "runs"


def test_the_story_of_a_refresh(small_run: Run, runs: Path, tmp_path: Path) -> None:
    run = small_run.name
    gates = small_run.load_json("gates.json", GateResult)
    where = ("--runs", runs)
    opened = mmm("preread", run, *where)
    assert opened.returncode == 0, opened.stderr
    assert "Review of A small company" in opened.stdout
    assert "  protect: Cut 20" in opened.stdout
    early = mmm("publish", run, "--to", tmp_path / "published", *where)
    assert early.returncode == 1
    assert "still needs" in early.stderr
    needed = [(one.subject, one.person) for one in gates.sign_offs] or [
        ("publication", PEOPLE["MMM Product Owner"])
    ]
    for subject, person in needed:
        signed = mmm("sign", subject, run, "--as", person, *where)
        assert signed.returncode == 0, signed.stderr
    assert "approved" in signed.stdout
    published = mmm("publish", run, "--to", tmp_path / "published", *where)
    assert published.returncode == 0, published.stderr
    folder = Path(published.stdout.strip())
    release = json.loads((folder / "release.json").read_text())
    page = (folder / "index.html").read_text()
    assert release["release"] in page
    assert "Signed by" in page
    assert "DRAFT" not in page
    assert (folder / "pack.pdf").is_file()
    latest = json.loads((folder.parent / "latest.json").read_text())
    assert (folder.parent / latest["pack"]).is_file()

    today = dt.date.today()
    decided = mmm(
        *("decide", "approve", "--run", run, "--scenario", "protect", "--owner", "Dana Okafor"),
        *("--rationale", "It pays.", "--follow-up", today.isoformat(), *where),
    )
    assert decided.returncode == 0, decided.stderr
    assert decided.stdout.startswith("D1: Cut 20")
    assert "Expected: " in decided.stdout
    assert "D1" in mmm("decisions", "--due", *where).stdout
    came = mmm("outcome", "D1", "1000", "--executed", "1", *where)
    assert came.returncode == 0, came.stderr
    assert mmm("budget-decision", "TV", "1e6", "--owner", "Dana Okafor", *where).returncode == 0
    assert "0 of 1" in mmm("adoption", *where).stdout
    proof = mmm("store", "verify", "--published", tmp_path / "published", *where)
    assert proof.returncode == 0, proof.stderr
    assert "held against 1 published packs" in proof.stdout

    for path in runs.glob("store.sqlite*"):
        path.unlink()
    cut = mmm("store", "verify", "--published", tmp_path / "published", *where)
    assert cut.returncode == 1
    assert "cut or rebuilt" in cut.stderr
