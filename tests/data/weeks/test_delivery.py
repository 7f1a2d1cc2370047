"""What goes wrong with deliveries, as `mmm check` tells it; earlier runs stay as they are."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from mmmlib.cli.app import app
from mmmlib.data.ingest import ingest
from mmmlib.errors import InputError
from tests.data.conftest import small_params, weekly
from tests.data.history.test_rows import new_run, params_for
from tests.data.reading import daily
from tests.small import write_workbook

CONTRACT = {
    "columns": {
        "date": {"type": "date"},
        "campaign": {"type": "text"},
        "spend": {"type": "number", "unit": "currency", "min": 0},
        "clicks": {"type": "integer"},
        "currency": {"type": "text", "one_of": ["USD"], "required": False},
    },
    "closed": True,
    "unique": ["date", "campaign"],
    "volume": {"rows_per_week": 14, "tolerance": 0.2},
}
Spoil = Callable[[str], str | bytes]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose ads are delivered day by day under a contract."""
    file = write_workbook(tmp_path_factory.mktemp("deliveries") / "w")
    yaml = YAML()
    content = yaml.load(file.read_text())
    content["data"]["sources"]["ads"] = {
        "path": "ads.csv",
        "layout": "ad_platform",
        "grain": "day",
        "owner": "Growth",
        "contract": CONTRACT,
    }
    with file.open("w") as stream:
        yaml.dump(content, stream)
    return file


def check(workbook: Path) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["check", str(workbook)])
    return answer.exit_code, f"{answer.output}\n{answer.exception}"


def _cell(text: str, row: int, column: int, value: str) -> str:
    lines = text.splitlines()
    cells = lines[row - 1].split(",")
    cells[column] = value
    lines[row - 1] = ",".join(cells)
    return "\n".join(lines) + "\n"


def _without_last_days(text: str) -> str:
    """Half of the last week's rows did not arrive."""
    frame = daily(728, "2024-01-01")
    last = frame["date"] >= "2025-12-22"
    return str(frame[~last | (frame["campaign"] == "brand")].to_csv(index=False))


