"""A back office to try things on: an Open311 GeoReport v2 server with its refusals and delays."""

from crm_desktop.demo.open311.office import Access, Fault, Office
from crm_desktop.demo.open311.running import RunningOffice, run_in_thread

__all__ = ["Access", "Fault", "Office", "RunningOffice", "run_in_thread"]
