"""The regular grid that models eat."""
