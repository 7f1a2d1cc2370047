"""Which lift tests came, went or were told differently since the last refresh (M8, H3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mmmlib.data.panel.lift_grid import Lift
from mmmlib.data.panel.panel import Panel
from mmmlib.estimates import Estimate, format_change, format_number
from mmmlib.findings import Finding, judge
from mmmlib.phrases import date_text
from mmmlib.refresh.comparison import LiftChange

ROUNDING = 1e-9


def lift_changes(before: Panel, after: Panel) -> list[LiftChange]:
    """List the lift tests that differ between two panels, changed and removed ones first."""
    old = {lift.name: lift for lift in before.lift_tests}
    new = {lift.name: lift for lift in after.lift_tests}
    changed = [
        _change(lift, "changed", "; ".join(words))
        for name, lift in new.items()
        if name in old and (words := list(_differences(old[name], lift, after)))
    ]
    gone = [
        _change(lift, "removed", _story(lift, before)) for n, lift in old.items() if n not in new
    ]
    came = [_change(lift, "added", _story(lift, after)) for n, lift in new.items() if n not in old]
    return changed + gone + came


def lift_change_findings(changes: Sequence[LiftChange]) -> list[Finding]:
    """Judge changed lift tests: a new one is welcome, one that went or changed needs a reason."""
    if not changes:
        return [
            judge(
                "refresh.lift_tests",
                "workbook",
                passed=True,
                message="The lift tests are those of the last refresh.",
            )
        ]
    return [
        judge(
            "refresh.lift_tests",
            f"{one.model}/{one.channel}",
            passed=False,
            case="added" if one.kind == "added" else "",
            value=one.test,
            message=f"The test {one.test} was {one.kind}: {one.what}.",
        )
        for one in changes
    ]


def _change(lift: Lift, kind: str, what: str) -> LiftChange:
    return LiftChange(
        test=lift.name,
        model=lift.model,
        channel=lift.channel,
        kind=kind,  # type: ignore[arg-type]  # one of the three names
        what=what,
    )


def _story(lift: Lift, panel: Panel) -> str:
    """Tell a test in half a sentence: where, when, and what it saw."""
    unit = _unit(lift, panel)
    where = ", ".join(lift.where) or "everywhere"
    saw = Estimate.from_measurement(lift.incremental_outcome, lift.standard_error, unit)
    return (
        f"{where}, {date_text(lift.start)} to {date_text(lift.counted_until)}, it saw {saw.text()}"
    )


def _differences(old: Lift, new: Lift, panel: Panel) -> Iterator[str]:
    """Say what of a test is told differently; restated spend under a share is no difference."""
    for field in ("channel", "model", "where", "start", "end", "counted_until"):
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            yield f"{field.replace('_', ' ')} {_shown(was)} → {_shown(now)}"
    fields = {"incremental_outcome": _unit(new, panel), "standard_error": _unit(new, panel)}
    if old.spend_change_share is None or new.spend_change_share is None:
        fields["spend_change"] = panel.currency
    elif old.spend_change_share != new.spend_change_share:
        yield f"spend change {format_change(old.spend_change_share, 'share')} → {format_change(new.spend_change_share, 'share')}"
    for field, unit in fields.items():
        was, now = getattr(old, field), getattr(new, field)
        if not math.isclose(was, now, rel_tol=ROUNDING):
            values = f"{format_number(was, unit)} → {format_number(now, unit)}"
            yield f"{field.replace('_', ' ')} {values}"


def _unit(lift: Lift, panel: Panel) -> str:
    return panel.units.get(f"outcome:{lift.model}", panel.currency)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "everywhere"
    return str(value)
