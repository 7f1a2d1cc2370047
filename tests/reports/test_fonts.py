"""Words that no font of figures and PDF can write are said by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.cli.screen import print_run
from mmmlib.reports.fonts import font_folder, unwritable, unwritable_sentence
from mmmlib.reports.render import render_pack
from mmmlib.reports.render_input import RECORD, RenderRecord
from tests.fake_run import make_fake_run
from tests.reports.executed import write_reports

JAPANESE, KOREAN, HINDI = "\u691c\u7d22", "\uac80\uc0c9", "\u0916\u094b\u091c"


def test_a_word_in_a_script_without_a_font_is_named_with_its_script() -> None:
    found = unwritable([f"Search {KOREAN}, {HINDI}", f"| {JAPANESE} | {KOREAN} |"])
    assert found == {KOREAN: "Hangul", HINDI: "Devanagari", JAPANESE: "Chinese characters"}


def test_letters_and_signs_of_the_pack_itself_have_a_font() -> None:
    assert (
        unwritable(
            [
                "\u00dcber \u041f\u043e\u0438\u0441\u043a \u2022 5\u00a0% \u25a0 \u25b2 \u25cf \u2212 \u2026"
            ]
        )
        == {}
    )


def test_many_words_are_counted() -> None:
    said = unwritable_sentence({f"w{n}": "Hangul" for n in range(8)})
    assert "and 3 more" in said
    assert unwritable_sentence({}) == ""


def test_the_files_of_the_fonts_are_there() -> None:
    assert (font_folder() / "DejaVuSans.ttf").is_file()


def test_a_pack_with_such_a_label_warns_and_mmm_show_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_fake_run(tmp_path)
    write_reports(run, f"The channel {KOREAN} returned most.")
    with pytest.warns(UserWarning, match=f"{KOREAN}.*Hangul"):
        render_pack(run, "pandoc")
    assert run.load_json(RECORD, RenderRecord).renderer == "pandoc"
    print_run(run)
    assert KOREAN in capsys.readouterr().out
