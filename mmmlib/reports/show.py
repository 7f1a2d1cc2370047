"""How a report cell puts out what a section made.

A cell puts out exactly one ``text/markdown``, never HTML, never anything on stdout, in
the Markdown that :mod:`mmmlib.reports.documents` names: a heading from ``format.toml``,
figures (their SVG in ``figures/`` beside the executed notebook, each file named after its
document), pipe tables whose rule gives the columns' relative widths, labels, statements,
and passed checks in a ``.passed`` block that begins with a heading.

In a notebook that a person opened (its folder is not inside the run) the same is written
without attributes, and figures are inside the cell's output: nothing is written to disk.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.estimates import Estimate, format_number, format_range
from mmmlib.reports.blocks import (
    Block,
    Bullets,
    Cell,
    Folded,
    Heading,
    Mark,
    Observed,
    Picture,
    Prose,
    Statements,
    Table,
)
from mmmlib.reports.format import section_format
from mmmlib.reports.markup import escape, plain
from mmmlib.reports.results import Results
from mmmlib.reports.style import workbook_style
from mmmlib.runs import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["show", "svg_bytes"]

FIGURES = "figures"
COMMENT = re.compile(rb"\s*<!--.*?-->", re.DOTALL)
WIDEST, WIDEST_OF_MANY, NARROWEST = 46, 24, 7
"""Characters that a column's share of the width is counted with: at most, at most where
there are more than five columns, and at least."""

type Section = Callable[[Results], Iterable[Block]]


def show(results: Results, section: Section) -> None:
    """Put out one section of a report; nothing where it has nothing to say.

    Parameters
    ----------
    results
        Of the run that is reported on.
    section
        A function of :mod:`mmmlib.reports.sections`.

    Examples
    --------
    ::

        show(results_of(open_run()), executive_summary.answer)
    """
    from IPython.display import display

    cwd = Path.cwd().resolve()
    executed = cwd.is_relative_to(results.run.path.resolve())
    markdown = section_markdown(results, section, cwd if executed else None)
    if markdown:
        display({"text/markdown": markdown}, raw=True)


def section_markdown(results: Results, section: Section, folder: Path | None) -> str:
    """Write a section with its heading.

    Parameters
    ----------
    results
        What the run has.
    section
        A function of one of the documents.
    folder
        Folder of the executed notebook, where ``figures/`` goes; None writes for a
        notebook that is open.
    """
    blocks = list(section(results))
    if not blocks:
        return ""
    form = section_format(section)
    parts = [f"## {escape(form.heading)}"] if form.heading else []
    parts += [to_markdown(block, folder, form.document) for block in blocks]
    return "\n\n".join(parts) + "\n"


def to_markdown(block: Block, folder: Path | None, document: str) -> str:
    """Write one block of a document."""
    match block:
        case Prose():
            return _prose(block, folder)
        case Bullets():
            return "\n".join(f"- {_prose(item, folder)}" for item in block.items)
        case Statements():
            items = "\n".join(f"- {_prose(item, folder)}" for item in block.items)
            return _fenced("statements", items, folder)
        case Heading():
            return f"{'#' * block.level} {escape(block.text)}"
        case Table():
            return _table(block, folder)
        case Picture():
            return _picture(block, folder, document)
        case Folded():
            inner = [to_markdown(part, folder, document) for part in block.blocks]
            body = "\n\n".join([f"### {escape(block.title)}", *inner])
            return _fenced("passed", body, folder)
    raise TypeError(f"a section returned a {type(block).__name__}, which is not a block")


def svg_bytes(figure: Figure) -> bytes:
    """Return a figure as SVG, the same bytes for the same figure.

    Parameters
    ----------
    figure
        Any figure of matplotlib; it is closed.

    Returns
    -------
    bytes
        The file, without a date or random names in it.
    """
    buffer = io.BytesIO()
    with workbook_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib repeats every text as a comment; names from data stay out of the file's source.
    return COMMENT.sub(b"", buffer.getvalue())


def _fenced(kind: str, body: str, folder: Path | None) -> str:
    return body if folder is None else f"::: {{.{kind}}}\n\n{body}\n\n:::"


def _picture(picture: Picture, folder: Path | None, document: str) -> str:
    svg = svg_bytes(picture.figure)
    alt, caption = escape(picture.alt), escape(picture.caption)
    if folder is None:
        data = base64.b64encode(svg).decode()
        return f"![{alt}](data:image/svg+xml;base64,{data})\n\n*{caption}*"
    file = f"{document}-{picture.name}.svg"
    write_atomic(folder / FIGURES / file, svg)
    return f'![{caption}]({FIGURES}/{file}){{#fig-{picture.name} fig-alt="{alt}"}}'


def _prose(prose: Prose, folder: Path | None) -> str:
    parts = []
    if prose.lead:
        parts.append(f"**{escape(prose.lead)}**")
    if prose.text:
        parts.append(escape(prose.text))
    if prose.mark is not None:
        parts.append(_mark(prose.mark, folder))
    return " ".join(parts)


def _mark(mark: Mark, folder: Path | None) -> str:
    if folder is None:
        return f"**{escape(str(mark))}**"
    classes = " ".join(f".{kind}" for kind in mark.kind.split())
    return f"[{escape(str(mark))}]{{{classes}}}"


def _table(table: Table, folder: Path | None) -> str:
    heads = [escape(column.head) for column in table.columns]
    widest = WIDEST if len(heads) <= 5 else WIDEST_OF_MANY
    rows, rules = [], []
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        rows.append([_cell(cell, column.unit, folder) for cell, column in cells])
    for place, column in enumerate(table.columns):
        texts = [column.head, *(_cell_text(row[place], column.unit) for row in table.rows)]
        dashes = "-" * min(max(NARROWEST, *map(_length, texts)), widest)
        rules.append(f"{dashes}:" if column.align == "right" else f":{dashes}")
    lines = [_row(heads), f"|{'|'.join(rules)}|", *map(_row, rows)]
    caption = escape(table.caption)
    foot = f"*{caption}*" if folder is None else f": {caption}"
    return "\n".join(lines) + f"\n\n{foot}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, unit: str, folder: Path | None) -> str:
    return _mark(cell, folder) if isinstance(cell, Mark) else escape(_cell_text(cell, unit))


def _cell_text(cell: Cell, unit: str) -> str:
    """Write a cell; the unit that the column's head names is left out."""
    if isinstance(cell, Estimate | Observed) and unit and cell.unit == unit:
        bare = "" if unit != "share" else unit
        if isinstance(cell, Estimate):
            return format_range(cell.low, cell.high, bare)
        return format_number(cell.value, bare)
    return cell.text(mass=False) if isinstance(cell, Estimate) else plain(str(cell))


def _length(text: str) -> int:
    """Count what a column needs: half of a long text, since words wrap and numbers do not."""
    words = re.split(r"[ -]", text)
    return max(max(map(len, words)) + 2, len(text) // 2 if len(text) > 28 else len(text))
