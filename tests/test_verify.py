"""A run shows what was altered in it, its manifest too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmmlib.manifest import StepRecord
from mmmlib.runner.lifecycle import new_run
from mmmlib.runs import Run, sha256_file
from mmmlib.verify import altered_files, hash_beside, is_sealed


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with an artefact and parameters, both recorded."""
    run = new_run(tmp_path, "demo", "2026-Q1", params="p", seed=1)
    artefact = run.target("scenarios.json")
    artefact.write_text("{}")
    (run.path / "params.json").write_text("{} ")
    outputs = {"artefacts/scenarios.json": sha256_file(artefact)}
    record = StepRecord(name="scenarios", status="done", outputs=outputs)
    update = {"steps": [record], "files": hash_beside(run), "status": "done", "verdict": "warn"}
    run.write_manifest(run.manifest.model_copy(update=update))
    return run


def unseal(run: Run) -> None:
    """Write the manifest as it was before there were seals."""
    content = json.loads((run.path / "manifest.json").read_text())
    del content["seal"], content["files"]
    (run.path / "manifest.json").write_text(json.dumps(content | {"version": 1}))


def test_a_run_is_as_its_refresh_left_it(run: Run) -> None:
    assert altered_files(run) == {}
    assert is_sealed(run)


@pytest.mark.parametrize("name", ["artefacts/scenarios.json", "params.json"])
def test_an_altered_or_missing_file_is_named(run: Run, name: str) -> None:
    (run.path / name).write_text("[]")
    assert altered_files(run) == {name: "altered"}
    (run.path / name).unlink()
    assert altered_files(run) == {name: "missing"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"verdict": "warn"', '"verdict": "info"'),
        ('"seed": 1', '"seed": 2'),
        ('"seal": "', '"seal": "0'),
    ],
)
def test_an_altered_manifest_is_named(run: Run, old: str, new: str) -> None:
    path = run.path / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert altered_files(run) == {"manifest.json": "altered"}


def test_a_manifest_whose_seal_was_taken_away_is_altered(run: Run) -> None:
    path = run.path / "manifest.json"
    content = json.loads(path.read_text())
    del content["seal"]
    path.write_text(json.dumps(content))
    assert altered_files(run) == {"manifest.json": "altered"}


def test_a_hash_that_was_made_to_fit_shows_in_the_manifest(run: Run) -> None:
    artefact = run.artefact("scenarios.json")
    before = sha256_file(artefact)
    artefact.write_text("[]")
    path = run.path / "manifest.json"
    path.write_text(path.read_text().replace(before, sha256_file(artefact)))
    assert altered_files(run) == {"manifest.json": "altered"}


def test_a_run_from_before_seals_is_not_altered_but_not_sealed(run: Run) -> None:
    unseal(run)
    assert altered_files(run) == {}
    assert not is_sealed(run)


def test_only_what_is_asked_for_is_looked_at(run: Run) -> None:
    run.artefact("scenarios.json").write_text("[]")
    (run.path / "unrecorded").touch()
    assert altered_files(run, ["params.json", "unrecorded"]) == {}
    assert altered_files(run, ["artefacts/scenarios.json"]) == {
        "artefacts/scenarios.json": "altered"
    }
    assert altered_files(run, ["gone"]) == {"gone": "missing"}


def test_an_alphabet_of_ones_own_does_not_break_the_seal(run: Run) -> None:
    update = {"parent_reason": "Märkte – größer als «je»"}
    run.write_manifest(run.manifest.model_copy(update=update))
    assert altered_files(run) == {}
