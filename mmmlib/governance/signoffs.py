"""Who has to sign what (G4)."""

from __future__ import annotations

from mmmlib.governance.roles import TITLES, Roles
from mmmlib.governance.verdict import SignOffNeeded
from mmmlib.params.schema import Params
from mmmlib.phrases import capital, some_of
from mmmlib.refresh.changes import changes_limits, changes_model
from mmmlib.refresh.comparison import Comparison
from mmmlib.scenarios.pack import ScenarioPack

SHOWN = 3
"""Changes that a sentence names; the others are counted."""
WHERE_DATA_IS = ("data.root", "data.simulated.")
"""Parameters that say where the data lies; what came from there is compared value by value."""


def sign_offs_needed(
    comparison: Comparison | None, scenarios: ScenarioPack | None, roles: Roles, params: Params
) -> tuple[SignOffNeeded, ...]:
    """List the signatures that a run needs before it is published.

    Changed data is signed by the Data Owner and the MMM Product Owner, a changed model (and a lift test
    that changed or went) by the Model Owner and the MMM Product Owner, a recommendation by the Decision
    Owner. New weeks alone are no change of data. A run that needs none of these is still released by the
    MMM Product Owner: nobody publishes alone. Without a parent, or with one that cannot be read,
    everything counts as new; without a ``comparison`` (None: the run stopped before it) nothing of a model
    is there to be signed.
    """
    needed: list[SignOffNeeded] = []

    def ask(subject: str, role: str, why: str) -> None:
        person = roles.person(role).name
        needed.append(SignOffNeeded(subject=subject, role=TITLES[role], person=person, why=why))

    for subject, role, why in (
        ("data", "data_owner", data_change_text(comparison, params)),
        ("model", "model_owner", model_change_text(comparison)),
    ):
        if why:
            ask(subject, role, why)
            ask(subject, "mmm_product_owner", why)
    if scenarios is not None and (scenarios.recommended or scenarios.candidate):
        titles = {one.name: one.title for one in scenarios.scenarios}
        if scenarios.recommended:
            why = f"The pack recommends '{titles[scenarios.recommended]}'."
        else:
            why = f"'{titles[scenarios.candidate or '']}' needs review before anyone acts on it."
        ask("recommendation", "decision_owner", why)
    if not needed:
        ask("publication", "mmm_product_owner", "Nothing changed but the weeks; it is released.")
    return tuple(needed)


def data_change_text(comparison: Comparison | None, params: Params) -> str:
    """Say in a sentence what changed in the data, beyond new weeks; empty if nothing did."""
    if comparison is None:
        return ""
    if not comparison.readable:
        return f"{comparison.not_compared} All of its data counts as new."
    changed = [one for one in comparison.data_changes if one.kind != "extended"]
    keys = [
        one.key
        for one in comparison.parameter_changes
        if one.key.startswith("data.") and not one.key.startswith(WHERE_DATA_IS)
    ]
    by_kind: dict[str, list[str]] = {}
    for one in changed:
        by_kind.setdefault(one.kind, []).append(params.subject_label(one.series))
    parts = [f"{some_of(names, SHOWN)} {kind}" for kind, names in by_kind.items()]
    if keys:
        parts.append(some_of([f"{key} changed" for key in keys], SHOWN))
    text = "; ".join(parts)
    return f"{capital(text)}." if text else ""


def model_change_text(comparison: Comparison | None) -> str:
    """Say in a sentence what changed in the model, its evidence, its limits or the software.

    A lift test that is new is welcome evidence and needs no signature.
    """
    if comparison is None:
        return ""
    if not comparison.readable:
        return f"{comparison.not_compared} Its model counts as new."
    changed = comparison.parameter_changes
    tests = [f"lift test {o.test} {o.kind}" for o in comparison.lift_changes if o.kind != "added"]
    keys = [
        *(one.key for one in changes_model(changed)),
        *(one.key for one in changes_limits(changed)),
        *(one.key for one in comparison.code_changes),
    ]
    parts = [*tests, *(f"{key} changed" for key in keys)]
    return f"{some_of(parts, SHOWN)}." if parts else ""


def new_tests_text(comparison: Comparison) -> str:
    """Say in a sentence which lift tests came; empty if none. Others change the model."""
    new = [one.test for one in comparison.lift_changes if one.kind == "added"]
    return f"New lift {'test' if len(new) == 1 else 'tests'}: {some_of(new, SHOWN)}." if new else ""
