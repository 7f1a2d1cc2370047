"""Sources to one trusted panel."""
