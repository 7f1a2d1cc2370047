"""What refreshes saw, and what was restated since."""
