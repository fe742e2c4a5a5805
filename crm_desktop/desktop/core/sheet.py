"""The small style sheet over Fusion: edges, radii and padding, all from the theme and the font."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from string import Template

from crm_desktop.desktop.core.theme import Theme, Tone

_SHEET = Template("""
QToolTip { border: 1px solid $outline; padding: ${p4}px ${p6}px; }
QPushButton, QToolButton[framed="true"] {
  background: $surface; color: $text; border: 1px solid $edge; border-radius: ${p5}px;
  padding: ${p4}px ${p10}px; font-weight: 600; }
QPushButton:hover, QToolButton[framed="true"]:hover { background: $hover; }
QPushButton:pressed, QToolButton[framed="true"]:pressed { background: $selection; }
QPushButton:disabled, QToolButton[framed="true"]:disabled {
  color: $disabled; background: $sunken; border-color: $border; }
QPushButton:checked { background: $soft; color: $accent; border-color: $accent; }
QPushButton:focus, QToolButton[framed="true"]:focus {
  border: 2px solid $focus; padding: ${p4m}px ${p10m}px; }
QPushButton[kind="primary"] { background: $primary; color: $on_primary; border-color: $primary; }
QPushButton[kind="primary"]:hover { background: $primary_hover; }
QPushButton[kind="primary"]:disabled {
  background: $sunken; color: $disabled; border-color: $border; }
QPushButton[kind="primary"]:focus { border: 2px solid $ring; }
QPushButton[kind="danger"] { color: $danger; border-color: $danger; }
QPushButton[kind="danger"]:focus { border-color: $focus; }
QPushButton[kind="danger"]:hover { background: $danger_soft; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; color: $link; }
QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:focus { border-color: $focus; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }
QToolButton { border: 1px solid transparent; border-radius: ${p5}px; padding: ${p4}px; }
QToolButton:hover { background: $hover; }
QToolButton:checked, QToolButton:pressed { background: $selection; }
QToolButton:focus { border: 2px solid $focus; padding: ${p4m}px; }
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
  background: $surface; color: $text; border: 1px solid $outline; border-radius: ${p5}px;
  selection-background-color: $primary; selection-color: $on_primary;
  placeholder-text-color: $muted; }
