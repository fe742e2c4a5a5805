"""How this computer tells and hears alarms beside the database: its network, keys and keyring."""

from __future__ import annotations

import json
import logging
import platform
import threading
from collections.abc import Callable, Mapping

from crm_desktop.domain.alarms import Means, Told
from crm_desktop.domain.errors import NoKeyring
from crm_desktop.workstation.alarm_lan import AlarmLan
from crm_desktop.workstation.chord import Chord, claim
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.secrets import Secrets
from crm_desktop.workstation.settings import Settings

_LOG = logging.getLogger(__name__)


class BuildingAlarms:
    """Begins when there is a key: a centre without sites has no alarms to tell.

    `name` is under what the keys are kept in the keyring, one for each database.
    """

    def __init__(self, settings: Settings, secrets: Secrets | None, url: str) -> None:
        self.computer = platform.node()
        self.sound = str(bundled("resources") / "sounds" / "alarm.wav")
        self._settings, self._secrets, self._name = settings, secrets, f"alarms/{url}"
        self._lock = threading.Lock()
        self._heard: Callable[[Told], None] = _ignore
        self._pressed: Callable[[], None] = _nothing
        self._lan: AlarmLan | None = None
        self._chord: Chord | None = None
        self._known: dict[int, str] = {}
        self._ended = False

    def start(self, heard: Callable[[Told], None], pressed: Callable[[], None]) -> None:
        """See `AlarmWays`; another window may take over."""
        self._heard, self._pressed = heard, pressed
        # A keyring may ask its owner to unlock it: nobody waits for that.
        threading.Thread(target=self._remember, name="alarm-keys", daemon=True).start()

    def equip(self, means: Means) -> None:
        """See `AlarmWays`."""
        if means.secrets != self._known and means.secrets:
            self._begin(means.secrets)
            if self._secrets is not None:
                try:
                    said = json.dumps({str(site): key for site, key in means.secrets.items()})
                    self._secrets.set(self._name, said)
                except NoKeyring as trouble:
                    _LOG.warning("the keys of alarms were not kept: %s", trouble)

    def tell(self, told: Told) -> None:
        """See `AlarmWays`."""
        if self._lan is not None:
            self._lan.tell(told)

    def stop(self) -> None:
        """Hear and tell no more."""
        with self._lock:
            self._ended = True
            lan, chord = self._lan, self._chord
            self._lan = self._chord = None
        self._heard, self._pressed = _ignore, _nothing
        if chord is not None:
            chord.release()
        if lan is not None:
            lan.stop()

    def _remember(self) -> None:
        """What the database gave earlier, for when it is away now."""
        if self._secrets is None:
            return
        try:
            kept = self._secrets.get(self._name)
            known = {int(site): str(key) for site, key in json.loads(kept or "{}").items()}
        except (NoKeyring, ValueError, AttributeError):
            return
        if known and not self._known:
            self._begin(known)

    def _begin(self, known: Mapping[int, str]) -> None:
        with self._lock:
            if self._ended:
                return
            self._known = dict(known)
            if self._lan is None and self._settings.alarm_port:
                address, port = self._settings.alarm_address, self._settings.alarm_port
                self._lan = AlarmLan(address, port, self._hear)
                self._lan.start()
            if self._lan is not None:
                self._lan.set_secrets(known)
            if self._chord is None:
                try:
                    self._chord = claim(self._settings.alarm_chord, self._press)
                except OSError as trouble:
                    _LOG.warning("the alarm's keys work in our own windows alone: %s", trouble)

    def _hear(self, told: Told) -> None:
        self._heard(told)

    def _press(self) -> None:
        self._pressed()


def _ignore(_told: Told) -> None:
    """Nobody is signed in."""


def _nothing() -> None:
    """Nobody is signed in."""
