"""Strict YAML in, frozen :class:`Params` out."""

from mmmlib.params.schema import Params
from mmmlib.params.series import Channel, Outcome

__all__ = ["Channel", "Outcome", "Params"]
