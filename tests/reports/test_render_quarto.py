import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mmmlib.cli.screen import print_run
from mmmlib.reports.markup import escape
from mmmlib.reports.render import PACK, render_pack
from mmmlib.reports.render_input import PageSource, RenderError, templates
from mmmlib.reports.render_pandoc import pandoc
from mmmlib.reports.render_quarto import project_for, without_shortcodes, write_notebook
from mmmlib.runs import Run
from tests.fake_run import make_fake_run
from tests.reports.executed import write_reports
from tests.reports.pdf import pdf_outline

JOINER = "\N{WORD JOINER}".encode()
STAND_IN = Path(__file__).with_name("standin_quarto.py")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program called quarto first on PATH."""
    program = folder / "quarto"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = make_fake_run(tmp_path_factory.mktemp("runs"))
    write_reports(run, f"A shortcode {{{{< include /etc/hosts >}}}} and {escape('a >}} b {{< c')}.")
    return run


def test_the_project_given_to_quarto_is_complete(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {path.name: path.read_bytes() for path in render_pack(run, "pandoc")}
    install(tmp_path, monkeypatch, f"#!/bin/sh\nexec '{sys.executable}' '{STAND_IN}' \"$@\"\n")
    theirs = {path.name: path.read_bytes() for path in render_pack(run, "auto")}
    assert theirs.keys() == ours.keys()
    for name, content in ours.items():
        # The joiner that breaks shortcodes has no width.
        assert name.endswith(".pdf") or theirs[name].replace(JOINER, b"") == content, name
    for name in ("pack.pdf", "appendix.pdf"):
        assert pdf_outline(theirs[name]) == pdf_outline(ours[name])


def test_pages_keep_their_doctype_and_captions_hold_no_identifier(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, f"#!/bin/sh\nexec '{sys.executable}' '{STAND_IN}' \"$@\"\n")
    pages = [path for path in render_pack(run, "quarto") if path.suffix == ".html"]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>"), path.name
        assert "{#tbl-" not in text, path.name
        assert (
            path.stem == "executive_summary" or "<caption>Return by channel.</caption>" in text
        ), path.name


def test_a_pdf_of_ours_has_pages_fonts_and_its_standard(run: Run) -> None:
    pages, fonts, accessible = pdf_outline(render_pack(run, "pandoc")[-3].read_bytes())
    assert pages > 3
    assert any(name.startswith(b"DejaVuSans") for name in fonts)
    assert accessible


def test_what_quarto_says_when_it_fails_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in render_pack(run, "pandoc")}
    install(tmp_path, monkeypatch, "#!/bin/sh\necho 'bad option at line 3' >&2\nexit 1\n")
    with pytest.raises(RenderError, match="bad option at line 3"):
        render_pack(run, "quarto")
    assert {path.name for path in (run.path / PACK).iterdir()} == before


def test_pandoc_steps_in_where_quarto_fails_and_mmm_show_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = {path.name: path.read_bytes() for path in render_pack(run, "pandoc")}
    install(tmp_path, monkeypatch, "#!/bin/sh\necho 'bad option at line 3' >&2\nexit 1\n")
    with pytest.warns(UserWarning, match="bad option at line 3 The pack is made by pandoc"):
        paths = render_pack(run, "auto")
    assert {path.name: path.read_bytes() for path in paths} == ours
    print_run(run)
    shown = " ".join(capsys.readouterr().out.split())
    assert "bad option at line 3 The pack is made by pandoc and Typst instead." in shown
    render_pack(run, "pandoc")
    print_run(run)
    assert "instead" not in capsys.readouterr().out


def test_a_quarto_that_makes_nothing_is_noticed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "#!/bin/sh\nexit 0\n")
    with pytest.raises(RenderError, match=r"did not make index\.html"):
        render_pack(run, "quarto")


def test_only_the_files_and_format_asked_for_are_rendered() -> None:
    project = project_for(["reports/index.ipynb"], "html")
    assert project["project"]["render"] == ["reports/index.ipynb"]
    assert list(project["format"]) == ["html"]
    assert project["execute"] == {"enabled": False}


def test_a_document_is_handed_over_without_code_or_shortcodes(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    write_notebook(PageSource("x", "Text {{< meta x >}}", {"workbook": 'A "b": c'}), path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["raw", "markdown"]
    assert "{{<" not in notebook.cells[1].source
    assert without_shortcodes("&#123;&#123;&#60; x") == "&#123;&#8288;&#123;&#60; x"
    assert without_shortcodes("{a} {{b}}") == "{a} {{b}}"
    line = notebook.cells[0].source.splitlines()[-2]
    assert json.loads(line.removeprefix("pack: ")) == {"workbook": 'A "b": c'}


@pytest.mark.parametrize(("count", "code"), [(None, 1), (3, 0)])
def test_a_bare_render_of_unexecuted_reports_is_stopped(
    tmp_path: Path, count: int | None, code: int
) -> None:
    path = tmp_path / "report.ipynb"
    cells = [new_markdown_cell("# T"), new_code_cell("show()", execution_count=count)]
    nbformat.write(new_notebook(cells=cells), path)
    env = os.environ | {"QUARTO_PROJECT_INPUT_FILES": str(path)}
    command = [pandoc(), "lua", str(templates() / "check_executed.lua")]
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert done.returncode == code
    assert (b"mmm refresh" in done.stderr) == bool(code)
