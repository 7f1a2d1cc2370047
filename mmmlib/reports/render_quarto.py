"""The pack by Quarto, where it is on the machine.

The project's own ``_quarto.yml``, filter, templates and stylesheet are copied to a
temporary folder, with each document as a notebook that holds what its executed
copy shows and no code. Nothing is executed and nothing is written into the
project or the run.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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

OUTPUT = "out"
LAST_LINES = 20
"""Lines of what Quarto said that an error repeats: its own progress comes before them."""
SHORTCODE = re.compile(
    r"((?:\{|&#123;)(?=(?:\{|&#123;)(?:<|&#60;))|(?:>|&#62;)(?:\}|&#125;)(?=\}|&#125;))"
)
"""Before the second brace that opens or closes a shortcode, written plainly or as references."""
JOINER = "&#8288;"
"""A joiner without width: nothing to see, but no shortcode any more."""
SUPPORT = (".lua", ".html", ".css", ".typ")
"""Files of ``reports/`` that the project needs beside the notebooks."""


def render_with_quarto(work: Work, folder: Path) -> None:
    """Write all pages and the PDF of a pack into a folder; RenderError has what Quarto said."""
    with tempfile.TemporaryDirectory() as name:
        pages, pdf = Path(name, "html"), Path(name, "typst")
        write_project(pages, work.pages, "html", work.figures)
        write_project(pdf, work.prints, "typst", work.figures)
        copy_fonts(work, pdf / FONTS)
        with ThreadPoolExecutor() as pool:
            jobs = [
                pool.submit(_quarto, pages, "html", work.created),
                pool.submit(_quarto, pdf, "typst", work.created),
            ]
            for job in jobs:
                job.result()
        for source in work.pages:
            _collect(pages, f"{source.name}.html", folder)
        for source in work.prints:
            _collect(pdf, f"{source.name}.pdf", folder)


def quarto_version() -> str:
    """Return the version that Quarto tells of itself; RenderError if it does not run, or tells none."""
    try:
        done = subprocess.run(
            ["quarto", "--version"], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RenderError(str(error)) from error
    version = done.stdout.strip()
    if done.returncode or not re.fullmatch(r"\d+(\.\d+)+\S*", version):
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RenderError(said[-1] if said else f"it ends with {done.returncode} and says nothing")
    return version


def write_project(folder: Path, sources: Sequence[PageSource], to: str, figures: Path) -> None:
    """Write a Quarto project that renders ``sources`` to one format."""
    reports = folder / "reports"
    reports.mkdir(parents=True)
    for path in templates().iterdir():
        if path.suffix in SUPPORT:
            shutil.copy(path, reports)
    if figures.is_dir():
        shutil.copytree(figures, reports / FIGURES)
    files = [f"reports/{source.name}.ipynb" for source in sources]
    # JSON is YAML too, and needs no care with quotes.
    project = json.dumps(project_for(files, to), indent=2)
    (folder / "_quarto.yml").write_text(project, encoding="utf-8")
    for source, file in zip(sources, files, strict=True):
        write_notebook(source, folder / file)


def project_for(files: list[str], to: str) -> dict[str, Any]:
    """Return the project's ``_quarto.yml`` with the files and the one format of a render."""
    project = copy.deepcopy(quarto_project())
    project["project"] |= {"output-dir": OUTPUT, "render": files}
    project["format"] = {to: project["format"][to]}
    if to == "typst":
        # Quarto reads every font path as one below the project.
        project["format"][to]["font-paths"] = [FONTS]
    return project


def write_notebook(source: PageSource, path: Path) -> None:
    """Write a document as a notebook without code: front matter, then its Markdown."""
    import nbformat
    from nbformat.v4 import new_markdown_cell, new_notebook, new_raw_cell

    # The title keeps Quarto from taking the first heading for one.
    front = {"title": source.name, "pagetitle": source.name, "pack": source.variables}
    lines = [f"{key}: {json.dumps(value)}" for key, value in front.items()]
    cells = [
        new_raw_cell(without_shortcodes("\n".join(["---", *lines, "---"])), id="front"),
        new_markdown_cell(without_shortcodes(source.markdown), id="body"),
    ]
    nbformat.write(new_notebook(cells=cells), path)


def without_shortcodes(text: str) -> str:
    """Break shortcodes, which Quarto runs before any filter could see them."""
    return SHORTCODE.sub(rf"\1{JOINER}", text)


def _quarto(folder: Path, to: str, created: int) -> None:
    command = ["quarto", "render", str(folder), "--to", to, "--no-execute"]
    # Typst writes this time into the PDF instead of the time of rendering.
    env = os.environ | {"SOURCE_DATE_EPOCH": str(created)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        said = "\n".join(lines[-LAST_LINES:])
        raise RenderError(f"Quarto could not make the {to} pages: {said}")


def _collect(project: Path, name: str, folder: Path) -> None:
    made = project / OUTPUT / "reports" / name
    if not made.is_file():
        raise RenderError(f"Quarto ended well but did not make {name}.")
    shutil.copyfile(made, folder / name)
