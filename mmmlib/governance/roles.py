"""People by role (G2), from a strict file; who may give the final approval (G4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from mmmlib.errors import InputError
from mmmlib.governance.keys import public_key_line
from mmmlib.params.messages import did_you_mean, shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Section
from mmmlib.params.strict import read_strict

NO_FINAL_APPROVAL = "The Model Owner never gives the final approval."
APART = (
    ("decision_owner", "model_owner", NO_FINAL_APPROVAL),
    ("mmm_product_owner", "model_owner", NO_FINAL_APPROVAL),
    ("data_owner", "mmm_product_owner", "Changed data is signed by two people."),
)
"""Roles that one person never has together: a final approval, two sides of one change."""
TITLES = {
    "decision_owner": "Decision Owner",
    "mmm_product_owner": "MMM Product Owner",
    "model_owner": "Model Owner",
    "data_owner": "Data Owner",
    "review_council": "Review Council",
    "consumers": "Consumers",
}


class Deputy(Section):
    """Someone who may stand in for the holder of a role."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    email: str = ""
    key: str = ""
    """Public key by which signatures are proven, one line as in OpenSSH: ``ssh-ed25519 AAAA…``."""
    since: dt.date | None = None
    """First day of holding the role; from ever if not given."""
    until: dt.date | None = None
    """Last day of holding it; for good if not given."""

    @field_validator("key")
    @classmethod
    def _is_public_key(cls, key: str) -> str:
        return key and public_key_line(key)

    def _faults(self) -> Iterator[str]:
        if self.since and self.until and self.until < self.since:
            yield f"'until' on or after {self.since}, the first day"

    def holds_on(self, day: dt.date) -> bool:
        """Say whether the role is this person's on a day."""
        return (self.since or day) <= day <= (self.until or day)


class Person(Deputy):
    """Someone, or a named group, in a role of their own."""

    deputies: tuple[Deputy, ...] = ()


class Roles(Section):
    """A whole roles file."""

    version: Annotated[str, Field(min_length=1)]
    decision_owner: Person
    mmm_product_owner: Person
    model_owner: Person
    data_owner: Person
    review_council: tuple[Person, ...] = Field(min_length=1)
    consumers: tuple[Person, ...] = ()

    def person(self, role: str) -> Person:
        """Return who holds a role that one person holds: ``data_owner``."""
        holder = getattr(self, role)
        if not isinstance(holder, Person):
            raise TypeError(f"{role} is held by several people")
        return holder

    def holders(self, role: str) -> list[Deputy]:
        """Return everyone who has a role on some day, deputies after the holder."""
        held = getattr(self, role)
        people = held if isinstance(held, tuple) else (held,)
        return [one for person in people for one in (person, *person.deputies)]


def read_roles(path: str | Path) -> Roles:
    """Read a roles file; InputError has every problem at once.

    A Model Owner who would give a final approval and one person on both sides of a signature are among them.
    """
    return read_strict(
        path,
        Roles,
        "who has which role; copy params/governance/roles.yaml of the project",
        _more_checks,
    )


def role_key(title: str) -> str:
    """Return the key of a role from either of its names: ``Data Owner``, ``data_owner``."""
    asked = title.strip().casefold().replace(" ", "_")
    if asked in TITLES:
        return asked
    raise InputError.one(
        None, "role", shown(title), f"one of {', '.join(TITLES)}", did_you_mean(asked, TITLES)
    )


def _more_checks(content: dict[str, Any]) -> Iterator[KeyProblem]:
    for role, other, why in APART:
        same = _identities(content.get(role)) & _identities(content.get(other))
        if same:
            yield KeyProblem(
                (role,),
                f"{shown(min(same))}, who is {TITLES[other]} (or a deputy) too",
                f"a {TITLES[role]} who is somebody else",
                why,
            )


def _identities(role: Any) -> set[str]:
    """Name and address of a holder and the deputies, so that either spelling finds a person."""
    if not isinstance(role, dict):
        return set()
    deputies = role.get("deputies")
    people = [role, *(deputies if isinstance(deputies, list) else [])]
    texts = [one.get(key) for one in people if isinstance(one, dict) for key in ("name", "email")]
    return {" ".join(t.split()).casefold() for t in texts if isinstance(t, str) and t.strip()}
