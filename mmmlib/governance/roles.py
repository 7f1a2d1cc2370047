"""People by role (G2), from a strict file; who may give the final approval (G4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mmmlib.params.messages import shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Section
from mmmlib.params.strict import read_strict

APPROVERS = ("decision_owner", "mmm_product_owner")
"""Roles whose signature is the last one: of a recommendation, of everything else."""
TITLES = {
    "decision_owner": "Decision Owner",
    "mmm_product_owner": "MMM Product Owner",
    "model_owner": "Model Owner",
    "data_owner": "Data Owner",
    "review_council": "Review Council",
    "consumers": "Consumers",
}


class Person(Section):
    """Someone, or a named group."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    email: str = ""


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


def read_roles(path: str | Path) -> Roles:
    """Read a roles file.

    Raises
    ------
    InputError
        With every problem at once, a Model Owner who would give a final approval
        among them.
    """
    return read_strict(
        path, Roles, "who has which role; copy params/roles.yaml of the project", _more_checks
    )


def _more_checks(content: dict[str, Any]) -> Iterator[KeyProblem]:
    owner = _identity(content.get("model_owner"))
    for role in APPROVERS:
        same = owner & _identity(content.get(role))
        if same:
            yield KeyProblem(
                (role,),
                f"{shown(min(same))}, who is the Model Owner too",
                f"a {TITLES[role]} who did not make the model",
                "The Model Owner never gives the final approval.",
            )


def _identity(person: Any) -> set[str]:
    """Name and address, so that one person under two spellings of either is found."""
    if not isinstance(person, dict):
        return set()
    texts = [person.get("name"), person.get("email")]
    return {" ".join(t.split()).casefold() for t in texts if isinstance(t, str) and t.strip()}
