"""What a source promised, held against all of its rows."""
