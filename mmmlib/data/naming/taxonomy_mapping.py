"""Raw names mapped to what they are, span by span of days, and joined back to their rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.data.naming.taxonomy import ALWAYS, EXCLUDED, FOREVER, TARGETS, UNMAPPED, Taxonomy

if TYPE_CHECKING:
    import ibis.expr.types as ir

NAMES = ("source", "name", "first", "last", "rows", "spend")
"""Columns of a table of raw names: see :func:`mmmlib.data.naming.naming.raw_names`."""
MAPPED = (*NAMES, "since", "until", *TARGETS, "rule", "also")
"""Columns of a mapping: what a name is from ``since`` on, before ``until``; which rule (its number
in the file, from 1; 0 for none) said so, and which later ones would have said something else."""


@dataclass(frozen=True)
class Mapping:
    """What raw names are.

    Parameters
    ----------
    frame
        Columns :data:`MAPPED`. A name has one row for every span of days over which
        it is the same; spans of a name follow each other without gap or overlap.
    decided, matched
        How many names each rule decided, and how many it matched, by its number.
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
    """Map distinct raw names.

    Parameters
    ----------
    taxonomy
        The rules.
    names
        Columns :data:`NAMES`, one row per source and name.

    Returns
    -------
    Mapping
        Every name of ``names`` is in it, mapped or not. A name that changes what
        it is inside its days has its spend and rows with one of its spans: one that
        is not mapped, if there is any.
    """
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
        told = rule.read(name)
        if told is not None:
            hits.append((number, rule, told))
            matched[number] += 1
    edges = sorted({ALWAYS, FOREVER} | {d for _, r, _ in hits for d in (r.since, r.until)})
    spans: list[dict[str, Any]] = []
    for since, until in pairwise(edges):
        valid = [hit for hit in hits if hit[1].since <= since and until <= hit[1].until]
        number, told = (valid[0][0], valid[0][2]) if valid else (0, (UNMAPPED, "", ""))
        also = tuple(other for other, _, says in valid[1:] if says != told)
        span = dict(zip(TARGETS, told, strict=True)) | {"rule": number, "also": also}
        if spans and all(spans[-1][key] == value for key, value in span.items()):
            spans[-1]["until"] = until
        else:
            spans.append({"since": since, "until": until, **span})
    return spans


def apply_mapping(
    tidy: ir.Table, mapping: Mapping, source: str, regions: dict[str, str] | None = None
) -> ir.Table:
    """Name the series of a source by what its raw names are.

    Parameters
    ----------
    tidy
        Tidy rows of one source, see :func:`mmmlib.data.naming.layouts.apply_layout`.
    mapping
        Covers all its names.
    source
        The source's name in the parameters.
    regions
        Raw regions to regions.

    Returns
    -------
    ibis.expr.types.Table
        ``date``, ``region``, ``series`` (``channel.variable.motion``, parts that
        are empty left out), ``value``, ``told`` (how many rows with a value it is the sum of).
        Rows of excluded names are left out, rows of unmapped names are the series
        ``unmapped.<variable>``.
    """
    import ibis
    import pyarrow as pa

    frame = mapping.frame
    frame = frame[frame["source"] == source]
    # Rows are summed by day and by the number of what a name is, before texts are joined: a
    # hundred million rows are of few channels.
    told = frame[["channel", "motion", "region"]].drop_duplicates(ignore_index=True)
    number = frame[["channel", "motion", "region"]].merge(told.reset_index(), how="left")["index"]
    known = ibis.memtable(
        pa.table(
            {
                "raw": pa.array(frame["name"].tolist(), pa.string()),
                "since": pa.array(frame["since"].tolist(), pa.date32()),
                "until": pa.array(frame["until"].tolist(), pa.date32()),
                "number": pa.array(number.tolist(), pa.int32()),
            }
        )
    )
    meaning = ibis.memtable(
        pa.table(
            {
                "code": pa.array(told.index.tolist(), pa.int32()),
                "channel": pa.array(told["channel"].tolist(), pa.string()),
                "motion": pa.array(told["motion"].tolist(), pa.string()),
                "place": pa.array(told["region"].tolist(), pa.string()),
            }
        )
    )
    on = [tidy.name == known.raw]
    if frame["name"].duplicated().any():  # by day only where some name changes what it is
        day = tidy.date.fill_null(ibis.date(ALWAYS))
        on += [day >= known.since, day < known.until]
    numbered = tidy.left_join(known, on)
    summed = numbered.group_by("date", "region", "variable", "number").aggregate(
        value=numbered.value.sum(), told=numbered.value.count()
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
        date=joined.date, region=region, series=series, value=joined.value, told=joined.told
    )
