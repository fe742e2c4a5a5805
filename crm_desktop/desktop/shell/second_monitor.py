"""Windows for others to read hang where they hung last, at first on another monitor."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.layout import Settings, restore_layout, save_layout


def hang(window: QWidget, settings: Settings, name: str, main: QWidget) -> None:
    """Show a window where it hung last; at first on a monitor that the desktop does not stand on,
    and then filling it.
    """
    known = restore_layout(window, settings, name)
    screen = _screen(settings, name, main)
    if screen is not None and (not known or window.screen() is not screen):
        window.setGeometry(screen.availableGeometry())
    full = settings.get(f"{name}/full")
    alone = full is None and screen is not None and screen is not main.screen()
    if full == "yes" or alone:
        window.showFullScreen()
    else:
        window.showNormal()


def keep(window: QWidget, settings: Settings, name: str, *, full: bool) -> None:
    """Remember where it hangs: it is closed."""
    save_layout(window, settings, name)
    settings.set(f"{name}/screen", window.screen().name())
    settings.set(f"{name}/full", "yes" if full else "no")


def _screen(settings: Settings, name: str, main: QWidget) -> QScreen | None:
    """The monitor of its name, else another than the desktop's; None when there is but one."""
    wanted = settings.get(f"{name}/screen")
    screens = QGuiApplication.screens()
    named = next((each for each in screens if wanted and each.name() == wanted), None)
    others = (each for each in screens if each is not main.screen())
    return named or next(others, None)
