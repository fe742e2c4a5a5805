"""Desktops of one building tell each other of alarms directly, so that an alarm needs no database.

This is the one exception to "a desktop speaks to the database and to nothing else": a few small
datagrams, signed with a key that only signed-in staff get, sent to the local network and no
further. Whoever listens learns who raised an alarm and at which desk; whoever has no key can
neither make one nor repeat an old one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import selectors
import socket
import struct
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address

from crm_desktop.domain.alarms import Step, Told

_LOG = logging.getLogger(__name__)

_MARK = b"CRMALARM1"
_MAC = hashlib.sha256().digest_size
#: Far below what any network splits.
LARGEST = 1_000
#: Clocks of workstations differ; what is older was recorded and is played again.
WINDOW_SECONDS = 300.0
#: Datagrams get lost: the same one is sent so many seconds after the first.
REPEATS = (0.0, 0.2, 1.0, 3.0, 10.0, 30.0)
_REMEMBERED = 4_096
#: What one computer, and all together, may send in a second before it is thrown away unread.
_PER_COMPUTER, _PER_SECOND = 40, 400
_LONGEST_TEXT = 120
_PRIVATE_HOPS = 4


def pack(told: Told, secret: str, *, now: float, nonce: str) -> bytes:
    """One datagram: mark, signature, JSON."""
    said = {
        "s": told.step.value, "k": told.key, "i": told.site_id, "w": told.who[:_LONGEST_TEXT],
        "a": told.at.timestamp(), "n": told.site[:_LONGEST_TEXT], "p": told.place[:_LONGEST_TEXT],
        "x": told.test, "t": now, "o": nonce,
    }  # fmt: skip
    body = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    return _MARK + _sign(secret, body) + body


@dataclass
class Ears:
    """Takes datagrams apart: wrong, old, repeated and too many ones are None.

    `secrets` are the keys by site; `clock` is the time in seconds.
    """

    secrets: Mapping[int, str]
    clock: Callable[[], float] = time.time
    _seen: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _lately: dict[str, deque[float]] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=deque)

    def hear(self, datagram: bytes, computer: str) -> Told | None:
        """What it tells, for the first time."""
        now = self.clock()
        if self._too_many(computer, now) or not datagram.startswith(_MARK):
            return None
        if len(datagram) > LARGEST:
            return None
        mac, body = datagram[len(_MARK) :][:_MAC], datagram[len(_MARK) + _MAC :]
        signed = [
            secret
            for secret in self.secrets.values()
            if hmac.compare_digest(mac, _sign(secret, body))
        ]
        if not signed:
            return None
        # Only who has a key gets so far; that may still be an older program.
        try:
            said = json.loads(body)
            sent, nonce, site_id = float(said["t"]), str(said["o"]), int(said["i"])
            told = Told(
                Step(said["s"]), str(said["k"]), site_id, str(said["w"])[:_LONGEST_TEXT],
                datetime.fromtimestamp(float(said["a"]), UTC), str(said["n"])[:_LONGEST_TEXT],
                str(said["p"])[:_LONGEST_TEXT], bool(said["x"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return None
        if self.secrets.get(site_id) not in signed or not self._is_new(nonce, sent, now):
            return None
        return told

    def note_own(self, nonce: str) -> None:
        """What this computer says itself comes back to it, and is no news."""
        self._seen[nonce] = self.clock()

    def _is_new(self, nonce: str, sent: float, now: float) -> bool:
        if abs(now - sent) > WINDOW_SECONDS or nonce in self._seen:
            return False
        self._seen[nonce] = now
        while self._seen:
            oldest = next(iter(self._seen))
            # What is older than both windows is refused by its time.
            if now - self._seen[oldest] <= 2 * WINDOW_SECONDS and len(self._seen) <= _REMEMBERED:
                break
            del self._seen[oldest]
        return True

    def _too_many(self, computer: str, now: float) -> bool:
        if len(self._lately) > _REMEMBERED:
            self._lately.clear()
        own = self._lately.setdefault(computer, deque())
        for times, most in ((own, _PER_COMPUTER), (self._all, _PER_SECOND)):
            while times and not 0 <= now - times[0] < 1:
                times.popleft()
            if len(times) >= most:
                return True
        own.append(now)
        self._all.append(now)
        return False


class AlarmLan:
    """A thread that tells and hears; `heard` is called on it with what others told.

    `address` is the broadcast or multicast address of the building's network. `start` never raises:
    `problem` says in words why nothing can be told.
    """

    def __init__(self, address: str, port: int, heard: Callable[[Told], None]) -> None:
        self._to = (address, port)
        self._heard = heard
        self._ears = Ears({})
        self._due: list[tuple[float, bytes]] = []
        self._lock = threading.Lock()
        self._ended = False
        self._socket: socket.socket | None = None
        self._poke, self._poked = socket.socketpair()
        self._poked.setblocking(False)
        self._thread: threading.Thread | None = None
        self.problem = ""

    def set_secrets(self, known: Mapping[int, str]) -> None:
        """The keys of the sites, as the database gave them."""
        self._ears.secrets = dict(known)

    def start(self) -> None:
        """Begin to listen."""
        try:
            self._socket = open_socket(*self._to)
        except OSError as error:
            self.problem = f"The local network cannot be used for alarms: {error.strerror}."
            _LOG.warning("alarms cannot be told on the local network: %s", error)
            return
        self._thread = threading.Thread(target=self._run, name="alarm-lan", daemon=True)
        self._thread.start()

    def tell(self, told: Told) -> None:
        """Tell the building, now and a few times more, as datagrams get lost; waits for nothing.

        Where the desk is not known, it is signed for every site that is.
        """
        now = time.time()
        known = self._ears.secrets
        sites = [told.site_id] if told.site_id in known else list(known)
        with self._lock:
            for site_id in sites:
                nonce = secrets.token_hex(12)
                self._ears.note_own(nonce)
                signed = Told(
                    told.step,
                    told.key,
                    site_id,
                    told.who,
                    told.at,
                    told.site,
                    told.place,
                    told.test,
                )
                datagram = pack(signed, known[site_id], now=now, nonce=nonce)
                begun = time.monotonic()
                self._due += [(begun + each, datagram) for each in REPEATS]
        self._wake()

    def stop(self) -> None:
        """Return when the thread has ended."""
        self._ended = True
        self._wake()
        if self._thread is not None:
            self._thread.join()
        for each in (self._socket, self._poke, self._poked):
            if each is not None:
                each.close()

    def _wake(self) -> None:
        try:
            self._poke.send(b"x")
        except OSError:
            return

    def _run(self) -> None:
        assert self._socket is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._poked, selectors.EVENT_READ)
            while not self._ended:
                selector.select(self._send_due())
                self._drain()
                self._receive()

    def _send_due(self) -> float | None:
        """Send what is due; the seconds until the next, None when nothing is."""
        assert self._socket is not None
        now = time.monotonic()
        with self._lock:
            due = [datagram for at, datagram in self._due if at <= now]
            self._due = [each for each in self._due if each[0] > now]
            after = min((at for at, _ in self._due), default=None)
        for datagram in due:
            try:
                self._socket.sendto(datagram, self._to)
            except OSError as error:
                self.problem = f"The local network did not take an alarm: {error.strerror}."
                _LOG.warning("an alarm was not sent on the local network: %s", error)
        return None if after is None else max(0.0, after - now)

    def _drain(self) -> None:
        try:
            while self._poked.recv(1_024):
                pass
        except BlockingIOError:
            return

    def _receive(self) -> None:
        assert self._socket is not None
        for _ in range(_PER_SECOND):
            try:
                datagram, sender = self._socket.recvfrom(LARGEST + 1)
            except BlockingIOError:
                return
            except OSError as error:
                # Windows tells here of an earlier datagram that did not arrive.
                _LOG.info("the local network said: %s", error)
                return
            told = self._ears.hear(datagram, sender[0])
            if told is not None:
                self._heard(told)


def open_socket(address: str, port: int) -> socket.socket:
    """A socket that sends to a broadcast or multicast address and hears what others send there."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        to = IPv4Address(address)
        # On loopback nobody else may listen; otherwise every network of this computer is heard.
        made.bind((address if to.is_loopback else "", port))
        if to.is_multicast:
            group = struct.pack("4sL", socket.inet_aton(address), socket.INADDR_ANY)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _PRIVATE_HOPS)
    except OSError:
        made.close()
        raise
    return made


def _sign(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), _MARK + body, hashlib.sha256).digest()
