"""The queue: one list of what is in hand and what waits, by next breach."""
