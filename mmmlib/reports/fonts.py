"""The fonts of figures and PDF, and the words that they cannot write.

Both are drawn with the DejaVu fonts that matplotlib brings along, so that every machine
makes the same pages. They hold Latin, Greek and Cyrillic; a label in another script comes
out as boxes, and that is said by name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FONT_FILES = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSans-BoldOblique.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
)
NAMED = 5
"""Words that the warning names; more are counted."""


@cache
def font_folder() -> Path:
    """Return the folder of the DejaVu fonts that matplotlib brings along."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def unwritable(texts: Iterable[str]) -> dict[str, str]:
    """Find the words that figures and PDF would show as boxes.

    Parameters
    ----------
    texts
        Texts as they are, or with numeric character references.

    Returns
    -------
    dict of str to str
        Each word with the script of its first character that no font holds, as Unicode
        names it (``Hiragana``, ``Hangul``, ``Devanagari``), in the order of the texts.

    Examples
    --------
    >>> unwritable(["Search \N{HANGUL SYLLABLE GA}\N{HANGUL SYLLABLE NA}"])
    {'\uac00\ub098': 'Hangul'}
    """
    found = {}
    for text in texts:
        for word in re.split(r"[\s|:;,()\[\]{}*]+", html.unescape(text)):
            if word.isascii() or word in found:
                continue
            lacking = next((c for c in word if ord(c) not in _characters() and c.isprintable()), "")
            if lacking:
                script = unicodedata.name(lacking, "unknown").split()[0]
                found[word] = "Chinese characters" if script == "CJK" else script.title()
    return found


def unwritable_sentence(words: dict[str, str]) -> str:
    """Say which words come out as boxes, and what to do; empty where there are none."""
    if not words:
        return ""
    named = ", ".join(f"“{word}” ({script})" for word, script in [*words.items()][:NAMED])
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return (
        f"Figures and PDF have no font for {named}{more}: boxes stand in their place. Give these "
        f"labels in Latin, Greek or Cyrillic letters in the parameter file; the text of the HTML "
        f"pages shows them where the reader's machine has the font."
    )


@cache
def _characters() -> frozenset[int]:
    """Code points that both weights hold: titles and labels are bold."""
    from matplotlib.ft2font import FT2Font

    regular, bold = (
        frozenset(FT2Font(str(font_folder() / file)).get_charmap()) for file in FONT_FILES[:2]
    )
    return regular & bold
