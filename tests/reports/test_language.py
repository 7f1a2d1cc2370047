"""Every sentence of every document is one that an editor would pass (docs/style.md)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from mmmlib.reports.documents import DOCUMENTS
from mmmlib.reports.results import Results, results_of
from mmmlib.runs import Run
from tests.reports.written import write_document

LONGEST = 45
"""Words of a sentence."""
NEVER = {
    r"\bwhich is open\b": "not settled",
    r"\bbrought\b": "contributed, returned",
    r"\blose least\b|\bleast is lost\b": "name the channels",
    r"\bwhat is said of\b": "name the statement",
    r"\b(?:twin|pull|law|hands)s?\b": "the glossary's word",
    r"\bplease\b|\bsorry\b|\bunfortunately\b": "nothing",
    r"!(?:\s|$)": "a full stop",
    r"(?<![.\d])\b1 (?:times|weeks|channels|findings|returns|checks|plans|settings|lift tests)\b": "one is one",
    r"\b\d+ of \d+ channels? (?:is|are) left out\b": "their names",
    r"[−-]\d{3,} %": "a share that says something",
    r"%\s+to\s+[−\d.]+ %": "the unit once: 12 to 36 %",
    r"(?<![\w/.:)-])-\d": "a minus sign",
    r"\b(?:spend|outcome|exposure|control):\w": "the name that people know",
    r"(?-i:\b(?:nan|None|inf)\b)(?! of )": "why there is no number",
}
"""What no sentence says, and what to say instead."""
PICTURE = re.compile(r"!\[.*?\]\(data:[^)]*\)(\{.*?\})?")


def sentences(results: Results) -> Iterator[tuple[str, str]]:
    """Document and sentence, tables cell by cell."""
    for document in DOCUMENTS:
        text = PICTURE.sub("", write_document(results, document.name, None))
        text = html.unescape(text).replace("**", "").replace("\N{NO-BREAK SPACE}", " ")
        for line in text.splitlines():
            for cell in line.split("|") if line.startswith("|") else [line]:
                for one in re.split(r"(?<=[.!?])\s+", cell.strip("# ").removeprefix("- ")):
                    yield document.name, one


def faults(found: Iterator[tuple[str, str]]) -> list[str]:
    """What an editor would send back."""
    bad = []
    for document, sentence in found:
        if len(sentence.split()) > LONGEST:
            bad.append(f"{document}: more than {LONGEST} words: {sentence}")
        bad += [
            f"{document}: say {better}: {sentence}"
            for pattern, better in NEVER.items()
            if re.search(pattern, sentence, re.IGNORECASE)
        ]
    return bad


def test_an_editor_would_pass_every_sentence(
    first_run: Run, second_run: Run, unready_run: Run
) -> None:
    for run in (first_run, second_run, unready_run):
        found = list(sentences(results_of(run)))
        assert len(found) > 50
        assert not (bad := faults(iter(found))), "\n".join(bad)


def test_the_editor_sees_what_is_wrong() -> None:
    bad = ["Search brought USD 1 M.", "A fall of −321 %.", "1 weeks", "word " * 46, "Well done!"]
    good = ["Search contributed USD 1 M.", "None of 4 returns moved.", "1 week", "−32 %"]
    assert len(faults(("briefing", text) for text in bad)) == len(bad)
    assert faults(("briefing", text) for text in good) == []
