"""The sections of the five documents: functions from results to blocks, one document a file.

Order and headings are in ``format.toml``. A section with nothing to say returns nothing,
and then its heading is not shown either.
"""
