"""Recordings: found by number and time, held, asked for by customers, released."""
