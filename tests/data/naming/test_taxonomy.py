"""The taxonomy's file and its rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmlib.data.naming.taxonomy import MappingRule, read_taxonomy
from mmmlib.errors import InputError


def write(folder: Path, rules: str, head: str = 'version: "1"\nvalid_from: 2024-01-01\n') -> Path:
    path = folder / "taxonomy.yaml"
    path.write_text(f"{head}rules:\n{rules}")
    return path


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("  - {exact: a, glob: b, channel: tv}\n", "exactly one of exact, glob, regex"),
        ("  - {exact: a}\n", "what the names are"),
        ("  - {exact: a, channel: tv, exclude: no}\n", "what the names are"),
        ("  - {regex: '(', channel: tv}\n", "regular expression"),
        ("  - {regex: '(?P<x>a)', channel: tv}\n", "groups named"),
        ("  - {regex: '(?P<channel>a)', channel: tv}\n", "channel once"),
        ("  - {exact: a, channel: unmapped}\n", "not called 'unmapped'"),
        ("  - {exact: a, chanel: tv}\n", "channel"),
        ("  - {exact: a, channel: tv}\n  - {exact: a, channel: radio}\n", "first in rule 1"),
        (
            "  - {exact: a, channel: tv, valid_from: 2024-02-01, valid_until: 2024-01-01}\n",
            "valid_from not after",
        ),
    ],
)
def test_a_broken_rule_is_told_with_its_line(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_taxonomy(write(tmp_path, rule))
    assert said in str(error.value)
    assert "line" in str(error.value)


def test_notes_do_not_change_what_a_taxonomy_does(tmp_path: Path) -> None:
    one = read_taxonomy(write(tmp_path, "  - {exact: a, channel: tv, note: x}\n"))
    two = read_taxonomy(write(tmp_path, "  - {exact: a, channel: tv}\n"))
    other = read_taxonomy(write(tmp_path, "  - {exact: a, channel: radio}\n"))
    assert one.digest == two.digest
    assert one.digest != other.digest


@given(st.text(alphabet="ab.*[]^$\\", min_size=1, max_size=6))
def test_an_exact_rule_matches_its_name_only(text: str) -> None:
    rule = MappingRule(exact=text, channel="tv")
    assert rule.read(text) == ("tv", "", "")
    assert rule.read(text + "x") is None
    assert rule.read("x" + text) is None
    assert rule.read(text + "\n") is None
