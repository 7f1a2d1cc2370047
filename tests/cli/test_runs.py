"""Commands that look at runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mmmlib.runs import Run, sha256_file
from tests.small import mmm


@pytest.mark.parametrize("name", ["../x", "nothing-2026-Q1-00000000", ".."])
def test_show_of_no_run(tmp_path: Path, name: str) -> None:
    answer = mmm("show", name, "--runs", tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("mmm: ")
    assert "Traceback" not in answer.stderr


def test_show_tells_steps_verdict_and_pack(small_run: Run) -> None:
    answer = mmm("show", "--runs", small_run.runs_dir)
    assert answer.returncode == 0, answer.stderr
    for word in (small_run.name, "model_fit", "release:", str(small_run.path / "pack")):
        assert word in answer.stdout


def test_show_passes_markup_through_as_text(small_run: Run, tmp_path: Path) -> None:
    shutil.copytree(small_run.path, tmp_path / small_run.name)
    run = Run(tmp_path / small_run.name)
    manifest = run.manifest
    manifest.steps[0].message = "[red]not a colour[/red]"
    run.write_manifest(manifest)
    assert "[red]not a colour[/red]" in mmm("show", "--runs", tmp_path).stdout


def test_show_tells_what_is_unlike_an_official_refresh(small_run: Run, tmp_path: Path) -> None:
    shutil.copytree(small_run.path, tmp_path / small_run.name)
    run = Run(tmp_path / small_run.name)
    shown = mmm("show", "--runs", tmp_path).stdout
    assert "compared with no other run" in shown
    assert run.manifest.parent_reason in shown
    assert "A trial" not in shown
    manifest = run.manifest
    manifest.trial, manifest.notebooks = ["model.trend_knots"], {"03_health": "1 cell added"}
    run.write_manifest(manifest)
    shown = mmm("show", "--runs", tmp_path).stdout
    assert "A trial: model.trend_knots set on the command line" in shown
    assert "notebook 03_health was changed: 1 cell added" in shown


def copied(run: Run, folder: Path) -> Run:
    shutil.copytree(run.path, folder / run.name)
    return Run(folder / run.name, exploring=True)


def files(run: Run) -> dict[str, str]:
    paths = [path for path in run.path.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(run.path)): sha256_file(path) for path in paths}


def test_render_makes_the_same_pack_again_and_touches_nothing_else(
    small_run: Run, tmp_path: Path
) -> None:
    run = copied(small_run, tmp_path)
    before = files(run)
    (run.path / "pack" / "index.html").unlink()
    (run.path / "pack" / "pack.pdf").write_text("not a pdf")
    answer = mmm("render", run.name, "--runs", tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == str(run.path / "pack" / "index.html")
    assert files(run) == before
    assert mmm("verify", run.name, "--runs", tmp_path).returncode == 0


def test_render_says_that_a_blocked_run_is_not_publishable(small_run: Run, tmp_path: Path) -> None:
    run = copied(small_run, tmp_path)
    run.write_manifest(run.manifest.model_copy(update={"verdict": "block"}))
    answer = mmm("render", run.name, "--runs", tmp_path)
    assert answer.returncode == 2
    assert "NOT PUBLISHABLE" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("status", "word"), [("failed", "the run is failed"), ("running", "the run is running")]
)
def test_render_of_an_unfinished_run_is_refused(
    small_run: Run, tmp_path: Path, status: str, word: str
) -> None:
    run = copied(small_run, tmp_path)
    run.write_manifest(run.manifest.model_copy(update={"status": status}))
    before = files(run)
    answer = mmm("render", run.name, "--runs", tmp_path)
    assert answer.returncode == 1
    assert word in answer.stderr
    assert files(run) == before


def test_render_makes_no_pack_of_what_was_altered(small_run: Run, tmp_path: Path) -> None:
    run = copied(small_run, tmp_path)
    path = run.path / "notebooks" / "reports" / "executive_summary.ipynb"
    path.write_text(path.read_text().replace("# Executive summary", "# A summary"))
    before = files(run)
    answer = mmm("render", run.name, "--runs", tmp_path)
    assert answer.returncode == 1
    assert (
        "notebooks/reports/executive_summary.ipynb is not as its refresh left it" in answer.stderr
    )
    assert files(run) == before


def test_show_tells_that_quarto_failed(small_run: Run, tmp_path: Path) -> None:
    run = copied(small_run, tmp_path)
    assert "index.html (by " in mmm("show", "--runs", tmp_path).stdout
    quarto = tmp_path / "bin" / "quarto"
    quarto.parent.mkdir()
    quarto.write_text("#!/bin/sh\necho 'no such filter' >&2\nexit 1\n")
    quarto.chmod(0o755)
    path = f"{quarto.parent}{os.pathsep}{os.environ['PATH']}"
    answer = mmm("render", run.name, "--runs", tmp_path, PATH=path)
    assert answer.returncode == 0, answer.stderr
    shown = mmm("show", run.name, "--runs", tmp_path).stdout
    assert "index.html (by pandoc)" in shown
    assert "Quarto could not make the" in shown
    assert "The pack is made by pandoc and Typst instead." in shown


def test_list_names_every_run(small_run: Run) -> None:
    answer = mmm("list", "--runs", small_run.runs_dir)
    assert answer.returncode == 0, answer.stderr
    assert small_run.name in answer.stdout
    assert "done" in answer.stdout


def test_verify_names_what_was_altered(small_run: Run, tmp_path: Path) -> None:
    answer = mmm("verify", "--runs", small_run.runs_dir)
    assert answer.returncode == 0
    assert "its manifest is sealed" in answer.stdout
    run = Run(Path(shutil.copytree(small_run.path, tmp_path / small_run.name)))
    run.artefact("scenarios.json").write_text("{}")
    (run.path / "notebooks" / "03_health.ipynb").unlink()
    answer = mmm("verify", "--runs", tmp_path)
    assert answer.returncode == 1
    assert "artefacts/scenarios.json: altered" in answer.stderr
    assert "notebooks/03_health.ipynb: missing" in answer.stderr
    assert "manifest.json" not in answer.stderr
    path = run.path / "manifest.json"
    path.write_text(path.read_text().replace('"period": "2026-Q1"', '"period": "2025-Q4"'))
    assert "manifest.json: altered" in mmm("verify", "--runs", tmp_path).stderr
