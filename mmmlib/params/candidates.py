"""Specifications that are tried beside the file's own, declared before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, JsonValue

from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Name, Section, Slug
from mmmlib.params.strict import KeyChange

SECTIONS = ("channels", "outcomes", "controls", "events", "lift_tests", "model")
"""What a candidate may change: what is estimated, and from what."""
MOST = 6
"""Candidates that fit on one page beside the file's own specification."""
Goal = Literal["fit", "prediction", "decision"]
"""What a model is chosen for: to explain the weeks that were seen, to predict those that come, or to
decide on budgets."""


class Candidate(Section):
    """A specification that differs from the file's own, and why it is tried."""

    why: Name
    """Why it may be the better one; the change log repeats it."""
    change: dict[Name, JsonValue] = Field(default_factory=dict)
    """What is set, by its key: ``{model.trend: linear}``."""
    drop: tuple[Name, ...] = ()
    """What is taken out: ``[controls.category]``."""

    def _faults(self) -> Iterator[str | KeyProblem]:
        if not self.change and not self.drop:
            yield "something to 'change' or to 'drop'"
        for part, keys in (("change", list(self.change)), ("drop", list(self.drop))):
            for place, key in enumerate(keys):
                if key.split(".")[0] not in SECTIONS or not all(key.split(".")):
                    at = key if part == "change" else place
                    expected = f"a key of {', '.join(SECTIONS)}, such as model.trend"
                    yield KeyProblem((part, at), f"'{key}'", expected)

    @property
    def changes(self) -> tuple[KeyChange, ...]:
        """The changes, as the loader takes them."""
        put = [
            KeyChange(tuple(key.split(".")), value, f"change {key} = {value}")
            for key, value in self.change.items()
        ]
        out = [KeyChange(tuple(key.split(".")), None, f"drop {key}", out=True) for key in self.drop]
        return (*out, *put)


class CandidateParams(Section):
    """The specifications that are tried, and what the choice between them is for (A3)."""

    goal: Goal
    """What the model is chosen for: to explain the weeks that were seen, to predict those that come,
    or to decide on budgets. It says what the candidates are held against."""
    specifications: dict[Slug, Candidate] = Field(min_length=1, max_length=MOST)
    """The candidates by name, beside the specification of the file itself."""
