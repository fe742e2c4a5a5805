"""The only home of SQLAlchemy: engine, models, queries, search, outbox, change feed, security."""

from typing import TYPE_CHECKING

from crm_desktop.store.later import modules_of

if not TYPE_CHECKING:
    # Not until it is used; a type checker sees the modules themselves.
    __getattr__ = modules_of(__name__)
