"""The step that brings data into a run."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mmmlib.data.history.vintages import vintage_of
from mmmlib.data.ingest import check_data, hash_inputs, ingest
from mmmlib.data.panel.panel import panel_of, write_panel
from mmmlib.errors import InputError, RunError
from mmmlib.findings import FindingList
from mmmlib.runs import Manifest, Run, write_atomic
from tests.data.conftest import small_params, weekly
from tests.fakes import fake_panel

Write = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = tmp_path / "runs" / "fake-2026-Q2-abc"
    manifest = Manifest(
        run=path.name, workbook="fake", period="2026-Q2", created=dt.datetime.now(dt.UTC)
    )
    write_atomic(path / "manifest.json", manifest.sealed())
    return Run(path)


def files(run: Run) -> set[str]:
    return {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}


def test_ingest_keeps_what_was_seen(run: Run, write: Write) -> None:
    folder = write(weekly())
    panel = ingest(small_params(), run, folder)
    assert {re.sub(r"0000-.*", "part", name) for name in files(run)} == {
        "manifest.json",
        "inputs/media.parquet/_index.json",
        "inputs/media.parquet/part",
        "artefacts/panel.parquet/_index.json",
        "artefacts/panel.parquet/part",
        "artefacts/data.json",
    }
    kept = vintage_of(run, "media").text
    raw = pd.read_csv(folder / "media.csv", dtype=str)
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), raw, check_dtype=False)
    assert list(kept.index[:2]) == [2, 3]
    pd.testing.assert_frame_equal(panel_of(run).frame, panel.frame)
    assert run.load_json("data.json", FindingList).findings


def test_the_same_data_gives_the_same_bytes(run: Run, write: Write) -> None:
    folder = write(weekly())
    ingest(small_params(), run, folder)
    before = {name: (run.path / name).read_bytes() for name in files(run)}
    ingest(small_params(), run, folder)
    assert before == {name: (run.path / name).read_bytes() for name in files(run)}


def test_bad_data_leaves_the_run_as_it_was(run: Run, write: Write) -> None:
    folder = write(weekly().assign(tv_spend=-1))
    with pytest.raises(InputError):
        ingest(small_params(), run, folder)
    assert files(run) == {"manifest.json"}


def test_a_finished_run_takes_nothing_in(run: Run, write: Write) -> None:
    folder = write(weekly())
    with pytest.raises(RunError, match="finished"):
        ingest(small_params(), Run(run.path, exploring=True), folder)


def test_check_data_writes_nothing(write: Write) -> None:
    folder = write(weekly())
    assert check_data(small_params(), folder)[1]
    assert [path.name for path in folder.iterdir()] == ["media.csv"]


def test_hash_inputs_is_that_of_the_file(write: Write) -> None:
    folder = write(weekly())
    content = (folder / "media.csv").read_bytes()
    assert hash_inputs(small_params(), folder) == {"media": hashlib.sha256(content).hexdigest()}
    (folder / "media.csv").unlink()
    assert hash_inputs(small_params(), folder) == {"media": ""}


# --- the panel on disk --------------------------------------------------------------------


def test_a_panel_survives_the_disk(run: Run) -> None:
    panel = fake_panel(regions=("<b>north</b>", "jih; 'x'"))
    write_panel(run, panel)
    again = panel_of(run)
    pd.testing.assert_frame_equal(again.frame, panel.frame, check_dtype=False)
    assert (again.currency, again.units) == (panel.currency, panel.units)
    assert again.weeks.equals(panel.weeks)


def test_no_panel_yet(run: Run) -> None:
    with pytest.raises(RunError, match=r"panel\.parquet is not there"):
        panel_of(run)


def test_a_file_that_is_no_panel(run: Run) -> None:
    run.save_frame("panel.parquet", weekly())
    with pytest.raises(RunError, match="not a panel"):
        panel_of(run)
