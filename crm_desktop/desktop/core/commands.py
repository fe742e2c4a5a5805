"""Commands are data: menus, toolbars, palette and shortcut sheet all come from one table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.domain.states import StaffRole


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can ask for.

    `shortcuts` are portable texts ("Ctrl+K", "F9", "N"); an empty `roles` lets everybody;
    `editor_first` leaves the keys to a text editor that has the focus (undo, copy); what
    `works_away` needs no database.
    """

    id: str
    text: str
    section: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    roles: frozenset[StaffRole] = frozenset()
    checkable: bool = False
    editor_first: bool = False
    help: str = ""
    works_away: bool = False

    def allowed(self, roles: Collection[StaffRole]) -> bool:
        """Whether somebody with these hats may ask for it."""
        return not self.roles or not self.roles.isdisjoint(roles)


class UnknownCommand(LookupError):
    """No such id in the table, or not for this person's roles."""


class CommandAction(QAction):
    """The action of one command; it runs what the registry bound to its id."""

    def __init__(self, command: Command, registry: CommandRegistry) -> None:
        super().__init__(command.text, registry)
        self.command = command
        self._registry = registry
        self.setObjectName(command.id)
        self.setCheckable(command.checkable)
        self.setEnabled(False)
        self.setShortcuts([QKeySequence(each) for each in command.shortcuts])
        self.setToolTip(command.help or command.text)
        self.triggered.connect(self.fire)

    @Slot()
    def fire(self) -> None:
        """Run what is bound."""
        self._registry.run(self.command.id)


