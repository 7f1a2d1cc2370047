"""Layouts and taxonomy: rows under the names of series."""
