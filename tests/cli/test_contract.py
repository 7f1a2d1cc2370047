"""A proposed contract can be pasted into the parameters as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.cli import contract
from mmmlib.errors import InputError
from tests.small import mmm, write_workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return write_workbook(tmp_path / "w")


def paste(file: Path, behind: str, text: str) -> None:
    """Put a text behind the only line that begins with some words."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    (place,) = [number for number, line in enumerate(lines) if line.strip().startswith(behind)]
    lines[place + 1 : place + 1] = [text]
    file.write_text("".join(lines), encoding="utf-8")


def test_a_draft_for_a_source_goes_among_its_keys(workbook: Path) -> None:
    answer = mmm("contract", "draft", "media", "--params", workbook)
    assert answer.returncode == 0, answer.stderr
    before = mmm("check", workbook).stdout
    assert "keep the contract" not in before
    paste(workbook, "path:", answer.stdout)
    checked = mmm("check", workbook)
    assert checked.returncode == 0, checked.stderr
    assert " flagged" in checked.stdout
    more = mmm("contract", "draft", "media", "--params", workbook).stdout
    assert "# It takes the place of the contract that is there." in more


def test_a_draft_of_a_file_is_a_whole_source(workbook: Path) -> None:
    data = workbook.parent / "data"
    answer = mmm("contract", "draft", data / "media.csv")
    assert answer.returncode == 0, answer.stderr
    text = workbook.read_text(encoding="utf-8")
    start = text.index("    media:\n")
    end = text.index("channels:\n")
    workbook.write_text(text[:start] + answer.stdout + text[end:], encoding="utf-8")
    assert "date: week" in answer.stdout
    checked = mmm("check", workbook)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("file", "path", "folder"),
    [
        ("data/media.csv", "media.csv", "data"),  # where a refresh looks for it
        ("./data/in/*.csv", "in/*.csv", "data"),
        ("media.csv", "media.csv", "."),
        ("data", "data", "."),
    ],
)
def test_a_file_is_named_as_its_source_names_it(
    file: str, path: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert contract._place_of(file) == (path, tmp_path / folder)


@pytest.mark.parametrize("file", ["", "../media.csv"])
def test_a_file_elsewhere_is_refused(file: str) -> None:
    with pytest.raises(InputError, match="below this folder"):
        contract._place_of(file)


def test_a_contract_that_was_pasted_is_held(workbook: Path) -> None:
    """The paste is read as a contract: what breaks it afterwards is told."""
    paste(workbook, "path:", mmm("contract", "draft", "media", "--params", workbook).stdout)
    data = workbook.parent / "data" / "media.csv"
    data.write_text(data.read_text().replace("price", "preis", 1))
    checked = mmm("check", workbook)
    assert checked.returncode == 1
    assert "price" in checked.stderr
