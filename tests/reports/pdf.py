"""What can be read of a PDF without a library for it."""

from __future__ import annotations

import re
import zlib


def pdf_outline(pdf: bytes) -> tuple[int, list[bytes], bool]:
    """Return a PDF's number of pages, its fonts, and whether it says to be PDF/UA-1.

    The bytes of the two renderers' files differ: joiners without width are in one of them.
    """
    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(found.group(1)))
        except zlib.error:
            continue  # a picture, or a stream that is not compressed
    whole = b"\n".join(parts)
    fonts = {name.split(b"+")[1] for name in re.findall(rb"/BaseFont\s*/([\w+-]+)", whole)}
    return (
        len(re.findall(rb"/Type\s*/Page\b", whole)),
        sorted(fonts),
        re.search(rb"pdfuaid:part\W+1\b", whole) is not None,
    )
