"""Some of the crowd's desktops in one process: `python -m tests.benchmarks.crowd_desks ORDERS`.

Everything between the database and the list's rows is the program's own. The first line says that
all of them listen, the last, when standard input has ended, where it is written what they saw.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer

from crm_desktop.desktop.core.live import LiveFeed
from crm_desktop.desktop.core.pace import quicken
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.screens.queue.model import Entry, Heading, Line, QueueModel
from crm_desktop.desktop.screens.queue.presenter import QueuePresenter
from crm_desktop.desktop.shell.desk import later_for
from crm_desktop.desktop.shell.feed_source import DatabaseFeed
from crm_desktop.desktop_root import CONNECTIONS
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import (
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
)
from crm_desktop.services import Target
from crm_desktop.services.session import sign_in
from tests.benchmarks.centre import MIGRATIONS

_POLL_MS = 50


class Shown(QObject):
    """A queue's view without a screen: its rows stand in the model that the real list has."""

    def __init__(self) -> None:
        super().__init__()
        self.model = QueueModel(self)
        self.counted = 0
        self.loaded = False
        self._there: set[int] = set()
        self.seen: list[tuple[int, bool, float]] = []

    def show_rows(
        self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...], *, more: bool
    ) -> None:
        """See `QueueView`; notes what came and went when the model has it."""
        entries: list[Entry] = [Line(row, mine=True) for row in mine]
        entries += [Heading("waiting", "WAITING"), *(Line(row, mine=False) for row in waiting)]
        self.model.show(entries, datetime.now(UTC))
        at, there = time.monotonic(), {row.id for row in waiting}
        self.seen += [(each, True, at) for each in there - self._there]
        self.seen += [(each, False, at) for each in self._there - there]
        self._there, self.loaded = there, True

    def show_counts(self, counts: QueueCounts) -> None:
        """See `QueueView`."""
        self.counted = counts.waiting

    def show_filter(self, wanted: QueueFilter) -> None:
        """See `QueueView`."""

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        views: tuple[SavedViewInfo, ...],
    ) -> None:
        """See `QueueView`."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `QueueView`; a crowd that is in trouble measures nothing."""
        if trouble is not None:
            raise trouble


class Desktop:
    """One person's desktop from the database to the list."""

    def __init__(self, orders: Mapping[str, str], queue_id: int) -> None:
        target = Target(orders["url"], orders["login"], orders["password"])
        self._db = sign_in(target, orders["login"], MIGRATIONS, connections=CONNECTIONS)
        assert self._db.actor is not None
        self._runner, self.live, self.view = TaskRunner(), LiveFeed(), Shown()
        self._presenter = QueuePresenter(
            self._db,
            self._runner.for_owner(self.view),
            self.view,
            me=self._db.actor.id,
            now=lambda: datetime.now(UTC),
            later=later_for(self.view),
            wanted=QueueFilter(queue_id=queue_id),
        )
        self.live.changed.connect(self._presenter.changed)
        self._presenter.start()
        self.live.start(DatabaseFeed(target))

    @property
    def ready(self) -> bool:
        """Whether its list was read and changes arrive."""
        return self.view.loaded and self.live.is_live and self._runner.is_idle()

    def stop(self) -> None:
        """Let go of the database."""
        self.live.stop()
        self._runner.shutdown(wait=True)
        self._db.close()


def main() -> int:
    """Open the desktops, let them live, write down what they saw."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    app = QCoreApplication([])
    desktops = [Desktop(each, orders["queue"]) for each in orders["people"]]
    over = threading.Event()
    said = False

    def look() -> None:
        nonlocal said
        if not said and all(each.ready for each in desktops):
            said = True
            quicken(app)
            _say(True)
            threading.Thread(target=_await_the_end, args=(over,), daemon=True).start()
        if over.is_set():
            app.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(_POLL_MS)
    app.exec()
    Path(orders["out"]).write_text(json.dumps([each.view.seen for each in desktops]))
    for each in desktops:
        each.stop()
    _say(orders["out"])
    return 0


def _await_the_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
