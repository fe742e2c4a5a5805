"""Calls through a PBX, under the lease `pbx:<account>`: what it shows becomes of contacts."""