class CommandRegistry(QObject):
    """The commands of one window: what each does now, and whether it can be done now.

    A command is enabled while something is bound to it. `changed` tells that what may be done
    changed. Keys: a combination reaches its command even while an editor has the focus, a
    single key never does.
    """

    changed = Signal()

    def __init__(
        self, look: Look, roles: Collection[StaffRole], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._roles = frozenset(roles)
        self._actions: dict[str, CommandAction] = {}
        self._bound: dict[str, Callable[[], None]] = {}
        self._allowed_now: dict[str, bool] = {}
        self._table: list[Command] = []
        self._suspended = False
        self._reasons: dict[str, str] = {}
        self._away = ""
        self._keys: dict[str, str] = {}
        self._window: QWidget | None = None
        self._watched: QWidget | None = None
        look.changed.connect(self._tint)

    def add(self, commands: Iterable[Command]) -> None:
        """Take a table in; leaves out what this person's roles may not do.

        Raises ValueError when an id or a shortcut is used twice.
        """
        for command in commands:
            if command.id in self._actions:
                raise ValueError(f"two commands are called {command.id}")
            for each in command.shortcuts:
                text = QKeySequence(each).toString(QKeySequence.SequenceFormat.PortableText)
                if not text or text in self._keys:
                    raise ValueError(f"{each} of {command.id} is {self._keys.get(text, 'no key')}")
                self._keys[text] = command.id
            self._table.append(command)
            if command.allowed(self._roles):
                self._actions[command.id] = CommandAction(command, self)
        self._tint()
        if self._window is not None:
            self.attach(self._window)

    def bind(self, command_id: str, call: Callable[[], None]) -> None:
        """Let the command do `call` from now on; nothing shows while the roles forbid it."""
        if any(each.id == command_id for each in self._table):
            self._bound[command_id] = call
            self._update(command_id)

    def unbind(self, *command_ids: str) -> None:
        """Let the commands do nothing, greyed."""
        for command_id in command_ids:
            if self._bound.pop(command_id, None) is not None:
                self._update(command_id)

    def set_roles(self, roles: Collection[StaffRole]) -> None:
        """The person has other hats now: offer what these may do, and nothing else."""
        if self._roles == frozenset(roles):
            return
        self._roles = frozenset(roles)
        for command in self._table:
            known = self._actions.get(command.id)
            if known is None and command.allowed(self._roles):
                self._actions[command.id] = CommandAction(command, self)
                self._update(command.id)
            elif known is not None and not command.allowed(self._roles):
                del self._actions[command.id]
                known.deleteLater()
        self._tint()
        if self._window is not None:
            self.attach(self._window)
        self.changed.emit()

    def suspend(self, suspended: bool) -> None:
        """While the window is locked no command can be done, whatever is asked."""
        self._suspended = suspended
        for command_id in self._actions:
            self._update(command_id)

    def set_enabled(self, command_id: str, enabled: bool) -> None:
        """Say whether the command can be done at this moment."""
        if self._allowed_now.get(command_id, True) != enabled:
            self._allowed_now[command_id] = enabled
            self._update(command_id)

    def set_reason(self, command_id: str, why: str) -> None:
        """Say in the tooltip why the command cannot be done now; empty: its plain text again."""
        if command_id in self._actions:
            self._reasons[command_id] = why
            self._explain(self._actions[command_id])

    def set_away(self, why: str) -> None:
        """Grey everything that needs the database, with the reason; empty: it is back."""
        if why != self._away:
            self._away = why
            for command_id, action in self._actions.items():
                if not action.command.works_away:
                    self._update(command_id)
                    self._explain(action)

    def _explain(self, action: CommandAction) -> None:
        away = "" if action.command.works_away else self._away
        why = away or self._reasons.get(action.command.id, "")
        action.setToolTip(why or action.command.help or action.text())

    def set_checked(self, command_id: str, checked: bool) -> None:
        """Show the state of a checkable command; runs nothing."""
        self.action(command_id).setChecked(checked)

    def set_text(self, command_id: str, text: str) -> None:
        """Word the command for the moment, as in "Call next: H014"."""
        self.action(command_id).setText(text)
        self.changed.emit()

    def run(self, command_id: str) -> None:
        """Do it, when it can be done now; raises UnknownCommand."""
        if self.action(command_id).isEnabled():
            self._bound[command_id]()

    def action(self, command_id: str) -> CommandAction:
        """The action, for buttons and menus; raises UnknownCommand."""
        try:
            return self._actions[command_id]
        except KeyError:
            raise UnknownCommand(command_id) from None

    def has(self, command_id: str) -> bool:
        """Whether this person has the command at all."""
        return command_id in self._actions

    def commands(self, *, enabled_only: bool = False) -> tuple[Command, ...]:
        """This person's commands in the table's order."""
        return tuple(
            action.command
            for action in self._actions.values()
            if action.isEnabled() or not enabled_only
        )

    def sections(self) -> dict[str, tuple[Command, ...]]:
        """This person's commands by section, both in the table's order."""
        found: dict[str, list[Command]] = {}
        for command in self.commands():
            found.setdefault(command.section, []).append(command)
        return {section: tuple(commands) for section, commands in found.items()}

    def menu(self, title: str, command_ids: Iterable[str], parent: QWidget) -> QMenu:
        """A menu of the given commands that this person has; "-" draws a line."""
        made = QMenu(title, parent)
        for each in command_ids:
            if each == "-":
                made.addSeparator()
            elif each in self._actions:
                made.addAction(self._actions[each])
        return made

    def attach(self, window: QWidget) -> None:
        """Let the shortcuts work in `window`."""
        known = set(window.actions())
        window.addActions([each for each in self._actions.values() if each not in known])
        if self._window is None:
            self._window = window
            app = QApplication.instance()
            if isinstance(app, QApplication):
                app.focusChanged.connect(self._follow_focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Decide between the focused widget and a command before either acts on the key."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            command = self._command_of(event)
            if command is not None and _edits(watched):
                if command.editor_first or _is_typing(event):
                    return super().eventFilter(watched, event)
                event.ignore()
                return True
            if _edits(watched) and _is_typing(event):
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def _command_of(self, event: QKeyEvent) -> Command | None:
        text = QKeySequence(event.keyCombination()).toString(
            QKeySequence.SequenceFormat.PortableText
        )
        action = self._actions.get(self._keys.get(text, ""))
        return action.command if action is not None and action.isEnabled() else None

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Watch the keys of the focused widget only: a filter on everything would be slow."""
        if self._watched is not None and shiboken6.isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = None
        if new is not None and self._window is not None and new.window() is self._window:
            self._watched = new
            new.installEventFilter(self)

    def _update(self, command_id: str) -> None:
        if command_id in self._actions:
            action = self._actions[command_id]
            can = command_id in self._bound and self._allowed_now.get(command_id, True)
            here = not self._suspended and not (self._away and not action.command.works_away)
            action.setEnabled(can and here)
            self.changed.emit()

    @Slot()
    def _tint(self) -> None:
        for action in self._actions.values():
            if action.command.icon:
                action.setIcon(self._look.icon(action.command.icon))


def _edits(watched: QObject) -> bool:
    """Whether keys pressed in the widget become text."""
    return isinstance(watched, QWidget) and watched.testAttribute(
        Qt.WidgetAttribute.WA_InputMethodEnabled
    )


def _is_typing(event: QKeyEvent) -> bool:
    """Whether the key alone, or with Shift or AltGr, would be text."""
    held = event.modifiers() & ~(
        Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    )
    text = event.text()
    return held == Qt.KeyboardModifier.NoModifier and (
        bool(text and text.isprintable()) or event.key() < Qt.Key.Key_Escape
    )
