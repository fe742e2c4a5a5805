"""The use cases: one module each, verbs; a transaction on the store, frozen views out."""

from typing import TYPE_CHECKING

from crm_desktop.store.database import Database, Target
from crm_desktop.store.later import load_named, modules_of

__all__ = ["Database", "Target", "load_named"]

if not TYPE_CHECKING:
    # Not until it is used; a type checker sees the modules themselves.
    __getattr__ = modules_of(__name__)
