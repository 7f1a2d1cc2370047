"""The fonts of figures and PDF, and the words that they cannot write.

Both are drawn with the DejaVu fonts that matplotlib brings along, so that every machine
makes the same pages. They hold Latin, Greek and Cyrillic. A label in another script takes a
font of the machine that holds its characters, those that ``report.fonts`` names first; without
one it comes out as boxes, and that is said by name.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

FONT_FILES = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSans-BoldOblique.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
    # Boxes for everything: an accessible PDF without any glyph for a character is refused.
    "LastResortHE-Regular.ttf",
)
OWN = "DejaVu Sans"
"""Family of everything that it can write."""
NAMED = 5
"""Words that the warning names; more are counted."""


@cache
def font_folder() -> Path:
    """Return the folder of the DejaVu fonts that matplotlib brings along."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def unwritable(texts: Iterable[str]) -> dict[str, str]:
    """Find the words that figures and PDF would show as boxes, in the order of the texts.

    Each has the script of its first character that no font holds, as Unicode names it (``Hiragana``,
    ``Hangul``). Texts may have numeric character references.

    Examples
    --------
    >>> unwritable(["Search \N{HANGUL SYLLABLE GA}\N{HANGUL SYLLABLE NA}"])
    {'\uac00\ub098': 'Hangul'}
    """
    texts = [*texts]
    held = {c for font in fonts_for(texts) for c in _held_by(font)}
    found = {}
    for text in texts:
        for word in re.split(r"[\s|:;,()\[\]{}*]+", html.unescape(text)):
            if word.isascii() or word in found:
                continue
            lacking = next((c for c in _lacking(word) if ord(c) not in held), "")
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
        f"Figures and PDF have no font for {named}{more}: boxes stand in their place. Install a font "
        f"of this script on the machine that refreshes, or give these labels in Latin, Greek or "
        f"Cyrillic letters in the parameter file; the text of the HTML pages shows them where the "
        f"reader's machine has the font."
    )


def prefer_fonts(families: Sequence[str]) -> None:
    """Take these families first where a label needs another font; those of ``report.fonts``."""
    if tuple(families) != tuple(_preferred):
        _preferred[:] = families
        _fonts_holding.cache_clear()


def fonts_for(texts: Iterable[str]) -> tuple[FontEntry, ...]:
    """Choose fonts of this machine for the characters that the pack's own lacks; none where they lack none.

    They are as few as hold all characters that any font here holds, those of ``report.fonts`` first, the
    others by name.
    """
    lacking = {c for text in texts if not text.isascii() for c in _lacking(html.unescape(text))}
    return _fonts_holding(frozenset(lacking)) if lacking else ()


def families_for(text: str) -> list[str]:
    """Return the families that write a text, the pack's own first."""
    return [OWN, *(font.name for font in fonts_for([text]))]


def reads_leftwards(text: str) -> bool:
    """Say whether a text has letters that are read from right to left, as Arabic and Hebrew are."""
    return not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


_preferred: list[str] = []


def _fonts_of_the_machine() -> list[FontEntry]:
    """Return what matplotlib remembers, and what was installed since it looked."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.fname for font in fontManager.ttflist}
    for path in findSystemFonts():
        if path not in known:
            with suppress(OSError, RuntimeError):  # no font that it can read
                fontManager.addfont(path)
    return fontManager.ttflist


@cache
def _fonts_holding(characters: frozenset[str]) -> tuple[FontEntry, ...]:
    regular = {
        font.name: font
        for font in sorted(_fonts_of_the_machine(), key=lambda one: -abs(int(one.weight) - 400))
        # What matplotlib brings along is the pack's own, or draws boxes for everything.
        if font.style == "normal" and font_folder() not in Path(font.fname).parents
    }
    order = sorted(regular, key=lambda name: (*(name != one for one in _preferred), name))
    left, chosen = {ord(c) for c in characters}, []
    while left and order:
        # Of several that hold as many, the first in order: max() keeps it.
        holding = {name: len(left & _held_by(regular[name])) for name in order}
        best = max(
            order, key=lambda name: (holding[name] > 0 and name in _preferred, holding[name])
        )
        if not holding[best]:
            break
        chosen.append(regular[best])
        left -= _held_by(regular[best])
    return tuple(chosen)


@cache
def _held_by(font: FontEntry) -> frozenset[int]:
    from matplotlib.font_manager import FontPath
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(FontPath(font.fname, font.index)).get_charmap())
    except (OSError, RuntimeError):  # a font that cannot be read holds nothing
        return frozenset()


def _lacking(text: str) -> Iterator[str]:
    return (c for c in text if ord(c) not in _characters() and c.isprintable())


@cache
def _characters() -> frozenset[int]:
    """Code points that both weights hold: titles and labels are bold."""
    from matplotlib.ft2font import FT2Font

    regular, bold = (
        frozenset(FT2Font(str(font_folder() / file)).get_charmap()) for file in FONT_FILES[:2]
    )
    return regular & bold
