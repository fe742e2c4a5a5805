"""Open311 GeoReport v2: hand-offs to any back office that speaks the standard."""

from crm_desktop.backoffice.open311.client import Open311
from crm_desktop.backoffice.open311.settings import Open311Settings

__all__ = ["Open311", "Open311Settings"]
