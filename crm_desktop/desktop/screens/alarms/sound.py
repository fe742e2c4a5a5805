"""The sound of an alarm, where this computer has something that sounds."""

from __future__ import annotations

from PySide6.QtCore import QLoggingCategory, QObject, QUrl
from PySide6.QtWidgets import QApplication

#: About half a minute, or until it is acknowledged.
_TIMES = 25


class AlarmSound(QObject):
    """Plays `file` again and again; without one, or without a device, the system's own beep."""

    def __init__(self, file: str, parent: QObject) -> None:
        super().__init__(parent)
        self._file = file
        self._effect: QObject | None = None

    def start(self) -> None:
        """Sound until stopped."""
        if not self._file:
            QApplication.beep()
            return
        # Loaded when there is an alarm: the library is large.
        QLoggingCategory.setFilterRules("qt.multimedia*=false")
        from PySide6.QtMultimedia import QMediaDevices, QSoundEffect

        if QMediaDevices.defaultAudioOutput().isNull():
            QApplication.beep()
            return
        self.stop()
        effect = QSoundEffect(self)
        effect.setSource(QUrl.fromLocalFile(self._file))
        effect.setLoopCount(_TIMES)
        effect.setVolume(1.0)
        effect.play()
        self._effect = effect

    def stop(self) -> None:
        """Be silent."""
        if self._effect is not None:
            self._effect.stop()  # type: ignore[attr-defined]
            self._effect.deleteLater()
            self._effect = None
