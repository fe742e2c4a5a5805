"""What the start loads: enough to show the queue, and the rest when it is shown."""

from __future__ import annotations

from tests.centre import Centre
from tests.integration.workstation.programs import run_python

#: What the queue is shown without, on either dialect and on one of them.
_LATER = {
    *("sqlalchemy.orm", "crm_desktop.store.models", "crm_desktop.store.queries.workspace"),
    *("crm_desktop.store.guard_sqlite", "crm_desktop.services.replies", "alembic", "pydantic"),
    *("crm_desktop.domain.appointments", "crm_desktop.domain.site_figures", "holidays"),
}
_OF_OTHERS = {
    "sqlite": {"psycopg", "sqlalchemy.dialects.postgresql"},
    "postgresql": {"aiosqlite", "sqlalchemy.dialects.sqlite"},
}
_PROGRAM = """
import sys
from pathlib import Path

import crm_desktop.cli
from crm_desktop.commands import window
from crm_desktop.desktop_root import CONNECTIONS, build_window, bundled, make_application
from crm_desktop.services import Target, session
from PySide6.QtCore import QTimer

url, login, password, later = sys.argv[1:]
later = later.split()

def shown(*_):
    # Its drawing is due next; on a busy computer something else may come between.
    desktop.window.queue.list.queue_model.rowsInserted.disconnect(shown)
    print("shown with", *sorted(name for name in later if name in sys.modules), flush=True)
    wait()

def wait():
    if desktop.settled and desktop.desk.runner.is_idle():
        print("then", *sorted(name for name in later if name in sys.modules))
        app.quit()
    else:
        QTimer.singleShot(10, wait)

app = make_application()
desktop = build_window(
    session.sign_in(
        Target(url, login, password), login, bundled("migrations"), connections=CONNECTIONS
    )
)
desktop.window.queue.list.queue_model.rowsInserted.connect(shown)
desktop.start(live=False)
app.exec()
desktop.stop()
"""


def test_the_queue_is_shown_before_what_only_others_need_is_loaded(centre: Centre) -> None:
    centre.add_contact()
    target = centre.target_for("anna")
    later = _LATER | _OF_OTHERS[centre.dialect]

    finished = run_python(
        _PROGRAM, target.url, "anna", target.password, " ".join(later),
        env={"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip

    first, then = finished.stdout.splitlines() or [finished.stderr, ""]
    assert first == "shown with", finished.stderr
    # Nobody waits for it who opens a contact.
    assert {"sqlalchemy.orm", "crm_desktop.store.queries.workspace"} <= set(then.split())
    assert not {"alembic", "pydantic"} & set(then.split())


def test_a_gateway_carries_what_speaks_to_others_only_where_there_are_any(centre: Centre) -> None:
    # Started as everywhere, and stopped before it asks the database for anything.
    finished = run_python(
        "import sys, threading\n"
        "from crm_desktop import cli\n"
        "threading.Event.is_set = lambda _: True\n"
        "code = cli._gateway(sys.argv[1], with_parent=False)\n"
        "print(code, *sorted(set(sys.argv[2:]) & set(sys.modules)))\n",
        *(centre.target.url, "httpx", "rich", "imapclient", "websockets"),
        "crm_desktop.gateway.calls.switchboard",
    )

    assert finished.stdout.split() == ["0", "httpx"], finished.stderr
