"""docs/data.md: what it tells a new team to write and to run works as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmmlib.cli.app import app
from mmmlib.params.load import read_params
from mmmlib.provenance import RELEASED
from mmmlib.runner.lifecycle import begin_run
from mmmlib.runner.tasks import ingest_data
from mmmlib.runs import Run

TEXT = (RELEASED / "docs" / "data.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("mmm ")
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("mmm ")
]


def run(command: str, code: int = 0) -> str:
    answer = CliRunner().invoke(app, command.split())
    assert answer.exit_code == code, f"{command}: {answer.output}\n{answer.exception!r}"
    return answer.output


def taken_in(file: str, *overrides: str) -> Run:
    """Make a run and take its data in, as `mmm refresh` begins."""
    params = read_params(Path(file), overrides)
    made, _ = begin_run(params, Path(file), Path("runs"), False)
    ingest_data(params, made)
    manifest = made.manifest
    manifest.status = "done"
    made.write_manifest(manifest)
    return made


def test_an_hour_with_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    params, taxonomy = (one for one in blocks if one.startswith(("workbook:", "version:")))
    (tmp_path / "params").mkdir()
    for name in ("policy.yaml", "roles.yaml"):
        shutil.copy(RELEASED / "params" / "governance" / name, tmp_path / "params" / name)
    (tmp_path / "params" / "practice.yaml").write_text(params)
    (tmp_path / "params" / "practice_taxonomy.yaml").write_text(taxonomy)
    look, simulate, check, draft, status, refresh, new, again = COMMANDS
    assert look.startswith("source ")  # of a file of the reader's own; tested where it is made
    run(simulate)
    for vintage in ("vintage_1", "vintage_2"):
        files = set(re.findall(r"^\| `(\w+\.\w+)` \|", TEXT, re.MULTILINE))
        assert files <= {path.name for path in (tmp_path / "practice" / vintage).iterdir()}
    told = run(check)
    assert "PILOT_podcast-ads_2026" in told
    # What the page says to do next: map it, look again.
    path = tmp_path / "params" / "practice_taxonomy.yaml"
    path.write_text(taxonomy + '  - {source: ads, glob: "PILOT_*", exclude: a pilot}\n')
    assert "without a rule" not in run(check)
    contract = run(draft)
    assert "Cost:" in contract
    owner = "      owner: Growth marketing\n"
    (tmp_path / "params" / "practice.yaml").write_text(params.replace(owner, owner + contract))
    run(check)
    assert "ads" in run(status)
    run(new)
    asked, override = again.removeprefix("refresh ").split(" --set ")
    assert refresh == "refresh params/practice.yaml"
    run(f"check {asked} --set {override}")
    # Both refreshes as far as the data goes; fitting is tested elsewhere.
    runs = [taken_in("params/practice.yaml"), taken_in(asked, override)]
    assert "`mmm data diff A B`" in TEXT
    told = run(f"data diff {runs[0].name} {runs[1].name} --runs runs --series bookings.*")
    assert "crm.bookings.sales_assisted" in told
    assert "restated" in told
    assert run(f"data diff {runs[0].name} {runs[0].name} --runs runs").startswith("No difference")
