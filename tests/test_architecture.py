"""The page on the architecture names what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT)
FILES = sorted({word for word in CODE if re.fullmatch(r"[\w.-]+(/[\w.-]*)+", word)})
NAMES = re.findall(r"`(\w+)`(?: and `(\w+)`)? in `([\w/.]+)`", TEXT)


def test_the_page_names_files_and_names() -> None:
    assert len(FILES) > 40
    assert len(NAMES) > 3
    assert len(TEXT.splitlines()) < 100, "it is one page"


@pytest.mark.parametrize("name", FILES)
def test_files_exist(name: str) -> None:
    assert (ROOT / name).is_dir() if name.endswith("/") else (ROOT / name).is_file()


@pytest.mark.parametrize(("first", "second", "file"), NAMES)
def test_names_are_in_their_files(first: str, second: str, file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    for name in filter(None, (first, second)):
        assert re.search(rf"^(def |class )?{name}\b", text, re.MULTILINE)


def test_the_line_of_folders_is_that_of_the_imports() -> None:
    from tests.test_imports import GROUND, LINE

    (line,) = re.findall(r"^params → .*$", TEXT, re.MULTILINE)
    there = [name for name in LINE if name not in GROUND and (ROOT / "mmmlib" / name).is_dir()]
    assert line.split(" → ") == there
