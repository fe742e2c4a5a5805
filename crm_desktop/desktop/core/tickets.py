"""A visitor's ticket on paper: any printer, a roll of 80 mm or A6. Number and wait, and no name.

Runs on worker threads: a printer may take its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPainter

from crm_desktop.domain.errors import PrinterOut

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter


class Paper(StrEnum):
    """What is in the printer."""

    ROLL = "roll"
    A6 = "a6"


@dataclass(frozen=True, slots=True)
class TicketPrint:
    """What stands on a ticket: nothing by which anybody could be known."""

    site: str
    ticket: str
    about: str
    wait: str
    moment: str
    footer: str = ""


#: Width and height in millimetres; of a roll as much as is needed.
_SIZES = {Paper.ROLL: QSizeF(80, 90), Paper.A6: QSizeF(105, 148)}
_NAMES = {Paper.ROLL: "80 mm roll", Paper.A6: "A6"}
_EDGE = 4.0


def printers() -> tuple[str, ...]:
    """The printers of this computer, by name."""
    from PySide6.QtPrintSupport import QPrinterInfo

    return tuple(QPrinterInfo.availablePrinterNames())


def print_ticket(printer: str, paper: Paper, said: TicketPrint, *, file: str = "") -> None:
    """Print on the printer of that name, or into a PDF `file`; raises PrinterOut."""
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    if file:
        device = QPrinter(QPrinter.PrinterMode.HighResolution)
        device.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        device.setOutputFileName(file)
    else:
        found = QPrinterInfo.printerInfo(printer)
        if found.isNull():
            raise PrinterOut(printer=printer)
        device = QPrinter(found, QPrinter.PrinterMode.HighResolution)
    device.setPageSize(QPageSize(_SIZES[paper], QPageSize.Unit.Millimeter, _NAMES[paper]))
    device.setPageMargins(QMarginsF(_EDGE, _EDGE, _EDGE, _EDGE), QPageLayout.Unit.Millimeter)
    painter = QPainter()
    if not painter.begin(device):
        raise PrinterOut(printer=printer)
    try:
        _draw(painter, device, said)
    finally:
        done = painter.end()
    if not done or device.printerState() is QPrinter.PrinterState.Error:
        raise PrinterOut(printer=printer)


def _draw(painter: QPainter, device: QPrinter, said: TicketPrint) -> None:
    """From the top: where, the number as large as it goes, about what, the wait, when."""
    box = QRectF(device.pageLayout().paintRectPixels(device.resolution()))
    box.moveTo(0, 0)
    millimetre = device.resolution() / 25.4
    top = 0.0
    for text, high, bold in (
        (said.site, 5.0, False),
        (said.ticket, 24.0, True),
        (said.about, 5.0, True),
        (said.wait, 4.5, False),
        (said.moment, 4.0, False),
        (said.footer, 3.5, False),
    ):
        if not text:
            continue
        font = QFont("Inter")
        font.setBold(bold)
        font.setPixelSize(max(1, int(high * millimetre)))
        painter.setFont(font)
        room = QRectF(0, top, box.width(), box.height() - top)
        flags = int(Qt.AlignmentFlag.AlignHCenter) | int(Qt.TextFlag.TextWordWrap)
        used = painter.boundingRect(room, flags, text)
        painter.drawText(room, flags, text)
        top = used.bottom() + 2.0 * millimetre
