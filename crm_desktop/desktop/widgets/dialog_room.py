"""How large a dialog may be."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog

from crm_desktop.desktop.core.look import Look

_EDGE = 40


def resize_within(dialog: QDialog, look: Look, width: int, height: int) -> None:
    """Give a dialog a size in pixels, but no larger than the window below it has room for."""
    parent, edge = dialog.parentWidget(), look.px(_EDGE)
    room = parent.window().size() if parent else dialog.screen().availableSize()
    dialog.resize(min(width, room.width() - edge), min(height, room.height() - edge))
