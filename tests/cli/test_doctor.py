"""What the workbook finds on a machine is what is there, and not what should be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mmmlib.cli import doctor
from mmmlib.model.kernel import compiled
from tests.small import mmm


def quarto(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a program of this name, and no other, on the path."""
    place = folder / "quarto"
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return place


def test_a_quarto_tells_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = quarto(tmp_path, monkeypatch, "echo 1.6.40")
    assert doctor._renderer().startswith(f"renderer: Quarto 1.6.40 at {place}; where it fails")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'libdeno is missing' >&2; exit 3", "libdeno is missing"),
        ("exit 3", "it ends with 3 and says nothing"),
        ("echo hello", "hello"),
    ],
)
def test_a_quarto_that_does_not_work_is_no_renderer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    place = quarto(tmp_path, monkeypatch, script)
    told = doctor._renderer()
    assert told.startswith("renderer: pandoc (pypandoc-binary ")
    assert told.endswith(f"the Quarto at {place} does not work: {why}")


def test_without_quarto_the_other_renderer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor._renderer().endswith("; Quarto is not on PATH")


def test_compiled_code_is_that_of_these_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.machine_code("integrated")
    there = doctor._compiled()
    assert there.startswith("compiled log density: integrated")
    assert str(compiled.cache_folder()) in there
    # After an upgrade the files are there, and are of other sources: the first fit compiles again.
    monkeypatch.setattr(compiled, "DENSITIES", compiled._by_pointers(12345))
    assert doctor._compiled() == (
        "compiled log density: integrated, sampled not yet, the first fit compiles it (10 to 60 s)"
    )


def test_the_command_says_all_of_it(tmp_path: Path) -> None:
    answer = mmm("doctor", MMM_RUNS=str(tmp_path))
    assert answer.returncode == 0, answer.stderr
    first_words = [line.partition(":")[0] for line in answer.stdout.splitlines()]
    assert first_words == [
        "workbook",
        "Python",
        "packages",
        "fits",
        "renderer",
        "compiled log density",
        "runs",
    ]
    assert f"runs: 0 in {tmp_path}" in answer.stdout
    assert sys.executable in answer.stdout
