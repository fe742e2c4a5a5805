"""Telephone calls at an advisor's hand: what is going on, and everything that can be asked of it."""
