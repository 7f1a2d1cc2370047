"""A scheduler that everybody may send code to is joined only where the file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.errors import InputError
from mmmlib.params.compute import ComputeParams, may_join
from mmmlib.params.load import params_of, read_params, write_params
from tests.fake_run import make_fake_run
from tests.fakes import fake_params

GOOD = Path(__file__).with_name("good.yaml")


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "ucx://a:1", ""])
def test_a_scheduler_without_certificates_is_refused(address: str) -> None:
    with pytest.raises(InputError) as caught:
        read_params(GOOD, [f'compute.scheduler="{address}"'])
    (problem,) = caught.value.problems
    assert caught.value.file == str(GOOD)
    assert problem.place.endswith("key compute.scheduler")
    assert address in problem.found
    assert "begins with tls://" in problem.expected
    assert "'compute.allow_unencrypted: true'" in problem.action
    assert not may_join(address, ComputeParams(scheduler=address))


@pytest.mark.parametrize(
    "override",
    [
        ["compute.scheduler=tls://10.0.0.1:8786"],
        ["compute.scheduler=tcp://10.0.0.1:8786", "compute.allow_unencrypted=true"],
    ],
)
def test_one_with_them_or_that_is_declared_is_joined(override: list[str]) -> None:
    compute = read_params(GOOD, override).compute
    assert compute.scheduler is not None
    assert may_join(compute.scheduler, compute)


def test_a_run_that_was_made_so_stays_readable(tmp_path: Path) -> None:
    run = make_fake_run(tmp_path)
    old = fake_params(compute={"scheduler": "tcp://10.0.0.1:8786"})
    write_params(run.path, old, "")
    assert params_of(run) == old
