"""Tooltips of what others wrote: Qt reads what looks like HTML as HTML, and loads what it names."""

from __future__ import annotations

from html import escape


def plain_tip(text: str) -> str:
    """The text as a tooltip that shows it letter by letter."""
    if "<" not in text and "&lt;" not in text:
        return text
    lines = "<br>".join(escape(line) for line in text.split("\n"))
    return f"<qt>{lines}</qt>"
