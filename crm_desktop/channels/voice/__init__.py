"""Telephone calls: what a PBX says by ARI, and how it is told what to do."""
