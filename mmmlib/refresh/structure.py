"""Is it still the same model of the same business? (M7)

A refresh keeps the structure. Where a channel, region, motion or outcome came or
went, returns may move for that reason alone, and a rebuild is due.
"""

from __future__ import annotations

from mmmlib.data.panel.panel import Panel
from mmmlib.findings import Finding, judge


def structure_findings(before: Panel, after: Panel) -> list[Finding]:
    """Compare channels, outcomes (with their motions), regions and units.

    One finding for each part that changed; a single one that passes where none did. A change of
    currency or unit blocks, because numbers in different units cannot be compared at all.
    """
    parts = {
        "channels": (before.channels, after.channels),
        "outcomes": (before.names("outcome"), after.names("outcome")),
        "regions": (before.regions, after.regions),
    }
    found = [_changed(name, old, new) for name, (old, new) in parts.items() if set(old) != set(new)]
    units = _changed_units(before, after)
    if units:
        found.append(
            judge(
                "refresh.structure",
                "units",
                passed=False,
                case="units",
                message=f"Units changed: {'; '.join(units)}.",
            )
        )
    if found:
        return found
    return [
        judge(
            "refresh.structure",
            "workbook",
            passed=True,
            message="Channels, outcomes, motions, regions and units are those of the last refresh.",
        )
    ]


def _changed(part: str, old: list[str], new: list[str]) -> Finding:
    added = [name for name in new if name not in old]
    removed = [name for name in old if name not in new]
    words = [
        f"{verb} {', '.join(names)}"
        for verb, names in (("added", added), ("removed", removed))
        if names
    ]
    return judge(
        "refresh.structure",
        part,
        passed=False,
        value="; ".join(words),
        limit="unchanged",
        message=f"The {part} are not those of the last refresh: {'; '.join(words)}.",
    )


def _changed_units(before: Panel, after: Panel) -> list[str]:
    words = []
    if before.currency != after.currency:
        words.append(f"currency {before.currency} then, {after.currency} now")
    for name in after.series:
        if name not in before.series:
            continue
        old, new = (panel.units.get(name, panel.currency) for panel in (before, after))
        if old != new and (old, new) != (before.currency, after.currency):
            words.append(f"{name} in {old} then, {new} now")
    return words
