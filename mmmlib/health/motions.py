"""Health of an outcome over all its motions: that of the models that it is the sum of."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from mmmlib.findings import FindingList
from mmmlib.health.learning import CONFLICT, SHRINKAGE, check_conflict, check_shrinkage
from mmmlib.health.plausibility import TO_COME, check_to_come
from mmmlib.params.schema import Params


def sum_health(
    outcome: str, effects: xr.Dataset, health_by_model: Mapping[str, FindingList], params: Params
) -> FindingList | None:
    """Collect what the health checks say of the sum of an outcome's motions.

    Every finding of every motion, told with the motion's name; what the data added to the belief,
    and what is still to come, is judged anew, on ``effects`` of the sum (see
    :func:`mmmlib.model.motions.sum_motions`). None where a motion was not checked: then nothing
    speaks for the sum.
    """
    parts = params.parts_of(outcome)
    if any(part not in health_by_model for part in parts):
        return None
    found = [
        finding.model_copy(
            update={
                "subject": outcome + finding.subject.removeprefix(part),
                "message": f"{params.model_label(part)}: {finding.message}",
            }
        )
        for part in parts
        for finding in health_by_model[part].findings
        if finding.check not in (SHRINKAGE, CONFLICT, TO_COME)
    ]
    for check in (check_shrinkage, check_conflict, check_to_come):
        found += check(effects, params.health)
    return FindingList(findings=tuple(found))
