"""Narrowing the queue as a person does: the filters' button, and a service by its letters."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from crm_desktop.desktop.screens.queue.screen import QueueScreen
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.chips import ChipButton
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.trouble import StepFailed


def show_service(hands: Hands, queue: QueueScreen, service: str) -> None:
    """Show only contacts about one service."""
    area = Hands(queue)
    button = area.find(IconButton, "Filters and saved views")
    if not button.isChecked():
        hands.click(button)
    services = area.find(QComboBox, "Only about one service")
    hands.wait_until(lambda: services.count() > 1, "the services in the filters")
    services.setFocus()
    for _ in range(services.count()):
        if services.currentText().startswith(service):
            return
        hands.press("Down")
    raise StepFailed(f"the service “{service}” in the filters", services.currentText())


def show_all(hands: Hands, queue: QueueScreen) -> None:
    """Show contacts about whatever it is."""
    area = Hands(queue)
    button = area.find(IconButton, "Filters and saved views")
    if not button.isChecked():
        hands.click(button)
    services = area.find(QComboBox, "Only about one service")
    services.setFocus()
    hands.wait_until(services.hasFocus, "the keyboard in the filters")
    hands.press("Home")
    hands.wait_until(lambda: services.currentIndex() == 0, "every service in the filters")


def has_channel(queue: QueueScreen, channel: str) -> bool:
    """Whether there is a chip that begins so."""
    return any(
        chip.accessibleName().startswith(channel) and chip.isVisibleTo(queue)
        for chip in queue.findChildren(ChipButton)
    )


def show_channel(hands: Hands, queue: QueueScreen, channel: str) -> None:
    """Show only contacts by one channel, with the chip that begins so."""
    for chip in queue.findChildren(ChipButton):
        if chip.accessibleName().startswith(channel) and chip.isVisibleTo(queue):
            hands.click(chip)
            return
    raise StepFailed(f"a chip for “{channel}”", Hands(queue).said())
