"""The front page of the pack, and the order of the PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmmlib.reports.documents import Page
from mmmlib.reports.markup import escape
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
        rows = "\n".join(
            f"| {escape(sign.subject).capitalize()} | {escape(sign.role)} "
            f"| {escape(sign.person)} | {escape(sign.why)} |"
            for sign in block.sign_offs
        )
        parts.append(
            "## Sign-offs needed\n\n| Subject | Role | Who | Why |\n|:--|:--|:--|:--|\n" + rows
        )
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
