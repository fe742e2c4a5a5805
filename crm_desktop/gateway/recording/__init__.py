"""Recordings: made at the PBX, kept encrypted by a gateway, heard by people, destroyed in time."""
