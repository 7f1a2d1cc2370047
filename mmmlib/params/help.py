"""What a key of the parameter file is, in the words of its documentation."""

from __future__ import annotations

import re

from mmmlib.params.messages import annotation_at, field_name, is_section
from mmmlib.params.schema import Params

SENTENCE_END = re.compile(r"(?<=[.;:])\s")
MARKUP = re.compile(r"``|:\w+:`~?|`")


def key_help(key: str) -> str:
    """Return the first sentence on a parameter; empty where none was written, or it is unknown.

    Examples
    --------
    >>> key_help("data.limits.outlier_distance")
    'How many robust standard deviations from its neighbours make a week an outlier.'
    >>> key_help("no.such.key")
    ''
    """
    *around, name = key.split(".")
    section = annotation_at(tuple(around), Params)
    field = field_name(section, name)
    if field is None or not is_section(section):  # unknown, or a name that the user chose
        return ""
    text = section.model_fields[field].description or ""
    first = SENTENCE_END.split(" ".join(MARKUP.sub("", text).split()), maxsplit=1)[0]
    return f"{first.rstrip('.;:')}." if first else ""
