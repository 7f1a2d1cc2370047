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
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from mmmlib.params.messages import shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Day, Section, Slug
from mmmlib.params.strict import read_strict
from mmmlib.runs import sha256_json

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

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


# --- names mapped, span by span of days -------------------------------------------------------

NAMES = ("source", "name", "first", "last", "rows", "spend")
"""Columns of a table of raw names: see :func:`mmmlib.data.naming.naming.raw_names`."""
MAPPED = (*NAMES, "since", "until", *TARGETS, "rule", "also")
"""Columns of a mapping: what a name is from ``since`` on, before ``until``; which rule (its number
in the file, from 1; 0 for none) said so, and which later ones would have said something else."""


@dataclass(frozen=True)
class Mapping:
    """What raw names are; columns :data:`MAPPED`.

    A name has one row for every span of days over which it is the same; spans of a name follow each
    other without gap or overlap. ``decided`` and ``matched`` are how many names each rule decided,
    and how many it matched, by its number.
    """

    frame: pd.DataFrame
    decided: dict[int, int]
    matched: dict[int, int]

    @cached_property
    def unmapped(self) -> pd.DataFrame:
        """Names without a rule, by spend, the largest first."""
        lost = self.frame[self.frame["channel"] == UNMAPPED]
        return lost.sort_values(["spend", "rows", "name"], ascending=[False, False, True])


def map_names(taxonomy: Taxonomy, names: pd.DataFrame) -> Mapping:
    """Map distinct raw names, columns :data:`NAMES`, one row per source and name.

    Every name of ``names`` is in the mapping, mapped or not. A name that changes what it is inside
    its days has its spend and rows with one of its spans: one that is not mapped, if there is any.
    """
    import pandas as pd

    decided = dict.fromkeys(range(1, len(taxonomy.rules) + 1), 0)
    matched = dict(decided)
    rows: list[dict[str, Any]] = []
    for fact in names.to_dict("records"):
        spans = _spans(taxonomy, str(fact["source"]), str(fact["name"]), matched)
        lived = [span for span in spans if _lives(span, fact)] or spans[:1]
        for number in {span["rule"] for span in lived} - {0}:
            decided[number] += 1
        counts = next((span for span in lived if span["channel"] == UNMAPPED), lived[0])
        for span in spans:
            counted = span is counts
            rows.append(
                {
                    **{key: fact[key] for key in NAMES},
                    "spend": float(fact["spend"]) if counted else 0.0,
                    "rows": int(fact["rows"]) if counted else 0,
                    **span,
                }
            )
    return Mapping(pd.DataFrame(rows, columns=list(MAPPED)), decided, matched)


def _lives(span: dict[str, Any], fact: dict[Any, Any]) -> bool:
    """Say whether a name has rows in a span of days."""
    first, last = _day(fact["first"]), _day(fact["last"])
    if first is None or last is None:
        return True
    return bool(span["since"] <= last and first < span["until"])


def _day(value: object) -> dt.date | None:
    import pandas as pd

    if value is None or value is pd.NaT:
        return None
    return pd.Timestamp(str(value)).date()


def _spans(
    taxonomy: Taxonomy, source: str, name: str, matched: dict[int, int]
) -> list[dict[str, Any]]:
    """Return what a name is, over all days: spans that follow each other."""
    hits = []
    for number, rule in enumerate(taxonomy.rules, 1):
        if rule.source is not None and rule.source != source:
            continue
        targets = rule.read(name)
        if targets is not None:
            hits.append((number, rule, targets))
            matched[number] += 1
    edges = sorted({ALWAYS, FOREVER} | {d for _, r, _ in hits for d in (r.since, r.until)})
    spans: list[dict[str, Any]] = []
    for since, until in pairwise(edges):
        valid = [hit for hit in hits if hit[1].since <= since and until <= hit[1].until]
        number, targets = (valid[0][0], valid[0][2]) if valid else (0, (UNMAPPED, "", ""))
        also = tuple(other for other, _, says in valid[1:] if says != targets)
        span = dict(zip(TARGETS, targets, strict=True)) | {"rule": number, "also": also}
        if spans and all(spans[-1][key] == value for key, value in span.items()):
            spans[-1]["until"] = until
        else:
            spans.append({"since": since, "until": until, **span})
    return spans


def apply_mapping(
    tidy: ir.Table, mapping: Mapping, source: str, regions: dict[str, str] | None = None
) -> ir.Table:
    """Name the series of a source by what its raw names are.

    ``tidy`` are its rows, see :func:`mmmlib.data.naming.naming.apply_layout`; ``mapping`` covers
    all its names, and ``regions`` are raw regions to regions.

    Returns
    -------
    ibis.expr.types.Table
        ``date``, ``region``, ``series`` (``channel.variable.motion``, parts that
        are empty left out), ``value``, ``parts`` (how many rows with a value it is the sum of).
        Rows of excluded names are left out, rows of unmapped names are the series
        ``unmapped.<variable>``.
    """
    import ibis

    frame = mapping.frame[mapping.frame["source"] == source]
    # Rows are summed by day and by the number of what a name is, before texts are joined: a
    # hundred million rows are of few channels.
    meanings = frame[list(TARGETS)].drop_duplicates(ignore_index=True).reset_index(names="code")
    numbers = frame[list(TARGETS)].merge(meanings, how="left")["code"].to_numpy()
    known = ibis.memtable(
        frame[["name", "since", "until"]].assign(number=numbers),
        schema={"name": "string", "since": "date", "until": "date", "number": "int32"},
    )
    meaning = ibis.memtable(
        meanings.rename(columns={"region": "place"}),
        schema={"code": "int32", "channel": "string", "motion": "string", "place": "string"},
    )
    on = [tidy.name == known.name]
    if frame["name"].duplicated().any():  # by day only where some name changes what it is
        day = tidy.date.fill_null(ibis.date(ALWAYS))
        on += [day >= known.since, day < known.until]
    numbered = tidy.left_join(known, on)
    summed = numbered.group_by("date", "region", "variable", "number").aggregate(
        value=numbered.value.sum(), parts=numbered.value.count()
    )
    joined = summed.left_join(meaning, summed.number == meaning.code)
    channel = joined.channel.fill_null(UNMAPPED)
    joined = joined.filter(channel != EXCLUDED)
    region = joined.region
    if regions:
        region = region.cases(*regions.items(), else_=region)
    region = ibis.cases((joined.place.fill_null("") != "", joined.place), else_=region)
    series = channel
    for part in (joined.variable, joined.motion.fill_null("")):
        series = ibis.cases((part == "", series), (series == "", part), else_=series + "." + part)
    return joined.select(
        date=joined.date, region=region, series=series, value=joined.value, parts=joined.parts
    )
