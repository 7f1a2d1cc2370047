"""A page of the workbench: blocks under headings, shown in a notebook as they stand."""

from __future__ import annotations

from dataclasses import dataclass

from mmmlib.reports.blocks import Block
from mmmlib.reports.markup import escape
from mmmlib.reports.table import Table


@dataclass(frozen=True, repr=False)
class Overview:
    """Figures, tables and sentences under a title, in their order."""

    title: str
    parts: dict[str, tuple[Block, ...]]
    """By heading: what stands under it."""

    def __getitem__(self, heading: str) -> Overview:
        """Return one part as a page of its own."""
        if heading not in self.parts:
            raise KeyError(f"no part {heading!r}; there are: {', '.join(self.parts)}")
        return Overview("", {heading: self.parts[heading]})

    @property
    def tables(self) -> dict[str, Table]:
        """Its tables by name; ``to_frame()`` of each has the plain numbers."""
        blocks = [block for part in self.parts.values() for block in part]
        return {block.name: block for block in blocks if isinstance(block, Table)}

    def __repr__(self) -> str:
        return f"{self.title} ({', '.join(self.parts)})"

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display

        if self.title:
            display(Markdown(f"## {escape(self.title)}"))
        for heading, blocks in self.parts.items():
            if heading:
                display(Markdown(f"### {escape(heading)}"))
            for block in blocks:
                display(block)

    def to_markdown(self) -> str:
        """Write the page as one text, figures inside it."""
        from mmmlib.reports.show import to_markdown

        lines = [f"## {escape(self.title)}"] if self.title else []
        for heading, blocks in self.parts.items():
            lines += [f"### {escape(heading)}"] if heading else []
            lines += [to_markdown(block, None, "") for block in blocks]
        return "\n\n".join(lines) + "\n"
