"""The front page of the pack, and the order of the PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmmlib.reports.documents import Page
from mmmlib.reports.markup import escape
from mmmlib.reports.title_block import shortened

FRONT = "index"
SUMMARY = "executive_summary"
"""The document that the front page is."""
APPENDIX = "appendix"
FOLDED = re.compile(
    r"^::: \{\.(?:folded|passed)\}\n+### ([^\n]+)\n.*?^:::$", re.MULTILINE | re.DOTALL
)
"""What a document folds away, with its heading; older runs call it passed."""


def front_markdown(pages: Sequence[Page], verdict: str) -> str:
    """Write the front page: the executive summary, and the way to the rest.

    Where no summary was made (the data is not ready), the verdict stands in its place.
    """
    first = next((page for page in pages if page.document.name == SUMMARY), None)
    parts = []
    if first is not None:
        parts.append(first.body)
    elif shortened(verdict) != verdict:
        parts.append(escape(verdict))
    links = "\n".join(
        f"- [{page.document.title}]({page.document.name}.html)\\\n  {page.document.line}"
        for page in pages
        if page is not first
    )
    parts.append(f"## In this pack\n\n::: {{.documents}}\n{links}\n:::")
    parts.append(
        "The same documents in one file for print: [pack.pdf](pack.pdf)"
        + (
            f"; passed checks and details: [{APPENDIX}.pdf]({APPENDIX}.pdf). "
            if appendix_markdown(pages)
            else ". "
        )
        + "The numbers behind the tables: [tables.xlsx](tables.xlsx)."
    )
    return "\n\n".join(parts) + "\n"


def print_markdown(pages: Sequence[Page]) -> str:
    """Join the documents into the one that becomes the PDF.

    Each document is a chapter of its own name; its question stands below. What it folds away
    is named there, and stands in the appendix, see :func:`appendix_markdown`.
    """
    chapters = []
    for page in pages:
        question = f"::: {{.question}}\n{page.question}\n:::\n\n" if page.question else ""
        body = FOLDED.sub(rf"\1: in [{APPENDIX}.pdf]({APPENDIX}.pdf).", _scoped(page))
        chapters.append(f"# {page.document.title}\n\n{question}{body}")
    return "\n\n".join(chapters) + "\n"


def appendix_markdown(pages: Sequence[Page]) -> str:
    """Join what the documents fold away; empty where that is nothing."""
    chapters = [
        "\n\n".join([f"# {page.document.title}", *(found.group() for found in blocks)])
        for page in pages
        if (blocks := list(FOLDED.finditer(page.body)))
    ]
    return "\n\n".join(chapters) + "\n" if chapters else ""


def _scoped(page: Page) -> str:
    """Prefix identifiers with the document's name: two documents may use the same."""
    prefix = page.document.name.replace("_", "-")
    return re.sub(r"\{#(fig|sec)-", rf"{{#\1-{prefix}-", page.body)
