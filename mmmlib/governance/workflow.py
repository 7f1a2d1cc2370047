"""From draft to published: which state a run is in, what it still needs, who can give it (G4, G5).

The state of a run is not stored: it follows from its gates and from what the store's entries say,
so that the two cannot disagree. Every act is checked while nobody else can write.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmmlib.errors import InputError, RunError
from mmmlib.findings import Level
from mmmlib.governance.gates import POLICY, ROLES
from mmmlib.governance.policy import read_policy
from mmmlib.governance.records import (
    Preread,
    PromiseOutcome,
    Publication,
    RangePromise,
    SignOff,
    Waiver,
    Withdrawal,
    records_of,
)
from mmmlib.governance.review import (
    APPROVED,
    Review,
    Signature,
    State,
    needed_text,
    run_digest,
)
from mmmlib.governance.roles import TITLES, Roles, read_roles, role_key
from mmmlib.governance.signers import Signers, same_person
from mmmlib.governance.store import Entry, Store
from mmmlib.governance.verdict import GateResult, SignOffNeeded
from mmmlib.params.load import params_of
from mmmlib.params.messages import did_you_mean, refuse_unknown, shown
from mmmlib.runs import Run
from mmmlib.verify import refuse_altered

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Desk:
    """A finished run on the desk of those who review it, with the store that keeps what they do.

    The day of an act is that of the run's :attr:`~mmmlib.params.Params.today`, and roles are as the run
    kept them, if they are not given.
    """

    def __init__(
        self, run: Run, store: Store, today: dt.date | None = None, roles: Roles | None = None
    ) -> None:
        if run.manifest.status != "done":
            raise RunError(
                f"{run.name}: the run is '{run.manifest.status}'; finish it before it is reviewed."
            )
        self.run, self.store = run, store
        self.today = today or params_of(run).today
        self.gates = run.load_json("gates.json", GateResult)
        self.policy = read_policy(run.path / POLICY)
        roles = roles or read_roles(run.path / ROLES)
        self.signers = Signers(roles, self.policy, self.today)
        self.digest = run_digest(run)

    def review(self, entries: Sequence[Entry] | None = None) -> Review:
        """Say how the run stands by the entries of the store."""
        known = list(self.store.entries() if entries is None else entries)
        own = [entry for entry in known if entry.subject == self.run.name]
        waivers = tuple(
            one
            for one in records_of(own, Waiver)
            if one.digest == self.digest and one.until >= self.today and self.signers.holds(one)
        )
        waived = {(one.check, one.subject) for one in waivers}
        blocking = tuple(
            one
            for one in self.gates.entries
            if one.level is Level.BLOCK and (one.finding.check, one.finding.subject) not in waived
        )
        others = [one.level for one in self.gates.entries if one.level is not Level.BLOCK]
        level = max([*others, Level.INFO, *([Level.WARN] if waived else [])])
        if blocking or not self.gates.entries:
            level = Level.BLOCK
        signatures = self._signatures(own)
        signed = {(one.record.subject, one.record.role) for one in signatures}
        missing = tuple(one for one in self._needed() if (one.subject, one.role) not in signed)
        state = self._state(known, own, level, missing)
        return Review(state, level, signatures, missing, blocking, waivers)

    # --- acts

    def open_review(self) -> Review:
        """Record that the run is in review."""

        def body(entries: Sequence[Entry]) -> dict[str, object]:
            self._refuse(entries, {State.DRAFT, State.IN_REVIEW, State.BLOCKED}, "be reviewed")
            return Preread(run=self.run.name, digest=self.digest).body()

        self.store.append("preread", self.run.name, body)
        return self.review()

    def sign(
        self, subject: str, person: str, role: str = "", key: Ed25519PrivateKey | None = None
    ) -> Review:
        """Sign for a role: ``data``, ``model``, ``recommendation`` or ``publication``.

        The person is a name or e-mail of the roles file; the role may be left out where the person holds one
        of those needed. Without a key it is a name that was typed in. InputError if nobody needs to sign that,
        the person does not hold the role today, or the key does not do; RunError if the run was altered, is
        blocked or withdrawn.
        """
        self._refuse_altered()

        def body(entries: Sequence[Entry]) -> dict[str, object]:
            self._refuse(entries, {State.DRAFT, State.IN_REVIEW}, "be signed")
            review = self.review(entries)
            needed = self._one_needed(review, subject, person, role)
            holder = self.signers.holders(role_key(needed.role), person)[0]
            for one in review.signatures:
                if one.record.subject == subject and same_person(one.record.person, holder.name):
                    raise InputError.one(
                        None,
                        "signer",
                        f"{holder.name}, who signed {subject} as {one.record.role}",
                        "somebody else: one person does not sign both sides",
                    )
            record = SignOff(
                run=self.run.name,
                digest=self.digest,
                subject=subject,
                role=needed.role,
                person=holder.name,
            )
            return self.signers.with_key(record, holder, key).body()

        self.store.append("sign_off", self.run.name, body)
        return self.review()

    def waive(
        self,
        check: str,
        subject: str,
        person: str,
        why: str,
        until: dt.date,
        key: Ed25519PrivateKey | None = None,
    ) -> Review:
        """Let a blocking finding of this run pass for a time.

        InputError if it does not block, may never be waived, or the person, the day or the reason do not do.
        """
        self._refuse_altered()

        def body(entries: Sequence[Entry]) -> dict[str, object]:
            blocks = [
                f"{one.finding.check} {one.finding.subject}"
                for one in self.review(entries).blocking
            ]
            if f"{check} {subject}" not in blocks:
                near = did_you_mean(f"{check} {subject}", blocks)
                listed = ", ".join(blocks) or "none blocks"
                raise InputError.one(
                    None, "finding", f"{check} {subject}", f"one that blocks: {listed}", near
                )
            rule = self.policy.waivers
            if not rule.allows(check):
                raise InputError.one(
                    None, "finding", check, "one that the policy lets be waived", "Mend its cause."
                )
            if not self.today <= until <= self.today + dt.timedelta(days=rule.longest_days):
                raise InputError.one(
                    None, "until", str(until), f"a day within {rule.longest_days} days from today"
                )
            if not why.strip():
                raise InputError.one(None, "why", "nothing", "the reason")
            role, holder = self.signers.any_holder(rule.by, person)
            record = Waiver(
                run=self.run.name,
                digest=self.digest,
                check=check,
                subject=subject,
                why=why.strip(),
                until=until,
                role=TITLES[role],
                person=holder.name,
            )
            return self.signers.with_key(record, holder, key).body()

        self.store.append("waiver", self.run.name, body)
        return self.review()

    def publish(
        self,
        folder: str,
        promises: tuple[RangePromise, ...] = (),
        came: tuple[PromiseOutcome, ...] = (),
    ) -> Entry:
        """Record the publication of a run in a folder, if its gates and signatures allow it.

        With it go out ``promises`` about the future, and what its data tells of earlier ones (``came``). RunError
        says what is missing and who can give it.
        """
        self._refuse_altered()

        def body(entries: Sequence[Entry]) -> dict[str, object]:
            review = self.review(entries)
            if review.state not in (State.APPROVED, State.LIMITED):
                raise RunError(f"{self.run.name} is {review.state}. {self.why_not(review)}")
            manifest = self.run.manifest
            return Publication(
                run=self.run.name,
                workbook=manifest.workbook,
                period=manifest.period,
                digest=self.digest,
                release=review.release.value,
                audience="everyone" if review.level is Level.INFO else "limited",
                policy_version=self.policy.version,
                folder=folder,
                signed_by=tuple(str(one) for one in review.signatures),
                promises=promises,
                came=came,
            ).body()

        return self.store.append("publication", self.run.name, body)

    def withdraw(self, person: str, why: str) -> Review:
        """Take a published run back; it is no parent any more."""
        if not why.strip():
            raise InputError.one(None, "why", "nothing", "the reason")

        def body(entries: Sequence[Entry]) -> dict[str, object]:
            self._refuse(entries, {State.PUBLISHED, State.SUPERSEDED}, "be withdrawn")
            _, holder = self.signers.any_holder(("mmm_product_owner", "decision_owner"), person)
            return Withdrawal(run=self.run.name, why=why.strip(), person=holder.name).body()

        self.store.append("withdrawal", self.run.name, body)
        return self.review()

    def why_not(self, review: Review) -> str:
        """Say what keeps the run from being published, and who can change that."""
        if review.state is State.BLOCKED:
            names = ", ".join(f"{b.finding.check} {b.finding.subject}" for b in review.blocking)
            waivable = any(self.policy.waivers.allows(b.finding.check) for b in review.blocking)
            who = f" {self.signers.who_waives()} may waive it ('mmm waive')." if waivable else ""
            return f"What blocks: {names or 'no gate was passed'}.{who}"
        if review.missing:
            return f"It still needs {needed_text(review.missing)} ('mmm sign')."
        return "There is nothing to publish again."

    # --- rules

    def _needed(self) -> tuple[SignOffNeeded, ...]:
        """What has to be signed; a run that nobody asks to sign is released by its owner."""
        if self.gates.sign_offs:
            return self.gates.sign_offs
        person = self.signers.roles.mmm_product_owner.name
        return (
            SignOffNeeded(
                subject="publication",
                role=TITLES["mmm_product_owner"],
                person=person,
                why="Nobody publishes alone.",
            ),
        )

    def _state(
        self,
        entries: Sequence[Entry],
        own: Sequence[Entry],
        level: Level,
        missing: Sequence[SignOffNeeded],
    ) -> State:
        acts = [one for one in own if one.kind in ("publication", "withdrawal")]
        if acts and acts[-1].kind == "withdrawal":
            return State.WITHDRAWN
        if acts:
            workbook = self.run.manifest.workbook
            later = [
                one
                for one in records_of([e for e in entries if e.seq > acts[-1].seq], Publication)
                if one.workbook == workbook and one.run != self.run.name
            ]
            return State.SUPERSEDED if later else State.PUBLISHED
        if level is Level.BLOCK:
            return State.BLOCKED
        if not missing:
            return State.APPROVED if level is Level.INFO else State.LIMITED
        reviewed = any(one.kind in ("preread", "sign_off", "waiver") for one in own)
        return State.IN_REVIEW if reviewed else State.DRAFT

    def _signatures(self, own: Sequence[Entry]) -> tuple[Signature, ...]:
        """Signatures of this run as it is; one that was made for other artefacts does not count."""
        return tuple(
            Signature(one, bool(one.signature))
            for one in records_of(own, SignOff)
            if one.digest == self.digest and self.signers.holds(one)
        )

    def _one_needed(self, review: Review, subject: str, person: str, role: str) -> SignOffNeeded:
        subjects = dict.fromkeys(one.subject for one in self._needed())
        refuse_unknown("what is signed", subject, subjects)
        title = role and TITLES[role_key(role)]
        asked = [
            one for one in self._needed() if one.subject == subject and title in ("", one.role)
        ]
        if not asked:
            roles = ", ".join(one.role for one in self._needed() if one.subject == subject)
            raise InputError.one(None, "role", shown(role), f"{roles}, who sign {subject}")
        held = [one for one in asked if self.signers.holders(role_key(one.role), person)]
        if not held:
            raise self.signers.not_held([role_key(one.role) for one in asked], person)
        open_ones = [one for one in held if one in review.missing]
        if not open_ones:
            raise InputError.one(
                None,
                "what is signed",
                f"{subject}, signed for {held[0].role}",
                "what is not signed yet",
            )
        return open_ones[0]

    def _refuse(self, entries: Sequence[Entry], allowed: set[State], act: str) -> None:
        review = self.review(entries)
        if review.state not in allowed:
            why = self.why_not(review) if review.state is State.BLOCKED else ""
            raise RunError(f"{self.run.name} is {review.state}, so it cannot {act}. {why}".strip())

    def _refuse_altered(self) -> None:
        # A pack may have been rendered again; everything else stands as it is signed.
        refuse_altered(self.run, apart=("pack/", "notebooks/", "artefacts/rendering.json"))


def approved_runs(store: Store, runs: Sequence[Run]) -> list[str] | None:
    """Return the ids of those runs of a workbook that everyone who has to has signed, in their order.

    None where nobody has ever signed or published one of them.
    """
    entries = store.entries()
    acted = {one.subject for one in entries if one.kind in ("sign_off", "publication")}
    looked_at = [run for run in runs if run.name in acted and run.manifest.status == "done"]
    if not looked_at:
        return None
    return [run.name for run in looked_at if Desk(run, store).review(entries).state in APPROVED]
