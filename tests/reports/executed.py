"""Executed report notebooks made by hand, in the Markdown that reports may use."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mmmlib.reports.documents import DOCUMENTS, EXECUTED, FIGURES
from mmmlib.runs import Run

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="480pt" height="200pt" '
    'viewBox="0 0 480 200"><path d="M 20 180 L 460 20" stroke="#0072B2"/></svg>'
)
STATEMENTS = """::: {.statements}

- Search returned USD 1.4 to 2.1 per USD 1 (90 %). [● safe to act on]{.label .safe}
- Events cannot be judged yet. [■ do not infer]{.label .never}

:::
"""
FIGURE = (
    '![Weekly contribution.](figures/weekly.svg){#fig-weekly fig-alt="Search leads in 9 weeks"}'
)
TABLE = """| Channel | Return (90 %) | Level |
|:----|----:|:----|
| Search | 1.4 to 2.1 | [▲ Warn]{.level .warn} |
| Social | 0.4 to 0.9 | [● Info]{.level .info} |

: Return by channel. {#tbl-return}
"""
PASSED = "::: {.folded}\n\n### 2 checks passed\n\n" + TABLE + "\n\n:::"


def shown(markdown: str) -> nbformat.NotebookNode:
    """A code cell that ran and shows Markdown."""
    output = new_output("display_data", data={"text/markdown": markdown})
    return new_code_cell("show(results, answer)", execution_count=1, outputs=[output])


def write_report(run: Run, name: str, *cells: nbformat.NotebookNode, title: str = "") -> Path:
    """Write one executed report notebook into a run, with the figure that it may show."""
    folder = run.path / EXECUTED
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    (folder / FIGURES / "weekly.svg").write_text(SVG)
    path = folder / f"{name}.ipynb"
    heading = new_markdown_cell(f"# {title or name.replace('_', ' ').capitalize() + '?'}")
    nbformat.write(new_notebook(cells=[heading, *cells]), path)
    return path


def write_reports(run: Run, *extra: str) -> None:
    """Write all five; the first shows ``extra`` too."""
    for number, document in enumerate(DOCUMENTS):
        parts = [STATEMENTS, *extra] if number == 0 else []
        cells = [shown(part) for part in [*parts, "## Returns", FIGURE, TABLE]]
        if document.name == "health_panel":
            cells.append(shown("## Passed\n\n" + PASSED))
        write_report(run, document.name, *cells)
