"""Stands in for Quarto where it is not installed: its steps, and where it differs from pandoc.

Reads ``_quarto.yml``, runs the pre-render check, takes front matter and Markdown from each
notebook, and calls pandoc (and Typst) with the project's reader, filter and templates. As
Quarto 1.10 was seen to do, it

- reads tables without attributes: ``{#tbl-name}`` behind a caption is text;
- keeps a doctype only if the template begins with ``<!DOCTYPE`` in capitals;
- looks for fonts below the project's folder, whatever their path begins with;
- makes a PDF of a standard only if ``pdf-standard`` names it;
- fails on the braces of a shortcode, opening or closing, wherever they stand;
- says nothing of an error with ``--quiet``.
"""

import html
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pypandoc
import typst
from ruamel.yaml import YAML

PANDOC = pypandoc.get_pandoc_path()


def main() -> None:
    command, folder, *options = sys.argv[1:]
    assert command == "render"
    to = options[options.index("--to") + 1]
    if "--quiet" in options:
        sys.stderr = io.StringIO()
    root = Path(folder)
    config = YAML(typ="safe").load((root / "_quarto.yml").read_text())
    files = config["project"]["render"]
    env = os.environ | {"QUARTO_PROJECT_INPUT_FILES": "\n".join(files)}
    for script in config["project"]["pre-render"]:
        subprocess.run([PANDOC, "lua", script], cwd=root, env=env, check=True)
    for name in files:
        render(root, name, to, config)


def render(root: Path, name: str, to: str, config: dict) -> None:
    form = config["format"][to]
    source = root / name
    front, *cells = nbformat.read(source, as_version=4).cells
    assert all(cell.cell_type == "markdown" for cell in cells)
    for text in (front.source, *(cell.source for cell in cells)):
        if found := re.search(r"\{\{<|>\}\}", html.unescape(text)):
            print(f"{name}: a shortcode that is not whole: {found.group()}", file=sys.stderr)
            sys.exit(1)
    front_matter = YAML(typ="safe").load(front.source.strip().strip("-"))
    meta = source.with_suffix(".json")
    meta.write_text(json.dumps(front_matter | {"lang": config["lang"]}))
    target = root / config["project"]["output-dir"] / name
    target.parent.mkdir(parents=True, exist_ok=True)
    arguments = [
        f"--from={config['from']}-table_attributes",
        f"--wrap={form['wrap']}",
        "--standalone",
        f"--metadata-file={meta}",
    ]
    arguments += [f"--lua-filter={root / step['path']}" for step in config["filters"]]
    body = "\n\n".join(cell.source for cell in cells)
    if to == "html":
        arguments += ["--to=html5", "--embed-resources", f"--css={root / form['css']}"]
        arguments += [f"--template={root / form['template']}"]
        arguments += [f"--output={target.with_suffix('.html')}"]
        pandoc(arguments, body, source.parent)
        if not (root / form["template"]).read_text().startswith("<!DOCTYPE"):
            page = target.with_suffix(".html")
            page.write_text(
                re.sub(r"^<!doctype[^>]*>\s*", "", page.read_text(), flags=re.IGNORECASE)
            )
        return
    # Quarto's own template puts the two partials one after the other.
    template = source.parent / "whole.typ"
    partials = [(root / path).read_text() for path in form["template-partials"]]
    template.write_text("\n".join([*partials, "$body$"]))
    text = source.with_suffix(".typ")
    pandoc([*arguments, "--to=typst", f"--template={template}", f"--output={text}"], body, root)
    created = int(os.environ["SOURCE_DATE_EPOCH"])
    fonts = [str(root / path.lstrip("/")) for path in form["font-paths"]]
    compiler = typst.Compiler(root=root, font_paths=fonts, ignore_system_fonts=True)
    compiler.compile(
        input=str(text),
        output=str(target.with_suffix(".pdf")),
        format="pdf",
        timestamp=created,
        pdf_standards=form.get("pdf-standard", []),
    )


def pandoc(arguments: list[str], body: str, cwd: Path) -> None:
    subprocess.run([PANDOC, *arguments], input=body.encode(), cwd=cwd, check=True)


main()
