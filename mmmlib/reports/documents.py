"""The documents of the pack, and how an executed notebook becomes one.

A report notebook writes its findings as Markdown outputs. Here they are joined
to one Markdown text per document, which both renderers take from there. What a
notebook may use, beside plain Markdown:

- figures: ``![caption](figures/name.svg){#fig-name fig-alt="what it says"}``, with the drawings
  for a phone and for print as ``fig-narrow="figures/…"`` and ``fig-print="figures/…"``
- tables: pipe tables with ``: caption`` below
- ``[● safe to act on]{.label .safe}`` (``.review``, ``.never``) and
  ``[■ Block]{.level .block}`` (``.warn``, ``.info``)
- ``::: {.statements}``: the statements that are the document's answer
- ``::: {.folded}``: details behind a heading; in print they are in the appendix, a file of its
  own. Older runs call it ``.passed``
- ``::: {.plan}``: what one printed page holds
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.errors import RunError
from mmmlib.notebook_files import read_notebook
from mmmlib.reports.format import Document, documents

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXECUTED = "notebooks/reports"
"""Where a run keeps its executed report notebooks; their figures are in ``figures/`` there."""
FIGURES = "figures"
TABLE_NAME = re.compile(r"(?<=\S)[ \t]+\{#tbl-[\w-]+\}[ \t]*$", re.MULTILINE)
"""Behind a table's caption in older runs; Quarto reads tables without attributes."""


DOCUMENTS = documents()


@dataclass(frozen=True)
class Page:
    """A document's content, ready to be rendered."""

    document: Document
    question: str
    """The notebook's title; empty where it only repeats the document's."""
    body: str
    """Markdown without the title."""


def read_pages(folder: Path) -> list[Page]:
    """Read the executed report notebooks of a run that are there, in the order of :data:`DOCUMENTS`.

    RunError if there is none, or one was not executed whole: an unexecuted template would come out as a
    blank report.
    """
    pages = [
        read_page(path, document)
        for document in DOCUMENTS
        if (path := folder / f"{document.name}.ipynb").is_file()
    ]
    if not pages:
        raise RunError(
            f"{folder}: no executed report notebook is here, so there is nothing to render. "
            f"Finish the run with 'mmm refresh … --resume'."
        )
    return pages


def read_page(path: Path, document: Document) -> Page:
    """Read one executed report notebook; see :func:`read_pages`."""
    notebook = read_notebook(path)
    check_executed(notebook, path)
    parts = [part for cell in notebook.cells for part in _cell_text(cell, path)]
    title, body = _split_title(TABLE_NAME.sub("", "\n\n".join(parts)))
    question = "" if title.casefold() == document.title.casefold() else title
    check_figures(body, path)
    return Page(document, question, body)


def check_executed(notebook: NotebookNode, path: Path) -> None:
    """Refuse, by RunError, a notebook with a code cell that did not run, or that failed."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if any(output.output_type == "error" for output in cell.outputs):
            raise RunError(
                f"{path}: cell {number} ended in an error; a failed report is not rendered. "
                f"Finish the run with 'mmm refresh … --resume'."
            )
        if cell.execution_count is None:
            raise RunError(
                f"{path}: cell {number} was not executed; an unexecuted report would come out "
                f"blank. Make the pack with 'mmm refresh'."
            )


def check_figures(body: str, path: Path) -> None:
    """Refuse a page that shows a figure that is not there."""
    for name in re.findall(rf"(?:\]\(|fig-(?:narrow|print)=\")({FIGURES}/[^)\s\"]+)", body):
        if not (path.parent / name).is_file():
            raise RunError(f"{path}: the figure {name} is not there; run the notebook again.")


def _cell_text(cell: NotebookNode, path: Path) -> list[str]:
    """Return the Markdown that a cell shows; code and printed text stay in the notebook."""
    if cell.cell_type == "markdown":
        return [cell.source]
    if cell.cell_type != "code":
        return []
    shown = [output for output in cell.outputs if "data" in output]
    for output in shown:
        if "text/markdown" not in output.data:
            kinds = ", ".join(sorted(output.data))
            raise RunError(
                f"{path}: a cell shows {kinds}; a report shows text/markdown only, so that "
                f"pages and PDF say the same."
            )
    return [output.data["text/markdown"] for output in shown]


def _split_title(text: str) -> tuple[str, str]:
    """Take the first heading off as the title."""
    found = re.match(r"\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|$)", text)
    if not found:
        return "", text
    return found.group(1), text[found.end() :]
