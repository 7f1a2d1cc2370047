"""The documentation site: every page is in it, and every public function in its reference."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.docs_reference import on_config, on_page_content, on_page_markdown
from tests.docstrings import public_modules

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def pages() -> list[str]:
    """Pages of the navigation."""
    nav = YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    return [
        page
        for entry in nav
        for page in ([entry] if isinstance(entry, str) else next(iter(entry.values())))
    ]


def test_every_page_is_in_the_navigation(tmp_path: Path) -> None:
    assert set(pages()) <= {path.name for path in DOCS.glob("*.md")}
    for name in ("index.md", "new.md"):
        (tmp_path / name).write_text("# A page")
    config = {"nav": ["index.md"], "docs_dir": str(tmp_path)}
    assert on_config(config)["nav"] == ["index.md", {"More": ["new.md"]}]


def test_every_public_module_is_in_the_reference() -> None:
    page = on_page_markdown((DOCS / "reference.md").read_text(encoding="utf-8"))
    lines = page.splitlines()
    assert [line[4:] for line in lines if line.startswith("::: ")] == public_modules()


def test_every_link_to_a_heading_finds_it() -> None:
    """A section that was lost as a benchmark wrote its tables was still linked to."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    headings = {
        name: {
            re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", line.lstrip("# ").lower()).strip())
            for line in text.splitlines()
            if line.startswith("#")
        }
        for name, text in pages.items()
    }
    links = [
        (name, page or name, anchor)
        for name, text in pages.items()
        for page, anchor in re.findall(r"\]\(([\w.-]*)#([\w-]+)\)", text)
    ]
    assert len(links) > 5
    assert [link for link in links if link[2] not in headings[link[1]]] == []


def test_a_reference_in_a_docstring_reads_as_its_name() -> None:
    assert on_page_content("see :func:<code>fit</code>: it fits") == "see <code>fit</code>: it fits"


@pytest.mark.slow
@pytest.mark.skipif(
    not importlib.util.find_spec("mkdocstrings"), reason="the extra docs is not installed"
)
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        tmp_path / "site",
    ]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    reference = (tmp_path / "site" / "reference" / "index.html").read_text(encoding="utf-8")
    assert ":<code>" not in reference
    for name in public_modules():
        for public in importlib.import_module(name).__all__:
            assert f"{name}.{public}" in reference
