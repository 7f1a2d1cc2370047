"""The commands of two quarters, as docs/operating.md tells them: from a draft to what was learned."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pandas as pd
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
    for name in (small_run.name, "vintages"):
        if (small_run.runs_dir / name).is_dir():
            # What another test explores in the run meanwhile is not its record.
            left = shutil.ignore_patterns("explore")
            shutil.copytree(small_run.runs_dir / name, tmp_path / "runs" / name, ignore=left)
    return tmp_path / "runs"


def test_the_story_of_two_quarters(
    small_run: Run, small_workbook: Path, runs: Path, tmp_path: Path
) -> None:
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
        *("--rationale", "It pays.", "--decided", today.isoformat(), *where),
    )
    assert decided.returncode == 0, decided.stderr
    assert decided.stdout.startswith("D1: Cut 20")
    assert "Expected: " in decided.stdout
    assert "D1" in mmm("decisions", "--due", *where).stdout
    promised = release["promises"]
    assert {one["kind"] for one in promised} == {"forecast", "plan"}
    memo = mmm("document", "decision", "D1", "--to", tmp_path / "documents", *where)
    assert memo.returncode == 0, memo.stderr
    assert "Decision memo D1" in Path(memo.stdout.split()[0]).read_text()
    assert mmm("budget-decision", "TV", "1e6", "--owner", "Dana Okafor", *where).returncode == 0
    calendar = mmm("calendar", "--ics", tmp_path / "team.ics", *where)
    assert "Follow-up of D1" in calendar.stdout, calendar.stderr
    assert "Quarterly planning refresh 2026-Q2" in calendar.stdout

    # The second quarter: its data settles what the first one promised.
    second = next_quarter(small_workbook, tmp_path / "workbook", where)
    shown = (runs / second / "pack" / "index.html").read_text()
    assert "Kept promises." in shown
    assert "of 13" in shown
    assert "Due for follow-up." not in shown  # nothing is judged before its time
    assert "D1: " in mmm("preread", second, *where).stdout
    came = mmm("outcome", "D1", "1000", "--executed", "1", "--run", second, *where)
    assert came.returncode == 0, came.stderr
    looked = mmm("document", "retrospective", "D1", "--to", tmp_path / "documents", *where)
    assert looked.returncode == 0, looked.stderr
    assert "Did it land inside the range?" in Path(looked.stdout.split()[0]).read_text()
    (tmp_path / "views.csv").write_text(f"time,consumer,run\n2026-02-01,Finance,{run}\n")
    used = mmm("adoption", "--views", tmp_path / "views.csv", "--to", tmp_path, *where)
    assert "0 of 1" in used.stdout, used.stderr
    assert "x Started" in used.stdout
    assert (tmp_path / "small" / "adoption.pdf").is_file()
    proof = mmm("store", "verify", "--published", tmp_path / "published", *where)
    assert proof.returncode == 0, proof.stderr
    assert "held against 1 published packs" in proof.stdout

    for path in runs.glob("store.sqlite*"):
        path.unlink()
    cut = mmm("store", "verify", "--published", tmp_path / "published", *where)
    assert cut.returncode == 1
    assert "cut or rebuilt" in cut.stderr


def next_quarter(params: Path, folder: Path, where: tuple[str, Path]) -> str:
    """Refresh a workbook on 13 weeks more: those of a year ago come again. Return the run's id."""
    shutil.copytree(params.parent, folder, ignore=shutil.ignore_patterns("runs"))
    table = folder / "data" / "media.csv"
    media = pd.read_csv(table, parse_dates=["week"])
    again = media.iloc[-52:-39].assign(week=lambda rows: rows["week"] + pd.Timedelta(weeks=52))
    pd.concat([media, again]).to_csv(table, index=False, date_format="%Y-%m-%d")
    values = {
        "refresh.period": "2026-Q2",
        "refresh.as_of": "2026-04-06",
        "data.root": str(folder / "data"),
    }
    words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
    made = mmm("refresh", folder / params.name, *words, *where)
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.splitlines()[-1]).name
