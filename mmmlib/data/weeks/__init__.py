"""Days and events to weeks, by the calendar."""
