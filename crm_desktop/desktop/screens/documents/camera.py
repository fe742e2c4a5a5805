"""A camera of this computer, where Qt finds one: its sight, and pictures taken with it.

Qt Multimedia is large and asks the system for devices: it is loaded when somebody wants a camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QLoggingCategory, QRect, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QCamera, QImageCapture, QVideoFrame, QVideoSink

NO_CAMERA = "No camera was found on this computer. Connect one, or scan the document."
_NO_LIBRARY = "This installation cannot use cameras. Scan the document, or choose a file."
_FAILED = "The camera does not answer. Another program may be using it: close that one, or scan."
#: Fifteen pictures a second are enough to aim by.
_FRAME_MS = 66


class _Sight(QWidget):
    """What the camera sees now."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.image = QImage()
        self.setAccessibleName("What the camera sees")
        self.setMinimumHeight(look.px(180))

    def show_image(self, image: QImage) -> None:
        """Show this; a null one for nothing."""
        self.image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture within the widget, its sides in proportion."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.sunken)
        if self.image.isNull():
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self.image)


class CameraPane(QWidget):
    """`taken` carries a QImage. The camera is on only while the pane is shown."""

    taken = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._camera: QCamera | None = None
        self._capture: QImageCapture | None = None
        self._keep: list[object] = []
        self._clock = QElapsedTimer()
        self._which = ChoiceField(look, "Camera")
        self._which.chosen.connect(self._begin)
        self._said = Text(look, "", wrap=True)
        self._sight = _Sight(look)
        self.shoot = PrimaryButton(look, "Take the page", key="Alt+T", icon="image")
        self.shoot.setAutoDefault(False)
        self.shoot.clicked.connect(self._shoot)
        self._hint = Text(
            look,
            "Lay the page flat and fill the picture with it. Each picture is one page.",
            Role.SMALL,
            muted=True,
            wrap=True,
        )
        row = QHBoxLayout()
        row.addWidget(self._which, 1)
        row.addWidget(self.shoot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(6))
        column.addWidget(self._said, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._sight, 1)
        column.addLayout(row)
        column.addWidget(self._hint)
        column.addStretch(0)

    def start(self) -> None:
        """Look for cameras and show what the first one sees, or say that there is none."""
        QLoggingCategory.setFilterRules("qt.multimedia*=false")
        try:
            from PySide6.QtMultimedia import QMediaDevices
        except ImportError:
            self._say(_NO_LIBRARY)
            return
        found = QMediaDevices.videoInputs()
        self._which.set_rows([Row(bytes(each.id().data()), each.description()) for each in found])
        self._which.setVisible(len(found) > 1)
        if not found:
            self._say(NO_CAMERA)
            return
        self._which.choose(bytes(QMediaDevices.defaultVideoInput().id().data()))
        self._begin()

    def stop(self) -> None:
        """Let the camera go."""
        if self._camera is not None:
            self._camera.stop()
        self._camera = self._capture = None
        self._keep = []
        self._sight.show_image(QImage())

    @property
    def sight(self) -> QImage:
        """What the camera saw last."""
        return self._sight.image

    def said(self) -> str:
        """Why nothing is seen; empty while a camera is on."""
        return self._said.text()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody aims any more."""
        self.stop()
        super().hideEvent(event)

    def listen(self, sink: QVideoSink, capture: QImageCapture) -> None:
        """Show what comes into the sink, and hand on what is captured."""
        sink.videoFrameChanged.connect(self._seen)
        capture.imageCaptured.connect(self._captured)
        capture.errorOccurred.connect(self._failed)
        self._clock.start()

    @Slot()
    def _begin(self) -> None:
        from PySide6.QtMultimedia import (
            QCamera,
            QImageCapture,
            QMediaCaptureSession,
            QMediaDevices,
            QVideoSink,
        )

        self.stop()
        wanted = self._which.key()
        device = next(
            (each for each in QMediaDevices.videoInputs() if bytes(each.id().data()) == wanted),
            QMediaDevices.defaultVideoInput(),
        )
        session, sink = QMediaCaptureSession(self), QVideoSink(self)
        camera, capture = QCamera(device, self), QImageCapture(self)
        session.setCamera(camera)
        session.setVideoSink(sink)
        session.setImageCapture(capture)
        self.listen(sink, capture)
        camera.errorOccurred.connect(self._failed)
        self._camera, self._capture, self._keep = camera, capture, [session, sink]
        self._say("")
        camera.start()

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.set_tone(Tone.WARNING if words else None)
        self._said.setVisible(bool(words))
        for each in (self._sight, self._hint, self.shoot):
            each.setVisible(not words)
        self.shoot.setEnabled(not words)
        if words:
            announce(self, words)

    @Slot("QVideoFrame")
    def _seen(self, frame: QVideoFrame) -> None:
        if self._clock.elapsed() >= _FRAME_MS:
            self._clock.restart()
            self._sight.show_image(frame.toImage())

    @Slot()
    def _shoot(self) -> None:
        if self._capture is not None and self._capture.isReadyForCapture():
            self._capture.capture()

    @Slot(int, QImage)
    def _captured(self, _number: int, image: QImage) -> None:
        self.taken.emit(image.copy())
        announce(self, "The page is taken")

    @Slot()
    def _failed(self) -> None:
        self.stop()
        self._say(_FAILED)
