"""Looking at a database without signing in as anybody or changing anything."""

from __future__ import annotations

from crm_desktop.store.diagnosis import Encryption, Holder, Look, Standing, looking

__all__ = ["Encryption", "Holder", "Look", "Standing", "looking"]
