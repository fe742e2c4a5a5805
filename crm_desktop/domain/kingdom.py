"""The bank holidays of the United Kingdom's parts, from the holidays library and little else of it.

Its package of countries imports all 250 of them: 20 MB and a third of a second, in every process
that ever asks what day it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType

_COUNTRIES = "holidays.countries"


def days_off(subdivision: str, year: int) -> Iterable[date]:
    """The days off of one year in a part such as ENG, substitute days included."""
    import holidays  # many processes never ask

    if _COUNTRIES not in sys.modules:
        package = ModuleType(_COUNTRIES)
        package.__path__ = [str(Path(holidays.__file__).parent / "countries")]
        sys.modules[_COUNTRIES] = package
    country = import_module(f"{_COUNTRIES}.united_kingdom").UnitedKingdom
    found: Iterable[date] = country(subdiv=subdivision, years=year)
    return found