QLineEdit, QComboBox, QAbstractSpinBox { padding: ${p4}px ${p8}px; }
QPlainTextEdit, QTextEdit { padding: ${p4}px; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus {
  border: 2px solid $focus; padding: ${p4m}px ${p8m}px; }
QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $focus; padding: ${p4m}px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QPlainTextEdit:disabled {
  background: $sunken; color: $disabled; border-color: $border; }
QLineEdit[invalid="true"], QComboBox[invalid="true"], QPlainTextEdit[invalid="true"],
QAbstractSpinBox[invalid="true"] { border: 2px solid $danger; padding: ${p4m}px ${p8m}px; }
QTextEdit[bare="true"], QPlainTextEdit[bare="true"] { border: none; background: transparent; }
QComboBox QLineEdit, QAbstractSpinBox QLineEdit { border: none; padding: 0; background: none; }
QComboBox::drop-down, QDateTimeEdit::drop-down { border: none; width: ${p24}px;
  subcontrol-origin: padding; subcontrol-position: center right; }
QComboBox::down-arrow, QDateTimeEdit[calendarPopup="true"]::down-arrow {
  image: url("$theme_dir/chevron-down-$scheme.svg");
  width: ${p14}px; height: ${p14}px; }
QComboBox QAbstractItemView { border: 1px solid $outline; padding: ${p4}px; outline: none; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: ${p20}px; }
QAbstractSpinBox::up-arrow { image: url("$theme_dir/chevron-up-$scheme.svg");
  width: ${p12}px; height: ${p12}px; }
QAbstractSpinBox::down-arrow { image: url("$theme_dir/chevron-down-$scheme.svg");
  width: ${p12}px; height: ${p12}px; }
QSlider::groove:horizontal { height: ${p4}px; border-radius: ${p2}px; background: $border; }
QSlider::sub-page:horizontal { height: ${p4}px; border-radius: ${p2}px; background: $accent; }
QSlider::handle:horizontal { width: ${p12}px; margin: -${p4}px 0; border-radius: ${p6}px;
  background: $surface; border: 2px solid $accent; }
QSlider::handle:horizontal:focus { border-color: $focus; background: $focus; }
QAbstractItemView { border: none; background: $surface; outline: none; }
QAbstractItemView:focus { border: none; }
QAbstractItemView[sunken="true"] { background: $sunken; }
QTableView { gridline-color: $border; }
QTableCornerButton::section { background: $sunken; border: none; }
QHeaderView::section { background: $sunken; color: $muted; border: none; font-weight: 600;
  border-bottom: 1px solid $border; padding: ${p6}px ${p8}px; }
QMenu { background: $surface; border: 1px solid $outline; padding: ${p4}px; }
QMenu::item { padding: ${p5}px ${p20}px ${p5}px ${p10}px; border-radius: ${p4}px; }
QMenu::item:selected { background: $selection; color: $on_selection; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: ${p4}px ${p6}px; }
QMenu::icon { padding-left: ${p6}px; }
QCheckBox, QRadioButton { spacing: ${p6}px; padding: ${p2}px; border: 2px solid transparent;
  border-radius: ${p4}px; }
QCheckBox:focus, QRadioButton:focus { border-color: $focus; }
QCheckBox::indicator, QRadioButton::indicator { width: ${p14}px; height: ${p14}px;
  border: 1px solid $outline; background: $surface; }
QCheckBox::indicator { border-radius: ${p3}px; }
QRadioButton::indicator { border-radius: ${half}px; }
QCheckBox::indicator:checked, QRadioButton::indicator:checked {
  background: $primary; border-color: $primary; }
QCheckBox::indicator:checked { image: url("$theme_dir/check-$scheme.svg"); }
QRadioButton::indicator:checked { image: url("$theme_dir/dot-$scheme.svg"); }
QCheckBox[invalid="true"]::indicator, QRadioButton[invalid="true"]::indicator {
  border-color: $danger; }
QScrollBar:vertical { background: transparent; width: ${p10}px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: ${p10}px; margin: 0; }
QScrollBar::handle { background: $thumb; border-radius: ${p4}px; margin: 1px; }
QScrollBar::handle:vertical { min-height: ${p24}px; }
QScrollBar::handle:horizontal { min-width: ${p24}px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: none; border: none; width: 0; height: 0; }
QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $focus; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter[airy="true"]::handle { background: transparent; }
QSplitter[airy="true"]::handle:hover { background: $selection; }
QSplitter[airy="true"]::handle:horizontal { width: ${p10}px; }
QSplitter[airy="true"]::handle:vertical { height: ${p10}px; }
QScrollArea { border: none; background: transparent; }
QProgressBar { border: 1px solid $outline; border-radius: ${p4}px; text-align: center;
  background: $sunken; }
QProgressBar::chunk { background: $primary; border-radius: ${p3}px; }
""")

_LENGTHS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 20, 24)


def style_sheet(theme: Theme, px: Callable[[float], int], theme_dir: Path) -> str:
    """The application's style sheet; `px` scales lengths, `theme_dir` holds the arrows."""
    accent, danger = theme.tone(Tone.ACCENT), theme.tone(Tone.DANGER)
    colours = {
        name: getattr(theme, name).name()
        for name in (
            *("surface", "sunken", "hover", "border", "outline", "text", "muted", "disabled"),
            *("link", "focus", "primary", "primary_hover", "on_primary", "selection"),
            "on_selection",
        )
    }
    colours |= {
        "edge": theme.outline.name() if theme.is_dark else theme.tone(Tone.NEUTRAL).border.name(),
        "accent": accent.text.name(),
        "soft": accent.soft.name(),
        "danger": danger.text.name(),
        "danger_soft": danger.soft.name(),
        "ring": theme.text.name(),
        "thumb": theme.outline.name(),
    }
    lengths = {f"p{each}": str(px(each)) for each in _LENGTHS}
    # A ring is round when its radius is half of what it measures with its edges.
    lengths["half"] = str((px(14) + 2) // 2)
    # A focused control's edge is a pixel wider: what it contains must not move.
    lengths |= {f"p{each}m": str(max(0, px(each) - 1)) for each in (4, 8, 10)}
    return _SHEET.substitute(
        colours, **lengths, theme_dir=theme_dir.as_posix(), scheme=theme.scheme.value
    )
