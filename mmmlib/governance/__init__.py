"""May it be published, and who says so?"""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "gates.model": "Checks that need a model",
    "gates.artefact": "Records that can be read",
    "gates.notebooks": "Notebooks as they were released",
}
"""Findings that the gates make themselves, and their names for people."""
