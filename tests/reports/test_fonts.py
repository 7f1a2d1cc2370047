"""Words that no font of figures and PDF can write are said by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from mmmlib.cli.screen import print_run
from mmmlib.reports import fonts
from mmmlib.reports.figures.layout import drawn, titled
from mmmlib.reports.fonts import (
    families_for,
    font_folder,
    prefer_fonts,
    unwritable,
    unwritable_sentence,
)
from mmmlib.reports.render import render_pack
from mmmlib.reports.render_input import RECORD, RenderRecord
from tests.fake_run import make_fake_run
from tests.reports.executed import write_reports

JAPANESE, KOREAN, HINDI = "\u691c\u7d22", "\uac80\uc0c9", "\u0916\u094b\u091c"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of this machine's fonts: none, whatever it has in truth."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    own = [font for font in fontManager.ttflist if font_folder() in Path(font.fname).parents]
    monkeypatch.setattr(fontManager, "ttflist", own)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: map(str, folder.iterdir()))
    fonts._fonts_holding.cache_clear()
    yield folder
    prefer_fonts(())
    fonts._fonts_holding.cache_clear()


@pytest.fixture
def install(machine: Path) -> Callable[[str, str], None]:
    """Put a font of some characters on the machine; matplotlib has not heard of it."""

    def add(family: str, characters: str) -> None:
        names = [".notdef", *(f"u{ord(c):04X}" for c in characters)]
        builder = FontBuilder(1000)
        builder.setupGlyphOrder(names)
        builder.setupCharacterMap({ord(c): f"u{ord(c):04X}" for c in characters})
        builder.setupGlyf({name: Glyph() for name in names})
        builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family})
        builder.setupOS2(usWeightClass=400)
        builder.setupPost()
        builder.save(machine / f"{family}.ttf")

    return add


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


def test_a_file_that_is_no_font_is_passed_over(machine: Path, install) -> None:
    (machine / "broken.ttf").write_bytes(b"no font")
    install("Hangulish", KOREAN)
    assert unwritable([KOREAN]) == {}


def test_a_font_of_the_machine_writes_what_the_own_ones_cannot(install) -> None:
    install("Hangulish", KOREAN)
    install("Everything", KOREAN + HINDI)
    assert unwritable([f"{KOREAN} {HINDI} {JAPANESE}"]) == {JAPANESE: "Chinese characters"}
    assert families_for(f"{KOREAN} {HINDI}") == ["DejaVu Sans", "Everything"]
    assert families_for("\u00dcber") == ["DejaVu Sans"]
    prefer_fonts(["Absent", "Hangulish"])
    assert families_for(f"{KOREAN} {HINDI}") == ["DejaVu Sans", "Hangulish", "Everything"]


def test_figures_and_pdf_are_written_with_it_and_nothing_is_warned_of(
    tmp_path: Path, install, recwarn: pytest.WarningsRecorder
) -> None:
    install("Hangulish", KOREAN)

    @drawn
    def bars() -> Figure:
        figure = titled(f"Spend on {KOREAN}", "", 1.0)
        figure.add_subplot().barh([KOREAN, "Search"], [1, 2])
        return figure

    # Once drawn, every text with such a word has the font, the ticks' labels too.
    figure = bars()
    figure.draw_without_rendering()
    words = [one for one in figure.findobj(Text) if KOREAN in one.get_text()]
    assert len(words) > 1
    assert {*map(str, (one.get_fontfamily() for one in words))} == {"['DejaVu Sans', 'Hangulish']"}
    run = make_fake_run(tmp_path / "run")
    write_reports(run, f"The channel {KOREAN} returned most.")
    render_pack(run, "pandoc")
    assert [str(one.message) for one in recwarn] == []
    pdf = (run.path / "pack" / "pack.pdf").read_bytes()
    assert b"Hangulish" in pdf
    assert b"LastResort" not in pdf


def test_a_title_that_begins_with_an_arabic_name_still_goes_to_the_right() -> None:
    @drawn
    def empty() -> Figure:
        return titled("\u062a\u0644\u0641 returned most", "Weeks", 1.0)

    title, subtitle = (text.get_text() for text in empty().findobj(Text) if text.get_text())
    assert title.startswith("\N{LEFT-TO-RIGHT MARK}")
    assert subtitle == "Weeks"
