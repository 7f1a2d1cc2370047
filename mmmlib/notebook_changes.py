"""What a person changed in a notebook since it was released, cell by cell.

Released is what was committed: a team that keeps notebooks of its own commits them. Outputs,
execution counts and metadata, which JupyterLab writes as it saves, are no change; neither are the
values of the parameters, all of which a refresh sets.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

PARAMETERS, INJECTED = "parameters", "injected-parameters"
"""Tags of the cell that a person sets, and of the one that papermill adds after it."""


def changed_cells(released: str, used: str) -> str:
    """Say what differs between two texts of a notebook: ``"1 cell added, 1 edited"``.

    Empty where nothing but outputs, metadata and values of parameters differs; what is no notebook
    at all counts as one that was edited.
    """
    try:
        before, after = cells_of(released), cells_of(used)
    except (ValueError, KeyError, TypeError):
        return "" if released == used else "it is no notebook any more"
    return _counted(before, after)


def cells_of(text: str) -> list[str]:
    """Return kind and source of every cell that runs or is shown.

    Raises
    ------
    ValueError, KeyError, TypeError
        If the text is no notebook.
    """
    cells = []
    for cell in json.loads(text)["cells"]:
        tags = cell.get("metadata", {}).get("tags", [])
        if INJECTED in tags:
            continue
        source = "".join(cell["source"]).strip()
        if PARAMETERS in tags:
            source = _without_values(source)
        cells.append(f"{cell['cell_type']}: {source}")
    return cells


def _without_values(source: str) -> str:
    """Leave of assignments of plain values only which names they set."""
    try:
        lines = ast.parse(source).body
    except SyntaxError:
        return source
    if all(isinstance(one, ast.Assign) and _is_plain(one.value) for one in lines):
        return "\n".join(ast.unparse(target) for one in lines for target in _targets(one))
    return source


def _targets(line: ast.stmt) -> list[Any]:
    return line.targets if isinstance(line, ast.Assign) else []


def _is_plain(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _counted(before: Sequence[str], after: Sequence[str]) -> str:
    counts = {"added": 0, "edited": 0, "removed": 0}
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for kind, first, last, start, end in steps:
        if kind != "equal":
            old, new = last - first, end - start
            counts["edited"] += min(old, new)
            counts["added"] += max(new - old, 0)
            counts["removed"] += max(old - new, 0)
    words = [f"{number} {what}" for what, number in counts.items() if number]
    if not words:
        return ""
    number, _, rest = words[0].partition(" ")
    return ", ".join([f"{number} cell{'' if number == '1' else 's'} {rest}", *words[1:]])
