"""From executed report notebooks to the pack that is sent out.

Two renderers make the same documents from the same Markdown, filter, templates
and stylesheet: Quarto, where it is on the machine, or pandoc and Typst from
PyPI, which Quarto consists of. The pack is written aside and put in place as a
whole: there is never half of one.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

from mmmlib.governance.labels import BLOCKED, WAIVED
from mmmlib.governance.verdict import GateResult, Release
from mmmlib.params import Params
from mmmlib.params.load import params_of
from mmmlib.reports.documents import EXECUTED, TABLE_NAME, Page, read_pages
from mmmlib.reports.fonts import unwritable, unwritable_sentence
from mmmlib.reports.format import section_format
from mmmlib.reports.front import (
    APPENDIX,
    FRONT,
    SUMMARY,
    appendix_markdown,
    front_markdown,
    print_markdown,
)
from mmmlib.reports.markup import escape
from mmmlib.reports.papers import Paper
from mmmlib.reports.render_input import (
    RECORD,
    PageSource,
    RenderError,
    RenderRecord,
    Work,
    printed_texts,
)
from mmmlib.reports.results import Results
from mmmlib.reports.show import section_markdown, to_markdown
from mmmlib.reports.title_block import metadata, verdict_sentence
from mmmlib.runs import Run, sync, write_atomic

Renderer = Literal["auto", "quarto", "pandoc"]
PACK = "pack"
TABLES = "tables.xlsx"
MOVED = f"The executive summary is the [first page]({FRONT}.html) of this pack."


def render_pack(
    run: Run,
    renderer: Renderer = "auto",
    params: Params | None = None,
    *,
    released: GateResult | None = None,
    into: Path | None = None,
) -> list[Path]:
    """Make the pack of a run from its executed report notebooks, or of those that are there.

    Parameters
    ----------
    renderer
        ``auto`` takes Quarto if it is on the machine, else pandoc and Typst; these
        also step in, with a warning, where the Quarto that is there fails.
    released
        Its gates with the release status that the pages show; as the run left them, if not given.
    into
        Folder that takes the pack; the run's own, if not given.

    Returns
    -------
    list of Path
        The files of the pack, in reading order.

    Raises
    ------
    RunError
        If there is nothing to render, or a notebook was not executed whole.
    RenderError
        If a renderer failed. The pack that was there before stays.

    Notes
    -----
    Rendering the same run twice gives the same bytes: nothing in the pack tells
    the time of rendering. What its reader should know (a Quarto that failed, labels
    that no font can write) is a warning, and stays in the run's ``rendering.json``.
    """
    from mmmlib.reports.xlsx import write_tables

    results = Results(run, params or params_of(run), released)
    target = into or run.path / PACK
    pages = read_pages(run.path / EXECUTED)
    if released is not None:
        pages = [of_today(page, results) for page in pages]
    work = _work(results, pages)
    with replacing_folder(target) as folder, ThreadPoolExecutor(1) as beside:
        tables = beside.submit(write_tables, results, folder / TABLES)
        made = _make(work, folder, renderer)
        tables.result()
    boxes = unwritable_sentence(unwritable(printed_texts(work)))
    notes = (*made.notes, *filter(None, [boxes]))
    for note in notes:
        warnings.warn(note, stacklevel=2)
    if into is None:
        run.save_json(RECORD, RenderRecord(renderer=made.renderer, notes=notes))
    return [target / name for name in (*work.names, TABLES)]


def of_today(page: Page, results: Results) -> Page:
    """Write anew what says who has signed and what is waived, by the gates as they are released."""
    from mmmlib.reports.sections import briefing, executive_summary, health_panel

    body = page.body
    for section in (executive_summary.release, briefing.signatures, health_panel.verdict):
        form = section_format(section)
        if form.document == page.document.name:
            said = section_markdown(results, section, results.run.path / EXECUTED)
            new = f"{TABLE_NAME.sub('', said)}\n"
            old = rf"^## {re.escape(escape(form.heading))}\n.*?(?=^## |\Z)"
            if found := re.search(old, body, re.MULTILINE | re.DOTALL):
                body = body[: found.start()] + new + body[found.end() :]
    gates = results.gates
    if gates is not None and gates.blocked and gates.release is not Release.NOT_APPROVED:
        body = body.replace(escape(BLOCKED), escape(WAIVED))
    return replace(page, body=body)


def render_paper(
    results: Results, paper: Paper, folder: Path, renderer: Renderer = "auto"
) -> list[Path]:
    """Make ``NAME.html`` and ``NAME.pdf`` of a document beside the pack (:mod:`mmmlib.reports.papers`).

    RenderError if a renderer failed; what was there before stays.
    """
    scratch = results.run.path / EXECUTED
    body = "\n\n".join(to_markdown(block, scratch, paper.name) for block in paper.blocks)
    common = metadata(results)
    variables = common | {"document": paper.title, "nav": []}
    work = Work(
        pages=(PageSource(paper.name, body, variables),),
        prints=(PageSource(paper.name, f"# {paper.title}\n\n{body}", common),),
        figures=scratch / "figures",
        created=int(results.run.manifest.created.timestamp()),
    )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        _make(work, Path(made), renderer)
        for name in work.names:
            write_atomic(folder / name, (Path(made) / name).read_bytes())
    return [folder / name for name in work.names]


def _make(work: Work, folder: Path, renderer: Renderer) -> RenderRecord:
    chosen = choose_renderer(renderer)
    try:
        _renderer(chosen)(work, folder)
        check_pack(folder, work.names)
    except RenderError as error:
        if renderer != "auto" or chosen == "pandoc":
            raise
        # Quarto is whatever version the machine has; a refresh should not be lost to it.
        note = f"{error} The pack is made by pandoc and Typst instead."
        return RenderRecord(renderer=_make(work, folder, "pandoc").renderer, notes=(note,))
    return RenderRecord(renderer=chosen)


def choose_renderer(renderer: Renderer = "auto") -> Literal["quarto", "pandoc"]:
    """Say which renderer will be used; RenderError if Quarto is asked for and is not on the machine."""
    found = shutil.which("quarto") is not None
    if renderer == "auto":
        return "quarto" if found else "pandoc"
    if renderer == "quarto" and not found:
        raise RenderError(
            "renderer: found quarto; expected a program of this name on PATH. "
            "Install Quarto, or take the renderer 'pandoc', which needs nothing more."
        )
    return renderer


def check_pack(folder: Path, names: list[str]) -> None:
    """Refuse, by RenderError, a pack that is not whole, or a page that runs or loads something."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise RenderError(f"The renderer did not make {', '.join(missing)}.")
    for path in folder.glob("*.html"):
        loads = outside(path.read_text(encoding="utf-8"))
        if loads:
            raise RenderError(
                f"{path.name} is not self-contained: it would load or run {', '.join(loads)}."
            )


