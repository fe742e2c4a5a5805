"""What a screen reader is told, and what it would see: names, announcements, and the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QScrollArea, QSplitterHandle, QWidget

#: A table of many thousand rows is described by its first cells only.
MOST_CHILDREN = 2_000

_STATES = (
    "focused",
    "focusable",
    "selected",
    "checked",
    "disabled",
    "expanded",
    "invisible",
    "readOnly",
)


def name(widget: QWidget, text: str, description: str = "") -> None:
    """Give a widget its spoken name, and a longer description where the name is not enough."""
    widget.setAccessibleName(text)
    if description:
        widget.setAccessibleDescription(description)


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say a change that matters; the last one stays readable for tests.

    What a locked desktop hides is not read out.
    """
    widget.setProperty("announced", text)
    if widget.window().isVisible():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def announced(widget: QObject) -> str:
    """The last thing announced on a widget."""
    return str(widget.property("announced") or "")


def tree(widget: QObject) -> dict[str, Any]:
    """What assistive technology sees of a widget and everything in it.

    Each node: `role`, `name`, and where there are any `description`, `value`, `states` (list)
    and `children` (list of nodes); cells of tables and lists are children too.
    """
    # Views keep what they once told of their rows, and hear of changes only while somebody listens.
    QAccessible.setActive(True)
    interface = QAccessible.queryAccessibleInterface(widget)
    return {} if interface is None else _node(interface)


def texts(node: dict[str, Any]) -> list[str]:
    """Every name and value in a tree, in order: what the whole window says."""
    said = [str(node[part]) for part in ("name", "value") if node.get(part)]
    return said + [text for child in node.get("children", ()) for text in texts(child)]


def visible_texts(widget: QObject) -> Iterator[str]:
    """Every name and value that is in sight, in order: pages behind are not gone through."""
    QAccessible.setActive(True)
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is not None:
        yield from _in_sight(interface)


def problems(window: QWidget) -> list[str]:
    """Focusable visible widgets that a screen reader could not name, as class and object name."""
    return [
        f"{type(each).__name__} {each.objectName()!r} in {type(each.parent()).__name__}"
        for each in [window, *window.findChildren(QWidget)]
        if _must_have_a_name(each, window) and not _spoken_name(each)
    ]


def _must_have_a_name(widget: QWidget, window: QWidget) -> bool:
    if not widget.isVisibleTo(window) or widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
        return False
    if isinstance(widget, (QSplitterHandle, QScrollArea)):
        return False
    inner = widget.parent()
    # The viewport and the editor of a composed control are spoken as the control itself.
    return not (isinstance(inner, QAbstractScrollArea) and inner.viewport() is widget) and not (
        isinstance(inner, QWidget) and inner.focusProxy() is widget and bool(_spoken_name(inner))
    )


def _spoken_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    found = interface.text(QAccessible.Text.Name) if interface is not None else ""
    if found or isinstance(widget, QLabel):
        return found or "label"
    proxy = widget.focusProxy()
    return _spoken_name(proxy) if proxy is not None else ""


def _in_sight(interface: QAccessibleInterface) -> Iterator[str]:
    if interface.state().invisible:
        return
    for kind in (QAccessible.Text.Name, QAccessible.Text.Value):
        if text := interface.text(kind):
            yield text
    for index in range(min(interface.childCount(), MOST_CHILDREN)):
        child = interface.child(index)
        if child is not None and child.isValid():
            yield from _in_sight(child)


def _node(interface: QAccessibleInterface) -> dict[str, Any]:
    state = interface.state()
    made: dict[str, Any] = {
        "role": interface.role().name,
        "name": interface.text(QAccessible.Text.Name),
    }
    for part, kind in (
        ("description", QAccessible.Text.Description),
        ("value", QAccessible.Text.Value),
    ):
        if text := interface.text(kind):
            made[part] = text
    if states := [each for each in _STATES if getattr(state, each, 0)]:
        made["states"] = states
    children = (
        interface.child(index) for index in range(min(interface.childCount(), MOST_CHILDREN))
    )
    if nodes := [_node(child) for child in children if child is not None and child.isValid()]:
        made["children"] = nodes
    return made
