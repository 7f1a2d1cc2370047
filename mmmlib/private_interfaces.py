"""Interfaces of other packages that are private and used here: the only places that a minor release may break.

Each package has an upper bound in ``pyproject.toml``. Before a bound is raised, what stands here is
held against the new version: ``tests/test_private_interfaces.py`` finds every use, and that each is still there.
"""

from __future__ import annotations

from typing import NamedTuple


class PrivateInterface(NamedTuple):
    """One private name of another package, who uses it, and why nothing public does."""

    package: str
    """As ``pyproject.toml`` names it."""
    name: str
    """Where it is: module and attribute."""
    used_in: str
    why: str


PRIVATE_INTERFACES = (
    PrivateInterface(
        "nutpie",
        "nutpie._lib",
        "mmmlib/model/sample.py",
        "nutpie samples a compiled log density of its own making only by the classes of its library.",
    ),
    PrivateInterface(
        "nutpie",
        "nutpie.sample.CompiledModel._make_model",
        "mmmlib/model/sample.py",
        "Overridden: hands over the address of our machine code.",
    ),
    PrivateInterface(
        "nutpie",
        "nutpie.sample.CompiledModel._make_sampler",
        "mmmlib/model/sample.py",
        "Overridden, as _make_model.",
    ),
    PrivateInterface(
        "jupyter-client",
        "jupyter_client.AsyncKernelClient._handle_kernel_info_reply",
        "mmmlib/runner/kernels.py",
        "A client of ours waits for a kernel without Jupyter's fixed pause, and reads its answer.",
    ),
)
