"""What every GUI test stands on: an offscreen screen, a look, pictures, and no Qt warnings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

if "CRM_TEST_ON_DISPLAY" not in os.environ:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QMessageLogContext,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.core.theme import Scheme

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "resources"
PICTURES = ROOT / "build" / "pictures"

#: The offscreen platform says so of window sizes, raised windows and popups; no widget's fault.
OFFSCREEN_NOISE = "This plugin does not support "
#: A computer without a sound server: the player says so in words of its own.
SILENT_NOISE = "PulseAudioService: "
#: One without a graphics card: a camera's pictures are converted by its processor.
NO_CARD_NOISE = "QRhi* "

Grab = Callable[[QWidget, str], Path]


@pytest.fixture(autouse=True)
def no_qt_warnings() -> Iterator[None]:
    """Any warning of Qt's fails the test that caused it."""
    said: list[str] = []

    def listen(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        quiet = kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
        if not quiet and not text.startswith((OFFSCREEN_NOISE, SILENT_NOISE, NO_CARD_NOISE)):
            said.append(f"{kind.name}: {text}")

    before = qInstallMessageHandler(listen)
    yield
    # The windows that it left go now: the next test would first dress every one of them anew.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qInstallMessageHandler(before)
    assert not said, "\n".join(said)


@pytest.fixture
def look(qapp: QApplication) -> Look:
    """The light look at 100 %, applied."""
    made = Look(RESOURCES)
    made.apply()
    return made


@pytest.fixture(params=list(Scheme), ids=[scheme.value for scheme in Scheme])
def any_look(qapp: QApplication, request: pytest.FixtureRequest) -> Look:
    """Every scheme in turn, applied at 100 %."""
    made = Look(RESOURCES, request.param)
    made.apply()
    return made


@pytest.fixture
def grab() -> Grab:
    """Save what a widget shows as build/pictures/NAME.png."""

    def save(widget: QWidget, name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        # What was just shown is laid out at the next turns of the event loop: texts that wrap
        # know their height only when they know their width.
        for _ in range(3):
            QApplication.processEvents()
        assert widget.grab().save(str(path))
        return path

    return save


@pytest.fixture
def runner(qapp: QApplication) -> Iterator[TaskRunner]:
    """A task runner that is shut down after the test."""
    made = TaskRunner()
    yield made
    made.shutdown(wait=True)


@pytest.fixture
def settle(qtbot: QtBot) -> Callable[[TaskRunner], None]:
    """Wait until every task has run and its answer was delivered."""

    def wait(tasks: TaskRunner) -> None:
        qtbot.waitUntil(tasks.is_idle)

    return wait
