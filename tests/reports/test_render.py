import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmmlib.errors import RunError
from mmmlib.findings import Level
from mmmlib.governance.labels import BLOCKED, WAIVED
from mmmlib.governance.verdict import GateResult, Release
from mmmlib.provenance import RELEASED
from mmmlib.reports import render_pandoc
from mmmlib.reports.documents import DOCUMENTS, EXECUTED, Page
from mmmlib.reports.front import SUMMARY
from mmmlib.reports.render import (
    PACK,
    choose_renderer,
    of_today,
    outside,
    render_pack,
)
from mmmlib.reports.render_input import RenderError, quarto_project
from mmmlib.reports.title_block import BANDS
from mmmlib.runs import Run
from tests.fake_run import NASTY, make_fake_run
from tests.reports.executed import FIGURE, shown, write_report, write_reports
from tests.reports.pdf import pdf_outline

FILES = [
    "index.html",
    "executive_summary.html",
    "briefing.html",
    "contribution_roi.html",
    "scenario_pack.html",
    "health_panel.html",
    "change_log.html",
    "pack.pdf",
    "appendix.pdf",
    "tables.xlsx",
]
ATTACK = """Raw <script>document.title='owned'</script> and <img src=x onerror="document.title='owned'">
`<b>x</b>`{=html} [a link](javascript:document.title='owned') [s]{onclick="document.title='owned'"}
![far](https://example.org/far.png) $x^2$ {{< meta title >}} @someone

```{=html}
<script>document.title='owned'</script>
```

- <iframe src="https://example.org"></iframe>
"""


@pytest.mark.parametrize(
    ("release", "said"), [(Release.LIMITED, WAIVED), (Release.NOT_APPROVED, BLOCKED)]
)
def test_a_page_of_what_was_waived_does_not_say_that_a_gate_blocks(
    release: Release, said: str
) -> None:
    gates = GateResult(level=Level.BLOCK, release=release, policy_version="1", entries=())
    (document,) = [one for one in DOCUMENTS if one.name == "scenario_pack"]
    body = f"**No recommendation.** {BLOCKED}\n"
    page = of_today(Page(document, "", body), SimpleNamespace(gates=gates))
    assert page.body == f"**No recommendation.** {said}\n"


