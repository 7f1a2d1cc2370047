"""The front page of the pack, and the order of the PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmmlib.reports.documents import Page
from mmmlib.reports.markup import escape
from mmmlib.reports.tables.checks import sign_off_table
from mmmlib.reports.title_block import TitleBlock, shortened

FRONT = "index"


def front_markdown(pages: Sequence[Page], block: TitleBlock) -> str:
    """Write the front page: statements, documents, sign-offs.

    The statements are those of the first document that has some; the executive
    summary where there is one.
    """
    statements = next((page.statements for page in pages if page.statements), "")
    parts = []
    if statements:
        parts.append(f"::: {{.statements}}\n{statements}\n:::")
    elif shortened(block.sentence) != block.sentence:
        parts.append(escape(block.sentence))
    links = "\n".join(
        f"- [{page.document.title}]({page.document.name}.html)\\\n  {page.document.line}"
        for page in pages
    )
    parts.append(f"## In this pack\n\n::: {{.documents}}\n{links}\n:::")
    parts.append(
        "The same documents in one file for print: [pack.pdf](pack.pdf). "
        "The numbers behind the tables: [tables.xlsx](tables.xlsx)."
    )
    if block.sign_offs:
        parts.append(f"## Sign-offs needed\n\n{sign_off_table(block.sign_offs).to_markdown()}")
    return "\n\n".join(parts) + "\n"


def print_markdown(pages: Sequence[Page]) -> str:
    """Join the documents into the one that becomes the PDF.

    Each document is a chapter of its own name; its question stands below.
    """
    chapters = []
    for page in pages:
        question = f"::: {{.question}}\n{page.question}\n:::\n\n" if page.question else ""
        chapters.append(f"# {page.document.title}\n\n{question}{_scoped(page)}")
    return "\n\n".join(chapters) + "\n"


def _scoped(page: Page) -> str:
    """Prefix identifiers with the document's name: two documents may use the same."""
    prefix = page.document.name.replace("_", "-")
    return re.sub(r"\{#(fig|sec)-", rf"{{#\1-{prefix}-", page.body)
