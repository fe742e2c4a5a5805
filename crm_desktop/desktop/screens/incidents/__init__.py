"""Incidents: what happened, what was done, and what was learnt."""
