"""The use cases: one module each, verbs; a transaction on the store, frozen views out."""

from crm_desktop.store.database import Database, Target

__all__ = ["Database", "Target"]
