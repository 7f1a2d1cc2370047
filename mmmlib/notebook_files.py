"""Reads notebook files, without two seconds of imports that no notebook needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode


def skip_iri_grammar() -> None:
    """Let jsonschema, which Jupyter's packages import, go without its check of IRIs.

    It imports the check where it is installed; that builds its grammar, which takes two
    seconds, and no notebook holds an IRI.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook as format 4."""
    skip_iri_grammar()
    import nbformat

    return nbformat.read(path, as_version=4)