def outside(html: str) -> list[str]:
    """Return what a page would run, or load from outside itself; links do not count."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            for name, value in attrs:
                target = (value or "").strip()
                loads = name in ("src", "srcset", "data", "poster") or (
                    name == "href" and tag in ("link", "image", "use", "base")
                )
                if loads and not target.startswith(("data:", "#")):
                    found.append(f"<{tag} {name}={target[:80]}>")
                if name.startswith("on") or target.lower().startswith("javascript:"):
                    found.append(f"<{tag} {name}>")
            if tag in ("script", "iframe", "object", "embed"):
                found.append(f"<{tag}>")

    Reader().feed(html)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, flags=re.DOTALL)
    found += [
        text
        for style in styles
        for text in re.findall(r"@import[^;]*|url\(\s*['\"]?(?!data:|#)[^)]*\)", style)
    ]
    return found


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder; if nothing fails it takes the place of ``folder``."""
    for left in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(left)  # by a render that was killed
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = temporary.with_name(f"{temporary.name}-old")
    try:
        yield temporary
        temporary.chmod(0o755)
        for path in temporary.iterdir():
            path.chmod(0o644)
            sync(path)
        sync(temporary)
        if folder.exists():
            folder.replace(old)
        temporary.replace(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _work(results: Results, pages: list[Page]) -> Work:
    run = results.run
    common = metadata(results)
    links = [(FRONT, "Overview")]
    links += [(p.document.name, p.document.title) for p in pages if p.document.name != SUMMARY]
    sources = [
        PageSource(
            FRONT,
            front_markdown(pages, verdict_sentence(results.gates)),
            common
            | {
                "document": "Refresh pack",
                "question": common["workbook"],
                "front": True,
                "nav": _nav(links, FRONT),
            },
        )
    ]
    for page in pages:
        name, body = page.document.name, page.body
        variables = common | {
            "document": page.document.title,
            "question": page.question,
            "nav": _nav(links, name),
        }
        if name == SUMMARY:  # the front page has it; a link to it still leads there
            body = MOVED
            variables |= {"moved": f"{FRONT}.html", "nav": _nav(links, FRONT)}
        sources.append(PageSource(name, body, variables))
    prints = [PageSource(PACK, print_markdown(pages), common)]
    if folded := appendix_markdown(pages):
        prints.append(PageSource(APPENDIX, folded, common))
    return Work(
        pages=tuple(sources),
        prints=tuple(prints),
        figures=run.path / EXECUTED / "figures",
        created=int(run.manifest.created.timestamp()),
    )


def _nav(links: list[tuple[str, str]], current: str) -> list[dict[str, Any]]:
    return [
        {"file": f"{name}.html", "title": title} | ({"current": True} if name == current else {})
        for name, title in links
    ]


def _renderer(name: Literal["quarto", "pandoc"]) -> Callable[[Work, Path], None]:
    if name == "quarto":
        from mmmlib.reports.render_quarto import render_with_quarto

        return render_with_quarto
    from mmmlib.reports.render_pandoc import render_with_pandoc

    return render_with_pandoc
