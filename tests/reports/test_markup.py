"""Whatever a name holds, it comes out as text."""

from __future__ import annotations

import json
import subprocess

import pypandoc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmlib.reports.markup import cut_apart, escape, plain
from tests.fake_run import FORMULA_NAME, NASTY

HARD = [
    NASTY,
    FORMULA_NAME,
    "# not a heading",
    "- not a list",
    "1. not a list",
    "iv) nor this",
    "a | b || c",
    "::: {.passed}",
    "# {.x}",
    "{{< include /etc/passwd >}}",
    "{=html}",
    "@fig-returns and [@tbl-x]",
    "http://example.com/x?a=b&c=d",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt; &amp; &#60;",
    "a--b---c...d",
    "$x^2$ H~2~O ^up^ ~~gone~~",
    "![alt](x.svg){#fig-x}",
    "`code`{=html}",
    "*** _a_ __b__",
    "\\[x\\] \\alert",
    "名前 — “x” 'y'",
    "% title",
    "---",
    "```",
    ": a caption {#tbl-x}",
    "[^1]: note",
    "    four spaces",
]


def read(markdown: str, form: str = "markdown-smart") -> list[dict[str, object]]:
    """Let pandoc read a text; return its blocks."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", form, "-t", "json"],
        input=markdown,
        capture_output=True,
        text=True,
        check=True,
    )
    blocks: list[dict[str, object]] = json.loads(done.stdout)["blocks"]
    return blocks


def words(inlines: list[dict[str, object]]) -> str:
    """Join plain inlines; anything that is not plain text fails."""
    text = ""
    for part in inlines:
        assert part["t"] in ("Str", "Space", "SoftBreak"), part
        text += str(part["c"]) if part["t"] == "Str" else " "
    return text


def test_a_paragraph_shows_what_was_written() -> None:
    blocks = read("\n\n".join(escape(text) for text in HARD))
    assert [block["t"] for block in blocks] == ["Para"] * len(HARD)
    shown = [words(block["c"]) for block in blocks]  # type: ignore[arg-type]
    assert shown == [plain(text) for text in HARD]


@pytest.mark.parametrize("text", HARD)
def test_no_character_is_left_that_starts_a_tag_or_a_cell(text: str) -> None:
    assert not set(escape(text)) & set('<>|`"*[]{}$\\\n')


def test_it_stays_in_its_cell() -> None:
    rows = "\n".join(f"| {escape(text)} | 1 |" for text in HARD)
    (table,) = read(f"| a | b |\n|:--|--:|\n{rows}\n")
    assert table["t"] == "Table"
    body = table["c"][4][0][3]  # type: ignore[index]
    cells = [words(row[1][0][4][0]["c"]) for row in body]
    assert cells == [plain(text) for text in HARD]


def test_it_stays_in_its_attribute() -> None:
    texts = [text for text in HARD if plain(text)]
    markdown = "\n\n".join(f'![x](figures/a.svg){{#fig-a fig-alt="{escape(t)}"}}' for t in texts)
    found = []
    for block in read(markdown):
        assert block["t"] == "Figure"
        image = block["c"][2][0]["c"][0]  # type: ignore[index]
        assert image["t"] == "Image"
        found.append(dict(image["c"][0][2])["fig-alt"])
    assert found == [plain(text) for text in texts]


def test_control_and_direction_characters_go() -> None:
    assert plain("a\u202eb\u0000c\nd\te\u2028f") == "ab c d e f"
    assert escape("one\ntwo") == "one two"


def test_a_number_keeps_its_unit() -> None:
    assert plain("18\N{NO-BREAK SPACE}%") == "18\N{NO-BREAK SPACE}%"


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_is_one_safe_line(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped) & set('<>|`"\n\r\\')
    assert escape(plain(text)) == escaped


def test_a_percent_sign_stays_with_its_number() -> None:
    assert escape("the 50 % band") == "the 50\N{NO-BREAK SPACE}% band"
    assert escape("50% of x % y") == "50% of x % y"


def test_names_that_are_cut_stay_different() -> None:
    start = "Paid social prospecting, always on, region "
    names = {n: f"{start}{n}" for n in ("north", "south", "north-west")} | {"short": "Search"}
    cut = cut_apart(names)
    assert len(set(cut.values())) == 4
    assert all(len(text) <= 34 for text in cut.values())
    assert cut["short"] == "Search"
