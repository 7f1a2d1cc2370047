"""Everything that the reports read of a run, opened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import xarray as xr
from pydantic import BaseModel

from mmmlib.estimates import ReturnWords, return_words
from mmmlib.findings import Finding, FindingList, Level
from mmmlib.governance.follow_up import FollowUp
from mmmlib.governance.labels import label_pack
from mmmlib.governance.verdict import NOT_CLAIMED, Claim, GateResult
from mmmlib.model.chains import agreed
from mmmlib.model.effects import effects_of, has_effects, load_effects, uncalibrated_of
from mmmlib.params import Params
from mmmlib.params.load import params_of
from mmmlib.readiness.verdict import Readiness
from mmmlib.refresh.choice import CHOICE, ModelChoice
from mmmlib.refresh.comparison import Comparison
from mmmlib.refresh.data_changes import CELLS
from mmmlib.reports.at_baseline import at_baseline
from mmmlib.reports.fonts import prefer_fonts
from mmmlib.reports.lift import Experiments, experiments_of
from mmmlib.reports.markup import cut_apart, cut_short
from mmmlib.reports.quantities import ModelNumbers
from mmmlib.reports.style import channel_colours
from mmmlib.runs import Run
from mmmlib.scenarios.evidence import order_is_hidden
from mmmlib.scenarios.pack import ScenarioPack

__all__ = ["Results", "results_of"]


@dataclass(frozen=True)
class Results:
    """What a run has; a part whose step did not run is None or empty."""

    run: Run
    params: Params
    released: GateResult | None = None
    """The gates with the release status of today, where people have signed since."""

    def __post_init__(self) -> None:
        prefer_fonts(self.params.report.fonts)

    @cached_property
    def readiness(self) -> Readiness | None:
        """Verdict on readiness."""
        return self._artefact("readiness.json", Readiness)

    @cached_property
    def comparison(self) -> Comparison | None:
        """What moved since the parent run."""
        return self._artefact("refresh.json", Comparison)

    @cached_property
    def choice(self) -> ModelChoice | None:
        """Specifications that were tried beside the one that was taken."""
        return self._artefact(CHOICE, ModelChoice)

    @cached_property
    def restated(self) -> pd.DataFrame:
        """Every restated value, see :func:`mmmlib.refresh.data_changes.restated_cells`."""
        path = self.run.artefact("restated.parquet")
        return pd.read_parquet(path) if path.is_file() else pd.DataFrame(columns=CELLS)

    @cached_property
    def scenarios(self) -> ScenarioPack | None:
        """The scenario pack, labelled by all that the gates know."""
        pack = self._artefact("scenarios.json", ScenarioPack)
        return pack and label_pack(pack, self.gates, self.params)

    @cached_property
    def gates(self) -> GateResult | None:
        """What the gates decided."""
        return self.released or self._artefact("gates.json", GateResult)

    @cached_property
    def follow_up(self) -> FollowUp | None:
        """What earlier refreshes left open."""
        return self._artefact("follow_up.json", FollowUp)

    @cached_property
    def effects(self) -> Mapping[str, xr.Dataset]:
        """Effects of the outcome that leads and of every model that was fitted, in this order."""
        views = self.params.views
        pack = self._artefact("scenarios.json", ScenarioPack)
        return {
            name: at_baseline(effects_of(self.run, name), pack)
            for name in views
            if has_effects(self.run, name)
        }

    @cached_property
    def models(self) -> tuple[ModelNumbers, ...]:
        """Numbers of every model that was fitted, the leading one first."""
        return tuple(
            ModelNumbers(effects, self.params.worth_of(name) or 1.0)
            for name, effects in self.effects.items()
        )

    @property
    def leading(self) -> ModelNumbers:
        """Numbers of the leading model, where it was fitted."""
        return self.models[0]

    def holdout(self, model: str) -> xr.Dataset | None:
        """Effects of the fit that did not see the last weeks, if there is one that converged."""
        name = f"models/{model}/holdout.nc"
        if not self.run.has(name):
            return None
        found = load_effects(self.run, name)
        return found if agreed(found) else None

    def lifts(self, model: str) -> Experiments | None:
        """Lift tests of a model beside it; see :func:`mmmlib.reports.lift.experiments_of`."""
        return experiments_of(self.effects[model], uncalibrated_of(self.run, model), self.params)

    def health(self, model: str) -> tuple[Finding, ...]:
        """Health findings of a model."""
        found = self._artefact(f"models/{model}/health.json", FindingList)
        return found.findings if found else ()

    def order_is_hidden(self, model: str) -> bool:
        """Whether a model's channels can be put in no order; see the function of that name."""
        entries = self.gates.entries if self.gates else ()
        subjects = {model, *self.params.parts_of(model)}
        return order_is_hidden(e.finding for e in entries if e.finding.subject in subjects)

    @cached_property
    def colours(self) -> dict[str, str]:
        """Colour of every channel."""
        return channel_colours(self.params.channels)

    # --- names

    def channel(self, name: str) -> str:
        """Name of a channel as people write it."""
        return self.params.channel_label(name)

    def short(self, name: str) -> str:
        """Name of a channel for a title."""
        return self._short.get(name) or cut_short(self.channel(name))

    @cached_property
    def _short(self) -> dict[str, str]:
        return cut_apart({name: self.channel(name) for name in self.params.channels})

    def model(self, name: str) -> str:
        """Name of a model: the outcome, and the motion where motions are apart."""
        return self.params.model_label(name)

    def subject(self, name: str) -> str:
        """Name of a finding's subject: a channel, a model, both, a series, or as written."""
        return self.params.subject_label(name)

    # --- how it is written

    def return_words(self, model: str) -> ReturnWords:
        """How a model's return is written."""
        return return_words(self.params.return_unit(model), self.params.currency)

    def break_even(self, model: str) -> float | None:
        """The return at which the money comes back, at the declared margin; None for a count."""
        even = self.return_words(model).break_even
        return None if even is None else even / (self.params.worth_of(model) or 1.0)

    def claim(self, model: str, channel: str) -> Claim:
        """What may be done with a statement on a channel's return (O8)."""
        return self.gates.claim(model, channel) if self.gates else NOT_CLAIMED

    @property
    def blocked(self) -> bool:
        """Whether a gate blocks, so that nothing of the run may be acted on."""
        return self.gates is not None and self.gates.blocked

    def findings(self) -> list[tuple[Finding, Level]]:
        """All findings with the level that the gates gave them, the worst first."""
        if self.gates is None:
            return []
        pairs = [(entry.finding, entry.level) for entry in self.gates.entries]
        return sorted(pairs, key=lambda pair: -pair[1].rank)

    def _artefact[M: BaseModel](self, name: str, kind: type[M]) -> M | None:
        return self.run.load_json(name, kind) if self.run.has(name) else None


def results_of(run: Run) -> Results:
    """Open a run for its reports.

    Parameters
    ----------
    run
        An open run.

    Returns
    -------
    Results
        All that the reports read of it.
    """
    return Results(run, params_of(run))