class Outline(HTMLParser):
    """Headings, figures, tables and links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[tuple[str, str]] = []
        self.alts: list[str | None] = []
        self.links: list[str] = []
        self.captions: list[str] = []
        self.doctype = ""
        self.count: dict[str, int] = {}
        self._heading = ""
        self._caption = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        values = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self._heading = tag
            self.headings.append((tag, ""))
        if tag == "img":
            self.alts.append(values.get("alt"))
        if tag in ("caption", "figcaption"):
            self._caption = True
            self.captions.append("")
        if tag == "a":
            self.links.append(values.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "figcaption"):
            self._caption = False
        if tag == self._heading:
            self._heading = ""

    def handle_data(self, data: str) -> None:
        if self._heading:
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, text + data)
        if self._caption:
            self.captions[-1] += data

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = make_fake_run(tmp_path_factory.mktemp("runs"), nasty_names=True)
    write_reports(run, ATTACK)
    render_pack(run, "pandoc")
    return run


def page(run: Run, name: str) -> str:
    return (run.path / PACK / name).read_text(encoding="utf-8")


def test_the_pack_holds_its_files_and_nothing_else(run: Run) -> None:
    assert sorted(path.name for path in (run.path / PACK).iterdir()) == sorted(FILES)
    assert (run.path / PACK / "pack.pdf").read_bytes().startswith(b"%PDF-")


def test_nothing_is_left_beside_the_pack(run: Run) -> None:
    assert not [path for path in run.path.iterdir() if path.name.startswith(".pack")]


def test_rendering_again_gives_the_same_bytes(run: Run) -> None:
    before = {name: (run.path / PACK / name).read_bytes() for name in FILES}
    paths = render_pack(run, "pandoc")
    assert [path.name for path in paths] == FILES
    assert {path.name: path.read_bytes() for path in paths} == before


@pytest.mark.parametrize("name", FILES[:7])
def test_a_page_loads_nothing_and_runs_nothing(run: Run, name: str) -> None:
    html = page(run, name)
    assert outside(html) == []
    assert "<script" not in html


def test_what_a_page_would_load_is_noticed() -> None:
    assert outside('<script src="https://cdn.example/x.js"></script>')
    assert outside('<img src="http://example.org/x.png">')
    assert outside("<link rel=stylesheet href=//cdn.example/x.css>")
    assert outside("<style>@import 'x.css';</style>")
    assert outside("<style>p { background: url(https://example.org/x) }</style>")
    assert outside('<a onclick="x()">x</a>')
    assert not outside('<a href="https://example.org">a link is no load</a>')
    assert not outside('<img src="data:image/png;base64,AA=="><a href="index.html">x</a>')


def test_names_and_attacks_come_out_as_text(run: Run) -> None:
    html = page(run, "index.html")
    assert "&lt;script&gt;document.title=" in html
    assert "javascript:" not in "".join(Outline(html).links)
    assert "onclick=" not in html.replace("onclick=&quot;", "")
    text = re.sub(r"<[^>]+>", "", html)
    for part in ("{{&lt; meta title &gt;}}", "$x^2$", "@someone"):
        assert part in text
    title = re.search(r"<title>(.*?)</title>", html)
    assert title is not None and "&lt;script&gt;alert" in title.group(1)


def test_the_pdf_shows_names_as_text(run: Run) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not on this machine")
    command = ["pdftotext", str(run.path / PACK / "pack.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert NASTY.replace(" ", "") in re.sub(r"\s", "", text)
    assert "page 1 of " in text
    assert run.name in text


def test_a_page_in_a_browser_runs_nothing(run: Run) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser on this machine")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ]
        command += ["--disable-background-networking", "--disable-component-update"]
        command += ["--disable-sync", f"--user-data-dir={profile}", "--dump-dom"]
        url = (run.path / PACK / "index.html").as_uri()
        done = subprocess.run([*command, url], capture_output=True, check=False, timeout=120)
    dom = done.stdout.decode()
    assert "Skip to the content" in dom
    assert "<title>owned</title>" not in dom
    assert "<script" not in dom


def test_every_figure_says_what_it_says(run: Run) -> None:
    for document in DOCUMENTS:
        name = "index" if document.name == SUMMARY else document.name
        outline = Outline(page(run, f"{name}.html"))
        assert outline.alts == ["Search leads in 9 weeks"]
        assert outline.count["figure"] == outline.count["figcaption"] == 1


def test_headings_are_one_title_then_sections(run: Run) -> None:
    for name in FILES[:7]:
        levels = [tag for tag, _ in Outline(page(run, name)).headings]
        assert levels[0] == "h1"
        assert set(levels[1:]) == ({"h2"} if name != f"{SUMMARY}.html" else set())


def test_every_page_leads_to_every_other(run: Run) -> None:
    for name in FILES[:7]:
        html = page(run, name)
        assert set(FILES[:7]) - {f"{SUMMARY}.html"} <= set(Outline(html).links)
        assert html.count('aria-current="page"') == 1


def test_the_title_block_says_whose_and_whether(run: Run) -> None:
    release = run.load_json("gates.json", GateResult).release
    _, symbol = BANDS[release]
    for name in FILES[:7]:
        text = page(run, name)
        assert f"{symbol}</span> {release}" in text
        assert "data through 28" in text
        assert f"<code>{run.name}</code>" in text
        assert all(word in text for word in ("Serves", "May support", "May not support"))
        assert '<html lang="en">' in text
        assert '<main id="content">' in text


def test_the_front_page_is_the_summary_and_the_way_to_the_rest(run: Run) -> None:
    html = page(run, "index.html")
    statements = html[html.index('class="statements"') : html.index("In this pack")]
    assert statements.count("<li>") == 3
    assert "label safe good" in statements
    moved = page(run, "executive_summary.html")
    assert 'content="0; url=index.html"' in moved
    assert "label safe good" not in moved[: moved.index("<footer")]


def test_passed_checks_are_folded_and_counted(run: Run) -> None:
    html = page(run, "health_panel.html")
    summary = re.search(r'<details class="folded">\s*<summary>\s*(.*?)\s*</summary>', html)
    assert summary is not None and summary.group(1) == "2 checks passed"


def test_a_run_that_is_not_ready_has_what_there_is(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path, not_ready=True)
    write_report(run, "health_panel", shown("## Verdict"), shown(FIGURE))
    names = [path.name for path in render_pack(run, "pandoc")]
    assert names == ["index.html", "health_panel.html", "pack.pdf", "tables.xlsx"]
    links = Outline(page(run, "index.html")).links
    assert "health_panel.html" in links
    assert "executive_summary.html" not in links
    assert "NOT APPROVED" in page(run, "index.html")


def test_a_failed_render_keeps_the_pack_that_was_there(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = {name: (run.path / PACK / name).read_bytes() for name in FILES}
    broken = tmp_path / "pandoc"
    broken.write_text("#!/bin/sh\necho 'out of memory' >&2\nexit 99\n")
    broken.chmod(0o755)
    monkeypatch.setattr(render_pandoc, "pandoc", lambda: str(broken))
    with pytest.raises(RenderError, match="out of memory"):
        render_pack(run, "pandoc")
    assert {p.name: p.read_bytes() for p in (run.path / PACK).iterdir()} == before
    assert not [path for path in run.path.iterdir() if path.name.startswith(".pack")]


def test_a_failed_render_leaves_no_half_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_fake_run(tmp_path, not_ready=True)
    write_report(run, "health_panel", shown("## Verdict"))
    monkeypatch.setattr(render_pandoc, "pandoc", lambda: shutil.which("false"))
    with pytest.raises(RenderError):
        render_pack(run, "pandoc")
    assert not (run.path / PACK).exists()


def test_what_a_killed_render_left_is_cleared(run: Run) -> None:
    left = run.path / ".pack-killed"
    left.mkdir()
    (left / "index.html").write_text("half")
    render_pack(run, "pandoc")
    assert not left.exists()


def test_reports_that_did_not_run_make_no_pack(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path, not_ready=True)
    with pytest.raises(RunError, match="nothing to render"):
        render_pack(run, "pandoc")
    assert not (run.path / PACK).exists()


def test_quarto_is_taken_only_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert choose_renderer("auto") == "pandoc"
    with pytest.raises(RenderError, match="Install Quarto"):
        choose_renderer("quarto")


def test_both_renderers_read_with_the_same_options() -> None:
    reader = quarto_project()["from"]
    for extension in (
        "raw_html",
        "raw_tex",
        "raw_attribute",
        "citations",
        "tex_math_dollars",
    ):
        assert f"-{extension}" in reader
    assert quarto_project()["execute"] == {"enabled": False}
    assert quarto_project()["project"]["render"] == ["reports/*.ipynb"]


def test_no_template_names_a_place_on_the_web() -> None:
    for path in (RELEASED / "reports").iterdir():
        if path.suffix in (".html", ".css", ".lua", ".typ"):
            assert "//" not in re.sub(r"(?m)^\s*//.*$|\^%s\*//", "", path.read_text()), path


@pytest.mark.skipif(shutil.which("quarto") is None, reason="Quarto is not on this machine")
def test_both_renderers_give_the_same_outline(run: Run, tmp_path: Path) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / run.name))
    render_pack(copy, "quarto")
    for name in FILES[:7]:
        ours, theirs = Outline(page(run, name)), Outline(page(copy, name))
        assert theirs.headings == ours.headings
        assert theirs.alts == ours.alts
        assert theirs.count.get("table") == ours.count.get("table")
        assert theirs.links == ours.links
        assert theirs.captions == ours.captions
        assert theirs.doctype == ours.doctype == "DOCTYPE html"
    pdfs = [(one.path / PACK / "pack.pdf").read_bytes() for one in (run, copy)]
    assert pdf_outline(pdfs[1]) == pdf_outline(pdfs[0])


def test_the_run_keeps_its_notebooks_as_they_were(run: Run) -> None:
    folder = run.path / EXECUTED
    before = {path: path.read_bytes() for path in folder.glob("*.ipynb")}
    render_pack(run, "pandoc")
    assert {path: path.read_bytes() for path in folder.glob("*.ipynb")} == before
