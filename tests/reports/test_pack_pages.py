"""The whole pack as its readers meet it: on a phone, at a desk, printed, read aloud."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest

from mmmlib.reports.documents import DOCUMENTS, EXECUTED
from mmmlib.reports.format import formats
from mmmlib.reports.render import render_pack
from mmmlib.reports.results import results_of
from mmmlib.reports.show import section_markdown
from mmmlib.runs import Run
from tests.reports.executed import shown, write_report
from tests.reports.written import section

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pack-pages")]

PHONE, DESK = 390, 1000
MARGIN = {"top": 19, "bottom": 280}
"""Millimetres from the top of an A4 page between which its text stands."""
SMALLEST = 7.9
"""Points; 8, less what rounding takes."""


@pytest.fixture(scope="module")
def pack(second_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second refresh's pack, every section as a report notebook shows it."""
    runs = shutil.copytree(second_run.runs_dir, tmp_path_factory.mktemp("pages") / "runs")
    run = Run(runs / second_run.name)
    results, folder = results_of(run), run.path / EXECUTED
    shutil.rmtree(folder, ignore_errors=True)
    for document in DOCUMENTS:
        parts = [
            section_markdown(results, section(document.name, form.name), folder)
            for form in formats()[document.name]
        ]
        cells = [shown(part) for part in parts if part]
        write_report(run, document.name, *cells, title=document.title)
    return render_pack(run, "pandoc")[0].parent


# --- in a browser ------------------------------------------------------------------------

REPORT = """
axe.run(document, {resultTypes: ["violations"]}).then(found => parent.postMessage(JSON.stringify({
  page: document.title, width: innerWidth, needed: document.documentElement.scrollWidth,
  checked: found.passes.length,
  violations: found.violations.map(one => one.id + ": " + one.nodes[0].html.slice(0, 200)),
  seen: [...document.querySelectorAll("figure img")].filter(one => one.offsetParent).length,
  figures: document.querySelectorAll("figure").length,
}), "*"));
"""


@pytest.fixture(scope="module")
def visits(pack: Path) -> list[dict[str, Any]]:
    """What a browser says of every page at both widths."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser on this machine")
    axe = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder, frames = Path(name), []
        for page in pack.glob("*.html"):
            if page.stem == "executive_summary":
                continue  # leads on to the first page
            text = page.read_text(encoding="utf-8")
            added = f"<script>{axe}</script><script>{REPORT}</script></body>"
            (folder / page.name).write_text(text.replace("</body>", added), encoding="utf-8")
            frames += [
                f'<iframe src="{page.name}" width="{w}" height="800"></iframe>'
                for w in (PHONE, DESK)
            ]
        listen = (
            "addEventListener('message', e => document.querySelector('pre').append(e.data + '\\n'))"
        )
        (folder / "all.html").write_text(
            f"<pre></pre><script>{listen}</script>{''.join(frames)}", encoding="utf-8"
        )
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += ["--disable-background-networking", "--allow-file-access-from-files"]
        command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=120000"]
        command += ["--window-size=1200,900", "--dump-dom", (folder / "all.html").as_uri()]
        done = subprocess.run(command, capture_output=True, check=False, timeout=240)
    dom = re.search(r"<pre>(.*?)</pre>", done.stdout.decode(), re.DOTALL)
    assert dom is not None, done.stderr.decode()[-2000:]
    found = [json.loads(unescape(line)) for line in dom.group(1).splitlines() if line]
    assert len(found) == len(frames)
    return found


def test_axe_finds_nothing_on_any_page(visits: list[dict[str, Any]]) -> None:
    for visit in visits:
        assert visit["checked"] > 10
        assert visit["violations"] == [], f"{visit['page']} at {visit['width']} px"


def test_no_page_is_wider_than_its_screen(visits: list[dict[str, Any]]) -> None:
    for visit in visits:
        assert visit["needed"] <= visit["width"], f"{visit['page']} at {visit['width']} px"


def test_each_screen_shows_one_drawing_of_a_figure(visits: list[dict[str, Any]]) -> None:
    assert sum(visit["figures"] for visit in visits) > 10
    for visit in visits:
        # Those in a folded part are not laid out.
        assert visit["seen"] <= visit["figures"]
        assert visit["seen"] > 0 or visit["figures"] == 0


def test_cells_know_their_head_and_rows_their_name(pack: Path) -> None:
    html = (pack / "scenario_pack.html").read_text(encoding="utf-8")
    table = html[html.index("<table") : html.index("</table>")]
    assert re.search(r'<th[^>]*role="rowheader"[^>]*scope="row"|<th[^>]*scope="row"', table)
    assert 'data-head="Bad case (USD)"' in table
    assert 'role="table"' in table


# --- printed ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(pack: Path) -> pdfium.PdfDocument:
    return pdfium.PdfDocument(pack / "pack.pdf")


def used(page: pdfium.PdfPage) -> float:
    """Share of a page's room down to the last thing on it."""
    grey = np.squeeze(page.render(scale=0.5, grayscale=True).to_numpy())
    top, bottom = (round(grey.shape[0] * mm / 297) for mm in MARGIN.values())
    rows = np.flatnonzero((grey[top:bottom] < 245).any(axis=1))
    return float(rows[-1] + 1) / (bottom - top) if rows.size else 0.0


