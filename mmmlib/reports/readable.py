"""Tables as a notebook shows them: words to the left, figures to the right, no row numbers."""

from __future__ import annotations

import hashlib
import re

import pandas as pd
from pandas.api.types import is_float_dtype, is_numeric_dtype

MOST_ROWS = 200
"""Longer tables are shown as pandas does, with their middle left out."""
MOST_PLACES = 3
LETTERS = 0.6
"""Share of letters from which a column is words: a range with its unit has fewer."""
LONG_WORD = 24
"""Letters up to which a word never breaks."""
SENTENCE = 40
"""Letters from which a text is set in lines of some words."""


def readable_tables() -> None:
    """Let this notebook show every table as :func:`table_html` does."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell.display_formatter is not None:
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, table_html)


def table_html(frame: pd.DataFrame) -> str:
    """Write a table as HTML; an index is shown where it has a name.

    The same table gives the same HTML.
    """
    if len(frame) > MOST_ROWS or not (frame.columns.is_unique and frame.index.is_unique):
        return str(frame.to_html(max_rows=MOST_ROWS))
    name = hashlib.sha256(frame.to_json(default_handler=str).encode()).hexdigest()[:12]
    style = frame.style.set_uuid(name)
    if all(part is None for part in frame.index.names):
        style = style.hide(axis="index")
    else:
        room = _room(frame.index, *frame.index.names)
        heading = f"text-align: left; vertical-align: top; {room}"
        style = style.set_table_styles([{"selector": ".row_heading", "props": heading}])
    for place, column in enumerate(frame.columns):
        values = frame.iloc[:, place]
        if is_float_dtype(values):
            style = style.format(subset=[column], precision=_places(values), thousands=",")
        left = _is_words(column, values)
        rules = (
            f"text-align: {'left' if left else 'right'}; vertical-align: top; "
            f"font-variant-numeric: tabular-nums; {_room(values, column) if left else ''}"
        )
        style = style.set_table_styles(
            [{"selector": f".col{place}", "props": rules}], overwrite=False
        )
    for axis in (0, 1):
        style.format_index(escape="html", axis=axis)
        style.format_index_names(escape="html", axis=axis)
    style = style.format(escape="html", subset=[c for c in frame if not is_numeric_dtype(frame[c])])
    return str(style.to_html())


def _room(values: pd.Series | pd.Index, *heads: object) -> str:
    """Keep sentences from becoming columns of single words, and words those of single letters.

    Only a word that is longer than any of a language may break: a campaign's raw name.
    """
    texts = [str(value) for value in (*values, *heads)]
    if max(map(len, texts), default=0) > SENTENCE:
        return "min-width: 13em; overflow-wrap: anywhere"
    longest = max((len(word) for text in texts for word in text.split()), default=0)
    return f"min-width: {min(longest, LONG_WORD)}ch; overflow-wrap: anywhere"


def _places(values: pd.Series) -> int:
    """Decimal places that lose nothing, or the most that are shown."""
    return next((n for n in range(MOST_PLACES) if values.round(n).equals(values)), MOST_PLACES)


def _is_words(column: object, values: pd.Series) -> bool:
    if is_numeric_dtype(values):
        return False
    text = " ".join(map(str, values)) or str(column)
    text = re.sub(r"\b[A-Z]{3}\b|\s", "", text)  # a currency does not make an amount words
    return sum(map(str.isalpha, text)) >= LETTERS * len(text)
