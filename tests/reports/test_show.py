"""What a report cell puts out, for the renderers and for a notebook that is open."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mmmlib.estimates import Estimate
from mmmlib.reports.blocks import (
    Bullets,
    Folded,
    Picture,
    Prose,
    Statements,
    label_mark,
)
from mmmlib.reports.cells import Column, Observed
from mmmlib.reports.figures.intervals import IntervalRow, interval_figure
from mmmlib.reports.results import Results
from mmmlib.reports.sections import briefing, contribution_roi
from mmmlib.reports.show import section_markdown, show, to_markdown
from mmmlib.reports.style import svg_bytes
from mmmlib.reports.table import Table
from mmmlib.runs import Run
from mmmlib.scenarios.pack import Label
from tests.fake_run import NASTY
from tests.reports.written import write_document

ESTIMATE = Estimate.from_draws(np.linspace(1, 2, 101), "USD")


def picture(name: str = "returns", text: str = "What the channel returned") -> Picture:
    rows = [IntervalRow(text, ESTIMATE, "#0072B2", faint=ESTIMATE, mark=1.2)]
    draw = partial(interval_figure, rows, text, text)
    return Picture(name, draw, text, f"{text}: between 1 and 2")


def table() -> Table:
    columns = (Column("Channel"), Column("Brought", "USD"))
    return Table("t", "A table.", columns, (("TV", ESTIMATE), ("Radio", Observed(2500.0, "USD"))))


def test_a_figure_lies_beside_the_notebook(tmp_path: Path) -> None:
    markdown = to_markdown(picture(), tmp_path, "health_panel")
    assert markdown == (
        "![What the channel returned](figures/health_panel-returns.svg)"
        '{#fig-returns fig-alt="What the channel returned: between 1 and 2" '
        'fig-narrow="figures/health_panel-returns-narrow.svg" '
        'fig-print="figures/health_panel-returns-print.svg"}'
    )
    wide, narrow, printed = (
        (tmp_path / f"figures/health_panel-returns{which}.svg").read_text()
        for which in ("", "-narrow", "-print")
    )
    assert [re.search(r'width="([0-9.]+)pt"', one)[1] for one in (wide, narrow)] == ["619.2", "270"]  # type: ignore[index]
    assert "<text" not in wide + narrow
    assert ">What the channel returned</text>" in printed  # can be searched in a PDF


def test_a_figure_in_an_open_notebook_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    markdown = to_markdown(picture(), None, "health_panel")
    assert markdown.startswith("![What the channel returned: between 1 and 2](data:image/svg+xml")
    assert "{#" not in markdown
    assert not list(tmp_path.iterdir())


def test_a_table_names_its_unit_once(tmp_path: Path) -> None:
    assert to_markdown(table(), tmp_path, "d") == (
        "| Channel | Brought (USD) |\n"
        "|:---------|-------------:|\n"
        "| TV | 1.05 to 1.95 |\n"
        "| Radio | 2.5\N{NO-BREAK SPACE}k |\n"
        "\n"
        ": A table."
    )


def test_labels_statements_and_folded_parts(tmp_path: Path) -> None:
    line = Prose("It pays.", lead="TV.", mark=label_mark(Label.SAFE))
    marked = "**TV.** It pays. [● safe to act on]{.label .safe}"
    assert to_markdown(Bullets((line, line)), tmp_path, "d") == f"- {marked}\n- {marked}"
    fenced = to_markdown(Statements((line,)), tmp_path, "d")
    assert fenced == f"::: {{.statements}}\n\n- {marked}\n\n:::"
    folded = to_markdown(Folded("2 checks passed", (line,)), tmp_path, "d")
    assert folded == f"::: {{.folded}}\n\n### 2 checks passed\n\n{marked}\n\n:::"


def test_an_open_notebook_sees_plain_markdown() -> None:
    line = Prose("It pays.", mark=label_mark(Label.REVIEW))
    for block in (Statements((line,)), Folded("2 checks passed", (line, table()))):
        markdown = to_markdown(block, None, "d")
        assert ":::" not in markdown
        assert "{" not in markdown
        assert "**▲ needs review**" in markdown


def test_a_section_with_nothing_to_say_shows_no_heading(unready_run: Run) -> None:
    from mmmlib.reports.results import results_of

    assert section_markdown(results_of(unready_run), briefing.moves, None) == ""


def test_show_puts_out_markdown_and_nothing_else(
    second: Results,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_out = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: put_out.append((data, raw)))
    monkeypatch.chdir(tmp_path)
    show(second, contribution_roi.contributions)
    ((data, raw),) = put_out
    assert raw
    assert list(data) == ["text/markdown"]
    assert "data:image/svg+xml" in data["text/markdown"]
    folder = second.run.path / "notebooks" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(folder)
    show(second, contribution_roi.contributions)
    assert "(figures/contribution_roi-contributions.svg)" in put_out[1][0]["text/markdown"]
    assert capsys.readouterr().out == ""


def test_the_same_figure_gives_the_same_bytes() -> None:
    one, other = svg_bytes(picture().draw()), svg_bytes(picture().draw())
    assert one == other
    assert not re.search(rb"<dc:date|\d{4}-\d\d-\d\dT", one)


def test_names_stay_out_of_the_source_of_a_figure() -> None:
    svg = svg_bytes(picture(text=f"{NASTY} --> <b>").draw()).decode()
    assert "script" not in svg
    assert "<!--" not in svg


def test_the_same_run_gives_the_same_bytes(second_run: Run, tmp_path: Path) -> None:
    from mmmlib.reports.results import results_of

    folders = [tmp_path / "one", tmp_path / "two"]
    documents = ("health_panel", "change_log")
    written = [
        [write_document(results_of(second_run), name, folder) for name in documents]
        for folder in folders
    ]
    assert written[0] == written[1]
    files = [sorted((folder / "figures").iterdir()) for folder in folders]
    assert [path.name for path in files[0]] == [path.name for path in files[1]]
    assert len(files[0]) == 15
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
