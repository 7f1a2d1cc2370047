"""Sources and contracts as text that is pasted into a parameter file as it is."""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
from pathlib import Path
from typing import Any

from mmmlib.data.contract.proposal import COUNTS, Proposal

INDENT = 4
"""Blanks before the name of a source below ``sources:``."""


def source_name(path: str) -> str:
    """Make a source's name of a file's: ``Media 2026.csv`` is ``media_2026``."""
    letters = unicodedata.normalize("NFKD", Path(path).stem.lower().replace("ß", "ss"))
    name = re.sub(r"[^a-z0-9]+", "_", letters.encode("ascii", "ignore").decode()).strip("_")
    return name[:40] if name[:1].isalpha() else "source"


def source_yaml(proposal: Proposal, contract: dict[str, Any] | None = None) -> str:
    """Write a whole source, as it goes below ``sources:`` of a parameter file.

    What is unsure about it stands above its key, as a comment; below it, what its columns may be,
    and a draft of its contract, where one was asked for.
    """
    keys = proposal.keys | ({} if contract is None else {"contract": contract})
    text = _dumped({source_name(str(keys["path"])): keys}, depth=2)
    lines = []
    for line in text.splitlines():
        key = line.strip().partition(":")[0]
        if line.startswith("  ") and not line.startswith("   ") and key in proposal.unsure:
            lines.append(f"  # unsure: {proposal.unsure[key]}")
        lines.append(line)
    loose = [f"unsure: {why}" for key, why in proposal.unsure.items() if key not in keys]
    notes = [f"# {one}" for one in (*loose, *([] if contract is None else _notes(contract)))]
    whole = "\n".join([*notes, *lines, *_candidates(proposal.roles)]) + "\n"
    return textwrap.indent(whole, " " * INDENT)


def _candidates(roles: dict[str, list[str]]) -> list[str]:
    """Write what the columns may be, by their names, as comments."""
    lines = []
    if "spend" in roles:
        lines += ["channels:"]
        lines += [f"  {source_name(name)}: {{spend: {_plain(name)}}}" for name in roles["spend"]]
    if "exposure" in roles:
        lines.append(f"exposure of channels: {', '.join(roles['exposure'])}")
    if "outcome" in roles:
        lines += ["outcomes:"]
        for name in roles["outcome"]:
            counted = re.search(COUNTS, name.lower())
            kind = f"kind: count, unit: {source_name(name)}" if counted else "kind: revenue"
            lines.append(f"  {source_name(name)}: {{{kind}, column: {_plain(name)}}}")
    if "number" in roles:
        lines.append(f"spend, exposure, outcome or control: {', '.join(roles['number'])}")
    head = ["By their names, the columns may be:"] if lines else []
    return [f"# {line}" for line in (*head, *lines)]


def _plain(name: str) -> str:
    """Write a name as YAML reads it within braces."""
    return name if re.fullmatch(r"\w[\w .€$()/-]*", name) else repr(name)


def contract_yaml(contract: dict[str, Any], indent: int = 6, note: str = "") -> str:
    """Write a draft (see :func:`draft_contract`) as it goes among the keys of a source.

    ``indent`` is how many blanks stand before those keys; ``note`` what else the reader should
    know, a comment.
    """
    notes = [*_notes(contract), *filter(None, [note])]
    text = "".join(f"# {line}\n" for line in notes) + _dumped({"contract": contract}, depth=1)
    return textwrap.indent(text, " " * indent)


def _notes(contract: dict[str, Any]) -> list[str]:
    """Say what a reader of a draft has to judge."""
    notes = ["Proposed from the rows. Their owner says what is a promise and what was chance."]
    if any("unit" in column for column in contract["columns"].values()) or "units" in contract:
        notes.append("Units are guessed by the names: numbers are converted by them, so ask.")
    return notes


def _dumped(content: dict[str, Any], depth: int) -> str:
    """Write YAML: mappings down to a depth in lines, and what holds plain values only in one."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 100
    text = io.StringIO()
    yaml.dump(_styled(content, depth), text)
    return text.getvalue()


def _styled(value: Any, depth: int) -> Any:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if not isinstance(value, dict | list | tuple):
        return value
    if isinstance(value, dict):
        made: Any = CommentedMap({key: _styled(one, depth - 1) for key, one in value.items()})
        parts = list(value.values())
    else:
        made, parts = CommentedSeq(_styled(one, depth - 1) for one in value), list(value)
    plain = not any(isinstance(one, dict | list | tuple) for one in parts)
    if depth <= 0 and plain:
        made.fa.set_flow_style()
    else:
        made.fa.set_block_style()
    return made
