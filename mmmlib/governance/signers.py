"""Who may sign: the holders of roles on a day, and the keys that prove it was they."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmlib.errors import InputError
from mmmlib.governance.keys import proves, sign_statement
from mmmlib.governance.policy import Policy
from mmmlib.governance.records import Signed
from mmmlib.governance.roles import TITLES, Deputy, Roles
from mmmlib.params.messages import did_you_mean, shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Signers:
    """People, the policy on their signatures, and the day of the act."""

    roles: Roles
    policy: Policy
    today: dt.date

    def holds(self, record: Signed) -> bool:
        """Say whether a signature is what it says: proven, or allowed to be typed in."""
        if record.signature:
            return proves(record.key, _statement(record), record.signature)
        return not self.policy.signing.key_required

    def with_key[R: Signed](self, record: R, holder: Deputy, key: Ed25519PrivateKey | None) -> R:
        """Return a record with its proof; InputError where a key is lacking or is not the one of the roles file."""
        if key is None:
            if self.policy.signing.key_required or holder.key:
                why = "the policy asks for one" if not holder.key else "the roles file names one"
                raise InputError.one(
                    None, "key", "none", f"the key of {holder.name}: {why}", "Give it with --key."
                )
            return record
        signature, public = sign_statement(key, _statement(record))
        if public != holder.key:
            expected = f"the key that the roles file names for {holder.name}"
            found, action = "another key", ""
            if not holder.key:
                found, action = "a key, and the roles file names none", "Put it there (key: …)."
            raise InputError.one(None, "key", found, expected, action)
        return record.model_copy(update={"key": public, "signature": signature})

    def holders(self, role: str, person: str) -> list[Deputy]:
        """Return those of a role whom a name or e-mail means, and who hold it today."""
        return [
            one
            for one in self.roles.holders(role)
            if (same_person(one.name, person) or (one.email and same_person(one.email, person)))
            and one.holds_on(self.today)
        ]

    def who_waives(self) -> str:
        """Name those who may let a blocking finding pass."""
        holders = (one for role in self.policy.waivers.by for one in self.roles.holders(role))
        return " or ".join(one.name for one in holders)

    def any_holder(self, roles: Sequence[str], person: str) -> tuple[str, Deputy]:
        """Return the first of some roles that a person holds today; InputError if it is none of them."""
        for role in roles:
            for holder in self.holders(role, person):
                return role, holder
        raise self.not_held(roles, person)

    def not_held(self, roles: Sequence[str], person: str) -> InputError:
        """Make the error that says who could have done it."""
        titles = " or ".join(TITLES[role] for role in roles)
        holders = [one for role in roles for one in self.roles.holders(role)]
        names = ", ".join(dict.fromkeys(one.name for one in holders))
        known = [
            one
            for one in holders
            if same_person(one.name, person) or same_person(one.email, person)
        ]
        found = shown(person)
        if known:
            days = f"from {known[0].since or 'ever'} to {known[0].until or 'ever'}"
            found = f"{found}, whose time in the role is {days}"
        return InputError.one(
            None,
            "person",
            found,
            f"somebody who is {titles} on {self.today}: {names}",
            did_you_mean(person, names.split(", ")),
        )


def same_person(one: str, other: str) -> bool:
    """Say whether two spellings name the same person."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _statement(record: Signed) -> bytes:
    """What is signed: the record without the signature itself."""
    content = record.model_dump(mode="json", exclude={"key", "signature"})
    content["kind"] = type(record).__name__
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
