"""The customer beside a contact: another customer takes the place of the one before."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.customer_panel import CustomerPanel
from crm_desktop.desktop.widgets.row_list import RowList
from tests.gui.screens import sample


def opened(qtbot: QtBot, look: Look) -> CustomerPanel:
    panel = CustomerPanel(look, Clock())
    qtbot.addWidget(panel)
    panel.resize(330, 900)
    panel.show()
    return panel


def test_a_customer_with_less_to_tell_leaves_no_gap(qtbot: QtBot, look: Look) -> None:
    whole = sample.customer()
    less = replace(whole, id=whole.id + 1, identifiers=whole.identifiers[:1], addresses=())
    used, fresh = opened(qtbot, look), opened(qtbot, look)

    for each in (whole, less):
        used.show_customer(each)
    fresh.show_customer(less)

    tops = [panel.findChildren(RowList)[0].y() for panel in (used, fresh)]
    assert tops[0] == tops[1]


def test_everything_is_in_its_place_before_it_is_drawn(qtbot: QtBot, look: Look) -> None:
    panel = opened(qtbot, look)

    panel.show_customer(sample.customer())

    before = panel.findChildren(RowList)[0].geometry()
    qtbot.wait(1)
    assert panel.findChildren(RowList)[0].geometry() == before
