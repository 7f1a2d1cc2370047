"""Strict YAML in, frozen :class:`Params` out."""

from mmmlib.params.schema import Channel, Outcome, Params

__all__ = ["Channel", "Outcome", "Params"]
