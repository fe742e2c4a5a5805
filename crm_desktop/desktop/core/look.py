"""How everything looks now: theme, font scale and icons, one object given to every widget."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QFontMetricsF,
    QGuiApplication,
    QIcon,
    QPixmap,
)
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core.icons import Icons
from crm_desktop.desktop.core.sheet import style_sheet
from crm_desktop.desktop.core.theme import Scheme, Theme, Tone, palette, theme_of

#: Font scale in per cent of the body size.
SCALES = (100, 110, 125, 150, 175, 200)
_FAMILY = "Inter"
#: The logical resolution of macOS is 72 dots an inch, elsewhere 96: the same body size in pixels.
_BODY_POINTS = 13.0 if sys.platform == "darwin" else 9.75


class Role(StrEnum):
    """What a piece of text is; the font follows from it."""

    BODY = "body"
    STRONG = "strong"
    SMALL = "small"
    SMALL_STRONG = "small_strong"
    HEADING = "heading"
    TITLE = "title"
    FIGURE = "figure"
    ITALIC = "italic"


_FONTS: dict[Role, tuple[float, QFont.Weight]] = {
    Role.BODY: (1.0, QFont.Weight.Normal),
    Role.STRONG: (1.0, QFont.Weight.DemiBold),
    Role.SMALL: (0.9, QFont.Weight.Normal),
    Role.SMALL_STRONG: (0.88, QFont.Weight.DemiBold),
    Role.HEADING: (1.06, QFont.Weight.DemiBold),
    Role.TITLE: (1.3, QFont.Weight.DemiBold),
    Role.FIGURE: (2.0, QFont.Weight.Bold),
    Role.ITALIC: (1.0, QFont.Weight.Normal),
}


class Look(QObject):
    """The look in force. Ask it while painting; `changed` says that fonts and colours are new.

    `resources` holds `icons/`, `theme/` and `fonts/`. Nothing is applied to the application
    before `apply()`.
    """

    changed = Signal()

    def __init__(
        self,
        resources: Path,
        scheme: Scheme = Scheme.LIGHT,
        scale: int = 100,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._resources = resources
        self._icons = Icons(resources / "icons")
        self._theme = theme_of(scheme)
        self._scale = scale
        self._family = _installed_family(resources / "fonts")
        self._fonts: dict[Role, QFont] = {}
        self._lengths: dict[float, int] = {}
        self._unit = 1.0
        self._measure()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            # Icons are drawn for the screens that there are.
            app.screenAdded.connect(self.changed)

    @property
    def theme(self) -> Theme:
        """The colours in force."""
        return self._theme

    @property
    def scale(self) -> int:
        """The font scale in per cent, 100 to 200."""
        return self._scale

    def apply(self) -> None:
        """Give the application style, palette, fonts and sheet, and tell every widget."""
        app = _application()
        if app.style().objectName() != "fusion":
            app.setStyle("Fusion")
        app.setPalette(palette(self._theme))
        app.setFont(self.font())
        app.setStyleSheet(style_sheet(self._theme, self.px, self._resources / "theme"))
        self.changed.emit()

    @contextmanager
    def undressed(self) -> Iterator[None]:
        """Build a whole window in here, in a third of the time, and show it afterwards.

        While the application has a sheet, Qt goes through everything below a widget each time that
        it gets a parent, and what is put together from its leaves gets one at every level. Windows
        that are there already are dressed anew at the end, so this is for when there are few.
        """
        app = _application()
        sheet = app.styleSheet()
        app.setStyleSheet("")
        try:
            yield
        finally:
            app.setStyleSheet(sheet)

    def set_scheme(self, scheme: Scheme) -> None:
        """Change the colours of everything that is on the screen."""
        if scheme is not self._theme.scheme:
            self._theme = theme_of(scheme)
            self.apply()

    def set_scale(self, scale: int) -> None:
        """Change the size of all text; `scale` in per cent is kept within 100 to 200."""
        scale = min(max(scale, SCALES[0]), SCALES[-1])
        if scale != self._scale:
            self._scale = scale
            self._measure()
            self.apply()

    def font(self, role: Role = Role.BODY) -> QFont:
        """The font of a role at the present scale."""
        return self._fonts[role]

    def px(self, at_hundred: float) -> int:
        """A length in pixels from what it is at 100 %, following the body font's height."""
        # Asked two hundred times for one contact.
        found = self._lengths.get(at_hundred)
        if found is None:
            found = max(1, round(at_hundred * self._unit)) if at_hundred else 0
            self._lengths[at_hundred] = found
        return found

    def icon(self, name: str, colour: QColor | None = None, size: float = 16) -> QIcon:
        """An icon in `colour` (text by default); `size` as at 100 %."""
        shown = colour or self._theme.text
        return self._icons.icon(name, shown, self._theme.disabled, self.px(size))

    def pixmap(
        self, name: str, colour: QColor | None = None, size: float = 16, ratio: float = 1.0
    ) -> QPixmap:
        """The icon for painting; `ratio` is the paint device's pixel ratio."""
        return self._icons.pixmap(name, colour or self._theme.text, self.px(size), ratio)

    def ink(self, tone: Tone | None, *, muted: bool = False) -> QColor:
        """The text colour of a tone, or plain or muted text."""
        if tone is not None:
            return self._theme.tone(tone).text
        return self._theme.muted if muted else self._theme.text

    def _measure(self) -> None:
        points = _BODY_POINTS * self._scale / 100
        for role, (factor, weight) in _FONTS.items():
            font = QFont(self._family) if self._family else QFont(QApplication.font().family())
            font.setPointSizeF(points * factor)
            font.setWeight(weight)
            font.setItalic(role is Role.ITALIC)
            self._fonts[role] = font
        self._lengths.clear()
        self._unit = QFontMetricsF(self._fonts[Role.BODY]).height() / 16


def _installed_family(directory: Path) -> str:
    """Inter, from the system or from the vendored files; empty for the system's own font."""
    if _FAMILY in QFontDatabase.families():
        return _FAMILY
    for path in sorted(directory.glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))
    return _FAMILY if QFontInfo(QFont(_FAMILY)).family() == _FAMILY else ""


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise TypeError("a QApplication must exist before a look is applied")
    return app
