"""The ``mmm`` command."""
