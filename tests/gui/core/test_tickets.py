"""A ticket is printed on its paper, and a printer that is out is said in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtPdf import QPdfDocument
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.tickets import Paper, TicketPrint, print_ticket
from crm_desktop.domain.errors import PrinterOut

SAID = TicketPrint(
    "Guildhall one-stop-shop", "H014", "Housing", "About 14 min", "Fri 27 Nov 2026, 10:14",
    "Please watch the screen for your number.",
)  # fmt: skip


@pytest.mark.parametrize(("paper", "width"), [(Paper.ROLL, 80), (Paper.A6, 105)])
def test_it_fits_its_paper(qtbot: QtBot, tmp_path: Path, paper: Paper, width: int) -> None:
    file = tmp_path / "ticket.pdf"

    print_ticket("", paper, SAID, file=str(file))

    document = QPdfDocument()
    document.load(str(file))
    assert document.pageCount() == 1
    assert round(document.pagePointSize(0).width() / 72 * 25.4) == width
    text = document.getAllText(0).text()
    for part in ("H014", "Housing", "About 14 min"):
        assert part in text


def test_a_printer_that_is_not_there_is_said(qtbot: QtBot) -> None:
    with pytest.raises(PrinterOut) as trouble:
        print_ticket("No such printer", Paper.ROLL, SAID)

    told = words_for(trouble.value)
    assert "No such printer" in told.happened
    assert "in the line" in told.kept
