"""Small inputs that went wrong with early users, where they are beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.data.ingest import check_data
from mmmlib.errors import InputError
from mmmlib.params.load import read_params
from mmmlib.runner.lifecycle import taxonomy_beside

CASES = Path(__file__).parents[2].parent / "shared" / "cases"
SAID = {
    "f05": "separator: semicolon, decimal: comma",
    "f06": "'thousands: point' if it stands between thousands",
    "f07": "header_row: 3",
    "f08": "signs: ['€']",
    "f09": "thousands: space",
    "f10": "",
    "f12": "leave_out: ['Total']",
    "f13": "",
    "f14": "thousands: comma",
    "f15": "header_row: 3",
    "f16": "sheet: Data",
    "f17": "grain: month",
    "f20": "missing: ['--']",
    "f24": "signs: ['%'], and to its contract: columns: {Rabatt: {type: number, unit: percent}}",
    "f28": "declare credit_notes",
    "f30": "outcomes.revenue.ends: 2025-12-28",
    "f31": "repeated: [Erlös]",
}
"""What the refusal of each says to declare; empty for one that is read as it is."""


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
@pytest.mark.parametrize("name", SAID)
def test_a_refusal_says_at_once_what_to_declare(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = CASES.glob(f"{name}_*")
    monkeypatch.chdir(folder)
    params = read_params(folder / "p.yaml")
    taxonomy = taxonomy_beside(params, folder / "p.yaml")
    if not SAID[name]:
        check_data(params, runs_dir=tmp_path, taxonomy=taxonomy)
        return
    with pytest.raises(InputError) as caught:
        check_data(params, runs_dir=tmp_path, taxonomy=taxonomy)
    problems = caught.value.problems
    assert len(problems) <= 4
    assert any(SAID[name] in problem.action for problem in problems)
