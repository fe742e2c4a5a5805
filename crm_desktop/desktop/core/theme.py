"""The colours of every screen, by meaning: three schemes, each checked against WCAG by a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtGui import QColor, QPalette


class Scheme(StrEnum):
    """The themes a person may choose."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Tone(StrEnum):
    """What a colour says; never the only thing that says it."""

    ACCENT = "accent"
    DANGER = "danger"
    WARNING = "warning"
    OK = "ok"
    INFO = "info"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Shade:
    """One tone's colours: `text` reads on `soft` and on every surface, `border` frames `soft`."""

    text: QColor
    soft: QColor
    border: QColor


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of one scheme; painting delegates read these and nothing else."""

    scheme: Scheme
    tones: Mapping[Tone, Shade]
    window: QColor  # behind the cards
    surface: QColor  # cards, lists, editors
    sunken: QColor  # section headings, forms
    hover: QColor
    border: QColor  # hairlines that carry no meaning
    outline: QColor  # the edge of a control, 3:1
    text: QColor
    muted: QColor
    disabled: QColor
    link: QColor
    focus: QColor
    primary: QColor
    primary_hover: QColor
    on_primary: QColor
    selection: QColor
    on_selection: QColor
    selection_edge: QColor  # the bar at the left of the chosen row
    rail: QColor
    rail_active: QColor
    rail_text: QColor
    badge: QColor
    on_badge: QColor

    def tone(self, tone: Tone) -> Shade:
        """The colours of one tone."""
        return self.tones[tone]

    @property
    def is_dark(self) -> bool:
        """Whether text is lighter than its background."""
        return self.text.lightness() > self.surface.lightness()


def luminance(colour: QColor) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of two opaque colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _shades(**given: str) -> dict[Tone, Shade]:
    """Tones from `name="text soft border"` in hexadecimal."""
    found = {}
    for name, three in given.items():
        text, soft, border = (QColor(f"#{each}") for each in three.split())
        found[Tone(name)] = Shade(text, soft, border)
    return found


def _colours(**given: str) -> dict[str, QColor]:
    return {name: QColor(f"#{value}") for name, value in given.items()}


def light() -> Theme:
    """The default: white surfaces on a cool grey, navy rail."""
    return Theme(
        scheme=Scheme.LIGHT,
        tones=_shades(
            accent="0b5a8a e1eff8 a7cfe8",
            danger="b3201b fce5e4 efb0ad",
            warning="7f4f00 fdf0d3 e9c878",
            ok="17683b e0f3e7 a3d6b6",
            info="5a38a6 ece6fa c9b8ee",
            neutral="4a5661 e8ecef cdd5db",
        ),
        **_colours(
            window="edf1f4",
            surface="ffffff",
            sunken="f6f8fa",
            hover="f0f5f9",
            border="dde3e8",
            outline="7d8b97",
            text="101a23",
            muted="53606c",
            disabled="6b7782",
            link="0b5a8a",
            focus="0b5fd0",
            primary="0b5a8a",
            primary_hover="084a73",
            on_primary="ffffff",
            selection="e1eff8",
            on_selection="101a23",
            selection_edge="0b5a8a",
            rail="12344d",
            rail_active="1f4f73",
            rail_text="ffffff",
            badge="c5221f",
            on_badge="ffffff",
        ),
    )


def dark() -> Theme:
    """For dim rooms: deep slate surfaces, the same meanings."""
    return Theme(
        scheme=Scheme.DARK,
        tones=_shades(
            accent="84c8f2 12354b 2b6488",
            danger="ffa6a0 4a1f1e 8a3d3a",
            warning="f3c566 42330f 7a5f1f",
            ok="80d9a5 133a27 2a6b49",
            info="c8b4fb 342b57 5d4e96",
            neutral="b9c5ce 27343d 43525d",
        ),
        **_colours(
            window="0d1418",
            surface="162027",
            sunken="121b21",
            hover="1d2a33",
            border="2a3741",
            outline="73848f",
            text="e9eff3",
            muted="a7b5bf",
            disabled="84939e",
            link="84c8f2",
            focus="8fd0ff",
            primary="2177ad",
            primary_hover="1b6797",
            on_primary="ffffff",
            selection="17384d",
            on_selection="f2f7fa",
            selection_edge="5fb4e8",
            rail="0a1a26",
            rail_active="1b4560",
            rail_text="f2f7fa",
            badge="c5332f",
            on_badge="ffffff",
        ),
    )


def high_contrast() -> Theme:
    """Black, white and pure hues: every edge drawn, nothing said by a tint alone."""
    return Theme(
        scheme=Scheme.CONTRAST,
        tones=_shades(
            accent="5fe1ff 000000 5fe1ff",
            danger="ff9c9c 000000 ff9c9c",
            warning="ffe14d 000000 ffe14d",
            ok="6dff9e 000000 6dff9e",
            info="dcbcff 000000 dcbcff",
            neutral="ffffff 000000 ffffff",
        ),
        **_colours(
            window="000000",
            surface="000000",
            sunken="000000",
            hover="262626",
            border="b0b0b0",
            outline="ffffff",
            text="ffffff",
            muted="ededed",
            disabled="b0b0b0",
            link="5fe1ff",
            focus="ffff00",
            primary="ffe14d",
            primary_hover="fff0a0",
            on_primary="000000",
            selection="00396b",
            on_selection="ffffff",
            selection_edge="ffff00",
            rail="000000",
            rail_active="00396b",
            rail_text="ffffff",
            badge="ffe14d",
            on_badge="000000",
        ),
    )


def theme_of(scheme: Scheme) -> Theme:
    """The colours of a scheme."""
    return {Scheme.LIGHT: light, Scheme.DARK: dark, Scheme.CONTRAST: high_contrast}[scheme]()


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's palette roles, disabled group included."""
    role = QPalette.ColorRole
    made = QPalette()
    for each, colour in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.sunken,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.surface,
        role.ButtonText: theme.text,
        role.BrightText: theme.on_primary,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.on_selection,
        role.Accent: theme.primary,
        role.Link: theme.link,
        role.LinkVisited: theme.tone(Tone.INFO).text,
        role.ToolTipBase: theme.text,
        role.ToolTipText: theme.surface,
        role.Light: theme.surface,
        role.Midlight: theme.sunken,
        role.Mid: theme.border,
        role.Dark: theme.outline,
        role.Shadow: theme.outline,
    }.items():
        made.setColor(each, colour)
    for each in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, each, theme.disabled)
    return made
