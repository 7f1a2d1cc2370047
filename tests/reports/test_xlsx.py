import zipfile
from pathlib import Path

import openpyxl
import pytest

from mmmlib.reports.results import Results
from mmmlib.reports.xlsx import safe_text, write_tables
from mmmlib.runs import Run
from tests.fake_run import FORMULA_NAME, make_fake_pair, make_fake_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_fake_pair(tmp_path_factory.mktemp("runs"), nasty_names=True)[1]


@pytest.fixture(scope="module")
def results(run: Run) -> Results:
    from mmmlib.params.load import params_of

    return Results(run, params_of(run))


@pytest.fixture(scope="module")
def book(results: Results, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    path = tmp_path_factory.mktemp("tables") / "tables.xlsx"
    return openpyxl.load_workbook(write_tables(results, path))


def heads(book: openpyxl.Workbook, name: str) -> list[str]:
    return [cell.value for cell in book[name][1]]


def test_every_part_of_the_run_has_its_sheet(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        "About",
        "Contribution and ROI",
        "Lift tests",
        "Scenarios",
        "Other outcomes",
        "Plan lines",
        "Key questions",
        "Movements",
        "Data changes",
        "Restated values",
        "Lift test changes",
        "Configuration changes",
        "Findings",
    ]


def test_no_cell_is_a_formula(book: openpyxl.Workbook) -> None:
    texts = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                if isinstance(cell.value, str):
                    texts.append(cell.value)
    assert f"'{FORMULA_NAME}" in texts
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_is_escaped(text: str) -> None:
    assert safe_text(text) == f"'{text}"


def test_other_texts_stay_as_they_are() -> None:
    assert safe_text("a=b") == "a=b"
    assert safe_text("") == ""


def test_every_estimate_has_its_range_and_unit(book: openpyxl.Workbook, results: Results) -> None:
    names = heads(book, "Contribution and ROI")
    for quantity in ("Contribution", "Share of outcome", "Return"):
        places = [names.index(f"{quantity}: {end}") for end in ("low", "median", "high")]
        for row in book["Contribution and ROI"].iter_rows(min_row=2, values_only=True):
            low, median, high = (row[place] for place in places)
            assert low <= median <= high
    assert "Spend (USD)" in names
    units = {row[names.index("Contribution: unit")] for row in rows(book)}
    assert units == {"USD", "signups"}


def rows(book: openpyxl.Workbook) -> list[tuple[object, ...]]:
    return list(book["Contribution and ROI"].iter_rows(min_row=2, values_only=True))


def test_there_is_a_row_per_model_and_channel(book: openpyxl.Workbook, results: Results) -> None:
    params = results.params
    assert len(rows(book)) == len(params.model_names) * len(params.channels)


def test_scenarios_keep_their_downside_and_label(book: openpyxl.Workbook, results: Results) -> None:
    names = heads(book, "Scenarios")
    pack = results.scenarios
    assert pack is not None
    for row, scenario in zip(
        book["Scenarios"].iter_rows(min_row=2, values_only=True),
        pack.scenarios,
        strict=True,
    ):
        bad = None if scenario.kind == "baseline" else pytest.approx(scenario.downside, rel=0.03)
        assert row[names.index("Bad case (USD)")] == bad
        assert row[names.index("Label")] == scenario.label


def test_the_header_is_frozen(book: openpyxl.Workbook) -> None:
    for sheet in book:
        assert sheet.freeze_panes in ("A2", "C2")
        assert sheet["A1"].font.bold


def test_a_run_that_is_not_ready_has_what_there_is(tmp_path: Path) -> None:
    from mmmlib.params.load import params_of

    run = make_fake_run(tmp_path, not_ready=True)
    path = write_tables(Results(run, params_of(run)), tmp_path / "tables.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["About", "Findings"]


def test_the_same_run_gives_the_same_bytes(results: Results, tmp_path: Path) -> None:
    first = write_tables(results, tmp_path / "a.xlsx").read_bytes()
    second = write_tables(results, tmp_path / "b.xlsx").read_bytes()
    assert first == second
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert "2026-07-06T09:30:00Z" in archive.read("docProps/core.xml").decode()
