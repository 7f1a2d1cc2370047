"""Where fits run, and whether others could listen to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from mmmlib.params.messages import shown
from mmmlib.params.places import KeyProblem
from mmmlib.params.section import Section

ENCRYPTED = ("tls://", "wss://")
"""How the address of a scheduler begins that only holders of a certificate can talk to."""
EXPECTED = f"an address that begins with {ENCRYPTED[0]}"
ACTION = (
    "Everybody who can reach a scheduler without certificates can run code in it. Set them up in "
    "Dask's configuration (distributed.comm.tls), or declare 'compute.allow_unencrypted: true'."
)


class ComputeParams(Section):
    """Where fits run."""

    scheduler: str | None = None
    """Address of a Dask scheduler; if not given, a local pool is started."""
    allow_unencrypted: bool = False
    """Whether that scheduler may be one without certificates, to which everybody who can reach it
    can send code."""
    workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Local workers; chosen from the number of cores if not given."""


def may_join(address: str, compute: ComputeParams) -> bool:
    """Say whether a scheduler may be joined: it has certificates, or the parameters do without."""
    return compute.allow_unencrypted or address.startswith(ENCRYPTED)


def open_scheduler(content: Mapping[str, Any]) -> Iterator[KeyProblem]:
    """Yield a scheduler without certificates that a parameter file names and does not allow.

    This is asked of files only: the parameters of a run that was made so stay readable.
    """
    compute = content.get("compute")
    if not isinstance(compute, Mapping) or compute.get("allow_unencrypted") is True:
        return
    address = compute.get("scheduler")
    if isinstance(address, str) and not address.startswith(ENCRYPTED):
        yield KeyProblem(("compute", "scheduler"), shown(address), EXPECTED, ACTION)
