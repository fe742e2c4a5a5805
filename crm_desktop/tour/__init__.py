"""The tour: the real program does its main job by itself, and is looked at from outside."""

from crm_desktop.tour.run import run_tour

__all__ = ["run_tour"]
