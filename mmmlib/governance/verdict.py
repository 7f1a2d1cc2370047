"""What the gates decided (G3); ``artefacts/gates.json``."""

from __future__ import annotations

from enum import StrEnum

from mmmlib.estimates import Frozen
from mmmlib.findings import Finding, Level, Reason
from mmmlib.phrases import listed
from mmmlib.scenarios.pack import EvidenceLevel, Label


class Release(StrEnum):
    """Release status, shown as a band on every page."""

    APPROVED = "APPROVED"
    LIMITED = "LIMITED AUDIENCE"
    NOT_APPROVED = "NOT APPROVED"
    DRAFT = "DRAFT"


class GateEntry(Frozen):
    """A finding as the policy ranks it."""

    finding: Finding
    level: Level
    rule: str
    """The policy's line that decided, or "as proposed by the check"."""


class SignOffNeeded(Frozen):
    """Who has to sign what before publication (G4)."""

    subject: str
    """``data``, ``model``, ``recommendation`` or ``publication``."""
    role: str
    person: str
    why: str


class Claim(Frozen):
    """What may be done with a statement on one channel's return (O8), and why."""

    label: Label
    reasons: tuple[Reason, ...]
    evidence: EvidenceLevel | None = None
    """How much is known of the return; None in runs of before it was kept."""
    move: Label | None = None
    """What may be done with a claim that more, or less, of the channel pays, if it is clear in itself: what speaks
    against the size of the return need not speak against that. None in runs of before it was kept."""
    move_reasons: tuple[Reason, ...] = ()

    @property
    def for_moves(self) -> tuple[Label, tuple[Reason, ...]]:
        """Label of a move of the channel's money, and why."""
        return (self.label, self.reasons) if self.move is None else (self.move, self.move_reasons)

    @property
    def level(self) -> EvidenceLevel:
        """How much is known; where that was not kept, as the label says."""
        return self.evidence or LEVELS[self.label]


LEVELS = {
    Label.SAFE: EvidenceLevel.STRONG,
    Label.REVIEW: EvidenceLevel.WEAK,
    Label.DO_NOT_INFER: EvidenceLevel.NONE,
}
NOT_CLAIMED = Claim(
    label=Label.DO_NOT_INFER,
    reasons=(Reason("No gate has judged what may be said of this return."),),
)


class GateResult(Frozen):
    """Worst level of all findings after the policy, and what follows from it."""

    level: Level
    release: Release
    policy_version: str
    entries: tuple[GateEntry, ...]
    sign_offs: tuple[SignOffNeeded, ...] = ()
    statement: str = ""
    """The verdict of the gates in a sentence: "Gates passed."."""
    claims: dict[str, dict[str, Claim]] = {}
    """Label of what is said on each channel's return, by model and channel."""

    def claim(self, model: str, channel: str) -> Claim:
        """What may be done with a statement on a channel's return; nothing where none judged it."""
        return self.claims.get(model, {}).get(channel, NOT_CLAIMED)

    def reworded(self, check: str, text: str) -> GateResult:
        """Return it with what a check (or a kind of reason) has to say of claims in other words."""

        def say(claim: Claim) -> Claim:
            now = [
                tuple(Reason(text, check) if one.check == check else one for one in reasons)
                for reasons in (claim.reasons, claim.move_reasons)
            ]
            return claim.model_copy(update={"reasons": now[0], "move_reasons": now[1]})

        claims = {
            model: {name: say(claim) for name, claim in channels.items()}
            for model, channels in self.claims.items()
        }
        return self.model_copy(update={"claims": claims})

    @property
    def awaiting(self) -> str:
        """Who has to sign, by name; empty where nobody has to, or the gates block."""
        # The statement of an older run ends with it; that of a run in review begins with it.
        said = ("Awaiting sign-off", "Still to sign")
        if self.blocked or any(words in self.statement for words in said):
            return ""
        people = listed(list(dict.fromkeys(one.person for one in self.sign_offs)))
        return people and f"Awaiting sign-off by {people}."

    @property
    def blocked(self) -> bool:
        """Whether nothing of the run may be acted on."""
        return self.level is Level.BLOCK
