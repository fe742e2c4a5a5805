"""What a scanner has left in its folder, to choose from; and which folder that is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.documents.page_list import ScanList
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.documents import Scan
from crm_desktop.domain.errors import CrmError

#: Where this computer's scanner puts what it scans.
FOLDER = "documents/scanner_folder"
_NONE = "Choose the folder that the scanner puts its files into; this computer remembers it."
_EMPTY = "Nothing is there yet. What you scan now is shown here by itself."


class ScannerPane(QWidget):
    """`wanted` carries a Scan, `watched` the folder to look into."""

    wanted = Signal(object)
    watched = Signal(str)

    def __init__(self, look: Look, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._said = Text(look, "", wrap=True, muted=True)
        self.list = ScanList(look)
        self.list.wanted.connect(self.wanted)
        self.take = PrimaryButton(look, "Add this one", key="Return")
        self.take.setAutoDefault(False)
        self.take.clicked.connect(self._take)
        choose = Button(look, "Choose the folder…", icon="folder-open")
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        self._where = Text(look, "", Role.SMALL, muted=True, wrap=True)
        row = QHBoxLayout()
        row.addWidget(choose)
        row.addStretch(1)
        row.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(6))
        column.addWidget(self._said)
        column.addWidget(self.list, 1)
        column.addWidget(self._where)
        column.addLayout(row)

    def start(self) -> None:
        """Look into the folder that this computer knows."""
        folder = self._settings.get(FOLDER) or ""
        self._where.setText(folder)
        self._say("" if folder else _NONE)
        self.watched.emit(folder)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_folder(self, folder: str) -> None:
        """Remember another folder and look into it."""
        self._settings.set(FOLDER, folder)
        self.start()

    def show_scans(self, scans: Sequence[Scan], fresh: Sequence[Scan]) -> None:
        """Show these; what has come just now is the chosen one."""
        self.list.show_scans(scans)
        self._say("" if scans else _EMPTY)
        if fresh:
            self.list.choose_first()
            announce(self, f"{fresh[0].name} has come from the scanner. Enter adds it.")
        self.take.setEnabled(bool(scans))

    def show_small(self, scan: Scan, picture: QImage) -> None:
        """What one of them looks like."""
        self.list.show_small(scan, picture)

    def away(self, trouble: CrmError) -> None:
        """The folder cannot be read: it may be on a share that is away."""
        self.list.show_scans(())
        self._say(f"{words_for(trouble).happened} It is looked for again by itself.", Tone.WARNING)

    def _say(self, words: str, tone: Tone | None = None) -> None:
        self._said.setText(words)
        self._said.set_tone(tone, muted=tone is None)
        self._said.setVisible(bool(words))
        self.take.setEnabled(self.list.count() > 0)

    @Slot()
    def _take(self) -> None:
        scan = self.list.current()
        if scan is not None:
            self.wanted.emit(scan)

    @Slot()
    def _choose(self) -> None:
        dialog = QFileDialog(self, "The scanner’s folder", self._settings.get(FOLDER) or "")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.set_folder)
        dialog.open()
