"""Private notes between a leader and one person."""
