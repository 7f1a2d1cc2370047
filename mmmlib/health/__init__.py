"""May this fit be trusted?

``checks.toml`` names every question that is put to a model, in the order in which they are asked.
Each leaves at least one finding per model, whatever happens: a check that could not run says so. A
check takes the effects of a model (over the weeks that it saw, unless it says otherwise) and the
limits of ``params.health``.

The subject of a finding is the model (``revenue.pooled``), or the model and one of its channels
(``revenue.pooled/search``).
"""

from __future__ import annotations

from mmmlib.findings import checks_of

ON_DEMAND = ("health.placebo",)
"""Checks that take a fit of their own, and are asked where the parameters say so."""
REQUIRED_CHECKS = tuple(name for name in checks_of("health") if name not in ON_DEMAND)
"""Checks that must have run on every model; one that did not, blocks."""
