from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from mmmlib.errors import RunError
from mmmlib.reports.documents import DOCUMENTS, EXECUTED, read_page, read_pages
from mmmlib.runs import Run
from tests.fake_run import make_fake_run
from tests.reports.executed import (
    FIGURE,
    shown,
    write_report,
    write_reports,
)

SUMMARY = DOCUMENTS[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_fake_run(tmp_path_factory.mktemp("runs"), not_ready=True)


def test_pages_come_in_their_fixed_order(run: Run) -> None:
    write_reports(run)
    pages = read_pages(run.path / EXECUTED)
    assert [page.document for page in pages] == list(DOCUMENTS)


def test_the_title_becomes_the_question_and_code_stays_out(run: Run) -> None:
    path = write_report(run, SUMMARY.name, shown("What was seen."), title="What now?")
    page = read_page(path, SUMMARY)
    assert page.question == "What now?"
    assert page.body.strip() == "What was seen."
    assert "show(" not in page.body


def test_a_title_that_repeats_the_documents_is_no_question(run: Run) -> None:
    path = write_report(run, SUMMARY.name, shown("Text."), title=SUMMARY.title)
    assert read_page(path, SUMMARY).question == ""


def test_an_unexecuted_cell_is_refused(run: Run) -> None:
    path = write_report(run, SUMMARY.name, shown("One."), new_code_cell("show(results, x)"))
    with pytest.raises(RunError, match="cell 3 was not executed"):
        read_page(path, SUMMARY)


def test_an_empty_code_cell_is_no_reason_to_refuse(run: Run) -> None:
    path = write_report(run, SUMMARY.name, shown("One."), new_code_cell("\n"))
    assert read_page(path, SUMMARY).body.strip() == "One."


def test_a_failed_cell_is_refused(run: Run) -> None:
    failed = new_code_cell(
        "1 / 0",
        execution_count=2,
        outputs=[new_output("error", ename="ZeroDivisionError", evalue="x", traceback=[])],
    )
    path = write_report(run, SUMMARY.name, failed)
    with pytest.raises(RunError, match="cell 2 ended in an error"):
        read_page(path, SUMMARY)


def test_an_output_that_only_html_could_show_is_refused(run: Run) -> None:
    table = new_code_cell(
        "frame",
        execution_count=2,
        outputs=[new_output("display_data", data={"text/html": "<table>", "text/plain": "x"})],
    )
    path = write_report(run, SUMMARY.name, table)
    with pytest.raises(RunError, match="text/html, text/plain"):
        read_page(path, SUMMARY)


def test_a_missing_figure_is_refused(run: Run) -> None:
    path = write_report(run, SUMMARY.name, shown(FIGURE.replace("weekly", "gone")))
    with pytest.raises(RunError, match=r"figures/gone\.svg is not there"):
        read_page(path, SUMMARY)


def test_a_folder_without_reports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing to render"):
        read_pages(tmp_path)


def test_printed_text_stays_in_the_notebook(run: Run) -> None:
    noisy = nbformat.from_dict(shown("Shown."))
    noisy.outputs.append(new_output("stream", name="stderr", text="a warning"))
    path = write_report(run, SUMMARY.name, noisy)
    assert read_page(path, SUMMARY).body.strip() == "Shown."
