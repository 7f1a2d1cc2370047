"""One key question with all that its answer rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr

from mmmlib.estimates import Estimate, return_words
from mmmlib.findings import FindingList
from mmmlib.model.power_scaling import Reweighted
from mmmlib.params.schema import KeyQuestion, Params
from mmmlib.readiness.verdict import Readiness
from mmmlib.scenarios.baseline import Baseline
from mmmlib.scenarios.evidence import (
    Evidence,
    channel_evidence,
    model_evidence,
    order_is_hidden,
)
from mmmlib.scenarios.pack import Answer, Label
from mmmlib.scenarios.plan import channel_labels
from mmmlib.scenarios.projection import ProjectedOutcome


@dataclass(frozen=True)
class Case:
    """One question put to one model, or to an outcome over all its motions."""

    question: KeyQuestion
    model: str
    effects: xr.Dataset
    base: Baseline
    """What the whole pack is compared with."""
    outcome: ProjectedOutcome
    parts: Mapping[str, ProjectedOutcome]
    """Projections of the motions that the outcome is the sum of; of one model nothing."""
    readiness: Readiness
    health: FindingList | None
    params: Params
    under: Mapping[str | None, Reweighted]
    """The draws under other priors, see :func:`mmmlib.model.power_scaling.reweigh`."""

    @property
    def labels(self) -> dict[str, str]:
        """Name of every channel as reports write it."""
        return channel_labels(self.params, self.effects)

    @property
    def money(self) -> bool:
        """Whether the outcome is in the currency of the spend."""
        return self.effects.attrs["outcome_unit"] == self.params.currency

    @property
    def order_is_hidden(self) -> bool:
        """Whether channels can be put in no order; see the function of that name."""
        return order_is_hidden(self.health.findings if self.health else ())

    def return_text(self, estimate: Estimate) -> str:
        """Write a return as the reports do: ``USD 0.8 to 2.1 per USD 1``."""
        return return_words(self.effects.attrs["return_unit"], self.params.currency).text(estimate)

    def evidence(self, *channels: str) -> Evidence:
        """What readiness and health say of the model and of channels in it."""
        full = model_evidence(
            self.model, self.health, self.params.channels, self.params.model_label(self.model)
        )
        return sum(map(self.on, channels), full)

    def on(self, channel: str) -> Evidence:
        """What is known of one channel, beside what is of the model."""
        label = self.labels.get(channel, "")
        return channel_evidence(channel, self.model, self.readiness, self.health, label)

    def answer(
        self,
        text: str,
        label: Label,
        reasons: tuple[str, ...],
        *,
        channel: str | None = None,
        value: Estimate | None = None,
        value_name: str = "",
        probability: float | None = None,
    ) -> Answer:
        """Return an answer to the question; its channel is the question's if not given."""
        return Answer(
            question=self.question.question,
            kind=self.question.kind,
            model=self.model,
            channel=channel or self.question.channel,
            text=text,
            value=value,
            value_name=value_name,
            probability=probability,
            label=label,
            reasons=reasons,
        )
