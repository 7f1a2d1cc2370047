"""The taxonomy: raw names to channel, motion and region, by ordered rules (D3).

A taxonomy is a versioned YAML file beside the parameters. Its rules are read from
the top and **the first one that matches a name decides**, as in the policy. A rule
may hold from one day to another, so that a name can change its channel without
history moving. A name that no rule matches is not lost: its rows become the series
``unmapped.<variable>``, and the data's findings list it by spend.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mmmlib.params.messages import shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Day, Section, Slug
from mmmlib.params.strict import read_strict
from mmmlib.runs import sha256_json

UNMAPPED = "unmapped"
"""Channel of names that no rule matches; no parameter may be called so by accident."""
EXCLUDED = "excluded"
"""Channel of names that a rule leaves out on purpose; their rows join no series."""
KINDS = ("exact", "glob", "regex")
TARGETS = ("channel", "motion", "region")
ALWAYS = dt.date(1900, 1, 1)
FOREVER = dt.date(2200, 1, 1)


class MappingRule(Section):
    """Which names, and what they are."""

    exact: Annotated[str, Field(min_length=1)] | None = None
    """The whole name."""
    glob: Annotated[str, Field(min_length=1)] | None = None
    """A pattern of the whole name: ``*`` any text, ``?`` one letter, ``[ab]`` one of them."""
    regex: Annotated[str, Field(min_length=1)] | None = None
    """A regular expression, found anywhere in the name. What its named groups ``channel``,
    ``motion`` and ``region`` match is taken, in small letters."""
    source: Slug | None = None
    """Only names of this source."""
    channel: Slug | None = None
    motion: Slug | None = None
    region: str | None = None
    """Replaces what the source says of the region."""
    exclude: str = ""
    """Why these names are left out on purpose; nothing else is then given."""
    valid_from: Day | None = None
    """First day on which the rule holds."""
    valid_until: Day | None = None
    """Last day on which it holds."""
    note: str = ""

    def _faults(self) -> Iterator[str]:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            yield f"exactly one of {', '.join(KINDS)}, not {len(given)}"
        try:
            groups = tuple(re.compile(self.regex or "").groupindex)
        except re.error as error:
            yield f"a regular expression ({error})"
            return
        known = [key for key in TARGETS if getattr(self, key) is not None or key in groups]
        if bool(known) == bool(self.exclude):
            yield "what the names are (channel, motion, region), or why to 'exclude'"
        unknown = [name for name in groups if name not in TARGETS]
        if unknown:
            yield f"groups named {', '.join(TARGETS)}, and not {', '.join(unknown)}"
        both = [key for key in groups if getattr(self, key, None) is not None]
        if both:
            yield f"{both[0]} once: as a value or as a group of the regex"
        if self.channel in (UNMAPPED, EXCLUDED):
            yield f"a channel that is not called '{self.channel}'"
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            yield (
                f"valid_from not after valid_until, but they are {self.valid_from} "
                f"and {self.valid_until}"
            )

    @property
    def pattern(self) -> str:
        """The pattern with its kind, for messages: ``glob gads_*``."""
        kind = next(kind for kind in KINDS if getattr(self, kind) is not None)
        return f"{kind} {getattr(self, kind)}"

    @property
    def since(self) -> dt.date:
        """First day on which the rule holds."""
        return self.valid_from or ALWAYS

    @property
    def until(self) -> dt.date:
        """First day on which it holds no more."""
        return self.valid_until + dt.timedelta(days=1) if self.valid_until else FOREVER

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        if self.exact is not None:
            return re.compile(re.escape(self.exact) + r"\Z")
        if self.glob is not None:
            return re.compile(fnmatch.translate(self.glob))
        return re.compile(self.regex or "")

    def read(self, name: str) -> tuple[str, str, str] | None:
        """Return channel, motion and region of a name; None where the rule does not match it."""
        # A glob and an exact name end with \Z: a match from the start is one of the whole name.
        found = self._compiled.search(name) if self.regex else self._compiled.match(name)
        if found is None:
            return None
        if self.exclude:
            return (EXCLUDED, "", "")
        groups = found.groupdict()
        channel, motion, region = (
            getattr(self, key) or (groups.get(key) or "").lower() for key in TARGETS
        )
        return (channel, motion, region)


class Taxonomy(Section):
    """A whole taxonomy file."""

    version: Annotated[str, Field(min_length=1)]
    """Name of this version; every change of the rules needs a new one."""
    valid_from: dt.date
    """Day from which on this version is in force."""
    note: str = ""
    """What this version changed, and why."""
    regions: dict[str, str] = Field(default_factory=dict)
    """Raw regions to regions, for those that are called otherwise in a source."""
    rules: tuple[MappingRule, ...] = Field(min_length=1)

    @property
    def digest(self) -> str:
        """Hash of what the taxonomy does: of its rules and regions, without notes."""
        rules = [rule.model_dump(mode="json", exclude={"note"}) for rule in self.rules]
        return sha256_json({"rules": rules, "regions": self.regions})


def read_taxonomy(path: str | Path) -> Taxonomy:
    """Read a taxonomy file.

    Raises
    ------
    InputError
        With every problem at once, each with line and column: unknown keys, broken
        patterns, rules that repeat the pattern of one above.
    """
    return read_strict(path, Taxonomy, "the taxonomy, beside the parameter file", _more_checks)


def _more_checks(content: dict[str, Any]) -> Iterator[KeyProblem]:
    """Yield rules that repeat one above; runs on raw values, so nothing may be assumed."""
    rules = content.get("rules")
    seen: dict[tuple[str, ...], int] = {}
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        keys = (*KINDS, "source", "valid_from", "valid_until")
        identity = tuple(str(rule.get(key)) for key in keys)
        if identity in seen:
            pattern = next((str(rule[kind]) for kind in KINDS if rule.get(kind)), "")
            yield KeyProblem(
                ("rules", number),
                f"the pattern {shown(pattern)} again (first in rule {seen[identity] + 1})",
                "every pattern once, or for other days",
                "Remove one of the two.",
            )
        seen.setdefault(identity, number)
