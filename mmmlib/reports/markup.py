"""Text that comes out as text, in HTML, Markdown, Quarto and pandoc alike.

Names and notes come from data and parameter files. Every character with which one
of those languages could do something is written as a numeric character reference,
which all of them print and none of them interprets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

SPECIAL = frozenset('\\`*_{}[]|<>&"~^$@')
TITLE_NAME = 34
"""Letters of a name in a title."""
JOINED = re.compile(r"-{2,}|\.{2,}|:(?=\S)|#(?=\S)")
"""A longer dash, an ellipsis, a division or an address, a tag, where nothing stands between."""
LINE_START = re.compile(r"^(?:[-+*#=%:]+|\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]{1,6})[.)])(?=\s|$)")
"""Would start a list, a heading or a definition where a text starts a line."""
INVISIBLE = frozenset("\u200b\u200e\u200f\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Zero-width and direction-changing characters: text could look like another text."""
LOOSE_PERCENT = re.compile(r"(?<=\d) %")


def escape(text: str) -> str:
    """Write a text so that Markdown and HTML show it as it is, on one line.

    Line breaks and control characters become spaces, invisible direction marks go, and a
    percent sign stays with its number.

    >>> escape("a|b <i>")
    'a&#124;b &#60;i&#62;'
    """
    line = LOOSE_PERCENT.sub("\N{NO-BREAK SPACE}%", plain(text))
    start = LINE_START.match(line)
    risky = {place for m in JOINED.finditer(line) for place in range(*m.span())}
    risky |= set(range(*start.span())) if start else set()
    return "".join(
        _reference(c) if c in SPECIAL or place in risky else c for place, c in enumerate(line)
    )


def plain(text: str) -> str:
    """Return the text on one line, without control and invisible characters."""
    shown = "".join(
        "" if c in INVISIBLE else " " if _breaks(c) else c
        for c in text.encode("utf-8", "replace").decode("utf-8")
    )
    # The no-break space stays: it holds a number and its unit together.
    return re.sub(r"[ \t]+", " ", shown).strip(" ")


def _breaks(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Zl", "Zp")


def _reference(character: str) -> str:
    return f"&#{ord(character)};"


def cut_short(name: str, longest: int = TITLE_NAME) -> str:
    """Return a name as plain text of so many letters at most."""
    text = plain(name)
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def cut_apart(names: Mapping[str, str], longest: int = TITLE_NAME) -> dict[str, str]:
    """Return names of so many letters at most that differ wherever the whole names do.

    Names that would look alike when cut at their end keep their beginning and the part
    from where they differ.

    Examples
    --------
    >>> cut_apart({"a": "Paid social video north", "b": "Paid social video south"}, 16)
    {'a': 'Paid…deo north', 'b': 'Paid…deo south'}
    """
    whole = {key: plain(name) for key, name in names.items()}
    short = {key: cut_short(name, longest) for key, name in whole.items()}
    apart = {}
    for key, name in whole.items():
        alike = [whole[one] for one in whole if short[one] == short[key] and whole[one] != name]
        if not alike:
            apart[key] = short[key]
            continue
        shared = max(_shared(name, other) for other in alike)
        head = name[: longest // 3].rstrip()
        rest = max(shared - 4, len(head))
        apart[key] = f"{head}…{cut_short(name[rest:], longest - len(head) - 1)}"
    return apart


def _shared(one: str, other: str) -> int:
    """Count the letters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
