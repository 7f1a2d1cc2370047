"""How a report cell puts out what a section made.

A cell puts out exactly one ``text/markdown``, never HTML, never anything on stdout, in
the Markdown that :mod:`mmmlib.reports.documents` names: a heading from ``format.toml``,
figures (their SVG in ``figures/`` beside the executed notebook, each file named after its
document, with one for a phone and one for print beside it), pipe tables whose rule gives the columns' relative widths, labels, statements,
and what is folded away in a ``.folded`` block that begins with a heading.

In a notebook that a person opened (its folder is not inside the run) the same is written
without attributes, and figures are inside the cell's output: nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from mmmlib.reports.blocks import (
    Block,
    Bullets,
    Folded,
    Heading,
    Picture,
    Prose,
    Statements,
    Together,
)
from mmmlib.reports.figures.layout import NARROW
from mmmlib.reports.format import section_format
from mmmlib.reports.markup import escape
from mmmlib.reports.results import Results
from mmmlib.reports.style import svg_bytes
from mmmlib.reports.table import Table
from mmmlib.runs import write_atomic

__all__ = ["show"]

FIGURES = "figures"

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

        show(results_of(open_run()), briefing.answer)
    """
    from IPython.display import display

    cwd = Path.cwd().resolve()
    executed = cwd.is_relative_to(results.run.path.resolve())
    markdown = section_markdown(results, section, cwd if executed else None)
    if markdown:
        display({"text/markdown": markdown}, raw=True)


def section_markdown(results: Results, section: Section, folder: Path | None) -> str:
    """Write a section with its heading; figures go into ``figures/`` in the executed notebook's folder.

    Without a folder it is written for a notebook that is open.
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
        case Prose() | Table():
            return block.to_markdown(attributes=folder is not None)
        case Bullets():
            return _items(block.items, folder)
        case Statements():
            return _fenced("statements", _items(block.items, folder), folder)
        case Heading():
            return f"{'#' * block.level} {escape(block.text)}"
        case Picture():
            return _picture(block, folder, document)
        case Together():
            parts = [to_markdown(part, folder, document) for part in block.blocks]
            return _fenced("plan", "\n\n".join(parts), folder)
        case Folded():
            inner = [to_markdown(part, folder, document) for part in block.blocks]
            body = "\n\n".join([f"### {escape(block.title)}", *inner])
            return _fenced("folded", body, folder)
    raise TypeError(f"a section returned a {type(block).__name__}, which is not a block")


def _items(items: Iterable[Prose], folder: Path | None) -> str:
    return "\n".join(f"- {item.to_markdown(attributes=folder is not None)}" for item in items)


def _fenced(kind: str, body: str, folder: Path | None) -> str:
    return body if folder is None else f"::: {{.{kind}}}\n\n{body}\n\n:::"


def _picture(picture: Picture, folder: Path | None, document: str) -> str:
    if folder is None:
        return picture.to_markdown()
    alt, caption = escape(picture.alt), escape(picture.caption)
    name = f"{FIGURES}/{document}-{picture.name}"
    wide = picture.draw()
    write_atomic(folder / f"{name}.svg", svg_bytes(wide))
    write_atomic(folder / f"{name}-print.svg", svg_bytes(wide, searchable=True))
    write_atomic(folder / f"{name}-narrow.svg", svg_bytes(picture.draw(width=NARROW)))
    return (
        f'![{caption}]({name}.svg){{#fig-{picture.name} fig-alt="{alt}" '
        f'fig-narrow="{name}-narrow.svg" fig-print="{name}-print.svg"}}'
    )
