"""What the taxonomy does to the data, and what a change of it moved (D3, G3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence

import pandas as pd

from mmmlib.data.contract.declared_series import declared_series
from mmmlib.data.history.taxonomy_moves import Former, Moves
from mmmlib.data.naming.naming import Naming, series_name
from mmmlib.data.naming.taxonomy import EXCLUDED, UNMAPPED, Mapping, Taxonomy
from mmmlib.data.panel.build import Built
from mmmlib.estimates import format_number
from mmmlib.findings import Finding, Level, at_most, judge, none_of, not_run
from mmmlib.params import Params
from mmmlib.phrases import count_text, some_of

SHOWN = 5
"""Names shown in a message; the rest is counted."""


def check_taxonomy(params: Params, built: Built, taxonomy: Taxonomy | None) -> list[Finding]:
    """Say what became of every raw name, and of the spend under it."""
    namings = [rows.naming for rows in built.sources.values()]
    taken = {declared.reference for declared in declared_series(params)}
    return [*check_names(params, taxonomy, namings), *check_use(params, taken, namings)]


def check_names(
    params: Params, taxonomy: Taxonomy | None, namings: Sequence[Naming]
) -> list[Finding]:
    """Say what became of every raw name; the subject is a source, or ``taxonomy``."""
    mapped = _mapped(namings)
    if taxonomy is None or not mapped:
        return []
    return [
        *(_unmapped(params, source, mapping) for source, mapping in mapped.items()),
        *(_excluded(source, mapping) for source, mapping in mapped.items()),
        _overlaps(taxonomy, mapped.values()),
        _dead(taxonomy, mapped.values()),
    ]


def _mapped(namings: Sequence[Naming]) -> dict[str, Mapping]:
    """Return what the raw names of every source are that goes through the taxonomy."""
    return {one.source: one.mapping for one in namings if one.mapping is not None}


def check_use(
    params: Params, taken: Collection[str], namings: Sequence[Naming]
) -> Iterator[Finding]:
    """Say which mapped spend goes into no channel of the parameters.

    ``taken`` are the series that the parameters name, ``series`` or ``source.series``.
    """
    for source, mapping in _mapped(namings).items():
        frame = mapping.frame[~mapping.frame["channel"].isin([UNMAPPED, EXCLUDED])]
        if not float(frame["spend"].sum()) > 0:
            continue
        plain = params.data.sources[source].layout in ("wide", "long")
        series = [
            series_name(channel, "" if plain else "spend", motion)
            for channel, motion in zip(frame["channel"], frame["motion"], strict=True)
        ]
        sums = frame["spend"].groupby(pd.Series(series, index=frame.index)).sum()
        known = {name.removeprefix(f"{source}.") for name in taken}
        left = sums[[name not in known for name in sums.index]].sort_values(ascending=False)
        share = float(left.sum() / sums.sum())
        listed = some_of(
            [f"{name} ({format_number(float(one))})" for name, one in left.items()], SHOWN
        )
        yield at_most(
            "data.unused_spend",
            source,
            share,
            0,
            f"{format_number(share, 'share')} of its spend goes into no channel: {listed}."
            if len(left)
            else "All of its mapped spend goes into a channel.",
        )


# --- names -------------------------------------------------------------------------------


def _unmapped(params: Params, source: str, mapping: Mapping) -> Finding:
    frame, lost = mapping.frame, mapping.unmapped
    limit = params.data.limits.max_unmapped_share
    by = "spend" if float(frame["spend"].sum()) > 0 else "rows"
    total = float(frame[by].sum())
    share = float(lost[by].sum()) / total if total else 0.0
    names = lost["name"].drop_duplicates()
    listed = some_of(
        [
            f"'{row['name']}' ({format_number(float(row[by]), params.currency)})"
            if by == "spend"
            else f"'{row['name']}' ({int(row['rows'])} rows)"
            for _, row in lost.drop_duplicates("name").iterrows()
        ],
        SHOWN,
    )
    return judge(
        "data.unmapped",
        source,
        passed=names.empty,
        level=None if share <= limit else Level.BLOCK,
        value=share,
        limit=limit,
        message=(
            f"{count_text(len(names), 'name')} without a rule, {format_number(share, 'share')} of its "
            f"{by} (blocks above {format_number(limit, 'share')}): {listed}."
            if len(names)
            else f"All of its {count_text(frame['name'].nunique(), 'name')} are mapped."
        ),
    )


def _excluded(source: str, mapping: Mapping) -> Finding:
    frame = mapping.frame
    out = frame[frame["channel"] == EXCLUDED].sort_values("spend", ascending=False)
    total = float(frame["spend"].sum())
    share = float(out["spend"].sum()) / total if total else 0.0
    return judge(
        "data.excluded",
        source,
        passed=out.empty,
        value=share,
        limit=0.0,
        message=(
            f"{count_text(out['name'].nunique(), 'name')} left out by a rule, "
            f"{format_number(share, 'share')} of its spend: {some_of(_quoted(out['name']), SHOWN)}."
            if len(out)
            else "No name is left out."
        ),
    )


def _overlaps(taxonomy: Taxonomy, mapped: Collection[Mapping]) -> Finding:
    claimed = {}
    for mapping in mapped:
        for _, row in mapping.frame.iterrows():
            if row["also"]:
                others = ", ".join(str(number) for number in row["also"])
                claimed[row["name"]] = f"'{row['name']}' (rule {row['rule']}, also {others})"
    return none_of(
        "data.taxonomy_overlap",
        "taxonomy",
        len(claimed),
        f"{count_text(len(claimed), 'name')} would be something else by a later rule: "
        f"{some_of(list(claimed.values()), SHOWN)}. The first of the {len(taxonomy.rules)} rules "
        f"decides.",
        "No two rules disagree about a name.",
    )


def _dead(taxonomy: Taxonomy, mapped: Collection[Mapping]) -> Finding:
    dead = []
    for number, rule in enumerate(taxonomy.rules, 1):
        if any(mapping.decided[number] for mapping in mapped):
            continue
        why = (
            "always answered by a rule above, or on other days"
            if any(mapping.matched[number] for mapping in mapped)
            else "matches no name"
        )
        dead.append(f"rule {number} ({rule.pattern}: {why})")
    return none_of(
        "data.taxonomy_dead",
        "taxonomy",
        len(dead),
        f"{count_text(len(dead), 'rule')} decided no name: {some_of(dead, SHOWN)}.",
        f"Each of the {len(taxonomy.rules)} rules decided a name.",
    )


# --- change ------------------------------------------------------------------------------


def check_change(
    taxonomy: Taxonomy | None,
    former: Former | None,
    moves: Moves | None,
    as_of: dt.date,
    unit: str,
) -> list[Finding]:
    """Hold the taxonomy against that of the parent run.

    Always ``data.taxonomy_version``. Rules that changed under the same version, and names that a
    rule mapped before and none maps now, block. ``moves`` is what the change moves in this run's
    data (see :func:`mmmlib.data.history.taxonomy_moves.moves_between`), ``unit`` the currency of
    the spend.
    """
    found = [_version(taxonomy, former, as_of)]
    if taxonomy is None or former is None:
        return found
    if former.problem:
        return [
            *found,
            not_run("data.taxonomy_history", "taxonomy", former.problem),
            not_run("data.taxonomy_lost", "taxonomy", former.problem),
        ]
    return [*found, _lost(moves), _history(former, moves, unit)]


def _version(taxonomy: Taxonomy | None, former: Former | None, as_of: dt.date) -> Finding:
    old = former.taxonomy if former else None
    passed = False
    if taxonomy is None:
        passed = old is None
        was = f", and the last refresh had version {old.version}" if old else ""
        message = f"No source goes through a taxonomy{was}."
    elif old and old.version == taxonomy.version and old.digest != taxonomy.digest:
        message = f"The rules changed, and the version is still {taxonomy.version}."
    elif taxonomy.valid_from > as_of:
        message = f"Version {taxonomy.version} holds from {taxonomy.valid_from}, after {as_of}."
    elif old is None:
        passed = True
        message = f"Version {taxonomy.version}, valid from {taxonomy.valid_from}."
    else:
        passed = True
        rules = "the same" if old.digest == taxonomy.digest else "other"
        message = (
            f"Version {taxonomy.version}; the last refresh had {old.version}, with {rules} rules."
        )
    return judge(
        "data.taxonomy_version",
        "taxonomy",
        passed=passed,
        value=taxonomy.version if taxonomy else "none",
        limit=old.version if old else None,
        message=message,
    )


def _lost(moves: Moves | None) -> Finding:
    lost = moves.lost if moves else ()
    return none_of(
        "data.taxonomy_lost",
        "taxonomy",
        len(lost),
        f"{count_text(len(lost), 'name')} had a channel in the last refresh and none now: "
        f"{some_of(_quoted(lost), SHOWN)}.",
        "Every name that had a channel in the last refresh has one.",
    )


def _history(former: Former, moves: Moves | None, unit: str) -> Finding:
    share = moves.share if moves else 0.0
    moved = moves is not None and not moves.cells.empty
    return judge(
        "data.taxonomy_history",
        "taxonomy",
        passed=not moved and share == 0.0,
        value=share,
        limit=0.0,
        message=(
            f"The change since {former.run} moves {format_number(share, 'share')} of the spend of "
            f"weeks that it had: {some_of(moves.sentences(unit), SHOWN)}. "
            "artefacts/taxonomy_moves.parquet has every week."
            if moved and moves is not None
            else "No week of the last refresh changes."
        ),
    )


def _quoted(names: Collection[str] | pd.Series) -> list[str]:
    return [f"'{name}'" for name in dict.fromkeys(names)]
