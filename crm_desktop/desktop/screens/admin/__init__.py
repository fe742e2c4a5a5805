"""Channels and dead letters: how the outside world is doing, and what waits for a person."""
