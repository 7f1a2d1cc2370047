"""Old names of keys, and values that no file may hold."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

from mmmlib.errors import InputError
from mmmlib.params.load import params_of, read_params, write_params
from mmmlib.runs import Run

GOOD = Path(__file__).parent / "good.yaml"
MEDIA = "    media: {path: media.csv}\n"
OLD = "    media:\n      path: media.csv\n      contract:\n        same_rows: true\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_older_names_of_keys_are_read_and_the_new_name_is_said(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8").replace(MEDIA, OLD + "  settle: {weeks: 2}\n")
    with pytest.warns(FutureWarning) as seen:
        params = read_params(written(tmp_path, text))
    assert params.data.settling.weeks == 2
    contract = params.data.sources["media"].contract
    assert contract is not None
    assert contract.allow_duplicate_rows
    assert [str(one.message).partition(": ")[2] for one in seen] == [
        (
            "line 22, column 9: the key data.sources.media.contract.same_rows is called "
            "'allow_duplicate_rows' today; the older name is still read."
        ),
        (
            "line 23, column 3: the key data.settle is called 'settling' today; the older name is "
            "still read."
        ),
    ]


def test_problems_under_an_older_name_have_their_place(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8").replace(MEDIA, MEDIA + "  settle: {weks: 2}\n")
    with pytest.raises(InputError) as raised:
        read_params(written(tmp_path, text))
    assert [str(problem) for problem in raised.value.problems] == [
        (
            "line 20, column 12, key data.settle.weks: found unknown key 'weks'; expected a key that "
            "belongs here. Did you mean 'weeks'?"
        )
    ]


def test_the_old_and_the_new_name_together_are_refused(tmp_path: Path) -> None:
    both = MEDIA + "  settle: {weeks: 2}\n  settling: {weeks: 3}\n"
    text = GOOD.read_text(encoding="utf-8").replace(MEDIA, both)
    with pytest.raises(InputError, match=r"key data\.settle: found unknown key 'settle'"):
        read_params(written(tmp_path, text))


def test_runs_with_older_names_are_read_in_silence(tmp_path: Path) -> None:
    params = read_params(GOOD, ["data.settling.weeks=3"])
    write_params(tmp_path, params, "")
    kept = (tmp_path / "params.json").read_text(encoding="utf-8")
    (tmp_path / "params.json").write_text(kept.replace('"settling"', '"settle"'))
    assert '"settle"' in (tmp_path / "params.json").read_text(encoding="utf-8")
    (tmp_path / "manifest.json").write_text(
        '{"run": "good", "workbook": "good", "period": "2026-Q4",'
        ' "created": "2026-07-01T00:00:00Z"}'
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert params_of(Run(tmp_path)) == params


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1" * 5000, "a number of 5000 digits"),
        ("0x" + "f" * 5000, "a number of 5002 digits"),
        ("1" * 350, "1" * 350),
        ("1e999", "inf"),
        ('"\\ud83d"', "half of a character (a lone surrogate)"),
        ("[" * 3000 + "]" * 3000, "hundreds of levels of nesting"),
    ],
    ids=["digits", "hexadecimal", "large", "infinite", "surrogate", "deep"],
)
@pytest.mark.parametrize("key", ["draws", "unknown"])
def test_values_that_no_file_may_hold(tmp_path: Path, key: str, value: str, found: str) -> None:
    text = GOOD.read_text(encoding="utf-8").replace("  draws: 1e3", f"  {key}: {value}")
    with pytest.raises(InputError) as raised:
        read_params(written(tmp_path, text))
    (problem,) = raised.value.problems
    if key == "draws" or "of" in found:
        assert problem.found == found


def test_deep_nesting_is_refused_however_deep_python_may_go(tmp_path: Path) -> None:
    deep = "[" * 1500 + "]" * 1500
    text = GOOD.read_text(encoding="utf-8").replace("  draws: 1e3", f"  draws: {deep}")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # as hypothesis does
    try:
        with pytest.raises(InputError, match="hundreds of levels of nesting"):
            read_params(written(tmp_path, text))
    finally:
        sys.setrecursionlimit(before)


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(InputError, match="aliases written out"):
        read_params(written(tmp_path, "\n".join(rows)))
