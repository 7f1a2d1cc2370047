"""How the pack looks: the style file, and which colour means what.

Colours never stand alone: a channel is also named beside its line, a level also
has its symbol and its word.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.findings import Level
from mmmlib.scenarios.pack import Label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["channel_colours", "svg_bytes"]

COMMENT = re.compile(rb"\s*<!--.*?-->", re.DOTALL)
PATH = re.compile(rb' d="[^"]+"')
MORE_DECIMALS = re.compile(rb"(\.\d\d)\d+")
STYLE_FILE = Path(__file__).with_name("workbook.mplstyle")

CHANNEL_COLOURS = (
    "#0072B2",  # blue
    "#AA8800",  # ochre
    "#EE2266",  # rose
    "#002288",  # indigo
    "#8844EE",  # violet
    "#660000",  # wine
    "#442244",  # plum
)
"""Seven that stay apart for readers with any of the three colour deficiencies, and from white.

Found by a search over colours of a contrast of 3:1 or more on white: smallest distance 28 in
CIELAB over normal and simulated sight.
"""
OTHER = "#AA4422"
"""Channels after the seventh, together: rust, since grey is what a channel is compared with."""
INK = "#1B1E23"
MUTED = "#5A6069"
FAINT = "#9AA0A8"

LEVEL_SYMBOLS = {Level.BLOCK: "■", Level.WARN: "▲", Level.INFO: "●"}
LEVEL_WORDS = {Level.BLOCK: "Block", Level.WARN: "Warn", Level.INFO: "Info"}
LABEL_SYMBOLS = {Label.SAFE: "●", Label.REVIEW: "▲", Label.DO_NOT_INFER: "■"}
LABEL_COLOURS = {
    Label.SAFE: "#1B6E53",
    Label.REVIEW: "#9A5B00",
    Label.DO_NOT_INFER: "#A3262A",
}


def channel_colours(channels: Iterable[str]) -> dict[str, str]:
    """Give every channel its colour, by its place in the parameters.

    The same order gives the same colours in every figure and every refresh: put
    new channels at the end of the parameter file and the others keep theirs.
    Channels after the seventh share the colour of "other".

    Parameters
    ----------
    channels
        Names, in the order of the parameter file.

    Returns
    -------
    dict of str
        A colour such as ``#0072b2`` by channel.
    """
    return {
        name: CHANNEL_COLOURS[place] if place < len(CHANNEL_COLOURS) else OTHER
        for place, name in enumerate(channels)
    }


@cache
def _settings() -> Any:
    from matplotlib import rc_params_from_file

    return rc_params_from_file(STYLE_FILE, use_default_template=False)


@contextmanager
def workbook_style() -> Iterator[Any]:
    """Give the settings with which figures are drawn and saved; nothing global stays changed."""
    from matplotlib import rc_context, rcParams

    with rc_context(_settings()), quiet_fonts():
        yield rcParams


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Say nothing of characters that the font lacks; they are drawn as boxes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def svg_bytes(figure: Figure, *, searchable: bool = False) -> bytes:
    """Return a figure as SVG, the same bytes for the same figure.

    Parameters
    ----------
    figure
        Any figure of matplotlib; its layout is settled by this.
    searchable
        Leave text as text, for a PDF that brings the fonts along; else it becomes paths, which
        look the same on every machine.

    Returns
    -------
    bytes
        The file, without a date or random names in it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> svg_bytes(Figure(), searchable=True)[:5]
    b'<?xml'
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.BytesIO()
    with workbook_style() as settings:
        settings["svg.fonttype"] = "none" if searchable else "path"
        # savefig would draw everything twice, the first time for the layout alone.
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    figure.set_layout_engine("none")  # a second file of it has the layout of the first
    # matplotlib repeats every text as a comment; names from data stay out of the file's source.
    return PATH.sub(_two_decimals, COMMENT.sub(b"", buffer.getvalue()))


def _two_decimals(path: re.Match[bytes]) -> bytes:
    """Cut what nobody sees: it is half of a figure's bytes, and pages are mailed."""
    return MORE_DECIMALS.sub(rb"\1", path.group())
