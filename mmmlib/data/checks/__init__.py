"""What stands out in the data."""