def test_no_printed_page_is_more_than_a_third_empty(printed: pdfium.PdfDocument) -> None:
    shares = [used(page) for page in printed]
    assert len(shares) <= 16
    assert [n for n, share in enumerate(shares[:-1], start=1) if share < 2 / 3] == []


def test_printed_letters_are_large_enough(printed: pdfium.PdfDocument) -> None:
    for number, page in enumerate(printed, start=1):
        text = page.get_textpage()
        for place in range(0, text.count_chars(), 5):
            matrix = pdfium_c.FS_MATRIX()
            pdfium_c.FPDFText_GetMatrix(text, place, matrix)
            size = pdfium_c.FPDFText_GetFontSize(text, place) * float(np.hypot(matrix.c, matrix.d))
            if text.get_text_range(place, 1).strip():
                said = text.get_text_range(max(place - 10, 0), 30)
                assert size >= SMALLEST, f"page {number}: {size:.1f} points at {said!r}"


def test_words_of_figures_can_be_searched(printed: pdfium.PdfDocument) -> None:
    text = " ".join(page.get_textpage().get_text_bounded() for page in printed)
    assert "Thin line: 90 % range" in " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def test_each_plan_and_each_heading_stays_with_what_follows(printed: pdfium.PdfDocument) -> None:
    for page in printed:
        lines = page.get_textpage().get_text_bounded().strip().splitlines()
        body = [line for line in lines if line.strip()][:-1]  # the last is the foot
        headings = {form.heading for forms in formats().values() for form in forms}
        assert body[-1].strip() not in headings - {""}


@pytest.mark.parametrize("name", ["pack.pdf", "appendix.pdf"])
def test_a_pdf_says_what_a_reader_aloud_needs(pack: Path, name: str) -> None:
    with pikepdf.open(pack / name) as pdf:
        root = pdf.Root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "en"
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with pdf.open_metadata() as meta:
            assert meta["pdfuaid:part"] == "1"
            assert meta["dc:title"]
        kinds: dict[str, int] = {}
        for item in _structure(root.StructTreeRoot):
            kind = str(item.get("/S", ""))
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == "/Figure":
                assert len(str(item.get("/Alt", "")).split()) > 4
        assert kinds["/TH"] > 0 and kinds["/H1"] > 0
        for page in pdf.pages:
            assert page.obj.get("/Tabs", "/S") == "/S"
            for font in page.resources.get("/Font", {}).values():
                assert _embedded(font), font


def _structure(item: pikepdf.Object) -> list[pikepdf.Object]:
    """Every element of the structure, in its order."""
    found: list[pikepdf.Object] = []
    for child in _children(item):
        found += [child, *_structure(child)]
    return found


def _children(item: pikepdf.Object) -> list[pikepdf.Object]:
    kids = item.get("/K", [])
    listed = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    return [one for one in listed if isinstance(one, pikepdf.Dictionary) and "/S" in one]


def _embedded(font: pikepdf.Object) -> bool:
    inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    return any(f"/FontFile{n}" in inner.FontDescriptor for n in ("", "2", "3"))


def test_the_appendix_has_what_the_pack_leaves_out(pack: Path) -> None:
    words = {
        name: " ".join(
            page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(pack / name)
        )
        for name in ("pack.pdf", "appendix.pdf")
    }
    assert "passed, with what each was held to" in words["appendix.pdf"]
    assert "passed, with what each was held to" not in words["pack.pdf"]
    assert "in appendix.pdf" in words["pack.pdf"]
