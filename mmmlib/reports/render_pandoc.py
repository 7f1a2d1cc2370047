"""The pack by pandoc and Typst, both from PyPI: nothing to install by hand, no network."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from mmmlib.reports.documents import FIGURES
from mmmlib.reports.render_input import (
    FONTS,
    PageSource,
    RenderError,
    Work,
    copy_fonts,
    quarto_project,
    templates,
)


def render_with_pandoc(work: Work, folder: Path) -> None:
    """Write all pages and the PDF of a pack into a folder; RenderError has what pandoc or Typst said."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if work.figures.is_dir():
            shutil.copytree(work.figures, scratch / FIGURES)
        # pandoc is a process of its own, so threads are enough to run several at once.
        with ThreadPoolExecutor() as pool:
            copy_fonts(work, scratch / FONTS)
            jobs = [
                pool.submit(_pdf, work, source, scratch, folder / f"{source.name}.pdf")
                for source in work.prints
            ]
            jobs += [
                pool.submit(_page, source, scratch, folder / f"{source.name}.html")
                for source in work.pages
            ]
            for job in jobs:
                job.result()


def _page(source: PageSource, scratch: Path, target: Path) -> None:
    css = templates() / "pack.css"
    template = templates() / "template.html"
    options = [
        "--to=html5",
        f"--template={template}",
        "--embed-resources",
        f"--css={css}",
    ]
    _pandoc(source, scratch, [*options, f"--output={target}"])


def _pdf(work: Work, source: PageSource, scratch: Path, target: Path) -> None:
    import typst

    text = scratch / f"{source.name}.typ"
    template = templates() / "pack.typ"
    _pandoc(
        source,
        scratch,
        ["--to=typst", f"--template={template}", f"--output={text}"],
    )
    compiler = typst.Compiler(
        root=scratch, font_paths=[str(scratch / FONTS)], ignore_system_fonts=True
    )
    try:
        compiler.compile(
            input=str(text),
            output=str(target),
            format="pdf",
            timestamp=work.created,
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        raise RenderError(f"Typst could not make {target.name}: {error.diagnostic}") from error


def _pandoc(source: PageSource, scratch: Path, options: list[str]) -> None:
    variables = scratch / f"{source.name}{Path(options[-1]).suffix}.json"
    variables.write_text(json.dumps({"pack": source.variables}), encoding="utf-8")
    project = quarto_project()
    command = [
        pandoc(),
        "--standalone",
        "--wrap=none",
        f"--from={project['from']}",
        f"--lua-filter={templates() / 'pack.lua'}",
        f"--metadata-file={variables}",
        f"--metadata=lang:{project['lang']}",
        f"--metadata=pagetitle:{source.name}",
        *options,
    ]
    done = subprocess.run(
        command,
        input=source.markdown.encode(),
        cwd=scratch,
        capture_output=True,
        check=False,
    )
    if done.returncode or done.stderr:
        raise RenderError(f"pandoc could not make {source.name}: {done.stderr.decode().strip()}")


@cache
def pandoc() -> str:
    """Return the path of the pandoc that comes from PyPI."""
    import pypandoc  # type: ignore[import-untyped]

    path: str = pypandoc.get_pandoc_path()
    return path
