"""The story that docs/operating.md tells: the commands of docs/two_quarters.sh on a small workbook."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from mmmlib.governance.verdict import GateResult
from mmmlib.runs import Run, open_run
from tests.small import ROOT, in_this_process, mmm

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "docs" / "two_quarters.sh"
RULE = SCRIPT.read_text().partition("<<'RULE'\n")[2].partition("RULE\n")[0]


class Answer(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(small_run: Run, small_workbook: Path, tmp_path: Path) -> Path:
    """A workbook of this test's own, with one finished refresh."""
    shutil.copytree(small_workbook.parent, tmp_path / "story")
    for name in (small_run.name, "vintages"):
        if (small_run.runs_dir / name).is_dir():
            # What another test explores in the run meanwhile is not its record.
            left = shutil.ignore_patterns("explore")
            kept = tmp_path / "story" / "runs" / name
            shutil.copytree(small_run.runs_dir / name, kept, ignore=left)
    return tmp_path / "story"


def test_the_story_of_two_quarters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    runs = Path("runs")
    (first,) = (path.name for path in runs.glob("small-*"))

    def typed(words: list[str]) -> Answer:
        made = in_this_process(words, {}, folder)
        return Answer(made.returncode, made.stdout, made.stderr)

    said: list[tuple[str, Answer]] = []
    for words, may_fail in commands_of(SCRIPT):
        newest = open_run("", runs)
        asked = {one.subject for one in newest.load_json("gates.json", GateResult).sign_offs}
        if words[0] == "sign" and words[1] not in asked:
            continue
        if words[0] == "refresh":
            if newest.name != first:
                break  # the month after; what it shows is asked of the second quarter below
            if "2026-Q3" not in " ".join(words):
                continue  # the fixture has made it
        made = next_quarter(folder) if words[0] == "refresh" else typed(words)
        assert may_fail or made.code == 0, (words, made)
        said.append((" ".join([open_run("", runs).name, *words]), made))
    second = open_run("", runs).name

    def answers(run: str, start: str) -> list[Answer]:
        return [one for line, one in said if line.startswith(f"{run} {start}")]

    def answer(run: str, start: str) -> str:
        (one,) = answers(run, start)
        return one.out

    # The first quarter is published with its signatures, and a plan of it is decided on.
    assert "Review of A small company" in answer(first, "preread")
    assert "  protect: Cut 20" in answer(first, "preread")
    pack = Path("published") / "small" / first
    release = json.loads((pack / "release.json").read_text())
    page = (pack / "index.html").read_text()
    assert release["release"] in page
    assert "Signed by" in page
    assert "DRAFT" not in page
    assert "Still to sign" not in page
    assert (pack / "pack.pdf").is_file()
    assert {one["kind"] for one in release["promises"]} == {"forecast", "plan"}
    assert answer(first, "decide").startswith("D1: Increase Search by 20")
    assert "Expected: " in answer(first, "decide")
    assert "Decision memo D1" in Path(answer(first, "document decision").split()[0]).read_text()
    assert "Follow-up of D1" in answer(first, "calendar")
    assert "Quarterly planning refresh 2026-Q2" in answer(first, "calendar")

    # The second finds the promises, is blocked, refused, waived, signed and published.
    shown = (runs / second / "pack" / "index.html").read_text()
    assert "Kept promises." in shown
    assert "of 13" in shown
    assert "Due for follow-up." not in shown  # nothing is judged before its time
    assert "NOT APPROVED" in shown
    assert "NOT APPROVED" in typed(["show", second]).out
    assert len(list((runs / second / "pack").iterdir())) == 10
    (blocked,) = answers(second, "refresh")
    assert "scenarios.recommendation" in blocked.err
    assert "D1: " in answer(second, "preread")
    refused, published = answers(second, "publish")
    assert "What blocks: scenarios.recommendation workbook. " in refused.err
    assert published.code == 0
    waived = (Path("published/small") / second / "index.html").read_text()
    assert "LIMITED AUDIENCE" in waived
    assert "Waived until" in waived
    assert "finding blocks" not in waived
    latest = json.loads(Path("published/small/latest.json").read_text())
    assert latest["run"] == second
    assert "D1" in answer(second, "decisions")

    # What came is recorded, looked back at, and counted.
    came = typed(["outcome", "D1", "1000", "--executed", "1"])
    assert came.code == 0, came
    looked = typed(["document", "retrospective", "D1"])
    assert "Did it land inside the range?" in Path(looked.out.split()[0]).read_text(), looked
    Path("views.csv").write_text(f"time,consumer,run\n2026-02-01,Finance,{first}\n")
    used = typed(["adoption", "--views", "views.csv", "--to", "documents"])
    assert "0 of 1" in used.out, used
    assert "x Started: published refreshes: 2 (needed: 1)" in used.out
    assert "Awaiting sign-off" not in Path("documents/small/adoption.html").read_text()
    assert Path("documents/small/adoption.pdf").is_file()
    assert "held against 2 published packs" in typed(["store", "verify"]).out
    for path in runs.glob("store.sqlite*"):
        path.unlink()
    cut = typed(["store", "verify"])
    assert cut.code == 1
    assert "cut or rebuilt" in cut.err


def commands_of(script: Path) -> list[tuple[list[str], bool]]:
    """Read the commands of the script, each with whether it may fail.

    What another workbook has in place of the demo's stands for the variables.
    """
    text = script.read_text()
    for name, value in {
        "$PARAMS": "small.yaml",
        "$SECOND": "2026-Q3",
        "$UNTIL": str(dt.date.today() + dt.timedelta(days=30)),
    }.items():
        text = text.replace(name, value)
    lines = [
        (shlex.split(line.partition(" || ")[0], comments=True), "||" in line)
        for line in text.splitlines()
        if line.startswith("mmm ")
    ]
    return [(words[1:], may_fail) for words, may_fail in lines if words[1] != "init"]


def next_quarter(folder: Path) -> Answer:
    """Refresh on 13 weeks more, those of a year ago again, with one week restated."""
    with (folder / "governance" / "policy.yaml").open("a") as stream:
        stream.write(RULE)
    table = folder / "data" / "media.csv"
    media = pd.read_csv(table, parse_dates=["week"])
    again = media.iloc[-52:-39].assign(week=lambda rows: rows["week"] + pd.Timedelta(weeks=52))
    media.loc[media.index[-3], "revenue"] *= 1.001
    pd.concat([media, again]).to_csv(table, index=False, date_format="%Y-%m-%d")
    values = {
        "refresh.period": "2026-Q2",
        "refresh.as_of": "2026-04-06",
        "data.root": str(folder / "data"),
    }
    words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
    made = mmm("refresh", folder / "small.yaml", *words, "--runs", folder / "runs")
    assert made.returncode == 2, made.stderr  # a gate blocks
    return Answer(0, made.stdout, made.stderr)
