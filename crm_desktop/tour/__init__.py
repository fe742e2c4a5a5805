"""The tour: the real program does its main job by itself, and is looked at from outside."""

from crm_desktop.tour.run import run_tour
from crm_desktop.tour.services import Players

__all__ = ["Players", "run_tour"]
