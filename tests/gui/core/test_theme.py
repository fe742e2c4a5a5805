"""Every scheme can be read by everybody, and changes while the program runs."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.icons import UnknownIcon
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme, Theme, contrast, theme_of

SCHEMES = pytest.mark.parametrize("scheme", list(Scheme))
READ = 4.5
SEEN = 3.0


def text_pairs(theme: Theme) -> list[tuple[str, QColor, QColor]]:
    """Every text colour over every background that it is drawn on."""
    surfaces = {
        "window": theme.window,
        "surface": theme.surface,
        "sunken": theme.sunken,
        "hover": theme.hover,
        "selection": theme.selection,
    }
    inks = {"text": theme.text, "muted": theme.muted, "link": theme.link}
    pairs = [(f"{i} on {s}", inks[i], surfaces[s]) for i in inks for s in surfaces]
    for tone, shade in theme.tones.items():
        pairs.append((f"{tone} on soft", shade.text, shade.soft))
        pairs.append((f"text on {tone} soft", theme.text, shade.soft))
        pairs.append((f"muted on {tone} soft", theme.muted, shade.soft))
        pairs += [(f"{tone} on {s}", shade.text, surfaces[s]) for s in surfaces]
    return [
        *pairs,
        ("primary", theme.on_primary, theme.primary),
        ("primary hover", theme.on_primary, theme.primary_hover),
        ("selection", theme.on_selection, theme.selection),
        ("rail", theme.rail_text, theme.rail),
        ("active rail", theme.rail_text, theme.rail_active),
        ("badge", theme.on_badge, theme.badge),
    ]


@SCHEMES
def test_every_text_is_readable_where_it_is_drawn(scheme: Scheme) -> None:
    theme = theme_of(scheme)

    poor = [
        f"{name}: {contrast(ink, ground):.2f}"
        for name, ink, ground in text_pairs(theme)
        if contrast(ink, ground) < READ
    ]

    assert not poor


@SCHEMES
def test_edges_and_focus_rings_are_seen_on_every_surface(scheme: Scheme) -> None:
    theme = theme_of(scheme)

    poor = [
        f"{name} on {ground}"
        for name in ("outline", "focus", "primary", "selection_edge")
        for ground in ("surface", "sunken", "window")
        if contrast(getattr(theme, name), getattr(theme, ground)) < SEEN
    ]

    assert not poor


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)


def test_a_new_scheme_recolours_the_application_at_once(look: Look, qtbot: QtBot) -> None:
    label = QLabel("Margaret Okafor")
    qtbot.addWidget(label)

    with qtbot.waitSignal(look.changed):
        look.set_scheme(Scheme.DARK)

    assert label.palette().color(QPalette.ColorRole.WindowText) == look.theme.text
    look.set_scheme(Scheme.LIGHT)


def test_the_font_scale_grows_text_and_spacing_alike(look: Look) -> None:
    before, unit = QFontMetrics(look.font()).height(), look.px(10)

    look.set_scale(200)

    assert QFontMetrics(look.font()).height() >= 2 * before - 2
    assert look.px(10) >= 2 * unit - 1
    assert QApplication.font().pointSizeF() == look.font().pointSizeF()


def test_the_font_scale_stays_within_its_limits(look: Look) -> None:
    look.set_scale(900)
    assert look.scale == 200

    look.set_scale(10)
    assert look.scale == 100


def test_an_icon_has_the_colour_asked_for_and_is_drawn_once(look: Look) -> None:
    red = QColor("#ff0000")

    drawn = look.pixmap("square", red, 32, 2.0)

    inks = {
        drawn.toImage().pixelColor(x, y).name()
        for x in range(drawn.width())
        for y in range(drawn.height())
        if drawn.toImage().pixelColor(x, y).alpha() == 255
    }
    assert inks == {"#ff0000"}
    assert drawn.devicePixelRatio() == 2.0
    assert look.pixmap("square", red, 32, 2.0).cacheKey() == drawn.cacheKey()


def test_an_icon_that_is_not_there_is_a_bug_that_names_it(look: Look) -> None:
    with pytest.raises(UnknownIcon, match="unicorn"):
        look.icon("unicorn")


def test_what_was_built_undressed_looks_as_if_it_had_not(look: Look, qtbot: QtBot) -> None:
    with look.undressed():
        undressed = _small_form()
    assert _shown(undressed, qtbot) == _shown(_small_form(), qtbot)


def test_a_window_that_could_not_be_built_leaves_the_others_dressed(
    look: Look, qapp: QApplication
) -> None:
    sheet = qapp.styleSheet()
    with pytest.raises(ZeroDivisionError), look.undressed():
        _ = 1 / 0
    assert sheet
    assert qapp.styleSheet() == sheet


def _small_form() -> QWidget:
    """A window put together from its leaves."""
    inner, window = QWidget(), QWidget()
    inside, outside = QVBoxLayout(inner), QVBoxLayout(window)
    inside.addWidget(QLineEdit("Elm Grove"))
    inside.addWidget(QCheckBox("Step-free"))
    outside.addWidget(inner)
    return window


def _shown(window: QWidget, qtbot: QtBot) -> QImage:
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window.grab().toImage()
