"""Telephone calls at an advisor's hand: what is going on, and all that can be asked of it."""