DELIVERIES: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "truncated": (lambda t: t[: len(t) // 2 - 3], ("cells", "4 cells, as in the header")),
    "not UTF-8": (
        lambda t: t.replace("search", "suche\u00e9", 1).encode("latin-1"),
        ("letters of cp1252", "encoding: cp1252"),
    ),
    "decimal comma": (lambda t: _cell(t, 5, 2, '"10,5"'), ("row 5", "'10,5'", "decimal point")),
    "thousands": (lambda t: _cell(t, 5, 2, '"1,010.5"'), ("row 5", "thousands separators")),
    "two formats": (lambda t: _cell(t, 5, 0, "04.01.2024"), ("row 5", "'04.01.2024'")),
    "twice": (lambda t: t + t.split("\n", 1)[1], ("every key once", "may have come twice")),
    "partial": (_without_last_days, ("the week of 2025-12-22: 7 rows", "partial upload")),
    "currency": (
        lambda t: "\n".join(
            line + (",currency" if n == 0 else ",EUR" if n > 1000 else ",USD")
            for n, line in enumerate(t.splitlines())
        ),
        ("currency: expected one of USD", "row 1002", "'EUR'", "451 more"),
    ),
    "a column lost": (
        lambda t: "\n".join(line.rsplit(",", 1)[0] for line in t.splitlines()),
        ("column clicks", "no such column"),
    ),
    "a column more": (
        lambda t: "\n".join(
            f"{line},{'x' if n else 'agency'}" for n, line in enumerate(t.splitlines())
        ),
        ("agency", "a new column"),
    ),
    "semicolons": (lambda t: t.replace(",", ";"), ("columns separated by ';'",)),
    "empty": (lambda t: "", ("an empty file",)),
}
BLOCKING = {"twice", "partial", "currency", "a column more"}
"""Values can be read: the policy decides, and blocks (2). All else is an error (1)."""


@pytest.mark.parametrize("kind", DELIVERIES)
def test_every_bad_delivery_is_told_with_source_and_owner(workbook: Path, kind: str) -> None:
    good = str(daily(728, "2024-01-01").to_csv(index=False))
    spoil, expected = DELIVERIES[kind]
    content = spoil(good)
    path = workbook.parent / "data" / "ads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, told = check(workbook)
    assert code != 0, told
    if kind in BLOCKING:
        assert "the data would block: data.contract (ads)" in told
    assert ("the data would block" in told) == (kind in BLOCKING)
    for words in ("ads", "Growth", *expected):
        assert words in told, told


def test_column_order_does_not_matter(workbook: Path) -> None:
    frame = daily(728, "2024-01-01")
    path = workbook.parent / "data" / "ads.csv"
    frame[frame.columns[::-1]].to_csv(path, index=False)
    code, told = check(workbook)
    assert "ads" not in told.replace("ads.csv", ""), told
    assert code in (0, 2)


def test_rows_are_counted_as_in_the_file(tmp_path: Path) -> None:
    """DuckDB leaves out blank lines; a person who opens the file sees them."""
    weekly(8).to_csv(tmp_path / "media.csv", index=False)
    lines = daily(56).to_csv(index=False).splitlines()
    lines[30] = lines[30].replace("10.5", "much")
    lines[20:20] = ["", ""]
    (tmp_path / "ads.csv").write_text("\n".join(lines) + "\n")
    assert "much" in lines[32]
    with pytest.raises(InputError, match=r"row 33, column spend.*'much'"):
        ingest(params_for(), new_run(tmp_path), tmp_path)


def test_the_last_good_vintage_is_untouched(tmp_path: Path) -> None:
    first = new_run(tmp_path)
    weekly(8).to_csv(tmp_path / "media.csv", index=False)
    rows = daily(56)
    rows.to_csv(tmp_path / "ads.csv", index=False)
    ingest(params_for(), first, tmp_path)

    def state() -> dict[str, bytes]:
        files = [p for p in (tmp_path / "runs").rglob("*") if p.is_file()]
        return {str(p): p.read_bytes() for p in files}

    before = state()
    good = str(rows.to_csv(index=False))
    for number, (kind, (spoil, _)) in enumerate(DELIVERIES.items()):
        if kind in BLOCKING or kind == "a column lost":
            continue
        content = spoil(good)
        path = tmp_path / "ads.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        run = new_run(tmp_path, f"fake-2026-Q3-{number}")
        manifest = {str(run.path / "manifest.json")}
        with pytest.raises(InputError):
            ingest(params_for(), run, tmp_path)
        after = state()
        assert set(after) - manifest == set(before), kind
        assert all(after[name] == content for name, content in before.items()), kind
        before = after


# --- Excel -------------------------------------------------------------------------------


def _book(frame: pd.DataFrame, path: Path, formula: str) -> None:
    frame.to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    book.active.cell(4, 2).value = formula
    book.save(path)


def excel_params(name: str) -> Any:
    return small_params(data={"sources": {"media": {"path": name}}})


def test_a_formula_that_nobody_calculated_is_named(tmp_path: Path) -> None:
    _book(weekly(), tmp_path / "media.xlsx", "=SUM(C4:D4)")
    with pytest.raises(InputError, match=r"row 4, cell B4.*'=SUM\(C4:D4\)' without a saved value"):
        ingest(excel_params("media.xlsx"), new_run(tmp_path), tmp_path)


def test_formulas_are_the_values_that_were_saved_and_macros_are_left_alone(tmp_path: Path) -> None:
    _book(weekly(), tmp_path / "plain.xlsx", "=1000+2")
    target = tmp_path / "media.xlsm"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/"):  # as Excel saves it: with the value
                content, count = re.subn(
                    rb"<f>1000\+2</f><v ?/?>(</v>)?", b"<f>1000+2</f><v>1002</v>", content
                )
                assert count == 1
            new.writestr(name, content)
        new.writestr("xl/vbaProject.bin", b"not a program that anyone could run")
    panel = ingest(excel_params("media.xlsm"), new_run(tmp_path), tmp_path)
    assert panel.frame["outcome:revenue.pooled"].tolist()[2] == 1002.0
