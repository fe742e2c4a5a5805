"""Signing in: which database, and as whom."""
