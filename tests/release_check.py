"""Is a tag the version that is released? ``make release-check TAG=v1.2.3`` (docs/releasing.md)."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]


def faults_of(tag: str, root: Path = ROOT) -> Iterator[str]:
    """Say what of a release does not fit its tag."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        yield f"the tag is {tag!r}; expected v1.2.3"
    version = tag.removeprefix("v")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = YAML(typ="safe").load((root / "CITATION.cff").read_text(encoding="utf-8"))
    for file, found in (
        ("pyproject.toml", project["version"]),
        ("CITATION.cff", str(cited["version"])),
    ):
        if found != version:
            yield f"{file}: found version {found}; expected {version}"
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", changelog, flags=re.MULTILINE)
    if not heads or heads[0][0] != "Unreleased":
        yield "CHANGELOG.md: found no [Unreleased] on top"
    dated = dict(heads).get(version)
    if not dated or not re.fullmatch(r"\d{4}-\d\d-\d\d", dated):
        yield f"CHANGELOG.md: found no heading '## [{version}] - YYYY-MM-DD'"


if __name__ == "__main__":
    found = [*faults_of(sys.argv[1])]
    sys.exit("\n".join(found) or 0)
