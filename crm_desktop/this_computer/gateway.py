"""The embedded mode's gateway: a child of the desktop."""

from __future__ import annotations

import logging
import threading

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.workstation.process import ChildProcess

_LOG = logging.getLogger(__name__)


class OwnGateway(QObject):
    """The embedded mode's gateway, a child of this desktop. `failed` carries a ConnectorTrouble."""

    failed = Signal(object)

    def __init__(self, url: str, parent: QObject) -> None:
        super().__init__(parent)
        self._child = ChildProcess(["gateway", "--with-parent", "--database", url])
        self._stopping = False
        self._watch = threading.Thread(target=self._await, name="gateway-watch", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """End it; it finishes what it is doing."""
        self._stopping = True
        self._child.stop()
        self._watch.join()

    def _await(self) -> None:
        try:
            self._child.wait_ready()
        except ConnectorTrouble as trouble:
            if not self._stopping:
                _LOG.warning("the gateway did not start: %s", trouble)
                self.failed.emit(trouble)
