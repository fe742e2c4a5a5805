"""What this computer remembers is read as it was meant, or not at all."""

from __future__ import annotations

import pytest

from crm_desktop.desktop.core.layout import SITE, number_of


class Kept(dict[str, str]):
    """Settings in memory."""

    def set(self, key: str, value: str) -> None:
        """Remember."""
        self[key] = value


@pytest.mark.parametrize("said", ["", "²", "-1", "1.5", "Guildhall"])
def test_what_is_no_number_is_none(said: str) -> None:
    assert number_of(Kept({SITE: said}), SITE) is None


def test_a_number_is_read() -> None:
    settings = Kept()
    assert number_of(settings, SITE) is None
    settings.set(SITE, "12")
    assert number_of(settings, SITE) == 12
