"""The worker pool: real processes, one of them killed."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import xarray as xr
from distributed import Security
from distributed.comm import connect
from distributed.utils import key_split_group

from mmmlib.errors import MMMError
from mmmlib.model.fit import fit_each
from mmmlib.model.one_fit import FitRequest, fit_one
from mmmlib.model.pool import (
    CREDENTIALS_ENV,
    SCHEDULER_ENV,
    connected_client,
    order_fits,
    start_pool,
)
from mmmlib.model.start import learned
from mmmlib.params.compute import ComputeParams
from tests.fakes import fake_panel, fake_params
from tests.model.worlds import MODEL

pytestmark = [
    pytest.mark.slow,
    # Sockets and loops of a cluster that is torn down, some of it by force.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LOCAL = ComputeParams()
LONG = {"chains": 2, "tune": 500, "draws": 1500, "kept_draws": 100}
REQUESTS = [FitRequest(MODEL), FitRequest(MODEL, 4), FitRequest(MODEL, 8)]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what a test left be collected here, where nobody minds, and not in the next file."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def pool(scratch: Path) -> Iterator[dict[str, str]]:
    with start_pool(ComputeParams(workers=2), scratch) as found:
        yield found


def test_fits_survive_a_killed_worker(pool: dict[str, str]) -> None:
    params = fake_params(model=LONG)
    panel = fake_panel(params, weeks=80)
    client = connected_client(LOCAL)
    assert client is not None
    client.wait_for_workers(2, timeout=150)
    before = set(client.run(os.getpid).values())

    def kill() -> None:
        # Wait until fits are under way, so that one of them is lost.
        while not any(client.processing().values()):
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(min(before), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    told: list[str] = []

    def say(request: FitRequest, done: float) -> None:
        told.append(str(request))

    fits = {fit.request: fit for fit in fit_each(panel, params, REQUESTS, say)}
    killer.join()
    client.wait_for_workers(2, timeout=150)
    assert set(client.run(os.getpid).values()) != before
    assert set(fits) == set(REQUESTS)
    assert sorted(told) == sorted(map(str, REQUESTS))
    own = learned(fits[REQUESTS[0]].posterior)
    for request, fit in fits.items():
        # What is made beside a model's own fit begins with that.
        earlier = own if request.beside else None
        again = fit_one(panel, params, request, earlier=earlier)
        xr.testing.assert_equal(fit.effects, again.effects)


def test_a_fit_that_is_ordered_is_not_made_again(pool: dict[str, str]) -> None:
    params = fake_params()
    panel = fake_panel(params, weeks=80)
    client = connected_client(LOCAL)
    assert client is not None
    requests = [FitRequest(MODEL), FitRequest(MODEL, 6)]
    ordered = order_fits(client, panel, params, requests, {})
    # One group, or the scheduler shares them out at once and not by their priority.
    assert {key_split_group(future.key) for future in ordered} == {"fit"}
    own = learned(ordered[0].result().posterior)  # as whoever reads the run's fit asks for it
    asked = list(fit_each(panel, params, requests[1:], earlier={MODEL: own}))
    made = [future.result() for future in ordered]
    # The times of a fit are its own.
    assert [fit.request for fit in made] == requests
    assert asked[0].times == made[1].times != made[0].times
    other = fake_panel(params, weeks=81)
    (refitted,) = fit_each(other, params, requests[1:])
    assert refitted.effects.sizes["week"] == 81


def test_errors_of_a_fit_come_back_as_they_are(pool: dict[str, str]) -> None:
    params = fake_params()
    with pytest.raises(MMMError, match="12 weeks are too few"):
        list(fit_each(fake_panel(params, weeks=12), params, [FitRequest(MODEL)]))


def test_pool_is_named_only_inside(pool: dict[str, str], scratch: Path) -> None:
    assert {name: os.environ[name] for name in pool} == pool
    elsewhere = {SCHEDULER_ENV: "tls://elsewhere:1", CREDENTIALS_ENV: ""}
    with start_pool(ComputeParams(scheduler="tls://elsewhere:1"), scratch) as found:
        assert {name: os.environ[name] for name in found} == found == elsewhere
    assert {name: os.environ[name] for name in pool} == pool


def test_silent_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEDULER_ENV, "tcp://127.0.0.1:9")
    monkeypatch.setenv(CREDENTIALS_ENV, "")
    monkeypatch.setattr("mmmlib.model.pool.PATIENCE", 1)
    with pytest.raises(MMMError, match=r"127\.0\.0\.1:9 cannot be joined"):
        connected_client(ComputeParams(allow_unencrypted=True))
    with pytest.raises(MMMError, match=r"found tcp://127\.0\.0\.1:9; expected .* tls://"):
        connected_client(ComputeParams())


def test_a_scheduler_with_certificates_asks_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCHEDULER_ENV, "tls://127.0.0.1:9")
    monkeypatch.setenv(CREDENTIALS_ENV, "")
    with pytest.raises(MMMError, match=r"set distributed\.comm\.tls\.ca-file"):
        connected_client(ComputeParams())


@pytest.mark.parametrize(
    ("protocol", "security", "refused"),
    [
        ("tcp", Security(), "reset by peer|closed"),
        ("tls", Security.temporary(), "certificate does not match"),
    ],
    ids=["no certificate", "one of its own"],
)
def test_nobody_gets_in_without_the_credentials(
    pool: dict[str, str], protocol: str, security: Security, refused: str
) -> None:
    client = connected_client(LOCAL)
    assert client is not None
    client.wait_for_workers(2, timeout=150)
    workers = client.scheduler_info()["workers"]
    nannies = [told["nanny"] for told in workers.values()]
    for address in (client.scheduler.address, *workers, *nannies):
        assert address.startswith("tls://")
        asked = address.replace("tls", protocol)
        with pytest.raises(OSError, match=refused):
            client.sync(connect, asked, timeout=5, **security.get_connection_args("client"))


def test_nothing_is_imported_from_a_folder_that_others_could_have_made(
    pool: dict[str, str], scratch: Path
) -> None:
    """Dask puts the folder that it works in before all others that Python imports from."""
    client = connected_client(LOCAL)
    assert client is not None
    client.wait_for_workers(2, timeout=150)
    paths = [sys.path, *client.run(lambda: __import__("sys").path).values()]
    folders = {path for one in paths for path in one if "dask-scratch" in path}
    assert folders
    assert all(path.startswith(str(scratch)) for path in folders)


def test_no_pages_are_served(pool: dict[str, str]) -> None:
    """Dask's HTTP servers ask nobody who they are."""
    client = connected_client(LOCAL)
    assert client is not None
    client.wait_for_workers(2, timeout=150)
    told = client.scheduler_info()
    assert [told["services"], *(one["services"] for one in told["workers"].values())] == [{}] * 3
