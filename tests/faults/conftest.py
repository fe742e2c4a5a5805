"""The fault test's own parts, and a small centre to plant errors in."""

from __future__ import annotations

from tests.integration.conftest import centre, postgres_centre, sqlite_centre

__all__ = ["centre", "postgres_centre", "sqlite_centre"]
